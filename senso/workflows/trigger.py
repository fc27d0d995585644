"""A trigger opens or resumes a batch of a subject and a day, once, however many callers trigger it, however often."""

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.matrix import Subject
from senso.queries import batches, triggers
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue
from senso.queries.triggers import Triggerable
from senso.states import ENDED_BATCHES, Action, BatchKind, BatchState, TriggerOutcome
from senso.workflows.initiator import Initiator
from senso.workflows.provider_access import require


@dataclass(frozen=True, slots=True)
class Triggered:
    batch: Batch
    outcome: TriggerOutcome


@dataclass(frozen=True, slots=True)
class Terms:
    """How a batch is opened: its day, the credits per evaluation, whether a cancelled batch is reopened."""

    today: date
    credits_each: int
    reopen: bool = False


def trigger_org(org_id: UUID, by: Initiator, under: Terms, *, idempotency_key: str | None = None) -> Triggered:
    return trigger(Subject.org(org_id), by, under, idempotency_key=idempotency_key)


def trigger_network(network_id: UUID, by: Initiator, under: Terms, *, idempotency_key: str | None = None) -> Triggered:
    """Its answers are read for its orgs by batches of their own, which the end of this one opens."""
    return trigger(Subject.network(network_id), by, under, idempotency_key=idempotency_key)


def trigger(subject: Subject, by: Initiator, under: Terms, *, idempotency_key: str | None = None) -> Triggered:
    """Raises NotFound, or ConfigError: subject not ready, provider key missing, idempotency key of another request."""
    with transaction() as db:
        return trigger_within(db, subject, by, under, idempotency_key=idempotency_key)


def trigger_within(
    db: Connection, subject: Subject, by: Initiator, under: Terms, *, idempotency_key: str | None = None
) -> Triggered:
    """`trigger` in the caller's transaction."""
    require_ready(db, subject, triggers.asking(db, subject), under.today)
    earlier = triggers.earlier(db, idempotency_key) if idempotency_key else None
    payload = payload_hash(subject, reopen=under.reopen)
    if earlier:
        return repeated(db, earlier, payload)
    found = open_or_resume(db, subject, by, under)
    if idempotency_key:
        triggers.remember(db, idempotency_key, payload, found.batch.id)
    return found


NOT_ACTIVE = {
    BatchKind.ORG: "is not active; set active: true in its import file",
    BatchKind.NETWORK: "has no active org; list its orgs in its import file",
}


def require_ready(db: Connection, subject: Subject, found: Triggerable | None, today: date) -> None:
    """`found`: the org or network that asks."""
    if found is None:
        raise NotFound(f"no {subject.kind} {subject.asking_id}; import it first")
    said = f"{subject.kind} {found.id} ({found.name})"
    if not found.active:
        raise ConfigError(f"{said} {NOT_ACTIVE[subject.kind]}")
    for what, count in {"questions": found.questions, "models": found.models, "locations": found.locations}.items():
        if not count:
            raise ConfigError(f"{said} has no {what}; add them to its import file")
    require(db, found.asked, today)


def payload_hash(subject: Subject, *, reopen: bool) -> str:
    asked = {"kind": subject.kind, f"{subject.kind}_id": str(subject.asking_id), "reopen": reopen}
    reader = {"org_id": str(subject.org_id)} if subject.kind is BatchKind.NETWORK_ORG else {}
    return sha256(json.dumps(asked | reader).encode()).hexdigest()


def repeated(db: Connection, earlier: tuple[str, UUID], payload: str) -> Triggered:
    before, batch_id = earlier
    if before != payload:
        raise ConfigError("this idempotency key was used for another request; take a new one")
    return Triggered(batches.load(db, batch_id), TriggerOutcome.ATTACHED)


def open_or_resume(
    db: Connection, subject: Subject, by: Initiator, under: Terms, *, has_more: bool = False
) -> Triggered:
    """The subject's batch of `under.today`. `has_more`: it goes on even if it has ended."""
    batch_id, made = batches.insert(
        db,
        subject,
        under.today,
        credits_each=under.credits_each,
        triggered_by=by.reason,
        user_id=by.user_id,
    )
    outcome = TriggerOutcome.OPENED
    if not made:
        outcome = resume(db, found_batch(db, batch_id, has_more=has_more), reopen=under.reopen, has_more=has_more)
    batch = batches.load(db, batch_id)
    price = {"credits_per_evaluation": batch.credits_per_evaluation}
    said = {"outcome": outcome, "reason": by.reason, "user_id": by.user_id} | price
    triggers.audit(db, Action.TRIGGER, by.actor, subject=str(subject), batch=batch_id, **said)
    if batch.state is BatchState.QUEUED:
        ask_admission(db, batch)
    return Triggered(batch, outcome)


def found_batch(db: Connection, batch_id: UUID, *, has_more: bool) -> Batch:
    """Locked if it may be queued again: one that is only attached to is left to those who work on it."""
    batch = batches.load(db, batch_id)
    if has_more or batch.state in {BatchState.BLOCKED, BatchState.CANCELLED}:
        return batches.load(db, batch_id, lock=True)
    return batch


def resume(db: Connection, batch: Batch, *, reopen: bool, has_more: bool = False) -> TriggerOutcome:
    if batch.state is BatchState.BLOCKED:
        batches.queue_again(db, batch.id, [batch.state], new_episode=False)
    elif batch.state is BatchState.CANCELLED:
        if not reopen:
            raise StaysCancelled(batch.id, batch.batch_date if batch.kind is BatchKind.NETWORK_ORG else "today")
        batches.queue_again(db, batch.id, [batch.state], new_episode=True)
    elif has_more and batch.state in ENDED_BATCHES:
        batches.queue_again(db, batch.id, [batch.state], new_episode=True)
        return TriggerOutcome.REOPENED
    return outcome_for(batch.state)


class StaysCancelled(ConfigError):
    """Somebody cancelled the batch, and the trigger does not reopen it."""

    def __init__(self, batch: UUID | None, day: date | str) -> None:
        self.batch = batch
        super().__init__(f"batch {batch} of {day} was cancelled; say --reopen to open it again")


def outcome_for(state: BatchState) -> TriggerOutcome:
    """The outcome of a trigger that finds a batch in that state and may reopen it."""
    return TriggerOutcome(OUTCOMES.get(state, state))


OUTCOMES = {
    BatchState.QUEUED: TriggerOutcome.ATTACHED,
    BatchState.RUNNING: TriggerOutcome.ATTACHED,
    BatchState.BLOCKED: TriggerOutcome.RESUMED,
    BatchState.CANCELLED: TriggerOutcome.REOPENED,
}


def ask_admission(db: Connection, batch: Batch) -> None:
    enqueue(db, Pipeline.ADMIT, batch.id, batch.episode, ids=[], batch=batch.id)
