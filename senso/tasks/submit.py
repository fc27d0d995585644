"""Stage 2 for models that answer later: a job is handed over to its vendor."""

from dataclasses import replace
from uuid import UUID

from senso.db import transaction
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.log import logger
from senso.queries import snapshots, submissions
from senso.queries.snapshots import SnapshotWork
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, wait_seconds
from senso.tasks.process import owner
from senso.tasks.reach import provider

log = logger(__name__)


@stage("submit_snapshot")
def submit_snapshot(snapshot_id: str, **_: object) -> str:
    """In three steps: claimed and committed, sent to the vendor, its name saved."""
    with transaction() as db:
        work = submissions.claim(db, UUID(snapshot_id), owner())
    if work is not None:
        submit_now(without_too_long(work))
    return snapshot_id


def without_too_long(work: SnapshotWork) -> SnapshotWork:
    """A question that the vendor would refuse fails alone, and not the job with all others."""
    longest = provider(work.provider).longest_question
    fitting = [place for place, run in enumerate(work.runs) if len(run.question) <= longest]
    reason = f"{work.provider}: the question is longer than {longest} characters"
    for place in set(range(len(work.runs))) - set(fitting):
        run = work.run_ids[place]
        keep(lambda db, run=run: snapshots.fail_run(db, run, reason))  # type: ignore[misc]
    runs = tuple(work.runs[place] for place in fitting)
    return replace(work, runs=runs, run_ids=tuple(work.run_ids[place] for place in fitting))


def submit_now(work: SnapshotWork) -> None:
    vendor = provider(work.provider)
    if not work.runs:
        keep(lambda db: snapshots.close(db, work, "failed", "no question is left to ask"))
        return
    try:
        ticket = guarded(lambda: vendor.submit(work.runs))
    except (OutsideError, ConfigError) as error:
        submission_failed(work, error)
        return
    failpoint("job submitted")
    external_id = ticket.external_id or ""
    if not keep(lambda db: submissions.submitted(db, work, external_id)):
        log.warning("a job came too late and is cancelled", snapshot=str(work.id), external_id=external_id)
        vendor.cancel(ticket)


def submission_failed(work: SnapshotWork, error: OutsideError | ConfigError) -> None:
    log.warning("a job was not accepted", snapshot=str(work.id), error=str(error))
    failed, seconds = (
        failed_report(error, work.provider, work.runs[0].model, Stopwatch()),
        wait_seconds(error, work.failures),
    )
    if seconds is None:
        keep(lambda db: snapshots.fail(db, work, str(error), failed.cost_microusd))
        return
    counts = failed.outcome != "rate limited"
    keep(lambda db: submissions.put_back(db, work, str(error), failed, seconds=seconds, counts_as_failure=counts))
