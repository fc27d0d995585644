"""Live events: what is told of batches and breakers, in which order, and by whom."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg2
import pytest
from at_work import work_off
from operating import Initiator, cancel, retry, trigger_network
from sqlalchemy import text

from senso.db import transaction
from senso.queries import live as rows
from senso.reads import live as read_live
from senso.reads import status
from senso.workflows import live

ROOT = Path(__file__).parents[2]
ME = Initiator("mara")
KILLED = """
import sys
from senso import edge
from senso.db import transaction
from senso.queries import live as rows
from senso.workflows import live
edge.supply()
with transaction() as db:
    rows.take(db)
    live.tell(db, rows.changed(db, 100))
    print("told", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def look(make):
    """One look that is due now, for batches that have rested; returns what it told."""

    def looked(*, whole=False):
        newest = make.one("SELECT coalesce(max(id), 0) FROM events")
        make.sql("UPDATE event_turn SET next_at = now()")
        make.sql("UPDATE event_marks SET looked_at = looked_at - interval '1 second'")
        if whole:
            make.sql("UPDATE event_turn SET whole_at = now() - interval '1 hour'")
        assert live.look()
        return make.sql("SELECT id, batch_id, kind, data FROM events WHERE id > :n ORDER BY id", n=newest)

    return looked


def states(found):
    return [(one["kind"], one["data"]["state"]) for one in found]


def test_a_batch_is_told_of_from_its_trigger_to_its_end(make, look, sandbox):
    batch = make.queued()
    told = look()
    work_off(make, batch)
    told += look()
    told += look()

    assert states(told) == [("state", "queued"), ("state", "completed")]
    with transaction() as db:
        stands = status.batch(db, batch)
    ended = told[-1]["data"]
    assert {name: ended[name] for name in ("planned", "answered", "evaluated", "failed", "charged")} == {
        name: getattr(stands, name) for name in ("planned", "answered", "evaluated", "failed", "charged")
    }
    assert ended["cost_microusd"] == stands.cost_microusd > 0
    assert ended["partner_id"] == str(stands.partner_id)


def test_what_stands_still_is_told_once(make, look):
    make.batch()

    assert [len(look()) for _ in range(3)] == [1, 0, 0]


def test_counts_that_change_are_progress(make, look):
    batch = make.batch(questions=2)
    look()
    first, _ = make.runs(batch)
    make.answered(first)
    make.sql("UPDATE event_marks SET looked_at = now() - interval '1 minute'")

    (told,) = look()

    assert (told["kind"], told["data"]["answered"], told["data"]["llm_calls"]) == ("progress", 1, 1)


def test_a_batch_is_not_told_of_again_within_a_quarter_of_a_second(make, look):
    batch = make.batch()
    look()
    make.sql("UPDATE batches SET remaining = remaining - 1 WHERE id = :b", b=batch)
    make.sql("UPDATE event_turn SET next_at = now()")
    make.sql("UPDATE event_marks SET looked_at = now()")

    live.look()

    assert make.one("SELECT count(*) FROM events") == 1


def test_a_look_comes_only_when_one_is_due(make, look):
    make.batch()
    look()

    assert not live.look()


@pytest.mark.parametrize("again", [cancel, retry])
def test_what_people_do_is_told(make, look, again):
    batch = make.batch()
    if again is retry:
        cancel(batch, ME)
    look()

    again(batch, ME)

    assert states(look()) == [("state", "cancelled" if again is cancel else "queued")]


def test_a_batch_without_credits_is_told_of_until_it_expires(make, look):
    batch = make.batch(available=0)
    assert states(look(whole=True)) == [("state", "blocked")]
    make.sql("UPDATE batches SET state = 'cancelled', queued_at = queued_at - interval '1 day' WHERE id = :b", b=batch)

    assert (states(look()), states(look(whole=True))) == ([], [("state", "cancelled")])


def test_what_happened_while_nobody_looked_is_told_later(make, look):
    """A batch that was triggered and cancelled hours ago, when no process wrote events."""
    batch = make.queued()
    cancel(batch, ME)
    make.sql("UPDATE batches SET queued_at = queued_at - interval '3 hours' WHERE id = :b", b=batch)
    make.sql("UPDATE event_turn SET whole_at = now() - interval '4 hours'")

    assert states(look()) == [("state", "cancelled")]


def test_changes_of_breakers_are_told_once(make, look):
    make.sql(
        "INSERT INTO breaker_events (provider, model, event, calls, failures, error, open_seconds, transition) "
        "VALUES ('openai', 'gpt', 'opened', 20, 15, 'Unavailable', 30, 'one')"
    )

    told, again = look(), look()

    assert [(one["kind"], one["batch_id"], one["data"]["event"]) for one in told] == [("breaker", None, "opened")]
    assert set(told[0]["data"]) == {"at", "provider", "model", "event", "calls", "failures", "error", "open_seconds"}
    assert again == []


def test_the_batch_of_a_network_belongs_to_the_networks_partner(make, look):
    first, second = make.org(), make.org()
    network = make.network(second, first)
    batch = trigger_network(network, ME).batch.id
    look()

    assert make.one("SELECT partner_id FROM events WHERE batch_id = :b", b=batch) == second.partner


def test_no_event_commits_before_one_with_a_lower_id(make, database):
    """Whoever inserts waits for the one before it, so a reader from its highest id on misses nothing."""
    make.batch()
    insert = "INSERT INTO events (kind, data) VALUES ('breaker', '{}') RETURNING id"
    first = psycopg2.connect(database.replace("+psycopg2", ""))
    with first.cursor() as cursor:
        cursor.execute(insert)
        (earlier,) = cursor.fetchone()
    seen = []
    second = threading.Thread(target=lambda: seen.append(make.one(insert)))
    second.start()
    second.join(0.3)

    with transaction() as db:
        assert (seen, read_live.between(db, read_live.Scope(), 0, most=10)) == ([], [])
    assert not live.look()  # nor does a look tell anything meanwhile
    first.commit()
    second.join(10)
    first.close()
    with transaction() as db:
        found = [one.id for one in read_live.between(db, read_live.Scope(), 0, most=10)]
    assert found == [earlier, *seen]
    assert seen[0] > earlier


def test_of_two_at_once_one_tells(make):
    make.batch()
    with transaction() as db:
        assert rows.take(db)
        assert not live.look()

    assert live.look()


def test_one_that_is_killed_has_told_nothing_and_the_next_one_does(make, look):
    make.batch()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, env=dict(os.environ), **pipes) as process:
        assert process.stdout.readline() == b"told\n"
        assert not live.look()
        process.send_signal(signal.SIGKILL)
    make.sql("SELECT FROM event_turn FOR UPDATE")  # until Postgres has seen that its client is gone

    assert states(look()) == [("state", "running")]


def test_old_events_go_and_the_newest_stays(make, look):
    batch = make.batch()
    look()
    cancel(batch, ME)
    look()
    make.queued()
    look()
    make.sql("UPDATE events SET created_at = now() - interval '2 days'")
    make.sql("UPDATE batches SET queued_at = now() - interval '3 days'")

    assert look(whole=True) == []

    assert make.one("SELECT count(*) FROM events") == 1
    assert make.one("SELECT array_agg(state) FROM event_marks") == ["queued"]
    assert look(whole=True) == []


def test_many_are_told_in_several_looks(make, look, monkeypatch):
    monkeypatch.setattr(live, "BATCHES_AT_ONCE", 2)
    for _ in range(3):
        make.queued()

    told = [len(look()), len(look())]

    assert told == [2, 1]
    with transaction() as db:
        assert db.execute(text("SELECT count(DISTINCT batch_id) FROM events")).scalar_one() == 3
