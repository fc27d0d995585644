"""Each check finds what it is there to find: a violation planted alone is told by that very check, by its name."""

import pytest
from factories import Factory
from ground import Sandbox, addresses, new_database
from violations import VIOLATIONS
from worlds import Worlds

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants, workers
from senso.runtime.heartbeat import worker_id
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import settings


@pytest.fixture(scope="module", params=["ended", "running"])
def world(request, urls):
    """Made once for all violations, each of which is rolled back."""
    with (
        pytest.MonkeyPatch.context() as environment,
        new_database(urls, f"senso_{request.param}"),
        running(SandboxSettings(timing=Timing(0, 0, 0))) as url,
    ):
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        worlds = Worlds(Factory(), Sandbox(url), environment)
        worlds.ended()
        if request.param == "running":
            worlds.running()
        yield request.param
    settings.cache_clear()


@pytest.fixture
def db(world):
    """What is done here is undone afterwards."""
    with transaction() as connection:
        workers.beat(connection, worker_id())
        yield connection
        connection.rollback()


def named(end: str) -> invariants.Check:
    (found,) = [check for check in invariants.CHECKS if check.name.endswith(end)]
    return found


def test_where_nothing_was_planted_all_promises_hold(db):
    assert invariants.broken(db, POLICY, 500) == {}


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda one: one.story.replace(" ", "-"))
def test_a_violation_is_told_by_the_check_that_is_there_for_it(world, db, violation):
    if (violation.world, world) == ("running", "ended"):
        pytest.skip("only where work goes on")
    check = named(violation.check)

    assert db.exec_driver_sql(violation.statement).rowcount > 0, "nothing was planted"
    assert list(invariants.broken(db, POLICY, 500, only=(check,))) == [check.name]


def test_there_is_a_violation_for_every_check():
    assert {named(one.check).name for one in VIOLATIONS} == {check.name for check in invariants.CHECKS}
