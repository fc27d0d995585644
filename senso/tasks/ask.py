"""Stage 2: each question is asked once, and its answer stored."""

import json
from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound, OutsideError
from senso.extraction import names
from senso.extraction.citations import cite
from senso.log import logger
from senso.prices import cost_microusd
from senso.providers import Answer, Ticket
from senso.queries import batches, outbox, runs, snapshots
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.runs import AskWork
from senso.queries.snapshots import SnapshotWork
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, outcome_of, report, wait_seconds
from senso.tasks.extract import extract_run
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
        batch = batches.load(db, UUID(batch_id), lock=True)
        sent = hand_out(db, batch) if batch.state == "running" and batch.planned is not None else []
    publish(sent)
    return batch_id


def hand_out(db: Connection, batch: Batch) -> list[int]:
    if not names_are_settled(db, batch):
        ids = json.dumps([str(batch.id)])
        outbox.settle(db, prepare_key(batch))
        outbox.add(db, prepare_key(batch), "prepare", ids, batch=batch.id, after_seconds=NAMES_RETRY_SECONDS)
        return []
    sent = snapshots.plan(db, batch.id, batch.batch_date, SNAPSHOT_PROVIDERS)
    sent += runs.hand_out(db, batch.id, batch.episode, SNAPSHOT_PROVIDERS)
    outbox.settle(db, prepare_key(batch))
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
    ask_run(UUID(run_id))
    extract_run(UUID(run_id))
    return run_id


def ask_run(run_id: UUID) -> None:
    with transaction() as db:
        work = runs.claim(db, run_id, owner())
    if work is None:
        return
    watch = Stopwatch()
    try:
        answer = guarded(lambda: ask_now(work))
    except (OutsideError, ConfigError) as error:
        ask_failed(work, error, watch)
        return
    done = report("answered", work.provider, work.run.model, answer.usage, watch)
    found = cite(answer.sources).citations
    keep(lambda db: runs.save_answer(db, work, answer, found, done, owner()))


def ask_now(work: AskWork) -> Answer:
    ticket = provider(work.provider).submit([work.run])
    (answer,) = ticket.answers or ()
    return answer


def ask_failed(work: AskWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    failed = failed_report(error, work.provider, work.run.model, watch)
    seconds = wait_seconds(error, work.failures)
    if seconds is None:
        keep(lambda db: runs.fail(db, work, failed, str(error)))
        return
    counts = failed.outcome != "rate limited"
    keep(lambda db: runs.put_back(db, work, failed, str(error), seconds=seconds, counts_as_failure=counts))


@stage("submit_snapshot")
def submit_snapshot(snapshot_id: str, **_: object) -> str:
    """In three steps: claimed and committed, sent to the vendor, its name saved."""
    with transaction() as db:
        work = snapshots.claim(db, UUID(snapshot_id), owner())
    if work is not None and work.runs:
        submit_now(work)
    return snapshot_id


def submit_now(work: SnapshotWork) -> None:
    vendor = provider(work.provider)
    try:
        ticket = guarded(lambda: vendor.submit(work.runs))
    except (OutsideError, ConfigError) as error:
        submission_failed(work, error)
        return
    external_id = ticket.external_id or ""
    if not keep(lambda db: snapshots.submitted(db, work, external_id)):
        log.warning("a job came too late and is cancelled", snapshot=str(work.id), external_id=external_id)
        vendor.cancel(ticket)


def submission_failed(work: SnapshotWork, error: OutsideError | ConfigError) -> None:
    log.warning("a job was not accepted", snapshot=str(work.id), error=str(error))
    outcome, seconds = outcome_of(error), wait_seconds(error, work.failures)
    if seconds is None:
        keep(lambda db: fail_snapshot(db, work, str(error)))
        return
    counts = outcome != "rate limited"
    keep(
        lambda db: snapshots.put_back(db, work, str(error), outcome=outcome, seconds=seconds, counts_as_failure=counts)
    )


def fail_snapshot(db: Connection, work: SnapshotWork, reason: str) -> None:
    if snapshots.close(db, work, "failed", reason):
        for run in work.run_ids:
            snapshots.fail_run(db, run, reason)


def look_at(work: SnapshotWork) -> None:
    """One look at a vendor's job: collected, failed, given up past its deadline, or left for the next look."""
    ticket = Ticket(external_id=work.external_id)
    vendor = provider(work.provider)
    try:
        answers = guarded(lambda: vendor.collect(ticket, work.runs))
    except OutsideError as error:
        looked_in_vain(work, ticket, error)
        return
    if answers is not None:
        publish(keep(lambda db: collect(db, work, answers)))
    elif work.overdue:
        give_up(work, ticket)


def looked_in_vain(work: SnapshotWork, ticket: Ticket, error: OutsideError) -> None:
    """What may heal is looked at again until the deadline; what will not, ends now."""
    log.warning("a job could not be looked at", snapshot=str(work.id), error=str(error))
    if wait_seconds(error, 0) is None:
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
    answered = [str(work.run_id(answer.number)) for answer in answers if save(db, work, answer)]
    return snapshots.read_answers(db, work, json.dumps(answered)) if answered else []


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
