"""Providers that want no more, fail, hang, never get ready, or answer nonsense."""

import time

import pytest
from load import A_LOAD

DIRECT_CALLS = ("openai.responses", "openai.chat")


def struck(product, *kinds: str) -> int:
    return sum(call["fault"] in kinds for call in product.sandbox.calls())


def test_a_storm_of_429_burns_no_tries(fault):
    with fault(26, "429 to every call for 20 s") as it:
        it.product.wait_for_flight(30)
        it.strikes()
        for where in DIRECT_CALLS:
            it.product.sandbox.fault(where, "429", retry_after=2)
        time.sleep(20)
        it.product.sandbox.heal()
        it.recovered(it.product.next_end())
        it.hit(calls=struck(it.product, "429"))
        it.row.note = "a 429 with a time holds for all runs of its model"
        failures = it.product.make.one("SELECT sum(failures) FROM question_runs")

    assert failures == 0
    assert it.row.twice == 0


def test_an_outage_of_all_calls_ends_only_what_failed_five_times(fault):
    early = (
        "SELECT failures FROM question_runs WHERE state = 'failed' AND failures < 4 "
        "UNION ALL SELECT e.failures FROM evaluations e JOIN question_runs r ON r.id = e.run_id "
        "WHERE e.state = 'failed' AND r.state = 'answered' AND e.failures < 4"
    )
    with fault(27, "503 to every call for 8 s", ends=("completed", "partial")) as it:
        it.product.wait_for_flight(30)
        it.strikes()
        for where in DIRECT_CALLS:
            it.product.sandbox.fault(where, "503")
        time.sleep(8)
        it.product.sandbox.heal()
        it.recovered(it.product.next_end())
        it.hit(calls=struck(it.product, "503"))
        it.row.note = "breakers opened; what failed before that counts"
        it.product.load.enough()
        it.product.end()
        ended = it.product.make.sql(early)

    assert ended == []
    assert it.row.twice == 0


def test_a_provider_that_hangs_holds_its_slots_no_longer_than_the_timeout(fault):
    hung = "SELECT id, fence FROM question_runs WHERE state = 'asking' AND sent_at < now() - interval '30 seconds'"
    with fault(28, "10 calls never answered", call_workers=1, answer_seconds=8) as it:
        it.product.sandbox.fault("openai.responses", "hang", times=10)
        it.product.until(lambda: struck(it.product, "hang") == 10, 60, "they did not hang")
        it.strikes(calls=10)
        began = time.monotonic()
        it.product.until(lambda: it.product.make.sql(hung), 60, "none was late")
        it.product.until(lambda: not it.product.make.sql(hung), 150, "they were never given up")
        it.recovered(time.monotonic() - began)

    assert 60 < it.row.recovery < 150
    assert it.row.twice == 0


def test_a_job_that_is_never_ready_is_given_up_at_its_deadline_and_asked_again(fault):
    late = "SELECT count(*) FROM vendor_jobs WHERE state = 'failed'"
    with fault(29, "5 jobs never ready", models=("chatgpt", "gpt-6.1-terra"), places=({"country": "US"},),
        own_load=True) as it:  # fmt: skip
        it.product.make.sql("UPDATE models SET deadline_seconds = 30 WHERE slug = 'chatgpt'")
        it.product.sandbox.fault("brightdata.trigger", "never-ready", times=5)
        it.product.load.begin(A_LOAD)
        it.product.until(lambda: it.product.make.one("SELECT count(external_id) FROM vendor_jobs") >= 5, 60, "no jobs")
        it.strikes(jobs=it.product.sandbox.struck())
        it.recovered(it.product.until(lambda: it.product.make.one(late) == 5, 120, "they were never given up"))
        it.row.note = "no webhooks: rows are the only signal"

    assert it.row.twice == 0


NONSENSE = ("malformed", "refusal", "length", "empty")


@pytest.mark.parametrize("where", DIRECT_CALLS)
def test_nonsense_ends_its_run_with_a_reason_and_is_not_charged(fault, where):
    with fault(30, f"{', '.join(NONSENSE)}: 5 of each at {where}", ends=("completed", "partial", "failed")) as it:
        it.product.wait_for_flight(20)
        for kind in NONSENSE:
            it.product.sandbox.fault(where, kind, times=5)
        it.strikes()
        it.product.until(lambda: struck(it.product, *NONSENSE) >= 20, 60, "not all struck")
        it.recovered(it.product.next_end())
        it.hit(calls=struck(it.product, *NONSENSE))
        it.product.load.enough()
        it.product.end()
        failed = it.product.make.sql("SELECT error FROM evaluations WHERE state = 'failed'")

    assert all(one["error"] for one in failed)
    assert len(failed) <= it.row.struck["calls"]
    assert it.row.twice == 0
