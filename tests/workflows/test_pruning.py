"""Retention: what goes, what stays, and that every promise holds at each moment between."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from factories import Factory
from ground import Sandbox, addresses, new_database
from operating import Initiator, retry, trigger_missing
from worlds import Worlds

from senso.db import engine, looking, transaction
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.queries import batches, differences, invariants, pruning, selections
from senso.reads import history, status
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import settings
from senso.tasks import periodic
from senso.workflows import pruning as retention

OLD_DAYS = 60
MADE = "senso_long_ago"
GONE = ("question_runs", "evaluations", "citations", "competitors", "claims")
READ_IN_THEM = (
    """INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited)
    SELECT id, 'https://a.example/', 'https://a.example/', 'a.example', 'a.example', 1, true FROM question_runs""",
    "INSERT INTO competitors (evaluation_id, name) SELECT id, 'Vantry' FROM evaluations",
    "INSERT INTO claims (evaluation_id, position, text) SELECT id, 1, 'It lends.' FROM evaluations",
)
STAYS = ("metrics", "ledger", "pushes", "vendor_jobs", "triggers", "audit", "partners", "name_variations")


class LongAgo(datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - timedelta(days=OLD_DAYS)


@pytest.fixture(scope="module")
def made(urls):
    """Every kind of batch that has ended, as of two months ago. Made once; each test gets a copy."""
    with (
        pytest.MonkeyPatch.context() as environment,
        new_database(urls, MADE),
        running(SandboxSettings(timing=Timing(0, 0, 0))) as url,
    ):
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        environment.setattr("worlds.datetime", LongAgo)
        make = Factory()
        Worlds(make, Sandbox(url), environment).ended()
        for statement in READ_IN_THEM:
            make.sql(statement)
        make.later(hours=24 * OLD_DAYS)
        engine().dispose()
        yield
    settings.cache_clear()


@pytest.fixture
def world(made, urls):
    with new_database(urls, "senso_pruned", of=MADE):
        yield Factory()


def limits(days=30, history=30):
    return retention.limits(days, datetime.now(UTC).date(), history)


def broken():
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def rows(make, *tables):
    return {table: make.sql(f"SELECT * FROM {table} t ORDER BY t::text") for table in tables}


def counts(make, *tables):
    return {table: make.one(f"SELECT count(*) FROM {table}") for table in tables}


def shown(make):
    """What `senso status` and the trend of a report say of every batch, but for when it was pruned."""
    ids = [one["id"] for one in make.sql("SELECT id FROM batches")]
    with looking() as db:
        found = status.batches(db, ids)
        stands = {org: history.batches(db, org) for org in {one.org_id for one in found if one.org_id}}
    told = {
        one.id: [getattr(one, name) for name in one.__slots__ if name not in {"pruned_at", "seen_at"}] for one in found
    }
    return told, stands


def test_old_batches_lose_their_answers_and_nothing_else_changes(world):
    latest = world.sql("SELECT id FROM question_runs WHERE is_latest ORDER BY id")
    before, stays = shown(world), rows(world, *STAYS)
    foreseen = retention.foresee(limits())

    done = retention.prune(limits())

    assert done.is_done
    assert done.batches == foreseen.pop("batches") == 2
    assert done.rows == +foreseen
    assert set(done.rows) == {*GONE, "llm_calls"}
    assert world.sql("SELECT id FROM question_runs WHERE is_latest ORDER BY id") == latest != []
    assert shown(world) == before
    assert rows(world, *STAYS) == stays
    assert broken() == {}
    assert not world.sql("SELECT id FROM batches WHERE (pruned_at IS NULL) <> (emptied_at IS NULL)")


def test_pruned_again_nothing_more_goes(world):
    retention.prune(limits())
    before = world.everything()

    again = retention.prune(limits())

    assert (again.batches, again.rows) == (0, {})
    assert world.everything() == before


def test_once_no_answer_is_the_latest_all_of_it_goes_but_names_jobs_and_money(world):
    """Also networks, whose answers are read by other batches, in shares of one call."""
    world.sql("UPDATE question_runs SET is_latest = false")
    world.sql("UPDATE batches SET state = 'cancelled' WHERE state = 'blocked'")
    before, stays = shown(world), rows(world, *STAYS)
    assert min(counts(world, *GONE).values()) > 0

    retention.prune(limits())

    assert counts(world, *GONE) == dict.fromkeys(GONE, 0)
    assert world.sql("SELECT DISTINCT purpose FROM llm_calls") == [{"purpose": "names"}]
    assert (shown(world), rows(world, *STAYS)) == (before, stays)
    assert broken() == {}


def test_the_ledger_of_pruned_batches_differs_from_nothing_and_filters_leave_them_alone(world):
    retention.prune(limits())
    pruned = {row["id"] for row in world.sql("SELECT id FROM batches WHERE pruned_at IS NOT NULL")}

    with transaction() as db:
        found, _ = differences.differences(db, None, None)
        matched = {one.id for one in selections.matching(db, selections.Filters())}

    assert (list(found), pruned & matched) == ([], set())
    assert pruned


def test_what_ended_later_stays(world):
    before = world.everything()

    assert retention.prune(limits(days=90)).batches == 0

    assert world.everything() == before


def test_before_the_time_of_computers_there_is_nothing(make):
    """As of PRUNE_AFTER=36500."""
    assert retention.prune(limits(days=36_500)).batches == 0


def test_answers_of_a_network_stay_as_long_as_they_may_still_be_read(world):
    world.sql("UPDATE question_runs SET is_latest = false")
    of_networks = "SELECT count(*) FROM batches WHERE network_id IS NOT NULL AND pruned_at IS NOT NULL"

    retention.prune(limits(history=90))

    assert world.one(of_networks) == 0
    assert world.one("SELECT count(*) FROM batches WHERE pruned_at IS NOT NULL") > 0


def test_the_batches_of_a_network_and_its_orgs_go_together_or_not_at_all(world):
    """One of them is open again: the answers that it reads stay, and so do those of its siblings."""
    world.sql("UPDATE question_runs SET is_latest = false")
    world.sql("UPDATE batches SET state = 'cancelled' WHERE state = 'blocked'")
    member = world.sql("SELECT id, batch_date FROM batches WHERE kind = 'network_org' AND state = 'partial' LIMIT 1")[0]
    retry(member["id"], Initiator("mara"))

    retention.prune(limits())

    pruned = world.sql(
        "SELECT DISTINCT batch_date, pruned_at IS NULL AS stays FROM batches WHERE network_id IS NOT NULL"
    )
    assert len(pruned) == 2
    assert [one["stays"] for one in pruned if one["batch_date"] == member["batch_date"]] == [True]


def test_stopped_between_any_two_steps_the_promises_hold_and_the_next_goes_on(world, monkeypatch):
    monkeypatch.setattr(retention, "DELETED_AT_ONCE", 3)
    foreseen = retention.foresee(limits())
    done = retention.prune(limits(), seconds=0)
    total, stops = done.rows, 0

    while not done.is_done:
        assert broken() == {}
        done = retention.prune(limits(), seconds=0)
        total += done.rows
        stops += 1

    assert stops > 5
    foreseen.pop("batches")
    assert total == +foreseen


KILLED = """
import os, signal
from senso import edge
from senso.workflows import pruning
edge.supply()
pruning.DELETED_AT_ONCE = 2
of = pruning.limits(30, __import__("datetime").date.today(), 30)
done = 0
for step in pruning.steps(of, pruning.Pruned()):
    done += 1
    if done == 4:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_half_way_it_goes_on(world):
    foreseen = retention.foresee(limits())
    killed = subprocess.run([sys.executable, "-c", KILLED], check=False, env=dict(os.environ), timeout=120)
    assert killed.returncode == -signal.SIGKILL
    left = retention.foresee(limits())
    assert 0 < left["question_runs"] + left["evaluations"] < foreseen["question_runs"] + foreseen["evaluations"]
    assert broken() == {}

    retention.prune(limits())

    assert retention.foresee(limits()).total() == 0
    assert broken() == {}


