"""Stage 2: each question is asked once, and its answer stored."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from senso import extraction
from senso.db import Connection, DataError, Link, at_once, transaction
from senso.errors import ConfigError, JobFailed, NotFound, OutsideError
from senso.extraction import names
from senso.extraction.citations import cite
from senso.failpoints import failpoint
from senso.log import logger
from senso.prices import cost_microusd
from senso.providers import Answer, Ticket
from senso.queries import batches, evaluations, outbox, runs, snapshots
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.evaluations import ReadWork
from senso.queries.runs import AskWork
from senso.queries.snapshots import SnapshotWork
from senso.settings import settings
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, keep_at_once, report, unstorable, wait_seconds
from senso.tasks.extract import extract_run, read_now
from senso.tasks.matrix import prepare_key
from senso.tasks.pipelines import publish
from senso.tasks.process import owner
from senso.tasks.reach import SNAPSHOT_PROVIDERS, provider

log = logger(__name__)
# When the names are not there yet: another process asks for them, or its try failed and the next one is due.
NAMES_RETRY_SECONDS = 3


@stage("ask_batch")
def ask_batch(batch_id: str, **_: object) -> str:
    """Hands out what was not handed out yet: jobs for the models that answer later, a window of runs for the others."""
    with transaction() as db:
        batches.lock_handing_out(db, UUID(batch_id))
        batch = batches.load(db, UUID(batch_id))
        sent = hand_out(db, batch) if batch.state == "running" and batch.planned is not None else []
    publish(sent)
    return batch_id


def hand_out(db: Connection, batch: Batch) -> list[int]:
    if not names_are_settled(db, batch):
        ids = json.dumps([str(batch.id)])
        outbox.settle(db, prepare_key(batch))
        outbox.add(db, prepare_key(batch), "prepare", ids, batch=batch.id, after_seconds=NAMES_RETRY_SECONDS)
        return []
    sent = snapshots.plan(db, batch.id, batch.batch_date, batch.episode, SNAPSHOT_PROVIDERS)
    sent += runs.hand_out(db, batch.id, batch.episode, SNAPSHOT_PROVIDERS)
    outbox.settle(db, prepare_key(batch))
    log.info("batch asked", org=str(batch.org_id), messages=len(sent))
    return sent


def names_are_settled(db: Connection, batch: Batch) -> bool:
    assert batch.org_id is not None  # noqa: S101  networks have a workflow of their own
    org = name_rows.org(db, batch.org_id)
    is_fallback = name_rows.settled(db, org.id, names.fingerprint(org.name, org.websites))
    if is_fallback:
        batches.note(db, batch.id, "the names call failed: mentions were looked for by name and domain only")
    return is_fallback is not None


@stage("read", in_chord=True)
def read(run_id: str, **_: object) -> str:
    """What the row still lacks: ask, then extract, each under its own claim. Never raises for a provider's failure."""
    model = settings().reading_model
    claimed = ask_run(UUID(run_id), claim_for=model)
    for work in claimed:
        read_now(work, model)
    if not claimed:
        extract_run(UUID(run_id))
    return run_id


def ask_run(run_id: UUID, *, claim_for: str | None = None) -> list[ReadWork]:
    """What the statement that saved the answer has claimed for the reading model `claim_for`."""
    with at_once() as db:
        work = runs.claim(db, run_id, owner())
    if work is None:
        return []
    failpoint("run claimed", work.run.question)
    watch = Stopwatch()
    try:
        answer = guarded(lambda: ask_now(work))
    except (OutsideError, ConfigError) as error:
        ask_failed(work, error, watch)
        return []
    failpoint("answer came", work.run.question)
    done = report("answered", work.provider, work.run.model, answer.usage, watch)
    values = runs.saved_values(work, answer, cite(answer.sources).citations, done)
    try:
        return keep_at_once(lambda db: save_answer(db, values, claim_for))
    except (DataError, ValueError) as error:
        reason = unstorable(error)
        keep_at_once(lambda db: runs.fail(db, work, done, reason))
        return []


def save_answer(db: Link, values: dict[str, Any], claim_for: str | None) -> list[ReadWork]:
    if claim_for is None:
        runs.save_answer(db, values, owner())
        return []
    version = extraction.READING_VERSION
    return evaluations.save_answer_and_claim(db, values, owner(), model=claim_for, prompt_version=version)


def ask_now(work: AskWork) -> Answer:
    ticket = provider(work.provider).submit([work.run])
    (answer,) = ticket.answers or ()
    return answer


