"""`senso providers`: calls a day by provider, what failed and was tried again, and how it ended."""

from datetime import UTC, datetime

import pytest
from at_work import start
from shell import Shell

from senso.tasks.stages import finish_batch, read


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


def worked(make, sandbox):
    sandbox.fault("openai.responses", "malformed", times=1)
    sandbox.fault("anthropic.messages", "refusal", times=1)
    batch = make.queued(make.org(questions=2, models=("gpt-6-luna", "claude-haiku-5-5")))
    start(batch)
    for _ in range(2):
        make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
        for run in make.runs(batch):
            read(str(run))
    finish_batch(str(batch), "chord")
    return batch


def test_calls_are_counted_by_day_provider_and_how_they_ended(senso, make, sandbox):
    worked(make, sandbox)

    anthropic, openai = senso("providers", "--json").json["days"]

    today = datetime.now(UTC).date().isoformat()
    assert (anthropic["day"], anthropic["provider"], anthropic["calls"], anthropic["useful"]) == (
        today,
        "anthropic",
        2,
        1,
    )
    assert (anthropic["refused"], anthropic["tried_again"]) == (1, 0)
    # Three questions, of which one twice; three readings; the names.
    assert (openai["calls"], openai["malformed"], openai["tried_again"]) == (7, 1, 1)
    assert openai["useful"] == openai["calls"] - 1


def test_the_table_says_so_and_an_empty_one_what_to_do(senso, make, sandbox):
    assert "No provider was called lately" in senso("providers").out

    batch = worked(make, sandbox)

    assert "1 malformed" in senso("providers").out
    status = senso("status", str(batch))
    assert "tries that failed" in status.out
    assert "1 refused, 1 malformed" in status.out
