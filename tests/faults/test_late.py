"""What comes late: an answer after its episode has ended, and a batch after its deadline."""

import asyncio

import pytest
from operating import Initiator, cancel, retry

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.periodic import admit, sweep_all
from senso.tasks.stages import finish_batch, open_batch, read
from senso.workflows import asking

ME = Initiator("test")


@pytest.mark.selection
def test_an_answer_of_a_cancelled_episode_is_not_taken_for_one_of_the_next(make, sandbox, monkeypatch):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    real = asking.ask_now

    def cancel_and_retry() -> None:
        cancel(batch, ME)
        retry(batch, ME)
        admit()
        open_batch(str(batch))

    async def cancelled_and_retried_meanwhile(work):
        answer = await real(work)
        await asyncio.to_thread(cancel_and_retry)
        return answer

    monkeypatch.setattr("senso.workflows.asking.ask_now", cancelled_and_retried_meanwhile)
    read(str(run))
    monkeypatch.setattr("senso.workflows.asking.ask_now", real)

    (row,) = make.sql("SELECT state, answer_text FROM question_runs")
    (call,) = make.sql("SELECT outcome, cost_microusd > 0 AS costed FROM llm_calls WHERE purpose = 'ask'")
    assert make.state(batch)["episode"] == 2
    assert (row["state"], row["answer_text"]) == ("planned", None)
    assert (call["outcome"], call["costed"]) == ("answered", True)
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


@pytest.mark.selection
def test_a_batch_past_its_deadline_is_found_by_the_sweep_and_ends_with_what_it_has(make, sandbox, messages):
    batch = make.batch(questions=3)
    read(str(make.runs(batch)[0]))
    make.later(hours=6.1)

    sweep_all()

    assert ("senso.finish_batch", [str(batch), "sweep"]) in messages("score")
    finish_batch(str(batch), "sweep")
    assert make.state(batch)["state"] == "partial"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1
    assert make.one("SELECT count(*) FROM question_runs WHERE state IN ('planned', 'asking')") == 0
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}
