"""A backup taken while work goes on, restored on a new database beside an emptied Redis: workers end what they find."""

import time
from collections import Counter

import pytest
from ground import Messages, Sandbox, own_database
from operating import Initiator, trigger_org
from whole_product import SEED, Product, broken, running_product

from senso import stack
from senso.backup import restoring, taking
from senso.db import engine
from senso.sandbox.world import World

PATIENCE_SECONDS = 400  # a job in doubt is looked for at the vendor until its grace is over
ASKED = ("openai.responses", "openai.chat")
KNOWN = """
    SELECT q.text, m.name, l.country FROM question_runs r JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    WHERE r.state = 'answered' AND m.provider = 'openai'
"""
UNDER_WAY = """
    SELECT count(*) FROM llm_calls c JOIN question_runs r ON r.id = c.run_id
    WHERE r.batch_id = '{batch}' AND c.outcome IS NULL AND c.job_id IS NULL
"""


@pytest.fixture
def product(urls, tmp_path):
    yield from running_product(urls, tmp_path / "first", "senso_lost", {})


def await_rows(product: Product, query: str, least: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while product.make.one(query) < least:
        assert time.monotonic() < deadline, query
        time.sleep(0.05)


def asked(sandbox: Sandbox) -> Counter:
    """Questions by themselves, and jobs of many."""
    questions = (call for call in sandbox.calls(ASKED[0]) if call["question"])
    return Counter((call["question"], call["model"], call["country"]) for call in questions)


def test_all_work_of_a_backup_ends_and_nothing_that_it_knows_is_asked_or_charged_again(product, urls, tmp_path):
    at_work(product)
    file = tmp_path / "senso.dump"
    taken = taking.take(file)
    lose_all(product, urls)
    before, jobs_before = asked(product.sandbox), len(product.sandbox.calls("brightdata.trigger"))

    with own_database(urls, "senso_found"):
        restored = restoring.restore(file, 500)
        known = {tuple(row.values()) for row in product.make.sql(KNOWN)}
        submitted = product.make.one("SELECT count(*) FROM vendor_jobs WHERE external_id IS NOT NULL")
        end_all(product, tmp_path)

        after = asked(product.sandbox)
        jobs = product.make.one("SELECT count(*) FROM vendor_jobs")
        assert restored.broken == {}
        assert taken.manifest.rows["question_runs"] == product.make.one("SELECT count(*) FROM question_runs")
        assert 0 < len(known) < len(after)
        assert {key: after[key] for key in known} == {key: before[key] for key in known}
        assert max(after.values()) <= 2
        assert len(product.sandbox.calls("brightdata.trigger")) - jobs_before <= jobs - submitted
        assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == product.make.one(
            "SELECT sum(planned) FROM batches"
        )
        assert broken() == {}


def at_work(product: Product) -> None:
    """Of one org some answers are read, and the calls of another are under way."""
    first, second = product.load(World(SEED, orgs=2, questions=4))
    trigger_org(first, Initiator("test"))
    await_rows(product, "SELECT count(*) FROM evaluations WHERE state = 'done'", 10)
    product.sandbox.timing(answer_seconds=60)
    batch = trigger_org(second, Initiator("test")).batch.id
    await_rows(product, UNDER_WAY.format(batch=batch), 5)


def lose_all(product: Product, urls) -> None:
    for child in product.running.children:
        child.process.kill()
    product.running.stop()
    engine().dispose()
    product.sandbox.timing(answer_seconds=0.1)
    Messages(urls.redis_url).redis.close()


def end_all(product: Product, tmp_path) -> None:
    home = tmp_path / "second"
    children = [*stack.call_workers(1, 200), stack.control_worker(), stack.beat(home)]
    product.running = stack.Stack(children, say=print, logs=home)
    home.mkdir()
    product.running.start()
    try:
        product.end([row["id"] for row in product.make.sql("SELECT id FROM batches")], PATIENCE_SECONDS)
    finally:
        product.running.stop()
