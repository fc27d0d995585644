"""Cancel and retry: whatever an operator does to a batch, the promises hold."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from at_work import start, work_off
from operating import Initiator, cancel, retry, trigger_org

from senso.db import transaction
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.queries import invariants, job_endings, submissions
from senso.settings import settings
from senso.tasks.periodic import admit, due, sweep_all
from senso.tasks.stages import (
    ask_batch,
    cancel_snapshots,
    find_names,
    finish_batch,
    open_batch,
    push,
    read,
    submit_snapshot,
)
from senso.workflows import asking, cancelling, provider_access

ME = Initiator("mara")


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def test_a_cancelled_batch_charges_what_was_read_releases_the_hold_and_closes_the_rest(make, sandbox):
    batch = make.batch(questions=3)
    first, second, _third = make.runs(batch)
    read(str(first))
    make.answered(second)

    done = cancel(batch, ME)

    row = make.state(batch)
    assert (done.outcome, done.charged, row["state"]) == ("cancelled", 1, "cancelled")
    assert row["error"] == "cancelled by mara: 1 of 3 were read"
    assert make.one("SELECT available FROM partners") == 999
    assert [one["state"] for one in make.sql("SELECT state FROM question_runs ORDER BY number")] == [
        "answered",
        "answered",
        "cancelled",
    ]
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'cancelled'") == 2
    assert broken() == {}


def test_no_claim_commits_after_a_cancel(make, sandbox):
    batch = make.batch(questions=2, models=("gpt-6.1-terra", "chatgpt"))
    make.answered(make.one("SELECT id FROM question_runs WHERE snapshot_id IS NULL ORDER BY number LIMIT 1"))
    snapshot = make.one("SELECT id FROM vendor_jobs")
    cancel(batch, ME)
    before = make.everything(), len(sandbox.calls())

    for run in make.runs(batch):
        read(str(run))
    submit_snapshot(str(snapshot))
    for late in (open_batch, find_names, ask_batch):
        late(str(batch))
    finish_batch(str(batch), "sweep")
    sweep_all()
    due()

    assert (make.everything(), len(sandbox.calls())) == before
    assert broken() == {}


def test_a_call_that_was_under_way_is_costed_after_a_cancel_and_never_charged(make, sandbox, monkeypatch):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    real = asking.ask_now

    async def cancelled_meanwhile(work):
        answer = await real(work)
        await asyncio.to_thread(cancel, batch, ME)
        return answer

    monkeypatch.setattr("senso.workflows.asking.ask_now", cancelled_meanwhile)

    read(str(run))

    (call,) = make.sql("SELECT * FROM llm_calls")
    assert (call["outcome"], call["cost_microusd"] > 0) == ("answered", True)
    assert make.one("SELECT answer_text FROM question_runs") is None
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 0
    assert make.one("SELECT available FROM partners") == 1000
    assert broken() == {}


def test_snapshots_are_cancelled_at_the_vendor(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    batch = make.batch(models=("chatgpt",))
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))

    cancel(batch, ME)
    intended = make.one("SELECT ids FROM outbox WHERE pipeline = 'cancel'")
    cancel_snapshots(str(batch))

    assert make.one("SELECT state FROM vendor_jobs") == "cancelled"
    assert intended == [str(batch)]
    assert [call["where"] for call in sandbox.calls("brightdata") if "cancel" in call["where"]]
    assert broken() == {}


def test_calls_of_a_cancelled_job_never_report_back_and_break_no_promise(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    batch = make.batch(models=("chatgpt",))
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))
    cancel(batch, ME)
    cancel_snapshots(str(batch))

    make.sql("UPDATE llm_calls SET started_at = started_at - interval '10 minutes'")
    make.sql("UPDATE batches SET ended_at = ended_at - interval '10 minutes'")

    assert make.one("SELECT count(*) FROM llm_calls WHERE outcome IS NULL") > 0
    assert not [name for name in broken() if "never reported back" in name]


def test_a_job_that_reached_the_vendor_after_the_cancel_is_cancelled_there(make, sandbox, monkeypatch):
    sandbox.timing(snapshot_seconds=60)
    batch = make.batch(models=("chatgpt",))
    vendor = provider_access.job_provider("brightdata")
    real = type(vendor).submit

    def cancelled_meanwhile(self, asked):
        ticket = real(self, asked)
        cancel(batch, ME)
        return ticket

    monkeypatch.setattr(type(vendor), "submit", cancelled_meanwhile)

    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))

    assert [call["where"] for call in sandbox.calls("brightdata") if "cancel" in call["where"]]
    assert make.one("SELECT state FROM vendor_jobs") == "cancelled"


def test_what_was_charged_is_pushed_with_its_numbers(make, sandbox):
    batch = make.batch(questions=2)
    read(str(make.runs(batch)[0]))

    cancel(batch, ME)
    push(f"push:{batch}:1")

    (pushed,) = sandbox.pushes()
    body = pushed.get("body", pushed)
    assert (body["state"], body["episode"], body["charged"]) == ("cancelled", 1, 1)
    assert body["counts"]["cancelled"] == 1
    assert body["metrics"]
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest") == 1


def test_a_push_that_failed_is_not_sent_after_that_of_a_later_episode(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(make, batch)
    sandbox.fault("application", "500", times=1)
    push(f"push:{batch}:1")
    retry(batch, ME)
    work_off(make, batch)
    push(f"push:{batch}:2")
    make.sql("UPDATE pushes SET next_at = now() WHERE status = 'pending'")

    push(f"push:{batch}:1")

    told = make.sql("SELECT status, error FROM pushes ORDER BY episode")
    assert told[0] == {"status": "failed", "error": "a later episode was pushed in its place"}
    assert [one.get("body", one)["episode"] for one in sandbox.pushes()] == [2]


@pytest.mark.parametrize("begun", [False, True])
def test_where_nothing_was_read_nothing_is_pushed(make, sandbox, begun):
    batch = make.batch() if begun else make.queued()

    done = cancel(batch, ME)
    work_off(make, batch)

    assert (done.outcome, make.state(batch)["state"]) == ("cancelled", "cancelled")
    assert make.sql("SELECT * FROM pushes") == []
    assert make.one("SELECT available FROM partners") == 1000
    assert sandbox.calls("openai.responses") == []
    assert broken() == {}


def test_a_blocked_batch_is_cancelled_and_no_grant_brings_it_back(make):
    org = make.org(questions=3, available=2)
    batch = make.queued(org)
    admit()
    open_batch(str(batch))

    cancel(batch, ME)

    assert make.state(batch)["state"] == "cancelled"
    with pytest.raises(ConfigError, match="--reopen"):
        trigger_org(org.id, ME)
    assert broken() == {}


@pytest.mark.parametrize("stands", ["blocked", "queued"])
def test_an_episode_that_never_began_is_cancelled_without_a_push_of_its_own(make, sandbox, stands):
    org = make.org(questions=2, available=2)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    make.sql("UPDATE orgs SET partner_id = :other WHERE id = :org", other=make.org(available=0).partner, org=org.id)
    retry(batch, ME)
    if stands == "blocked":
        start(batch)

    done = cancel(batch, ME)

    row = make.state(batch)
    assert (done.outcome, done.charged, row["state"], row["episode"]) == ("cancelled", 0, "cancelled", 2)
    assert row["error"] == "cancelled by mara: 1 of 2 were read"
    assert [one["key"] for one in make.sql("SELECT key FROM pushes")] == [f"push:{batch}:1"]
    make.sql("UPDATE orgs SET partner_id = :own WHERE id = :org", own=org.partner, org=org.id)
    retry(batch, ME)
    work_off(make, batch)
    assert (make.state(batch)["state"], make.state(batch)["episode"]) == ("completed", 3)
    assert make.one("SELECT available FROM partners WHERE id = :own", own=org.partner) == 0
    assert broken() == {}


def test_cancelled_twice_nothing_changes(make, sandbox):
    batch = make.batch()
    read(str(make.runs(batch)[0]))
    cancel(batch, ME)
    before = make.everything(), make.sql("SELECT * FROM audit")

    again = cancel(batch, Initiator("somebody else"))

    assert again.outcome == "already"
    assert (make.everything(), make.sql("SELECT * FROM audit")) == before


def test_five_cancels_at_once_cancel_once(make, sandbox):
    batch = make.batch(questions=4)
    read(str(make.runs(batch)[0]))

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: cancel(batch, ME), range(5)))

    assert sorted(one.outcome for one in found) == ["already"] * 4 + ["cancelled"]
    assert make.one("SELECT count(*) FROM audit WHERE action = 'cancel'") == 1
    assert broken() == {}


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_batch_that_has_ended_is_not_cancelled(make, sandbox, failing):
    batch = make.queued()
    if failing:
        sandbox.fault("openai.responses", "400", times=failing)
    work_off(make, batch)
    before = make.everything()

    with pytest.raises(ConfigError, match=f"ended as {make.state(batch)['state']}"):
        cancel(batch, ME)

    assert make.everything() == before


def test_a_batch_of_which_everything_was_read_ends_as_what_it_is(make, sandbox):
    batch = make.batch(questions=2)
    for run in make.runs(batch):
        read(str(run))

    done = cancel(batch, ME)

    assert (done.outcome, make.state(batch)["state"]) == ("finished", "completed")
    assert make.one("SELECT count(*) FROM pushes") == 1
    assert broken() == {}


@pytest.mark.parametrize("change", [cancel, retry])
def test_an_unknown_batch_is_not_found(make, change):
    with pytest.raises(NotFound):
        change(make.org().id, ME)


def test_runs_that_are_planned_between_the_look_and_the_lock_are_closed_too(make, sandbox, monkeypatch):
    """open_batch commits just before the cancel gets the batch's row: the cancel begins again."""
    org = make.org()
    make.names(org)
    batch = make.queued(org)
    admit()
    real, tries = cancelling.closing.close_open_work, []

    def opened_meanwhile(db, *values):
        closed = real(db, *values)
        tries.append(closed)
        if len(tries) == 1:
            open_batch(str(batch))
        return closed

    monkeypatch.setattr("senso.queries.closing.close_open_work", opened_meanwhile)

    cancel(batch, ME)

    assert len(tries) == 2
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'cancelled'") == 2
    assert make.one("SELECT available FROM partners") == 1000
    assert broken() == {}


