"""Each call, batch, run, evaluation and repair is counted once, whatever dies, runs twice, comes late or is deleted."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from operating import Initiator, cancel, retry

from senso.db import engine, transaction
from senso.queries import totals
from senso.workflows.totals import count

ROOT = Path(__file__).parents[2]


@pytest.fixture
def counted(make):
    """Counts twice, since ids are counted once the transactions of their time have ended; returns calls by outcome."""

    def outcomes():
        count()
        count()
        return {
            row["outcome"]: row["calls"]
            for row in make.sql("SELECT outcome, sum(calls)::int AS calls FROM call_totals GROUP BY outcome")
        }

    return outcomes


@pytest.fixture
def call(make):
    def made(outcome=None, **columns):
        values = {"purpose": "names", "provider": "openai", "model": "m", "fence": 1, "outcome": outcome} | columns
        names = ", ".join(values)
        return make.one(
            f"INSERT INTO llm_calls ({names}) VALUES ({', '.join(f':{name}' for name in values)}) RETURNING id",
            **values,
        )

    return made


def test_what_a_call_brought_is_added_once(make, call, counted):
    call("found", tokens_in=100, tokens_cached=60, tokens_out=7, cost_microusd=1500, latency_ms=2500)
    call("found", tokens_in=10, latency_ms=2501)

    assert counted() == {"found": 2}
    assert counted() == {"found": 2}

    (row,) = make.sql("SELECT * FROM call_totals")
    assert (row["tokens_in"], row["tokens_cached"], row["tokens_out"]) == (110, 60, 7)
    assert (row["cost_microusd"], row["unknown_cost"]) == (1500, 1)
    places = [totals.CALL_BUCKETS.index(2500), totals.CALL_BUCKETS.index(5000)]
    rows = make.sql("SELECT bucket, calls, milliseconds FROM call_durations ORDER BY bucket")
    assert [tuple(one.values()) for one in rows] == [(places[0], 1, 2500), (places[1], 1, 2501)]
    assert make.one("SELECT cost_microusd FROM day_costs") == 1500


def test_a_call_that_reports_late_is_counted_once_it_has(make, call, counted):
    late = call()
    call("found")

    assert counted() == {"found": 1}
    assert make.one("SELECT uncounted FROM counting") == 1
    make.sql("UPDATE llm_calls SET outcome = 'refused' WHERE id = :id", id=late)

    assert counted() == {"found": 1, "refused": 1}
    assert make.one("SELECT uncounted FROM counting") == 0


def test_a_call_that_never_reported_is_counted_as_that_after_two_days(make, call, counted):
    call()
    make.sql("UPDATE llm_calls SET started_at = now() - interval '49 hours'")

    assert counted() == {"unreported": 1}
    assert make.sql("SELECT * FROM uncounted_calls") == []


def test_the_calls_of_a_job_are_counted_once_it_has_ended_since_a_lost_reply_may_open_them_again(make, counted):
    make.batch(models=("chatgpt",))
    (job,) = make.sql("SELECT id FROM vendor_jobs")
    make.sql(
        "INSERT INTO llm_calls (purpose, provider, model, fence, outcome, job_id) "
        "VALUES ('ask', 'brightdata', 'chatgpt', 1, 'unavailable', :id)",
        id=job["id"],
    )

    assert counted() == {}
    make.sql("UPDATE llm_calls SET outcome = 'answered'")
    make.sql("UPDATE vendor_jobs SET state = 'collected'")

    assert counted() == {"answered": 1}


def test_the_shares_of_one_call_are_one_call_with_all_its_tokens(make, call, counted):
    whole = call("read", purpose="read", tokens_in=5, latency_ms=10)
    call("read", purpose="read", tokens_in=4, latency_ms=10, shared_id=whole)
    make.sql("UPDATE llm_calls SET shared_id = :id", id=whole)

    assert counted() == {"read": 1}
    assert make.one("SELECT tokens_in FROM call_totals") == 9
    assert make.one("SELECT calls FROM call_durations") == 1


def test_an_id_that_commits_after_a_higher_one_is_not_missed(make, call, counted):
    slow = engine().raw_connection()
    with slow.cursor() as cursor:
        cursor.execute(
            "INSERT INTO llm_calls (purpose, provider, model, fence, outcome) "
            "VALUES ('names', 'openai', 'm', 1, 'found')"
        )
        call("found")

        assert counted() == {}
        slow.commit()
    slow.close()

    assert counted() == {"found": 2}


def test_rows_that_are_deleted_later_lower_nothing(make, call, counted):
    call("found")
    assert counted() == {"found": 1}

    make.sql("DELETE FROM llm_calls")
    assert counted() == {"found": 1}
    call("found")

    assert counted() == {"found": 2}


def test_a_call_that_is_deleted_before_it_reported_back_is_not_waited_for(make, call, counted):
    """As of a batch that was pruned soon after its end."""
    call()
    assert counted() == {}
    assert make.one("SELECT uncounted FROM counting") == 1

    make.sql("DELETE FROM llm_calls")

    assert counted() == {}
    assert (make.one("SELECT uncounted FROM counting"), make.sql("SELECT * FROM uncounted_calls")) == (0, [])


def test_two_at_once_count_once(make, call, counted):
    for _ in range(50):
        call("found", cost_microusd=1)
    with transaction() as db:
        totals.count(db)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: count(), range(12)))

    assert counted() == {"found": 50}


def test_whoever_finds_another_at_it_leaves(make, call):
    call("found")
    with transaction() as db:
        totals.count(db)
    with transaction() as first:
        totals.count(first)
        with transaction() as second:
            assert totals.count(second) is False
            assert second.exec_driver_sql("SELECT count(*) FROM call_totals").scalar_one() == 0


KILLED = """
import os, signal
from senso import edge
from senso.db import transaction
from senso.queries import totals
edge.supply()
with transaction() as db:
    totals.count(db)
    print(db.exec_driver_sql("SELECT sum(calls)::int FROM call_totals").scalar_one(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_that_is_killed_has_counted_nothing(make, call, counted, database):
    call("found")
    count()

    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "1\n"), done.stderr
    assert make.sql("SELECT * FROM call_totals") == []
    until_postgres_knows(make)
    assert counted() == {"found": 1}


def until_postgres_knows(make) -> None:
    """That the process is gone: its session holds the row meanwhile."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    )
    for _ in range(600):
        if not make.one(others):
            return
        threading.Event().wait(0.1)
    pytest.fail("the session of a killed process stays")


def test_more_than_one_transaction_takes_are_all_counted(make, call, counted, monkeypatch):
    monkeypatch.setattr(totals, "CALLS_AT_ONCE", 3)
    for _ in range(10):
        call("found")

    assert counted() == {"found": 10}


def ended(make):
    rows = make.sql("SELECT what, kind, state, ended FROM ended_totals ORDER BY what, state")
    return [tuple(row.values()) for row in rows]


def test_a_batch_its_runs_and_their_readings_count_when_it_ends_and_again_when_it_ends_again(make, counted):
    batch = make.batch(questions=2)
    first, _ = make.runs(batch)
    make.answered(first)
    counted()
    assert ended(make) == []

    cancel(batch, Initiator("test"))
    counted()
    counted()

    assert ended(make) == [
        ("batches", "org", "cancelled", 1),
        ("evaluations", "org", "cancelled", 2),
        ("runs", "org", "answered", 1),
        ("runs", "org", "cancelled", 1),
    ]
    assert make.sql("SELECT * FROM batch_durations") == []

    retry(batch, Initiator("test"))
    counted()
    cancel(batch, Initiator("test"))
    counted()

    assert ("batches", "org", "cancelled", 2) in ended(make)
    assert ("runs", "org", "answered", 1) in ended(make)


def test_how_long_a_batch_took_is_counted_from_its_trigger(make, counted):
    batch = make.batch()
    make.sql(
        "UPDATE batches SET state = 'partial', ended_at = now(), queued_at = now() - interval '90 s' WHERE id = :id",
        id=batch,
    )

    counted()

    (row,) = make.sql("SELECT * FROM batch_durations")
    assert (row["kind"], row["batches"], row["bucket"]) == ("org", 1, totals.BATCH_BUCKETS.index(120_000))
    assert 90_000 <= row["milliseconds"] < 120_000


def test_what_ended_before_counting_began_is_left_out(make, counted):
    batch = make.batch()
    make.sql("UPDATE batches SET state = 'failed', ended_at = now() - interval '1 year' WHERE id = :id", id=batch)

    counted()

    assert ended(make) == []


def test_repairs_are_counted_by_kind(make, counted):
    make.sql("INSERT INTO repairs (kind, count) VALUES ('lost runs', 3), ('lost runs', 4), ('idle batches', 1)")

    counted()
    counted()

    rows = make.sql("SELECT kind, repaired FROM repair_totals ORDER BY kind")
    assert [tuple(row.values()) for row in rows] == [("idle batches", 1), ("lost runs", 7)]
