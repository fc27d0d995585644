"""Too many at once: of the same tick, of the same finish, of one org's runs beside everybody's."""

from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import pytest
from load import A_LOAD, store, trigger

from senso.tasks.stages import finish_batch


def test_two_sweepers_relays_and_pollers(fault):
    with fault(34, "3 control workers and 2 beats", control_workers=3, beats=2, models=("chatgpt", "gpt-6.1-terra"),
        sabotage={"all": "ticks_say_who"}) as it:  # fmt: skip
        it.strikes(calls=it.product.wait_for_flight(20))
        it.recovered(it.product.next_end())
        it.product.load.enough()
        it.product.end()
        ticks = it.product.said("tick")
        it.hit(processes=len(set(ticks)), ticks=len(ticks))

    assert it.row.struck["processes"] == 3
    assert it.row.twice == 0


@pytest.mark.selection
def test_a_batch_finished_twenty_times_at_once(fault):
    with fault(35, "each batch finished 20 times in 20 threads", own_load=True) as it:
        it.product.left_dead |= {"control-1"}
        batches = trigger(store(it.product.plan, 0, -(-A_LOAD // 40), 10))
        it.product.until(lambda: it.product.make.one("SELECT count(*) FROM question_runs") >= A_LOAD, 60, "not opened")
        it.product.kill("control-1")
        left = "SELECT sum(coalesce(remaining, 1)) FROM batches"
        it.product.until(lambda: it.product.make.one(left) == 0, 120, "not all was read")
        it.strikes(batches=len(batches), calls_of_ours=20 * len(batches))
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda batch: finish_batch(str(batch), "rows"), [one for one in batches for _ in range(20)]))
        ended = it.product.states()
        it.product.left_dead.clear()
        it.recovered(it.product.until(lambda: not it.product.ready(), 60, "queues did not drain"))

    assert ended == {"completed": len(batches)}
    assert it.row.twice == 0


def test_a_huge_org_does_not_stand_in_front_of_the_small_ones(fault):
    """p95 of small orgs (trigger to end) with a huge one before them, within twice of what it is without."""
    places = tuple({"country": country} for country in ("US", "CA", "GB", "DE", "FR", "IT", "ES", "JP", "BR", "IN"))
    with fault(32, "an org of 1,200 runs before 16 orgs of 5", own_load=True, models=("gpt-6.1-terra",),
        places=({"country": "US"},)) as it:  # fmt: skip
        plan = it.product.plan
        alone = p95(it.product, trigger(store(plan, 0, 16, 5)))
        huge = store(plan, 16, 1, 60, models=("gpt-6.1-terra", "gpt-6-luna"), locations=places)
        small = store(plan, 17, 16, 5)
        (big,) = trigger(huge)
        opened = "SELECT count(*) FROM question_runs WHERE batch_id = :id"
        it.product.until(lambda: it.product.make.one(opened, id=big) >= 1200, 60, "not opened")
        it.strikes(calls=it.product.wait_for_flight(60))
        beside = p95(it.product, trigger(small))
        still = it.product.make.state(big)["state"]
        it.recovered(beside)
        it.row.note = f"p95 {alone:.1f} s alone, {beside:.1f} s beside it; 16 in place of 200 small orgs"

    assert still == "running"
    assert beside <= 2 * alone
    assert it.row.twice == 0


def p95(product, batches) -> float:
    asked = {"ids": [str(batch) for batch in batches]}
    mine = "FROM batches WHERE id = ANY(CAST(:ids AS uuid[]))"
    ended = f"SELECT count(ended_at) = count(*) {mine}"
    product.until(lambda: product.make.one(ended, **asked), 240, "small orgs did not end")
    took = product.make.sql(f"SELECT extract(epoch FROM ended_at - queued_at) AS s {mine}", **asked)
    return float(quantiles([row["s"] for row in took], n=20)[-1])
