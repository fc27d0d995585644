"""Plans the jobs that read a batch's answers."""

from collections.abc import Sequence
from uuid import UUID

from senso import supplied
from senso.db import Connection
from senso.matrix import dated_id, day_of
from senso.policy import POLICY
from senso.queries import reading_jobs
from senso.runtime.call_slots import groups
from senso.states import ReadingMode
from senso.workflows import reading_models


def plan(db: Connection, batch: UUID, readings: Sequence[UUID]) -> bool:
    """Whether jobs read these answers, and no calls. Not where no reading model takes files."""
    if supplied.reading_mode() is not ReadingMode.BATCH:
        return False
    readers = reading_models.readers(db)
    place = reading_models.in_batches(readers)
    if place is None:
        return False
    model = readers[place].model
    jobs = groups(sorted(readings), POLICY.readings_per_job)
    planned = [reading_jobs.plan(db, job_id(batch, some), batch, model, some, POLICY) for some in jobs]
    return any(planned)


def job_id(batch: UUID, readings: Sequence[UUID]) -> UUID:
    return dated_id(day_of(batch), "readings", batch, readings[0])
