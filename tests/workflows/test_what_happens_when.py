"""The table "what happens when" of the design, a test for each row that is reached."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from operating import Initiator, cancel, retry, trigger_org
from sqlalchemy import text

from senso.db import transaction
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.queries import batches, invariants, ledger, runs, sweep
from senso.settings import settings
from senso.tasks.periodic import admit, due, due_orgs, sweep_all
from senso.tasks.stages import ask_batch, find_names, finish_batch, open_batch, read
from senso.workflows import asking, recovery

ME = Initiator("test")


def work_off(make, batch) -> None:
    """What the workers would do, one after the other in this process."""
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    ask_batch(str(batch))
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")


def kept() -> bool:
    with transaction() as db:
        return not invariants.broken(db, POLICY, 500)


def test_a_trigger_while_the_batch_is_queued_or_running_attaches_to_it(make, sandbox):
    org = make.org()
    opened = trigger_org(org.id, ME)
    queued = trigger_org(org.id, ME)
    admit()

    running = trigger_org(org.id, ME)

    assert [opened.outcome, queued.outcome, running.outcome] == ["opened", "attached", "attached"]
    assert {opened.batch.id, queued.batch.id, running.batch.id} == {opened.batch.id}


def test_a_completed_batch_is_printed_and_nothing_is_done(make, sandbox):
    org = make.org()
    batch = make.queued(org)
    work_off(make, batch)
    before = make.everything(), len(sandbox.calls())

    again = trigger_org(org.id, ME)
    work_off(make, batch)

    assert again.outcome == "completed"
    assert (make.everything(), len(sandbox.calls())) == before
    assert kept()


@pytest.mark.parametrize(("failing", "state"), [(1, "partial"), (3, "failed")])
def test_a_batch_with_failures_ends_with_what_it_has(make, sandbox, failing, state):
    org = make.org(questions=3)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=failing)
    work_off(make, batch)

    again = trigger_org(org.id, ME)

    row = make.state(batch)
    assert (again.outcome, row["state"]) == (state, state)
    assert row["error"].startswith(f"{failing} of 3 failed: {failing} × openai 400")
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3 - failing
    assert make.one("SELECT available FROM partners") == 1000 - (3 - failing)
    assert kept()


def test_a_cancelled_batch_is_refused_unless_it_is_reopened(make, sandbox):
    org = make.org()
    batch = make.queued(org)
    make.sql("UPDATE batches SET state = 'cancelled'")

    with pytest.raises(ConfigError, match="--reopen"):
        trigger_org(org.id, ME)
    reopened = trigger_org(org.id, ME, reopen=True)
    work_off(make, batch)

    assert (reopened.outcome, reopened.batch.episode) == ("reopened", 2)
    assert make.state(batch)["state"] == "completed"
    assert kept()


def test_a_cancelled_batch_of_which_all_was_read_ends_as_what_it_has_when_it_is_reopened(make, sandbox):
    org = make.org(questions=2)
    batch = make.queued(org)
    work_off(make, batch)
    make.sql("UPDATE batches SET state = 'cancelled'")
    calls = len(sandbox.calls("openai"))

    trigger_org(org.id, ME, reopen=True)
    work_off(make, batch)

    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 2
    assert make.one("SELECT count(*) FROM metrics") > 0
    assert len(sandbox.calls("openai")) == calls
    assert kept()


def test_without_credits_a_batch_is_blocked_and_nothing_is_called(make, sandbox):
    org = make.org(questions=3, available=2)
    batch = make.queued(org)

    work_off(make, batch)

    assert make.state(batch)["state"] == "blocked"
    assert "3 credits" in make.state(batch)["error"]
    assert sandbox.calls() == []
    assert make.sql("SELECT * FROM question_runs") == []
    assert kept()


def test_a_blocked_batch_goes_on_after_a_grant(make, sandbox):
    org = make.org(questions=3, available=2)
    batch = make.queued(org)
    work_off(make, batch)
    with transaction() as db:
        ledger.grant(db, org.partner, 10, "invoice 7")

    resumed = trigger_org(org.id, ME)
    work_off(make, batch)

    assert (resumed.outcome, resumed.batch.episode) == ("resumed", 1)
    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT available FROM partners") == 9
    assert kept()


def test_a_blocked_batch_expires_on_a_later_date(make, environment):
    batch = make.queued(questions=3, available=2)
    admit()
    open_batch(str(batch))
    sweep_all()
    same_day = make.state(batch)["state"]
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()

    sweep_all()

    assert (same_day, make.state(batch)["state"]) == ("blocked", "cancelled")


def test_two_batches_cannot_spend_the_same_credits(make):
    first, second = make.org(questions=3, available=4), make.org(questions=3, available=4)
    make.sql("UPDATE orgs SET partner_id = :partner", partner=first.partner)
    batches = [make.queued(first), make.queued(second)]
    admit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(open_batch, map(str, batches)))

    assert sorted(make.state(batch)["state"] for batch in batches) == ["blocked", "running"]
    assert make.one("SELECT available FROM partners WHERE id = :id", id=first.partner) == 1


def test_the_matrix_stays_as_it_was_frozen(make, sandbox):
    org = make.org(questions=2)
    batch = make.batch(org)
    make.question(org.id, "One more?", 9)
    make.sql("DELETE FROM org_models")

    work_off(make, batch)

    assert make.state(batch)["planned"] == 2
    assert make.state(batch)["state"] == "completed"


def test_yesterdays_batch_goes_on_beside_todays(make, sandbox, environment):
    org = make.org()
    yesterday = make.batch(org)
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()
    today = trigger_org(org.id, ME)
    work_off(make, yesterday)

    work_off(make, today.batch.id)

    assert today.outcome == "opened"
    assert {make.state(yesterday)["state"], make.state(today.batch.id)["state"]} == {"completed"}
    assert make.one("SELECT count(DISTINCT batch_id) FROM question_runs WHERE is_latest") == 1
    assert make.one("SELECT DISTINCT batch_id FROM question_runs WHERE is_latest") == today.batch.id


def test_an_older_answer_never_becomes_the_latest(make, sandbox, environment):
    org = make.org()
    yesterday = make.batch(org)
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()
    today = make.queued(org)
    work_off(make, today)

    work_off(make, yesterday)

    assert make.one("SELECT DISTINCT batch_id FROM question_runs WHERE is_latest") == today


def test_an_idempotency_key_used_again_finds_its_batch_and_refuses_another_request(make):
    org, other = make.org(), make.org()
    first = trigger_org(org.id, ME, idempotency_key="k-1")

    again = trigger_org(org.id, ME, idempotency_key="k-1")

    assert again.batch.id == first.batch.id
    with pytest.raises(ConfigError, match="another request"):
        trigger_org(other.id, ME, idempotency_key="k-1")
    assert make.one("SELECT count(*) FROM batches") == 1


def test_all_messages_that_were_lost_at_once_are_found_in_one_sweep(make, sandbox, messages, monkeypatch):
    monkeypatch.setattr(recovery, "POLICY", replace(POLICY, lost_at_once=2))
    make.batch(questions=9)
    make.sql("UPDATE question_runs SET sent_at = now() - interval '10 minutes'")
    messages.clear()

    sweep_all()

    assert make.one("SELECT sum(count)::int FROM repairs WHERE kind = 'lost runs'") == 9
    assert sum(len(ids) for _, ids in messages("ask")) == 9


def test_a_message_that_comes_after_it_was_given_up_for_lost_breaks_no_promise(make, sandbox):
    batch = make.queued(make.org(questions=2))
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    ask_batch(str(batch))
    make.sql("UPDATE question_runs SET sent_at = sent_at - interval '10 minutes'")
    with transaction() as db:
        assert sweep.find_lost(db, 20, 500)["lost runs"] == 2

    for run in make.runs(batch):
        read(str(run))

    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered' AND sent_at IS NOT NULL") == 2
    assert kept()


def test_a_batch_past_its_deadline_ends_with_what_it_has(make, sandbox):
    batch = make.batch(questions=3)
    first, second, _third = make.runs(batch)
    read(str(first))
    with transaction() as db:
        runs.claim(db, [second], "a worker", POLICY)
    make.later(hours=6.1)

    sweep_all()
    finish_batch(str(batch), "sweep")

    states = make.sql("SELECT state, fence FROM question_runs ORDER BY number")
    assert make.state(batch)["state"] == "partial"
    assert [tuple(row.values()) for row in states] == [("answered", 1), ("failed", 2), ("failed", 1)]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1
    assert kept()


def test_what_arrives_after_the_end_is_costed_and_never_charged(make, sandbox, monkeypatch):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    real = asking.ask_now

    def end() -> None:
        make.later(hours=6.1)
        finish_batch(str(batch), "sweep")

    async def too_late(work):
        answer = await real(work)
        await asyncio.to_thread(end)
        return answer

    monkeypatch.setattr("senso.workflows.asking.ask_now", too_late)

    read(str(run))

    (call,) = make.sql("SELECT * FROM llm_calls")
    assert (call["outcome"], call["cost_microusd"] > 0) == ("answered", True)
    assert make.one("SELECT answer_text FROM question_runs") is None
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 0
    assert kept()


def test_when_the_names_call_fails_name_and_domain_are_used_and_the_batch_says_so(make, sandbox):
    org = make.org(questions=1)
    batch = make.queued(org)
    sandbox.fault("openai.chat", "refusal", times=1)

    work_off(make, batch)

    row = make.state(batch)
    assert row["state"] == "completed"
    assert "names call failed" in row["note"]
    assert make.one("SELECT names FROM name_variations") == [org.name, "larchhill.example"]


def test_names_whose_call_failed_are_asked_for_again_with_a_retry_and_not_sooner(make, sandbox):
    org = make.org(questions=1)
    batch = make.queued(org)
    sandbox.fault("openai.chat", "refusal", times=2)
    work_off(make, batch)
    find_names(str(batch))
    before = make.state(batch)["state"], make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'")

    retry(batch, ME)
    work_off(make, batch)
    find_names(str(batch))

    assert before == ("failed", 1)
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == 2
    assert make.one("SELECT is_fallback FROM name_variations") is False
    assert make.state(batch)["state"] == "completed"
    assert "names" not in make.state(batch)["note"]
    assert kept()


def test_an_answer_that_is_there_is_read_again_once_the_retry_has_its_names(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.chat", "refusal", times=2)
    work_off(make, batch)
    retry(batch, ME)
    admit()
    open_batch(str(batch))
    (run,) = make.runs(batch)

    read(str(run))  # before the names are there
    early = make.one("SELECT state FROM evaluations")
    find_names(str(batch))
    ask_batch(str(batch))
    read(str(run))

    assert (early, make.one("SELECT state FROM evaluations")) == ("pending", "done")
    assert "fallback-names" not in {mark["kind"] for mark in make.one("SELECT marks FROM evaluations")}


def test_what_was_read_by_the_fallback_is_kept_as_such_when_better_names_come(make, sandbox):
    batch = make.queued(questions=2)
    sandbox.fault("openai.chat", "refusal", times=1)
    sandbox.fault("openai.chat", "refusal", times=1, match="loan 1")
    work_off(make, batch)

    retry(batch, ME)
    work_off(make, batch)

    readings = make.sql("SELECT e.marks FROM evaluations e JOIN question_runs r ON r.id = e.run_id ORDER BY r.number")
    kinds = [{mark["kind"] for mark in one["marks"]} for one in readings]
    assert ["fallback-names" in found for found in kinds] == [True, False]
    assert "the names call failed: in 1 of 2 answers read" in make.state(batch)["note"]
    assert make.one("SELECT is_fallback FROM name_variations") is False


def test_a_cancelled_batch_that_is_reopened_asks_for_names_again(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.chat", "refusal", times=1)
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    cancel(batch, ME)

    retry(batch, ME)
    work_off(make, batch)

    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == 2
    assert make.one("SELECT is_fallback FROM name_variations") is False


def test_a_batch_keeps_that_its_answers_came_from_the_sandbox(make, sandbox):
    batch = make.queued(questions=1)
    work_off(make, batch)

    said = "made-up data: 1 of 1 answers read came from the sandbox, not from an assistant"
    assert make.state(batch)["note"] == said


def test_a_names_call_that_may_heal_is_tried_three_times_before_the_batch_goes_on(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.chat", "500", times=3)
    admit()
    open_batch(str(batch))

    for _ in range(3):
        find_names(str(batch))
        ask_batch(str(batch))
        make.sql("UPDATE name_variations SET lease_until = NULL")

    assert make.one("SELECT is_fallback FROM name_variations") is True
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == 3
    assert make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NOT NULL") == 1


def test_names_are_asked_for_once_and_kept_while_the_org_stays_the_same(make, sandbox, environment):
    org = make.org(questions=1)
    work_off(make, make.queued(org))
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()
    work_off(make, make.queued(org))
    unchanged = make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'")
    make.sql("UPDATE orgs SET name = 'Larch Hill Bank'")
    environment.setenv("SENSO_CLOCK", "+2d")
    settings.cache_clear()

    work_off(make, make.queued(org))

    assert (unchanged, make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'")) == (1, 2)


def test_an_org_that_cannot_be_asked_about_is_refused_before_anything_is_written(make, sandbox):
    refused = {
        "not active": make.org(active=False),
        "no questions": make.org(questions=0),
        "no models": make.org(models=()),
        "no locations": make.org(countries=()),
        "no provider nobody": make.org(models=("gpt-5.5",)),
    }
    make.sql("UPDATE models SET provider = 'nobody' WHERE slug = 'gpt-5.5'")

    for reason, org in refused.items():
        with pytest.raises(ConfigError, match=reason):
            trigger_org(org.id, ME)
    with pytest.raises(NotFound):
        trigger_org(refused["no models"].partner, ME)

    assert make.sql("SELECT * FROM batches") == make.sql("SELECT * FROM audit") == []


def test_a_missing_key_is_refused_before_the_hold_and_named(make, sandbox, environment):
    org = make.org(models=("chatgpt",))
    environment.delenv("BRIGHTDATA_API_KEY")
    settings.cache_clear()

    with pytest.raises(ConfigError, match="BRIGHTDATA_API_KEY"):
        trigger_org(org.id, ME)

    assert make.sql("SELECT * FROM batches") == []


def test_five_triggers_at_once_open_one_batch(make):
    org = make.org()

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: trigger_org(org.id, ME), range(5)))

    assert sorted(one.outcome for one in found) == ["attached"] * 4 + ["opened"]
    assert make.one("SELECT count(*) FROM batches") == 1


def test_no_more_batches_run_than_are_allowed(make, environment):
    environment.setenv("MAX_RUNNING_BATCHES", "2")
    settings.cache_clear()
    for _ in range(4):
        make.queued()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: admit(), range(4)))

    assert make.one("SELECT count(*) FROM batches WHERE state = 'running'") == 2


def test_a_batch_is_admitted_while_an_event_of_it_is_written(make):
    batch = make.queued()
    with transaction() as other:
        other.execute(text("SELECT FROM batches WHERE id = :id FOR KEY SHARE"), {"id": batch})  # as a foreign key does

        admit()

    assert make.state(batch)["state"] == "running"


def test_no_more_batches_run_than_are_allowed_whatever_the_plan(make, sandbox, db):
    """A subquery with LIMIT and SKIP LOCKED that is run anew for each row skips what this statement has taken."""
    for _ in range(4):
        make.queued()
    for node in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
        db.execute(text(f"SET LOCAL enable_{node} = off"))

    batches.admit(db, 2)

    assert db.execute(text("SELECT count(*) FROM batches WHERE state = 'running'")).scalar_one() == 2


def test_finishing_twenty_times_at_once_charges_once_and_ends_once(make, sandbox):
    batch = make.batch(questions=3)
    for run in make.runs(batch):
        read(str(run))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: finish_batch(str(batch), "rows"), range(20)))

    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3
    assert make.one("SELECT count(*) FROM pushes") == 1
    assert kept()


def test_the_last_two_runs_finishing_together_start_the_end_exactly_once(make, sandbox):
    batch = make.batch(questions=2)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, map(str, make.runs(batch))))

    assert make.state(batch)["remaining"] == 0
    assert [key for key in make.unpublished() if key.startswith("finish")] == [f"finish:{batch}:1"]


def test_unmetered_partners_are_charged_in_the_ledger_and_never_blocked(make, sandbox):
    batch = make.queued(questions=2, available=None)

    work_off(make, batch)

    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT available FROM partners") is None
    assert make.one("SELECT sum(credits) FROM ledger") == -2
    assert kept()


WEDNESDAY = datetime(2026, 1, 7, 9, tzinfo=UTC)


def test_an_org_is_due_on_its_weekday_from_two_o_clock_and_once(make, environment):
    make.org(created_at=WEDNESDAY, imported_at=WEDNESDAY)
    opened = []
    for moment in ("2026-11-24T23:00", "2026-11-25T01:59", "2026-11-25T02:00", "2026-11-25T05:00", "2026-11-26T02:00"):
        environment.setenv("SENSO_CLOCK", moment)
        settings.cache_clear()
        due_orgs()
        due_orgs()
        opened.append(make.one("SELECT count(*) FROM batches WHERE batch_date >= '2026-11-25'"))

    assert opened == [0, 0, 1, 1, 1]
    assert make.one("SELECT count(*) FROM schedule_runs WHERE due_date = '2026-11-25'") == 1


def test_a_day_that_beat_missed_is_caught_up_once(make, environment):
    make.org(created_at=WEDNESDAY, imported_at=WEDNESDAY)
    environment.setenv("SENSO_CLOCK", "2026-11-27T08:00")
    settings.cache_clear()

    due_orgs()
    due_orgs()

    assert [row["batch_date"].isoformat() for row in make.sql("SELECT batch_date FROM batches")] == ["2026-11-27"]
    assert [row["due_date"].isoformat() for row in make.sql("SELECT due_date FROM schedule_runs")] == ["2026-11-25"]


def test_a_batch_cancelled_before_its_hour_stays_so_and_is_asked_about_once(make, environment, monkeypatch):
    warned = []
    monkeypatch.setattr("senso.workflows.recovery.log.warning", lambda *said, **_: warned.append(said))
    org = make.org(created_at=WEDNESDAY, imported_at=WEDNESDAY)
    environment.setenv("SENSO_CLOCK", "2026-11-25T01:00")
    settings.cache_clear()
    batch = make.queued(org)
    cancel(batch, ME)
    environment.setenv("SENSO_CLOCK", "2026-11-25T02:00")
    settings.cache_clear()

    due_orgs()
    due_orgs()

    assert warned == []
    assert make.state(batch)["state"] == "cancelled"
    assert make.sql("SELECT batch_id FROM schedule_runs WHERE due_date = '2026-11-25'") == [{"batch_id": batch}]


def test_nothing_was_due_before_an_org_was_imported(make, environment):
    make.org(created_at=WEDNESDAY, imported_at=datetime(2026, 11, 25, 10, tzinfo=UTC))
    environment.setenv("SENSO_CLOCK", "2026-11-25T12:00")
    settings.cache_clear()

    due_orgs()

    assert make.sql("SELECT * FROM batches") == []


def test_waiting_evaluations_are_sent_when_due(make, messages):
    run = make.run(answered=True)
    make.sql("UPDATE evaluations SET next_at = now()")

    due()

    assert messages("extract") == [("senso.extract", [str(run)])]