def test_a_batch_that_somebody_holds_is_left_alone_and_nobody_waits(world):
    with transaction() as db:
        ripe = pruning.ripe_orgs(db, limits(), retention.FIRST, 100)
        batches.load(db, ripe[0], lock=True)

        retention.prune(limits())

        assert world.one("SELECT count(*) FROM batches WHERE pruned_at IS NULL AND id = :id", id=ripe[0]) == 1
    assert retention.prune(limits()).batches == 1


def test_a_pruned_batch_is_not_asked_again(world):
    retention.prune(limits())
    (pruned, *_) = world.sql("SELECT id FROM batches WHERE pruned_at IS NOT NULL AND state IN ('failed', 'partial')")

    with pytest.raises(ConfigError, match="was pruned on"):
        retry(pruned["id"], Initiator("mara"))


def test_no_org_is_told_to_lack_the_answers_that_are_gone(world):
    """An org that joins a network later gets none of them, and its batch is not opened for nothing."""
    world.sql("UPDATE question_runs SET is_latest = false")
    world.sql("UPDATE batches SET state = 'cancelled' WHERE state = 'blocked'")
    network = world.one("SELECT id FROM networks LIMIT 1")
    retention.prune(limits())
    joined = world.org(questions=0)
    world.join(network, joined)

    with pytest.raises(ConfigError, match="has no answers"):
        trigger_missing(network, joined.id, Initiator("mara"))


def test_it_runs_by_itself_only_where_it_is_configured(world, environment):
    before = world.everything()
    periodic.prune()
    assert world.everything() == before

    environment.setenv("PRUNE_AFTER", "30")
    settings.cache_clear()
    periodic.prune()

    assert world.one("SELECT count(*) FROM batches WHERE emptied_at IS NOT NULL") == 2
    assert broken() == {}
