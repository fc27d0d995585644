"""A network through the whole running product: asked once, read for fifty orgs, and compared with what was meant."""

import time
from collections import Counter
from uuid import UUID

import pytest
from operating import Initiator, trigger_missing, trigger_network
from whole_product import LOCATIONS, MODELS, SEED, broken, running_product

from senso.db import transaction
from senso.queries import ledger
from senso.sandbox.world import World

ORGS, QUESTIONS = 50, 2
RUNS = QUESTIONS * len(MODELS) * len(LOCATIONS)
ME = Initiator("mara")
WORLD = World(SEED, orgs=ORGS, questions=QUESTIONS, networks=1, network_size=ORGS)
READ = """
    SELECT o.name AS org, q.text AS question, m.slug AS model, l.country, e.mentioned, e.sentiment, e.rank,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id) AS competitors
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id JOIN orgs o ON o.id = e.org_id
    WHERE e.state = 'done'
"""
MEMBERS = "SELECT id FROM batches WHERE kind = 'network_org' ORDER BY id"


@pytest.fixture(scope="module")
def product(urls, tmp_path_factory):
    yield from running_product(urls, tmp_path_factory.mktemp("network"), "network_acceptance", {})


def members(product, count: int) -> list[UUID]:
    """The batches of the network's orgs, once they are all opened and have ended."""
    for _ in range(600):
        found = [row["id"] for row in product.make.sql(MEMBERS)]
        if len(found) == count:
            product.end(found)
            return found
        product.running.watch()
        time.sleep(0.1)
    pytest.fail(f"{len(found)} of {count} batches were opened")


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


def test_a_network_is_asked_once_read_for_fifty_orgs_and_charged_to_each_ones_partner(product):
    product.load(WORLD)
    (poor,) = product.make.sql(
        "SELECT o.id, o.partner_id AS partner, p.available FROM orgs o JOIN partners p ON p.id = o.partner_id "
        "WHERE (SELECT count(*) FROM orgs s WHERE s.partner_id = p.id) = 1 ORDER BY o.name LIMIT 1"
    )
    with transaction() as db:
        ledger.grant(db, poor["partner"], 11 - poor["available"], "all but one")
    network = product.make.one("SELECT id FROM networks")

    batch = trigger_network(network, ME).batch.id
    product.end([batch])
    found = members(product, ORGS)

    states = Counter(row["state"] for row in product.make.sql("SELECT state FROM batches WHERE kind = 'network_org'"))
    assert states == {"completed": ORGS - 1, "blocked": 1}
    assert product.make.one("SELECT count(*) FROM question_runs") == RUNS
    assert product.make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'") == RUNS
    assert product.make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == RUNS * (ORGS - 1)
    assert product.make.one("SELECT count(*) FROM question_runs WHERE is_latest") == RUNS
    assert disagreements(product) == Counter()
    assert wrong_charges(product) == []
    assert broken() == {}

    with transaction() as db:
        ledger.grant(db, poor["partner"], 1, "one more")
    (again,) = trigger_missing(network, poor["id"], ME)
    product.end([again.batch.id])

    assert product.make.state(again.batch.id)["state"] == "completed"
    assert product.make.one("SELECT available FROM partners WHERE id = :p", p=poor["partner"]) == 0
    assert len(product.pushed([batch, *found])) == ORGS + 1
    assert disagreements(product) == Counter()
    assert wrong_charges(product) == []
    assert broken() == {}


def wrong_charges(product) -> list[dict]:
    """Orgs that were not charged once for each reading, or not at their own partner."""
    return product.make.sql(
        "SELECT o.id, count(l.id) AS charges FROM orgs o JOIN evaluations e ON e.org_id = o.id AND e.state = 'done' "
        "LEFT JOIN ledger l ON l.idempotency_key = 'charge:' || e.run_id || ':' || e.org_id AND l.kind = 'network' "
        "AND l.partner_id = o.partner_id AND l.credits = -1 GROUP BY o.id HAVING count(l.id) <> count(e.id)"
    )
