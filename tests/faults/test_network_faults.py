"""A network of fifty orgs, while whose answers are read a process or Redis dies."""

import json
import time
from collections import Counter

import product as products
import pytest
from operating import Initiator, trigger_network
from plan import DIRECT, PLACES, SEED, Plan
from promises import drained, undelivered
from rows import RESULTS

from senso import imports
from senso.checks import promises
from senso.db import transaction
from senso.queries import imports as import_queries
from senso.sandbox.world import World
from senso.settings import settings
from senso.worker.queues import ALL_QUEUES, VISIBILITY_SECONDS

# Of 60 runs when the table of faults is made.
ORGS, QUESTIONS = 50, 15 if RESULTS else 3
RUNS = QUESTIONS * len(DIRECT) * len(PLACES)
WORLD = World(SEED, orgs=ORGS, questions=QUESTIONS, networks=1, network_size=ORGS)
READ = """
    SELECT o.name AS org, q.text AS question, m.slug AS model, l.country, e.mentioned, e.sentiment, e.rank,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id) AS competitors
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id JOIN orgs o ON o.id = e.org_id
    WHERE e.state = 'done'
"""
CHARGED_WRONGLY = """
    SELECT e.run_id, e.org_id FROM evaluations e JOIN orgs o ON o.id = e.org_id
        LEFT JOIN ledger l ON l.entry = 'charge' AND (l.run_id, l.org_id) = (e.run_id, e.org_id)
            AND l.partner_id = o.partner_id AND l.kind = 'network'
    GROUP BY e.run_id, e.org_id HAVING count(l.id) <> 1
"""
TWICE = "SELECT count(*) - count(DISTINCT (run_id, org_id)) FROM llm_calls WHERE purpose = 'read' AND outcome = 'read'"


@pytest.fixture
def product(servers, tmp_path):
    with products.running(Plan(reading_seconds=1.5, answer_seconds=0.3), servers, tmp_path) as running:
        document = WORLD.import_document(DIRECT, PLACES)
        with transaction() as db:
            import_queries.store(db, imports.parse(json.dumps(document), "world.json"), "test")
        yield running


def call_worker(product) -> int:
    """The one that has most in its hands."""
    hands = {name: len(product.held_by(product.children[name].process.pid)) for name in ("call-1", "call-2")}
    return len(product.kill(max(hands, key=hands.__getitem__)))


def control(product) -> int:
    return len(product.kill("control-1"))


def redis(product) -> int:
    product.down(product.servers.redis)
    time.sleep(5)
    product.up(product.servers.redis)
    return 0


@pytest.mark.parametrize(
    "strike", [pytest.param(call_worker, marks=pytest.mark.selection), control, redis], ids=lambda one: one.__name__
)
def test_what_dies_while_a_network_is_read_costs_seconds_and_nothing_else(product, strike):
    trigger_network(product.make.one("SELECT id FROM networks"), Initiator("test"))
    reading = "SELECT count(*) FROM evaluations WHERE state = 'extracting'"
    product.until(lambda: product.make.one(reading) >= 10, 120, "nothing was ever read")

    began = time.monotonic()
    held = strike(product)
    assert held > 0 or strike is not call_worker
    done = "SELECT count(*) FROM evaluations WHERE state = 'done'"
    product.until(lambda: product.make.one(done) == RUNS * ORGS, 240, "not everything was read")
    product.end()
    seconds = time.monotonic() - began
    print(f"{RUNS * ORGS} evaluations; {strike.__name__}: {held} claims held, ended {seconds:.1f} s later")

    assert product.states() == {"completed": ORGS + 1}
    assert product.make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'") == RUNS
    assert product.make.one(TWICE) <= held
    assert product.make.sql(CHARGED_WRONGLY) == []
    assert disagreements(product) == Counter()
    assert drained(product)
    assert undelivered(product) == []
    assert promises.broken(ALL_QUEUES, VISIBILITY_SECONDS, settings().max_running_batches) == {}


def disagreements(product) -> Counter:
    """By field, how many evaluations differ from the truth."""
    wrong = Counter()
    for row in product.make.sql(READ):
        meant = WORLD.truth(row["question"], row["model"], row["country"], row["org"])
        wrong["mentioned"] += row["mentioned"] != meant.mentioned
        wrong["sentiment"] += row["sentiment"] != meant.sentiment
        wrong["rank"] += row["rank"] != meant.rank
        wrong["competitors"] += set(row["competitors"]) != set(meant.competitors)
    return +wrong
