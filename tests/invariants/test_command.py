"""`senso doctor --invariants`, as whoever is woken by it reads it."""

import json
from uuid import uuid4

import pytest
from jobs import job
from redis_servers import free_port
from shell import Shell

from senso.checks import messages as looked
from senso.checks import promises
from senso.settings import settings
from senso.tasks.stages import submit_snapshot
from senso.workflows.vendor_jobs import auditing


@pytest.fixture
def senso(make, messages, monkeypatch, capsys) -> Shell:
    monkeypatch.setattr(looked, "AGAIN_SECONDS", 0)
    shell = Shell(monkeypatch, capsys)
    shell.columns(200)
    return shell


@pytest.fixture
def lost(make, messages):
    """A run that was sent an hour ago, and whose message is nowhere."""
    make.batch(questions=1)
    make.sql("UPDATE question_runs SET sent_at = now() - interval '10 minutes'")
    messages.clear()


def test_where_all_promises_hold_each_is_a_line_and_it_exits_zero(senso):
    told = senso("doctor", "--invariants")

    assert told.code == 0
    assert [line.split(maxsplit=1) for line in told.out.splitlines()] == [
        ["holds", check.name] for check in promises.CHECKS
    ]


def test_a_broken_promise_says_what_it_means_and_what_to_do_and_exits_one(senso, lost):
    told = senso("doctor", "--invariants")

    assert told.code == 1
    assert f"broken  {looked.LOST.name}" in told.out
    assert looked.LOST.means in told.out
    assert "what to do: " in told.out
    assert looked.LOST.name in told.err


def test_scripts_get_the_rows_that_break_a_promise(senso, lost, make):
    told = senso("doctor", "--invariants", "--json")

    said = json.loads(told.out)
    (row,) = said["broken"][looked.LOST.name]
    assert (told.code, said[looked.LOST.name]) == (1, "broken")
    assert row["id"] == str(make.one("SELECT id FROM question_runs"))
    assert set(said["explained"][looked.LOST.name]) == {"means", "do", "rows"}


def test_without_redis_the_rows_are_looked_at_all_the_same_and_it_exits_five(senso, environment):
    environment.setenv("REDIS_URL", f"redis://:pw@127.0.0.1:{free_port()}/0")
    settings.cache_clear()

    told = senso("doctor", "--invariants", "--json")

    states = json.loads(told.out)
    assert told.code == 5
    assert {name for name, state in states.items() if state == "not known"} == {check.name for check in looked.CHECKS}
    assert sum(state == "holds" for state in states.values()) == len(promises.CHECKS) - len(looked.CHECKS)


def test_what_is_broken_in_the_rows_is_said_first_where_redis_is_away_too(senso, make, environment):
    make.sql("INSERT INTO workers (id, heartbeat_at) VALUES (:id, now() + interval '1 hour')", id=f"a:1:{uuid4()}")
    environment.setenv("REDIS_URL", f"redis://:pw@127.0.0.1:{free_port()}/0")
    settings.cache_clear()

    assert senso("doctor", "--invariants").code == 1


def test_asked_online_it_says_of_a_job_that_no_row_has(senso, make, sandbox, monkeypatch):
    monkeypatch.setattr(auditing, "YOUNG", auditing.LATELY * 0)
    submit_snapshot(job(make))
    make.sql("UPDATE vendor_jobs SET external_id = external_id || '?'")

    told = senso("doctor", "--invariants", "--online")

    assert told.code == 1
    assert "broken  I6 each job at a vendor has its row" in told.out
    assert "sent twice: the request of job" in told.out
