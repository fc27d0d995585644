"""What nobody waits for any more is cancelled at the vendor, and charged to nobody."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from at_work import start
from jobs import age, job, lost, repairs, row, triggers
from operating import Initiator, cancel, retry

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants, job_cancellations, submissions
from senso.tasks.periodic import poll
from senso.tasks.stages import cancel_snapshots, submit_snapshot
from senso.workflows.vendor_jobs import looking_up

ME = Initiator("mara")


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def test_a_job_that_is_found_after_its_batch_ended_is_cancelled_and_never_charged(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    lost(make, sandbox)
    batch = make.one("SELECT id FROM batches")

    cancel(batch, ME)
    intended = make.one("SELECT count(*) FROM outbox WHERE pipeline = 'cancel'")
    cancel_snapshots(str(batch))
    poll()

    (only,) = triggers(sandbox)
    assert intended == 1
    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.cancel")] == [only]
    assert (row(make)["state"], row(make)["external_id"]) == ("cancelled", only)
    assert row(make)["cancelled_at"] is not None
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 0
    assert make.one("SELECT available FROM partners") == 1000
    assert broken() == {}


def test_an_adoption_that_its_batchs_end_overtakes_is_cancelled_at_once(make, sandbox, monkeypatch):
    sandbox.timing(snapshot_seconds=60)
    snapshot = lost(make, sandbox)
    batch = make.one("SELECT id FROM batches")
    real = looking_up.jobs_like

    def overtaken(work):
        found = real(work)
        cancel(batch, ME)
        return found

    monkeypatch.setattr(looking_up, "jobs_like", overtaken)

    submit_snapshot(snapshot)

    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.cancel")] == triggers(sandbox)
    assert (row(make)["state"], row(make)["cancel_due_at"]) == ("cancelled", None)
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 0


def test_what_was_in_doubt_and_is_never_found_is_counted_and_left(make, sandbox):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "drop", times=1)
    submit_snapshot(snapshot)
    cancel(make.one("SELECT id FROM batches"), ME)
    poll()
    early = repairs(make), row(make)["cancel_due_at"]
    age(make, 1000)

    poll()
    poll()

    assert early[0] == {}
    assert early[1] is not None
    assert repairs(make) == {"submit unknown": 1}
    assert (row(make)["cancel_due_at"], row(make)["cancelled_at"]) == (None, None)


def test_a_job_in_doubt_when_its_deadline_passes_is_looked_for_and_cancelled(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    lost(make, sandbox)
    make.sql("UPDATE vendor_jobs SET deadline = now() - interval '1 second'")

    poll()
    poll()

    assert row(make)["state"] == "failed"
    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.cancel")] == triggers(sandbox)
    assert {one["cost_microusd"] for one in make.sql("SELECT cost_microusd FROM question_runs")} == {None}


def test_five_lost_replies_end_a_job_and_the_fifth_is_still_looked_for(make, sandbox):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "drop", times=4)
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    for _ in range(5):
        age(make, POLICY.grace_seconds)
        submit_snapshot(snapshot)
    failures = row(make)["failures"]
    poll()

    submit_snapshot(snapshot)

    assert (failures, len(triggers(sandbox))) == (5, 5)
    assert (row(make)["state"], row(make)["external_id"]) == ("running", triggers(sandbox)[-1])


def test_a_cancel_that_fails_is_tried_again_until_the_vendor_has_taken_it(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    snapshot = job(make)
    submit_snapshot(snapshot)
    sandbox.fault("brightdata.cancel", "503", times=2)
    batch = make.one("SELECT id FROM batches")
    cancel(batch, ME)

    cancel_snapshots(str(batch))
    poll()
    too_early = len(sandbox.calls("brightdata.cancel"))
    for _ in range(4):
        age(make, 0)
        poll()

    assert too_early == 1
    assert [call["status"] for call in sandbox.calls("brightdata.cancel")] == [503, 503, 200]
    assert (row(make)["cancel_due_at"], row(make)["cancelled_at"] is None) == (None, False)


def test_a_job_that_has_ended_by_itself_need_not_be_cancelled_twice(make, sandbox):
    snapshot = job(make)
    submit_snapshot(snapshot)
    batch = make.one("SELECT id FROM batches")
    cancel(batch, ME)

    cancel_snapshots(str(batch))
    cancel_snapshots(str(batch))

    assert [call["status"] for call in sandbox.calls("brightdata.cancel")] == [400]
    assert row(make)["cancelled_at"] is not None


def test_a_wrong_key_does_not_end_the_cancelling(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    snapshot = job(make)
    submit_snapshot(snapshot)
    sandbox.fault("brightdata.cancel", "401", times=1)
    make.sql("UPDATE vendor_jobs SET deadline = now() - interval '1 second', next_poll_at = now()")

    poll()
    waiting = make.one("SELECT cancel_due_at FROM vendor_jobs WHERE state = 'failed'")
    age(make, 0)
    poll()

    assert waiting is not None
    assert [call["status"] for call in sandbox.calls("brightdata.cancel")] == [401, 200]


def test_two_who_cancel_at_once_ask_the_vendor_once(make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    snapshot = job(make)
    submit_snapshot(snapshot)
    batch = make.one("SELECT id FROM batches")
    cancel(batch, ME)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(cancel_snapshots, [str(batch)] * 4))

    assert len(sandbox.calls("brightdata.cancel")) == 1


def test_what_a_retry_has_just_sent_is_not_taken_for_a_stray_of_the_episode_before(make, sandbox):
    """The same runs, the same inputs: only the row that has sent them may have them."""
    sandbox.timing(snapshot_seconds=60)
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "drop", times=1)
    submit_snapshot(snapshot)
    batch = make.one("SELECT id FROM batches")
    with transaction() as db:
        (old,) = submissions.claim(db, [UUID(snapshot)], "me", POLICY)
    cancel(batch, ME)
    retry(batch, ME)
    start(batch)
    new = str(make.one("SELECT id FROM vendor_jobs WHERE state = 'submitting'"))
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    submit_snapshot(new)
    found = triggers(sandbox)[-1]
    with transaction() as db:
        taken = job_cancellations.stray(db, old, found, is_sure=False)

    submit_snapshot(new)

    assert taken is False
    assert make.one("SELECT external_id FROM vendor_jobs WHERE state = 'running'") == found
    assert sandbox.calls("brightdata.cancel") == []
