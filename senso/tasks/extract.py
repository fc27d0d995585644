"""Stage 3: each answer is read for the org."""

from uuid import UUID

from senso import extraction
from senso.db import DataError, transaction
from senso.errors import ConfigError, OutsideError
from senso.failpoints import failpoint
from senso.queries import evaluations
from senso.queries.evaluations import ReadWork
from senso.settings import settings
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, report, unstorable, wait_seconds
from senso.tasks.process import owner
from senso.tasks.reach import completer


@stage("extract", in_chord=True)
def extract(run_id: str, **_: object) -> str:
    """Never raises for a provider's failure: that is a fact in the row, and the chord goes on."""
    extract_run(UUID(run_id))
    return run_id


def extract_run(run_id: UUID) -> None:
    model = settings().reading_model
    with transaction() as db:
        work = evaluations.claim(db, run_id, owner(), model=model, prompt_version=extraction.READING_VERSION)
    if work is not None:
        read_now(work, model)


def read_now(work: ReadWork, model: str) -> None:
    watch = Stopwatch()
    try:
        reading = guarded(lambda: extraction.read(work.answer, work.question, work.org, completer(model)))
    except (OutsideError, ConfigError) as error:
        read_failed(work, error, model, watch)
        return
    failpoint("reading came", work.question)
    done = report("read", "openai", model, reading.completion.usage, watch)
    version = extraction.READING_VERSION
    try:
        keep(lambda db: evaluations.save(db, work, reading, done, extractor=model, version=version))
    except (DataError, ValueError) as error:
        reason = unstorable(error)
        keep(lambda db: evaluations.fail(db, work, done, reason))


def read_failed(work: ReadWork, error: OutsideError | ConfigError, model: str, watch: Stopwatch) -> None:
    failed = failed_report(error, "openai", model, watch)
    seconds = wait_seconds(error, work.failures)
    if seconds is None:
        keep(lambda db: evaluations.fail(db, work, failed, str(error)))
        return
    counts = failed.outcome != "rate limited"
    keep(lambda db: evaluations.put_back(db, work, failed, str(error), seconds=seconds, counts_as_failure=counts))