def test_a_cancel_among_busy_workers_leaves_the_promises_intact(make, sandbox):
    batch = make.batch(questions=24, models=("gpt-6.1-terra", "gpt-6-luna"), countries=("US", "CA"))
    work = make.runs(batch)
    half_done = threading.Event()

    def busy(run) -> None:
        read(str(run))
        if make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") > 20:
            half_done.set()

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(busy, run) for run in work]
        half_done.wait(30)
        done = cancel(batch, ME)
        for one in working:
            one.result()

    charged = make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'")
    assert done.outcome == "cancelled"
    assert charged == make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") > 20
    assert make.one("SELECT available FROM partners") == 1000 - charged
    assert broken() == {}


def test_a_retry_asks_only_what_failed_and_charges_only_that(make, sandbox):
    org = make.org(questions=3)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    asked = len(sandbox.calls("openai.responses"))

    again = retry(batch, ME)
    queued = make.state(batch)
    work_off(make, batch)

    row = make.state(batch)
    assert (again.episode, queued["state"], row["state"], row["episode"]) == (2, "queued", "completed", 2)
    assert len(sandbox.calls("openai.responses")) == asked + 1
    assert make.one("SELECT credits FROM ledger WHERE idempotency_key = :key", key=f"hold:{batch}:2") == -1
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3
    assert make.one("SELECT available FROM partners") == 997
    assert [one["key"] for one in make.sql("SELECT key FROM pushes ORDER BY episode")] == [
        f"push:{batch}:1",
        f"push:{batch}:2",
    ]
    assert broken() == {}


