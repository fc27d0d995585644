"""A batch whose answers are read in files, and what the ticks and their messages do with it."""

from uuid import UUID

from at_work import start

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import extract, finish_batch, read, read_by_job

FILES, BATCHES, LINES = "openai.files", "openai.batches", "openai.batch-line"


def answered(make, **of) -> UUID:
    """A batch whose questions are answered, and whose answers are not read."""
    batch = make.batch(**of)
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    return batch


def jobs(make) -> list[UUID]:
    return [one["id"] for one in make.sql("SELECT id FROM vendor_jobs WHERE kind = 'readings' ORDER BY id")]


def work(make, times: int = 1) -> None:
    """What the ticks and their messages do with the jobs that read."""
    for _ in range(times):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now() WHERE state IN ('submitting', 'running')")
        for job in jobs(make):
            read_by_job(str(job))


def read_rest(make, batch: UUID) -> None:
    make.sql("UPDATE evaluations SET next_at = now() WHERE next_at IS NOT NULL")
    for run in make.runs(batch):
        extract(str(run))
    finish_batch(str(batch), "rows")


def states(make) -> dict[str, int]:
    return {one["state"]: one["n"] for one in make.sql("SELECT state, count(*) n FROM evaluations GROUP BY state")}


def job_state(make) -> str:
    return make.one("SELECT state FROM vendor_jobs")


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def readings_asked(sandbox) -> int:
    return len([one for one in sandbox.calls("openai.chat") if one["schema"] == "answer_reading"])
