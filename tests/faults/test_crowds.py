"""Too many at once: of the same tick, of the same finish, of one org's runs beside everybody's."""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import pytest

from senso.tasks.score import finish_batch


def test_two_sweepers_relays_and_pollers(start, told):
    product = start(control_workers=3, beats=2, models=("chatgpt", "gpt-4.1"))
    batches = product.trigger()

    recovery = product.end(batches)

    row = told(
        product, 34, struck="3 control workers, 2 beats", load="160 runs, half of them in jobs", recovery=recovery
    )
    assert product.states() == {"completed": 4}
    assert row["broken"] == []
    assert row["twice"] == 0


@pytest.mark.selection
def test_a_batch_finished_twenty_times_at_once(start, told):
    product = start(orgs=2)
    product.left_dead |= {"control-1"}
    batches = product.trigger()
    open_evaluations = "SELECT coalesce(sum(remaining), -1) FROM batches WHERE remaining IS NOT NULL"
    product.until(lambda: product.make.one("SELECT count(*) FROM question_runs") == 80, 60, "not opened")
    product.kill("control-1")
    product.until(lambda: product.make.one(open_evaluations) == 0, 60, "not all was read")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: finish_batch(str(batches[number % 2]), "rows"), range(40)))
    ended = product.states()
    product.left_dead.clear()
    recovery = product.until(lambda: not product.ready(), 60, "queues did not drain")

    row = told(product, 35, struck="40 calls of finish_batch in 20 threads", load="80 runs", recovery=recovery)
    assert ended == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 80


def test_a_huge_org_does_not_stand_in_front_of_the_small_ones(start, told):
    """p95 of small orgs (trigger to end) with a huge one before them, within twice of what it is without."""
    product = start(models=("gpt-4.1",), places=({"country": "US"},), answer_seconds=1)
    small = product.load(orgs=16, questions=5, seed=3)
    alone = p95(product, product.trigger(small))
    places = tuple({"country": country} for country in ("US", "CA", "GB", "DE", "FR"))
    huge = product.load(orgs=1, questions=60, seed=5, models=("gpt-4.1", "gpt-4.1-mini"), locations=places)
    more = product.load(orgs=16, questions=5, seed=9)
    big = product.trigger(huge)
    product.until(lambda: product.make.one("SELECT count(*) FROM question_runs") >= 680, 60, "not opened")
    time.sleep(1)
    beside = p95(product, product.trigger(more))
    product.end(big, 300)

    row = told(product, 32, struck="600 runs of one org under way", load="16 orgs of 5 runs", recovery=None,
        note=f"p95 {alone:.1f} s alone, {beside:.1f} s beside it; 16 in place of 200 small orgs")  # fmt: skip
    assert beside <= 2 * alone
    assert row["broken"] == []
    assert row["twice"] == 0


def p95(product, batches) -> float:
    product.end(batches, 240)
    took = product.make.sql(
        "SELECT extract(epoch FROM ended_at - queued_at) AS s FROM batches WHERE id = ANY(CAST(:ids AS uuid[]))",
        ids=[str(batch) for batch in batches],
    )
    return float(quantiles([row["s"] for row in took], n=20)[-1])