def test_a_retry_of_what_could_not_be_read_asks_nobody_again(make, sandbox):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    sandbox.fault("openai.chat", "refusal", times=1)
    read(str(run))
    finish_batch(str(batch), "chord")
    asked = len(sandbox.calls("openai.responses"))

    retry(batch, ME)
    work_off(make, batch)

    assert make.state(batch)["state"] == "completed"
    assert len(sandbox.calls("openai.responses")) == asked
    assert broken() == {}


def test_a_retry_is_taken_once_until_its_episode_has_ended(make, sandbox):
    batch = make.queued(questions=2)
    sandbox.fault("openai.responses", "400", times=2)
    work_off(make, batch)
    retry(batch, ME)

    with pytest.raises(ConfigError, match="is queued"):
        retry(batch, ME)
    start(batch)
    with pytest.raises(ConfigError, match="under way"):
        retry(batch, ME)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    third = retry(batch, ME)
    sandbox.heal()
    work_off(make, batch)

    assert (third.episode, make.state(batch)["state"]) == (3, "completed")
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 2
    assert broken() == {}


def test_five_retries_at_once_open_one_episode(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.responses", "401", times=1)
    work_off(make, batch)

    def tried(_) -> bool:
        try:
            retry(batch, ME)
        except ConfigError:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(tried, range(5))) == 1
    assert make.state(batch)["episode"] == 2


