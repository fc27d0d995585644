"""A job of readings is looked at until its vendor has ended it; then its results are checked and saved, some at a time.

What has no usable result is read by calls: by the next try of READING_MODELS where the model's output was the reason.
A process killed amid the results loses none: they lie at the vendor, and a reading that was saved is not saved again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from senso.db import Connection, DBAPIError, may_pass, transaction
from senso.errors import ConfigError, JobFailed, OutsideError, RateLimited, Unavailable
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.prices import cost_microusd, in_batch
from senso.providers import Completed, Completion, FileProvider
from senso.providers.wire.paid import paid
from senso.queries import evaluation_endings, job_polling, reading_jobs, vendor_jobs
from senso.queries.evaluations import ReadWork
from senso.queries.models import Model, Reader
from senso.queries.runs import Report
from senso.queries.vendor_jobs import JobWork
from senso.runtime.saving import save, unstorable
from senso.states import JobState, Outcome
from senso.workflows import answer_reading
from senso.workflows.call_reports import Stopwatch, failed_report, guarded
from senso.workflows.extracting import next_reader
from senso.workflows.provider_access import file_provider
from senso.workflows.reading_jobs.submitting import end_unread
from senso.workflows.retry_policy import wait_seconds

log = logger(__name__)
# Results saved in one transaction.
AT_ONCE = 50


def look_at(work: JobWork, readers: Sequence[Reader]) -> None:
    try:
        vendor = file_provider(work.provider)
        with guarded():
            results = vendor.collect(work.external_id or "")
            if results is not None:
                save(lambda db: reading_jobs.taken(db, work, POLICY.upload_lease_seconds))
                collect(work, readers, results)
            elif work.overdue:
                no_longer(work, vendor)
    except (OutsideError, ConfigError) as error:
        look_failed(work, error)


def look_failed(work: JobWork, error: OutsideError | ConfigError) -> None:
    """Only the vendor's word ends the job, or a time after its deadline: looks are free, and the job is paid for."""
    log.warning("a job of readings could not be looked at", job=str(work.id), error=str(error))
    if isinstance(error, RateLimited):
        seconds = wait_seconds(error, 0) or 0
        save(lambda db: job_polling.rest(db, work.provider, seconds))
    if isinstance(error, JobFailed):
        save(lambda db: failed_job(db, work, error))
    elif is_too_late(work):
        give_up(work)


def failed_job(db: Connection, work: JobWork, error: JobFailed) -> None:
    """The vendor did nothing of it. What it may do later is submitted again, until the deadline."""
    reason, seconds = str(error), error.retry_after_seconds
    if seconds is None or work.overdue:
        end_unread(db, work, reason)
    elif reading_jobs.put_off(db, work, reason, seconds):
        reading_jobs.report(db, work, Outcome.FAILED, reason, 0)


def no_longer(work: JobWork, vendor: FileProvider) -> None:
    """Past its deadline it is cancelled. What the vendor has done by then is collected, and the rest read by calls."""
    if is_too_late(work):
        give_up(work)
        return
    log.warning("a job of readings is past its deadline and is cancelled", job=str(work.id))
    vendor.cancel(work.external_id or "")


def is_too_late(work: JobWork) -> bool:
    return work.late_seconds > POLICY.reading_batch_cancel_seconds


def give_up(work: JobWork) -> None:
    hours = work.age_seconds / 3600
    reason = f"{work.provider}: not read within {hours:.0f} hours"
    save(lambda db: end_unread(db, work, reason, abandoned=True))


@dataclass(frozen=True, slots=True)
class Portion:
    """Some results: rows of readings, and those that cannot be used."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    unread: list[tuple[ReadWork, OutsideError]] = field(default_factory=list)


def collect(work: JobWork, readers: Sequence[Reader], results: Iterable[Completed]) -> None:
    """The last results are saved with the end of the job, so that no batch ends while its job is open."""
    with transaction() as db:
        waiting = {str(one.id): as_bought(one, work) for one in reading_jobs.sent(db, work.id, readers)}
    planned, last = len(waiting), Portion()
    for some in portions(one for one in results if one.name in waiting):
        if last.rows or last.unread:
            save(lambda db, known=last: store(db, work, known))  # type: ignore[misc]
            failpoint("some readings saved")
        last = checked(work, waiting, some)
    save(lambda db: end(db, work, last))
    told = {"batch": str(work.batch_id), "job": str(work.id)}
    log.info("readings collected", **told, readings=planned, without_result=len(waiting))


def portions(results: Iterable[Completed]) -> Iterator[list[Completed]]:
    them = iter(results)
    while some := list(islice(them, AT_ONCE)):
        yield some


def as_bought(one: ReadWork, work: JobWork) -> ReadWork:
    """The model and the price of the job, whatever the settings and the price of a single call are now."""
    model = Model(work.model, work.provider, work.model, price=in_batch(work.price))
    return replace(one, reader=model)


def checked(work: JobWork, waiting: dict[str, ReadWork], some: Sequence[Completed]) -> Portion:
    found = Portion()
    for one in some:
        reading = waiting.pop(one.name)
        try:
            found.rows.append(read_row(work, reading, one.result))
        except OutsideError as error:
            found.unread.append((reading, error))
    return found


def read_row(work: JobWork, one: ReadWork, result: Completion | OutsideError) -> dict[str, Any]:
    if isinstance(result, OutsideError):
        raise result
    with guarded(), paid(work.provider, result.content, lambda: result.usage):
        reading = answer_reading.reading(result, one)
    cost = cost_microusd(one.reader.price, result.usage)
    done = Report(Outcome.READ, result.usage, cost, milliseconds(work))
    return evaluation_endings.reading_row(one, reading, done, version=one.version)


def milliseconds(work: JobWork) -> int:
    return round(work.age_seconds * 1000)


def store(db: Connection, work: JobWork, known: Portion) -> None:
    release(db, work, known)
    store_rows(db, known.rows)


def release(db: Connection, work: JobWork, known: Portion) -> None:
    """What the vendor did not do is read by a call of the same model, what another try may read by that."""
    for one, error in known.unread:
        failed = replace(failed_report(error, one.reader.price, Stopwatch()), latency_ms=milliseconds(work))
        reader = None if isinstance(error, Unavailable) else next_reader(one, error)
        if reader is None and not isinstance(error, Unavailable):
            evaluation_endings.fail(db, one, failed, str(error))
        else:
            reading_jobs.release(db, one, failed, str(error), reader)


def store_rows(db: Connection, found: Sequence[dict[str, Any]]) -> None:
    """A reading that cannot be stored fails, and no other with it."""
    if not found:
        return
    try:
        with db.begin_nested():
            evaluation_endings.save(db, found)
    except (DBAPIError, ValueError) as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        if len(found) > 1:
            for one in found:
                store_rows(db, [one])
        else:
            evaluation_endings.fail_row(db, found[0], unstorable(error))


def end(db: Connection, work: JobWork, last: Portion) -> None:
    """Locks the job first, as all transactions do: what it holds, nobody else locks."""
    reading_jobs.lock(db, work.id)
    store(db, work, last)
    if vendor_jobs.close(db, work, JobState.COLLECTED):
        reading_jobs.report(db, work, Outcome.FAILED, f"{work.provider}: no result in its batch", None)
