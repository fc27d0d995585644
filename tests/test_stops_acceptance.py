"""Pauses and a ceiling on the whole running product, with workers that are killed meanwhile."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from operating import Initiator, trigger_org
from whole_product import SEED, broken, running_product

from senso.sandbox.world import World
from senso.workflows import stopping

ME = Initiator("mara")
WORLD = World(SEED, orgs=6, questions=6)
SETTLE_SECONDS = 2  # the bound within which every claim has seen a pause
QUIET_SECONDS = 4
LEARNT_SECONDS = 6  # by then every process knows that partners have ceilings
CALLS = "SELECT count(*) FROM llm_calls"
ASKING = "SELECT count(*) FROM question_runs WHERE state = 'asking' AND snapshot_id IS NULL"
READING = "SELECT count(*) FROM evaluations WHERE state = 'extracting'"
LATE = """
    SELECT count(*) FROM llm_calls WHERE started_at > CAST(:since AS timestamptz) + make_interval(secs => :bound)
        AND started_at < CAST(:until AS timestamptz)
"""


@pytest.fixture(scope="module")
def product(urls, tmp_path_factory):
    yield from running_product(urls, tmp_path_factory.mktemp("stops"), "stops_acceptance", {})


@pytest.fixture(scope="module")
def orgs(product) -> list:
    return product.load(WORLD)


def until(product, statement: str, seconds: float = 200) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        product.running.watch()
        if product.make.one(statement):
            return
        time.sleep(0.05)
    pytest.fail(f"never came true: {statement}")


def now(product):
    return product.make.one("SELECT now()")


def test_nothing_begins_while_all_is_paused_and_all_ends_completed_after_it(product, orgs):
    batches = [trigger_org(org, ME).batch.id for org in orgs[:3]]
    until(product, f"SELECT ({CALLS}) > 20")

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(lambda _: stopping.pause(None, "mara", "five at once"), range(5)))
    since = now(product)
    time.sleep(SETTLE_SECONDS / 2)
    killed = product.running.children[0].process
    os.kill(killed.pid, signal.SIGKILL)
    until(product, f"SELECT ({ASKING}) = 0")
    time.sleep(QUIET_SECONDS)
    product.running.watch()
    ended = now(product)

    assert sum(one.changed for one in done) == 1
    assert product.make.one(LATE, since=since, bound=SETTLE_SECONDS, until=ended) == 0
    assert product.make.one("SELECT count(*) FROM batches WHERE state = 'running'") > 0
    stopping.resume(None, "mara")
    until(product, f"SELECT count(*) > 0 FROM llm_calls WHERE started_at > '{ended}'")
    product.end(batches, 240)
    assert {one["state"] for one in product.make.sql("SELECT DISTINCT state FROM batches")} == {"completed"}
    assert not broken()


SPENT = """
    SELECT p.id, p.max_daily_cost_microusd AS ceiling,
        sum(coalesce(c.cost_microusd, c.estimate_microusd))::int AS spent,
        sum(greatest(0, coalesce(c.cost_microusd, 0) - coalesce(c.estimate_microusd, 0)))::int AS error
    FROM llm_calls c JOIN batches b ON b.id = c.batch_id JOIN orgs o ON o.id = b.org_id JOIN partners p
        ON p.id = o.partner_id
    WHERE b.id = ANY(CAST(:batches AS uuid[])) GROUP BY p.id
"""


def test_many_workers_stop_at_a_ceiling_together_and_go_on_when_it_is_raised(product, orgs):
    """What passes the ceiling is at most what the calls cost above their estimates."""
    each = 150_000  # micro-dollars, about half of what one org costs
    product.make.sql("UPDATE partners SET max_daily_cost_microusd = :each", each=each)
    time.sleep(LEARNT_SECONDS)

    batches = [trigger_org(org, ME).batch.id for org in orgs[3:]]
    until(product, "SELECT count(*) > 0 FROM cost_stops")
    until(product, f"SELECT ({ASKING}) + ({READING}) = 0")

    for one in product.make.sql(SPENT, batches=list(map(str, batches))):
        assert one["spent"] <= one["ceiling"] + one["error"], one
    product.make.sql("UPDATE partners SET max_daily_cost_microusd = 100 * max_daily_cost_microusd")
    product.end(batches, 240)
    assert {one["state"] for one in product.make.sql("SELECT DISTINCT state FROM batches")} == {"completed"}
    assert not broken()
