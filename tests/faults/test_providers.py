"""Providers that lose replies, want no more, fail, hang, never get ready, or answer nonsense."""

import time

import promises
import pytest

CHATGPT = ("chatgpt",)


def test_killed_between_a_job_and_its_record_the_job_is_found_again(start, told):
    product = start(failpoints=[{"at": "job submitted", "do": "kill"}], models=CHATGPT, orgs=2)
    batches = product.trigger()

    product.until(lambda: product.strikes("job submitted"), 60, "no job was submitted")
    recovery = product.end(batches, 240)

    row = told(product, 6, struck="kill -9 between the submission and its record", load="40 runs in 4 jobs",
        recovery=recovery, twice=promises.jobs_made_twice(product))  # fmt: skip
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 40


def test_a_storm_of_429_burns_no_tries(start, told):
    product = start(orgs=3)
    batches = product.trigger()
    product.wait_for_flight(30)
    for where in ("openai.responses", "openai.chat"):
        product.sandbox.fault(where, "429", retry_after=2)
    time.sleep(20)
    product.sandbox.heal()
    recovery = product.end(batches)

    stormed = sum(call["fault"] == "429" for call in product.sandbox.calls())
    row = told(product, 26, struck=f"{stormed} × 429 in 20 s", load="120 runs", recovery=recovery,
        note="promises only; the shared limiter comes later")  # fmt: skip
    assert stormed > 50
    assert product.states() == {"completed": 3}
    assert product.make.one("SELECT sum(failures) FROM question_runs") == 0
    assert row["broken"] == []
    assert row["twice"] == 0


def test_an_outage_of_all_calls_ends_only_what_failed_five_times(start, told):
    product = start(orgs=3)
    batches = product.trigger()
    product.wait_for_flight(30)
    for where in ("openai.responses", "openai.chat"):
        product.sandbox.fault(where, "503")
    time.sleep(8)
    product.sandbox.heal()
    recovery = product.end(batches)

    ended = product.make.sql(
        "SELECT failures FROM question_runs WHERE state = 'failed' AND failures < 4 "
        "UNION ALL SELECT e.failures FROM evaluations e JOIN question_runs r ON r.id = e.run_id "
        "WHERE e.state = 'failed' AND r.state = 'answered' AND e.failures < 4"
    )
    failed = sum(call["fault"] == "503" for call in product.sandbox.calls())
    row = told(product, 27, struck=f"{failed} × 503 in 8 s", load="120 runs", recovery=recovery,
        note="promises only; the breaker comes later")  # fmt: skip
    assert failed > 50
    assert set(product.states()) <= {"completed", "partial"}
    assert ended == []
    assert row["broken"] == []
    assert row["twice"] == 0


def test_a_provider_that_hangs_holds_its_slots_no_longer_than_the_timeout(start, told):
    product = start(orgs=1, call_workers=1)
    product.sandbox.fault("openai.responses", "hang", times=10)
    batches = product.trigger()
    product.wait_for_flight(10)

    recovery = product.end(batches, 240)

    hung = sum(call["fault"] == "hang" for call in product.sandbox.calls())
    row = told(product, 28, struck=f"{hung} calls never answered", load="40 runs", recovery=recovery)
    assert hung == 10
    assert product.states() == {"completed": 1}
    assert row["broken"] == []
    assert 85 < recovery < 150


def test_a_job_that_is_never_ready_fails_at_its_deadline_and_its_batch_is_partial(start, told):
    product = start(orgs=2, models=("chatgpt", "gpt-4.1"), places=({"country": "US"},))
    product.make.sql("UPDATE models SET deadline_seconds = 10 WHERE slug = 'chatgpt'")
    product.sandbox.fault("brightdata.trigger", "never-ready", times=1)
    batches = product.trigger()

    recovery = product.end(batches)

    row = told(product, 29, struck="1 of 2 jobs never ready", load="40 runs", recovery=recovery,
        twice=promises.jobs_made_twice(product), note="no webhooks: rows are the only signal")  # fmt: skip
    assert product.states() == {"completed": 1, "partial": 1}
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 30
    assert row["broken"] == []
    assert row["twice"] == 0


NONSENSE = ("malformed", "refusal", "length", "empty")


@pytest.mark.parametrize("where", ["openai.responses", "openai.chat"])
def test_nonsense_ends_its_run_with_a_reason_and_is_not_charged(start, told, where):
    product = start(orgs=1)
    for kind in NONSENSE:
        product.sandbox.fault(where, kind, times=2)
    batches = product.trigger()

    recovery = product.end(batches)

    struck = sum(call["fault"] in NONSENSE for call in product.sandbox.calls())
    failed = product.make.sql("SELECT error FROM evaluations WHERE state = 'failed'")
    charged = product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'")
    row = told(product, 30, struck=f"{struck} × {', '.join(NONSENSE)} at {where}", load="40 runs", recovery=recovery)
    assert struck >= 6
    assert set(product.states()) <= {"partial", "completed"}
    assert all(one["error"] for one in failed)
    assert charged == 40 - len(failed)
    assert row["broken"] == []