def ask_failed(work: AskWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    failed = failed_report(error, work.provider, work.run.model, watch)
    seconds = wait_seconds(error, work.failures)
    if seconds is None:
        keep_at_once(lambda db: runs.fail(db, work, failed, str(error)))
        return
    counts = failed.outcome != "rate limited"
    keep_at_once(lambda db: runs.put_back(db, work, failed, str(error), seconds=seconds, counts_as_failure=counts))


@stage("submit_snapshot")
def submit_snapshot(snapshot_id: str, **_: object) -> str:
    """In three steps: claimed and committed, sent to the vendor, its name saved."""
    with transaction() as db:
        work = snapshots.claim(db, UUID(snapshot_id), owner())
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
    if not keep(lambda db: snapshots.submitted(db, work, external_id)):
        log.warning("a job came too late and is cancelled", snapshot=str(work.id), external_id=external_id)
        vendor.cancel(ticket)


def submission_failed(work: SnapshotWork, error: OutsideError | ConfigError) -> None:
    log.warning("a job was not accepted", snapshot=str(work.id), error=str(error))
    failed, seconds = (
        failed_report(error, work.provider, work.runs[0].model, Stopwatch()),
        wait_seconds(error, work.failures),
    )
    if seconds is None:
        keep(lambda db: fail_snapshot(db, work, str(error), failed.cost_microusd))
        return
    counts = failed.outcome != "rate limited"
    keep(lambda db: snapshots.put_back(db, work, str(error), failed, seconds=seconds, counts_as_failure=counts))


def fail_snapshot(db: Connection, work: SnapshotWork, reason: str, cost: int | None = 0) -> None:
    if snapshots.close(db, work, "failed", reason):
        for run in work.run_ids:
            snapshots.fail_run(db, run, reason, cost_microusd=cost)


def look_at(work: SnapshotWork) -> None:
    """One look at a vendor's job: collected, failed, given up past its deadline, or left for the next look."""
    ticket = Ticket(external_id=work.external_id)
    vendor = provider(work.provider)
    try:
        answers = guarded(lambda: vendor.collect(ticket, work.runs))
    except (OutsideError, ConfigError) as error:
        looked_in_vain(work, ticket, error)
        return
    if answers is not None:
        publish(keep(lambda db: collect(db, work, answers)))
    elif work.overdue:
        give_up(work, ticket)


def looked_in_vain(work: SnapshotWork, ticket: Ticket, error: OutsideError | ConfigError) -> None:
    """Only the vendor's word that the job has failed ends it: a look is free, and the job behind it is paid for."""
    log.warning("a job could not be looked at", snapshot=str(work.id), error=str(error))
    if isinstance(error, JobFailed):
        keep(lambda db: fail_snapshot(db, work, str(error)))
    elif work.overdue:
        give_up(work, ticket)


def give_up(work: SnapshotWork, ticket: Ticket) -> None:
    reason = f"{work.provider}: no answer within {work.age_seconds / 60:.0f} minutes"
    keep(lambda db: fail_snapshot(db, work, reason))
    cancel(work.provider, ticket)


def cancel(name: str, ticket: Ticket) -> None:
    try:
        provider(name).cancel(ticket)
    except OutsideError as error:
        log.warning("an abandoned job could not be cancelled", external_id=ticket.external_id, error=str(error))


def collect(db: Connection, work: SnapshotWork, answers: Sequence[Answer]) -> list[int]:
    if not snapshots.close(db, work, "collected"):
        return []
    answered = [str(work.run_id(answer.number)) for answer in answers if save_alone(db, work, answer)]
    asked = {"batch": str(work.batch_id), "snapshot": str(work.id), "runs": len(work.runs)}
    log.info("job collected", **asked, answered=len(answered), seconds=round(work.age_seconds))
    return snapshots.read_answers(db, work, answered)


def save_alone(db: Connection, work: SnapshotWork, answer: Answer) -> bool:
    """A record that cannot be stored fails its own run, and none of those that were paid for with it."""
    try:
        with db.begin_nested():
            return save(db, work, answer)
    except (DataError, ValueError) as error:
        reason = f"{work.provider}: the answer cannot be stored ({type(error).__name__})"
        snapshots.fail_run(db, work.run_id(answer.number), reason, cost_microusd=None)
        return False


def save(db: Connection, work: SnapshotWork, answer: Answer) -> bool:
    run = work.run_id(answer.number)
    asked = next(one for one in work.runs if one.number == answer.number)
    cost = cost_microusd(work.provider, asked.model, answer.usage)
    if answer.text is None:
        reason = f"{work.provider}: {answer.error}"
        snapshots.fail_run(db, run, reason, cost_microusd=cost)
        return False
    found = cite(answer.sources).citations
    return snapshots.save_answer(db, run, answer, found, cost_microusd=cost, age=work.age_seconds)


@stage("cancel_snapshots")
def cancel_snapshots(batch_id: str, **_: object) -> str:
    """Jobs of a batch that ended without them: not cancelled, they count against the vendor's limit."""
    try:
        with transaction() as db:
            left = snapshots.abandoned(db, UUID(batch_id))
    except NotFound:
        return batch_id
    for _id, name, external_id in left:
        cancel(name, Ticket(external_id=external_id))
    return batch_id
