"""Jobs at a vendor: every way in which one of its calls or records ends, and what becomes of the run that it holds.

docs/endings.md has this table: `PYTHONPATH=tests python tests/workflows/test_job_endings.py` prints it.
"""

from typing import NamedTuple

import pytest
from jobs import collect, job, triggers
from test_endings import MEGABYTE, PAGE, cost

from senso.http import request
from senso.sandbox.call_faults import LATE
from senso.sandbox.fault_kinds import JOB, KINDS, RECORD
from senso.supplied import Outgoing
from senso.tasks.periodic import poll
from senso.tasks.stages import submit_snapshot


class Ending(NamedTuple):
    """`cost`: free, billed, unknown, or open while the job may still bring an answer."""

    state: str
    cost: str


ANSWERED = Ending("answered", "billed")
FREE = Ending("failed", "free")
PAID_FOR = Ending("planned", "billed")
ANOTHER_JOB = Ending("planned", "free")
SENT_AGAIN = Ending("asking", "free")
OPEN = Ending("asking", "open")
LOOKED_UP = Ending("asking", "unknown")
# By what is asked of the vendor, and a kind of the sandbox's faults with its options.
ENDINGS: dict[str, dict[str, Ending]] = {
    "brightdata.trigger": {
        **dict.fromkeys(("400", "401", "404", "410", "429-quota", "429-too-large"), FREE),
        **dict.fromkeys(("429", "429 retry_after=40"), SENT_AGAIN),
        **dict.fromkeys(("500", "502", "503", "503 retry_after=40"), LOOKED_UP),
        **dict.fromkeys(("hang seconds=2", "drop", "drop-after", "cut-within", "malformed", "page"), LOOKED_UP),
        "slow seconds=0.1": ANSWERED,
    },
    "brightdata.progress": {
        "": ANSWERED,
        "slow seconds=0.1": ANSWERED,
        **dict.fromkeys(("400", "401", "404", "410", "429", "429-quota", "429-too-large", "500", "502", "503"), OPEN),
        **dict.fromkeys(("hang seconds=2", "drop", "cut-within", "malformed", "page"), OPEN),
        "never-ready": OPEN,
        "unknown-status": ANSWERED,
        "snapshot-failed": ANOTHER_JOB,
    },
    "brightdata.snapshot": {
        **dict.fromkeys(("400", "404", "410"), ANOTHER_JOB),
        **dict.fromkeys(("401", "429", "429-quota", "500", "502", "503"), OPEN),
        **dict.fromkeys(("hang seconds=2", "drop", "cut-within", "malformed", "page"), OPEN),
        **dict.fromkeys(("snapshot-empty", "snapshot-expired"), ANOTHER_JOB),
        **dict.fromkeys(("missing-records", "error-records", "no-peers", "crawler-502"), ANOTHER_JOB),
        **dict.fromkeys(("empty", "null-texts", "echo-prompt"), PAID_FOR),
        **dict.fromkeys(("long", "twice", "null-index", "wrong-country", "null-citations", "null-queries"), ANSWERED),
        **dict.fromkeys(("true-citations", "plain-addresses", "slow seconds=0.1"), ANSWERED),
    },
}
CELLS = [(place, kind) for place, kinds in ENDINGS.items() for kind in kinds]


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 1)
    for seconds in ("LOOK_SECONDS", "LIST_SECONDS", "LONG_SECONDS"):
        monkeypatch.setattr(f"senso.providers.brightdata.client.{seconds}", 1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("place", "kind"), CELLS)
def test_a_run_of_a_job_ends_as_the_table_says_and_is_asked_once(make, sandbox, place, kind):
    fault, *options = kind.split() or [""]
    if fault:
        sandbox.fault(place, fault, **{name: float(value) for name, value in (one.split("=") for one in options)})

    submit_snapshot(job(make, questions=1))
    collect(make)

    (row,) = make.sql("SELECT state, error, answer_text FROM question_runs")
    (call,) = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask'")
    assert Ending(row["state"], "open" if call["outcome"] is None else cost(call)) == ENDINGS[place][kind]
    assert (row["error"] is None) == (row["state"] in {"asking", "answered"})
    assert len(triggers(sandbox)) == 1
    assert kind != "long" or len(row["answer_text"]) > MEGABYTE


def test_a_vendor_that_asks_to_wait_is_asked_about_none_of_its_jobs_meanwhile(make, sandbox):
    for _ in range(2):
        make.batch(questions=1, models=("chatgpt",))
    for one in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(one["id"]))
    sandbox.fault("brightdata.progress", "429", retry_after=40, times=1)

    make.sql("UPDATE vendor_jobs SET next_poll_at = now() WHERE id = (SELECT min(id::text)::uuid FROM vendor_jobs)")
    poll()
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
    poll()

    assert len(sandbox.calls("brightdata.progress")) == 1
    waits = make.sql("SELECT extract(epoch FROM next_poll_at - now())::float AS seconds FROM vendor_jobs")
    assert [20 < one["seconds"] <= 40 for one in waits] == [True, True]


def test_a_download_that_is_too_long_fails_its_job_and_is_not_fetched_again(make, sandbox, monkeypatch):
    monkeypatch.setattr("senso.http.outgoing", lambda: Outgoing(65_536))
    sandbox.fault("brightdata.trigger", "long")

    submit_snapshot(job(make, questions=1))
    collect(make)

    (row,) = make.sql("SELECT state, error, cost_microusd FROM question_runs")
    assert (row["state"], "MAX_REPLY_BYTES" in row["error"], row["cost_microusd"]) == ("failed", True, None)
    assert len(triggers(sandbox)) == 1
    assert [call["status"] for call in sandbox.calls("brightdata.snapshot")] == [202, 200]


def test_every_fault_of_a_job_is_in_the_table():
    said = {kind.split()[0] for kinds in ENDINGS.values() for kind in kinds if kind}

    assert said == {*JOB, *RECORD, *LATE, *KINDS["brightdata.trigger"]}


def test_the_page_has_this_table():
    assert table() in PAGE.read_text()


def table() -> str:
    head = "| call | what happens | run, cost |\n|---|---|---|\n"
    return head + "".join(
        f"| {place} | {f'`{kind}`' if kind else 'an answer'} | {', '.join(ENDINGS[place][kind])} |\n"
        for place, kind in CELLS
    )


if __name__ == "__main__":
    print(table())
