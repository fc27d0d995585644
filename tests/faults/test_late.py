"""What comes after the end: a fence that rose while a call was under way."""

import pytest

from senso.db import transaction
from senso.queries import invariants
from senso.tasks import ask
from senso.tasks.ask import read
from senso.tasks.matrix import open_batch
from senso.tasks.stopping import cancel, retry
from senso.tasks.ticks import admit
from senso.tasks.trigger import By

ME = By("test")


@pytest.mark.selection
def test_an_answer_of_a_cancelled_episode_is_not_taken_for_one_of_the_next(make, sandbox, monkeypatch):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    real = ask.ask_now

    def cancelled_and_retried_meanwhile(work):
        answer = real(work)
        cancel(batch, ME)
        retry(batch, ME)
        admit()
        open_batch(str(batch))
        return answer

    monkeypatch.setattr("senso.tasks.ask.ask_now", cancelled_and_retried_meanwhile)
    read(str(run))
    monkeypatch.setattr("senso.tasks.ask.ask_now", real)

    (row,) = make.sql("SELECT state, answer_text FROM question_runs")
    (call,) = make.sql("SELECT outcome, cost_microusd > 0 AS costed FROM llm_calls WHERE purpose = 'ask'")
    assert make.state(batch)["episode"] == 2
    assert (row["state"], row["answer_text"]) == ("planned", None)
    assert (call["outcome"], call["costed"]) == ("answered", True)
    with transaction() as db:
        assert invariants.broken(db) == {}
