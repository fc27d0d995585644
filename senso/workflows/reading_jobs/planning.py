"""Plans the jobs that read a batch's answers, and says which of them have something to do now."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from senso import supplied
from senso.db import Connection, transaction
from senso.matrix import dated_id, day_of
from senso.policy import POLICY
from senso.queries import reading_jobs
from senso.runtime.call_slots import groups
from senso.states import ReadingMode
from senso.workflows import reading_models


class JobSender(Protocol):
    def send_each(self, name: str, ids: Sequence[Any]) -> None: ...


def plan(db: Connection, batch: UUID, readings: Sequence[UUID]) -> bool:
    """Whether jobs read these answers, and no calls. Not where no reading model takes files."""
    if supplied.reading_mode() is not ReadingMode.BATCH:
        return False
    readers = reading_models.readers(db)
    place = reading_models.in_batches(readers)
    if place is None:
        return False
    for some in groups(sorted(readings), POLICY.readings_per_job):
        job = dated_id(day_of(batch), "readings", batch, some[0])
        reading_jobs.plan(db, job, batch, readers[place].model, some, POLICY)
    return True


def send_due(sender: JobSender) -> None:
    with transaction() as db:
        found = reading_jobs.due(db, POLICY.jobs_per_poll)
    sender.send_each("read_by_job", found)
