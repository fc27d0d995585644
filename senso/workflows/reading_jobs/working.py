"""What a job of readings needs now: to be submitted, looked up at its vendor, or looked at."""

from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.queries import reading_jobs
from senso.queries.models import Reader
from senso.queries.vendor_jobs import JobWork
from senso.runtime.heartbeat import worker_id
from senso.runtime.saving import save
from senso.states import JobState, Outcome
from senso.workflows import reading_models
from senso.workflows.reading_jobs import collecting
from senso.workflows.reading_jobs.submitting import end_unread, submit
from senso.workflows.vendor_jobs.looking_up import Rows, look_up

NO_REPLY = "{}: no reply to the request for the batch, which the vendor does not list"
READINGS = Rows(
    submitted=reading_jobs.submitted,
    fail=lambda db, work, reason: end_unread(db, work, reason, abandoned=True),
    lost=lambda db, work: reading_jobs.report(db, work, Outcome.UNAVAILABLE, NO_REPLY.format(work.provider), None),
)


def work_on(job: UUID) -> None:
    """Does nothing for a job that has ended, or that another worker has claimed."""
    with transaction() as db:
        readers = reading_models.readers(db)
        found = reading_jobs.load(db, job)
    if found is None:
        return
    state, work = found
    if state is JobState.RUNNING:
        collecting.look_at(work, readers)
    else:
        go_on(work, readers)


def go_on(work: JobWork, readers: Sequence[Reader]) -> None:
    claimed = save(lambda db: reading_jobs.claim(db, work.id, worker_id(), POLICY))
    if claimed is None:
        save(lambda db: end_hopeless(db, work.id))
    elif not claimed.in_doubt:
        submit_or_end(claimed, readers)
    elif not look_up(claimed, READINGS):
        go_on(claimed, readers)


def submit_or_end(work: JobWork, readers: Sequence[Reader]) -> None:
    try:
        submit(work, readers)
    except ConfigError as error:
        reason = str(error)
        save(lambda db: end_unread(db, work, reason))


def end_hopeless(db: Connection, job: UUID) -> None:
    """Does nothing where another worker has it in hand."""
    work = reading_jobs.hopeless(db, job, POLICY)
    if work is not None:
        reason = f"{work.provider}: the readings could not be submitted"
        end_unread(db, work, reason, abandoned=work.in_doubt)
