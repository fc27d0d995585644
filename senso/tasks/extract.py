"""Stage 3: each answer is read for the org."""

from uuid import UUID

from senso import extraction
from senso.db import DBAPIError, at_once
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.queries import evaluations
from senso.queries.evaluations import ReadWork
from senso.settings import settings
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep_at_once, report, unstorable, wait_seconds
from senso.tasks.process import owner
from senso.tasks.reach import completer


@stage("extract")
def extract(run_id: str, **_: object) -> str:
    """Never raises for a provider's failure: that is a fact in the row, and the chord goes on."""
    extract_run(UUID(run_id))
    return run_id


def extract_run(run_id: UUID) -> None:
    model = settings().reading_model
    with at_once() as db:
        claimed = evaluations.claim(db, run_id, owner(), model=model, prompt_version=extraction.READING_VERSION)
    for work in claimed:
        read_now(work, model)


def read_now(work: ReadWork, model: str) -> None:
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
