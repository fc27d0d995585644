"""A job of readings is submitted to its vendor, once: its file is uploaded, and then the request is made.

Three commits, as with a job of questions: claimed; about to be sent, with the row of each call that the file holds;
saved with the id that the vendor gave it. A file that was uploaded for nothing costs nothing, and the vendor deletes
it. A request may have made a batch although its reply was lost: it carries a mark, and is looked up by that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.providers import FileProvider
from senso.queries import job_cancellations, reading_jobs, submissions, vendor_jobs
from senso.queries.ceilings import reserve_job
from senso.queries.evaluations import ReadWork
from senso.queries.models import Reader
from senso.queries.vendor_jobs import JobWork
from senso.runtime.saving import save
from senso.states import JobState, Outcome
from senso.workflows import answer_reading, ceilings, claiming, limiting, prompt_versions
from senso.workflows.call_reports import Stopwatch, failed_report, guarded
from senso.workflows.provider_access import file_provider
from senso.workflows.retry_policy import wait_seconds
from senso.workflows.vendor_jobs.cancelling import cancel_due
from senso.workflows.vendor_jobs.submitting import LOOK_SECONDS, may_have_arrived

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class File:
    lines: tuple[bytes, ...]
    readings: tuple[UUID, ...]


def submit(work: JobWork, readers: Sequence[Reader]) -> None:
    """`work`: claimed, and certainly not sent. Where its model reads no more, or nothing is left, the job ends."""
    place = next((at for at, one in enumerate(readers) if is_model(one, work)), None)
    with transaction() as db:
        readings = reading_jobs.to_send(db, work.id, readers, prompt_versions.in_use()) if place is not None else []
    if shut := limiting.seconds_shut(work.provider, work.model):
        put_back(work, RateLimited(work.provider, "left alone for now", retry_after_seconds=shut), in_doubt=False)
        return
    vendor = file_provider(work.provider)
    file = packed(vendor, readings, readers[place or 0])
    if place is None or not file.readings:
        reason = "no answer is left to read" if place is not None else f"{work.model} reads no more"
        save(lambda db: vendor_jobs.close(db, work, JobState.FAILED, reason))
        return
    try:
        with guarded():
            uploaded = vendor.upload(file.lines)
    except (OutsideError, ConfigError) as error:
        put_back(work, error, in_doubt=False)
        return
    failpoint("readings uploaded")
    if save(lambda db: about_to_send(db, work, file, place)):
        send(work, vendor, uploaded)


def is_model(reader: Reader, work: JobWork) -> bool:
    return (reader.model.provider, reader.model.name) == (work.provider, work.model)


def packed(vendor: FileProvider, readings: Sequence[ReadWork], reader: Reader) -> File:
    """As many as fit into one file. The others are read by calls, once the job has ended."""
    lines: list[bytes] = []
    taken: list[UUID] = []
    size = 0
    for reading, line in written(vendor, readings, reader):
        size += len(line)
        if len(lines) == vendor.most_lines or size > vendor.most_bytes:
            break
        lines.append(line)
        taken.append(reading.id)
    return File(tuple(lines), tuple(taken))


def written(vendor: FileProvider, readings: Sequence[ReadWork], reader: Reader) -> Iterator[tuple[ReadWork, bytes]]:
    for one in readings:
        try:
            prompt = answer_reading.prompt(*answer_reading.alone(one))
        except Malformed:  # nothing to read: its call will say so
            continue
        yield one, vendor.line(str(one.id), prompt, reader.model.name, reader.model.parameters)


def mark(work: JobWork) -> str:
    """What the vendor's batch is found by. The same for each request: whichever arrived serves, and one is enough."""
    return str(work.id)


def about_to_send(db: Connection, work: JobWork, file: File, place: int) -> bool:
    """False if its batch has ended, another worker is to send it, or a ceiling of cost does not let it pass.

    What costs more than a whole day may is read by calls: each of these fits, until the day's ceiling is reached.
    """
    try:
        each = claiming.estimate_file(db, work, len(file.readings)) if ceilings.in_effect(db) else 0
    except claiming.Beyond:
        end_unread(db, work, "its readings together cost more than a day may: they are read by calls")
        return False
    if each is None:
        return False
    if not submissions.sending(db, [(work, mark(work))], POLICY):
        return False
    reading_jobs.announce(db, work, file.readings, reader=place, prompts=prompt_versions.in_use())
    if each:
        reserve_job(db, work.id, each)
    return True


def send(work: JobWork, vendor: FileProvider, uploaded: str) -> None:
    failpoint("readings about to be sent")
    try:
        with guarded():
            job = vendor.submit(mark(work), uploaded)
    except (OutsideError, ConfigError) as error:
        put_back(work, error, in_doubt=may_have_arrived(error))
        return
    failpoint("readings sent")
    save_name(work, job)


def save_name(work: JobWork, external_id: str) -> None:
    if save(lambda db: reading_jobs.submitted(db, work, external_id)):
        log.info("readings submitted", batch=str(work.batch_id), job=str(work.id), external_id=external_id)
    elif save(lambda db: job_cancellations.stray(db, work, external_id, is_sure=True)):
        cancel_due(work.batch_id)


def put_back(work: JobWork, error: OutsideError | ConfigError, *, in_doubt: bool) -> None:
    """Tried again, or looked up; what is refused is read by calls."""
    log.warning("readings were not submitted", job=str(work.id), error=str(error))
    report, reason = failed_report(error, work.price, Stopwatch()), str(error)
    seconds = LOOK_SECONDS if in_doubt else wait_seconds(error, work.failures)
    counts = not isinstance(error, RateLimited)
    if seconds is None:
        save(lambda db: end_unread(db, work, reason))
        return

    def put(db: Connection) -> None:
        submissions.put_back(
            db, work, reason, report, POLICY, seconds=seconds, counts_as_failure=counts, in_doubt=in_doubt
        )
        reading_jobs.report(db, work, report.outcome, reason, None if in_doubt else 0)

    save(put)


def end_unread(db: Connection, work: JobWork, reason: str, *, abandoned: bool = False) -> None:
    """The job has failed: calls read what it held. `abandoned`: the vendor may have it and bill it."""
    if vendor_jobs.close(db, work, JobState.FAILED, reason, abandoned=abandoned):
        reading_jobs.report(db, work, Outcome.FAILED, reason, None if abandoned else 0)
