"""Stage 3: each answer is read for the org."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso import extraction
from senso.db import DBAPIError, at_once
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.queries import evaluations
from senso.queries.evaluations import ReadWork
from senso.settings import settings
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep_at_once, report, unstorable, wait_seconds
from senso.tasks.handful import Work, side_by_side
from senso.tasks.process import owner
from senso.tasks.reach import completer


@stage("extract")
def extract(*run_ids: str, **_: object) -> list[str]:
    """Never raises for a provider's failure: that is a fact in the row, and the chord goes on."""
    side_by_side(tuple(map(UUID, run_ids)), read_each)
    return list(run_ids)


def read_each(runs: Sequence[UUID]) -> list[Work]:
    model = settings().reading_model
    with at_once() as db:
        claimed = evaluations.claim(db, runs, owner(), model=model, prompt_version=extraction.READING_VERSION)
    return [partial(read_now, work, model) for work in claimed]


def read_now(work: ReadWork, model: str) -> None:
    bind_contextvars(run=str(work.run_id), batch=str(work.batch_id))
    watch = Stopwatch()
    try:
        reading = guarded(lambda: extraction.read(work.answer, work.question, work.org, completer(model)))
        done = guarded(lambda: report("read", "openai", model, reading.completion.usage, watch))
    except (OutsideError, ConfigError) as error:
        read_failed(work, error, model, watch)
        return
    failpoint("reading came", work.question)
    version = extraction.READING_VERSION
    try:
        keep_at_once(lambda db: evaluations.save(db, work, reading, done, extractor=model, version=version))
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        keep_at_once(lambda db: evaluations.fail(db, work, done, reason))


def read_failed(work: ReadWork, error: OutsideError | ConfigError, model: str, watch: Stopwatch) -> None:
    failed = failed_report(error, "openai", model, watch)
    seconds = wait_seconds(error, work.failures)
    if seconds is None:
        keep_at_once(lambda db: evaluations.fail(db, work, failed, str(error)))
        return
    counts = failed.outcome != "rate limited"
    keep_at_once(
        lambda db: evaluations.put_back(db, work, failed, str(error), seconds=seconds, counts_as_failure=counts)
    )