def test_a_cancelled_batch_is_retried_from_where_it_stood(make, sandbox):
    batch = make.batch(questions=3)
    read(str(make.runs(batch)[0]))
    cancel(batch, ME)

    retry(batch, ME)
    work_off(make, batch)

    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3
    assert len(sandbox.calls("openai.responses")) == 3
    assert broken() == {}


def test_a_retry_that_is_cancelled_keeps_what_was_charged_before(make, sandbox):
    batch = make.queued(questions=2)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    retry(batch, ME)
    start(batch)

    done = cancel(batch, ME)

    assert (done.charged, make.one("SELECT available FROM partners")) == (0, 999)
    assert make.one("SELECT body->>'state' FROM pushes WHERE episode = 2") == "cancelled"
    assert broken() == {}


def test_a_completed_and_a_blocked_batch_are_not_retried(make, sandbox):
    completed, blocked = make.queued(), make.queued(questions=3, available=2)
    work_off(make, completed)
    admit()
    open_batch(str(blocked))

    with pytest.raises(ConfigError, match="nothing of it failed"):
        retry(completed, ME)
    with pytest.raises(ConfigError, match="senso credits"):
        retry(blocked, ME)


def test_a_retry_without_the_key_is_refused_before_the_hold(make, sandbox, environment):
    batch = make.queued(questions=1)
    sandbox.fault("openai.responses", "401", times=1)
    work_off(make, batch)
    environment.delenv("OPENAI_API_KEY")
    settings.cache_clear()

    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        retry(batch, ME)

    assert make.state(batch)["state"] == "failed"


def test_a_retry_without_credits_is_blocked_and_keeps_its_answers(make, sandbox):
    org = make.org(questions=2, available=2)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    other = make.org(questions=1, available=0)
    make.sql("UPDATE orgs SET partner_id = :partner WHERE id = :other", partner=org.partner, other=other.id)
    start(make.queued(other))

    retry(batch, ME)
    work_off(make, batch)

    assert make.state(batch)["state"] == "blocked"
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == 1
    assert broken() == {}


def test_a_job_that_failed_whole_is_submitted_again_by_a_retry(make, sandbox):
    batch = make.batch(models=("chatgpt",))
    (first,) = make.sql("SELECT id FROM vendor_jobs")
    with transaction() as db:
        (work,) = submissions.claim(db, [first["id"]], "me", POLICY)
    with transaction() as db:
        job_endings.fail(db, work, "brightdata: the key was not accepted")
    finish_batch(str(batch), "rows")

    retry(batch, ME)
    start(batch)

    assert make.one("SELECT count(*) FROM vendor_jobs WHERE state = 'submitting'") == 1
    assert make.one("SELECT count(*) FROM question_runs WHERE snapshot_id IS NOT NULL AND state = 'planned'") == 2


def test_who_cancelled_and_retried_is_in_the_audit(make, sandbox):
    batch = make.batch()
    cancel(batch, ME)
    retry(batch, Initiator("ole", "ticket 7", "user-9"))

    found = make.sql("SELECT action, actor, details FROM audit WHERE batch_id = :b ORDER BY id", b=batch)

    assert [(one["action"], one["actor"]) for one in found] == [
        ("trigger", "test"),
        ("cancel", "mara"),
        ("retry", "ole"),
    ]
    assert found[2]["details"]["user_id"] == "user-9"
    assert found[1]["details"]["episode"] == 1


def test_a_window_that_was_never_handed_out_is_closed(make, sandbox):
    batch = make.batch(questions=POLICY.window + 5)

    cancel(batch, ME)

    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'cancelled'") == POLICY.window + 5
    assert broken() == {}
