"""A trigger opens or resumes today's batch of an org, once, however many callers trigger it, however often."""

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.queries import batches, triggers
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue
from senso.queries.triggers import TriggerableOrg
from senso.states import Action, BatchKind, BatchState, TriggerOutcome
from senso.workflows.provider_access import require


@dataclass(frozen=True, slots=True)
class Triggered:
    batch: Batch
    outcome: TriggerOutcome


@dataclass(frozen=True, slots=True)
class Initiator:
    """Who acts: `actor` for the audit, `reason` such as manual or schedule, and the application's user, if any."""

    actor: str
    reason: str = "manual"
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a batch is opened: its day, the credits per evaluation, whether a cancelled batch is reopened."""

    today: date
    credits_each: int
    reopen: bool = False


def trigger_org(org_id: UUID, by: Initiator, under: Terms, *, idempotency_key: str | None = None) -> Triggered:
    """Raises NotFound, or ConfigError: org not ready, provider key missing, idempotency key of another request."""
    with transaction() as db:
        return trigger_within(db, org_id, by, under, idempotency_key=idempotency_key)


def trigger_within(
    db: Connection, org_id: UUID, by: Initiator, under: Terms, *, idempotency_key: str | None = None
) -> Triggered:
    """`trigger_org` in the caller's transaction."""
    require_ready(db, org_id, triggers.org(db, org_id), under.today)
    earlier = triggers.earlier(db, idempotency_key) if idempotency_key else None
    payload = payload_hash(org_id, reopen=under.reopen)
    if earlier:
        return repeated(db, earlier, payload)
    found = open_or_resume(db, org_id, by, under)
    if idempotency_key:
        triggers.remember(db, idempotency_key, payload, found.batch.id)
    return found


def require_ready(db: Connection, org_id: UUID, org: TriggerableOrg | None, today: date) -> None:
    if org is None:
        raise NotFound(f"no org {org_id}; import it first")
    if not org.active:
        raise ConfigError(f"org {org_id} ({org.name}) is not active; set active: true in its import file")
    for what, count in {"questions": org.questions, "models": org.models, "locations": org.locations}.items():
        if not count:
            raise ConfigError(f"org {org_id} ({org.name}) has no {what}; add them to its import file")
    require(db, org.asked, today)


def payload_hash(org_id: UUID, *, reopen: bool) -> str:
    return sha256(json.dumps({"kind": BatchKind.ORG, "org_id": str(org_id), "reopen": reopen}).encode()).hexdigest()


def repeated(db: Connection, earlier: tuple[str, UUID], payload: str) -> Triggered:
    before, batch_id = earlier
    if before != payload:
        raise ConfigError("this idempotency key was used for another request; take a new one")
    return Triggered(batches.load(db, batch_id), TriggerOutcome.ATTACHED)


def open_or_resume(db: Connection, org_id: UUID, by: Initiator, under: Terms) -> Triggered:
    batch_id, made = batches.insert_org_batch(
        db,
        org_id,
        under.today,
        credits_each=under.credits_each,
        triggered_by=by.reason,
        user_id=by.user_id,
    )
    outcome = TriggerOutcome.OPENED if made else resume(db, batches.load(db, batch_id, lock=True), reopen=under.reopen)
    batch = batches.load(db, batch_id)
    price = {"credits_per_evaluation": batch.credits_per_evaluation}
    said = {"outcome": outcome, "reason": by.reason, "user_id": by.user_id} | price
    triggers.audit(db, Action.TRIGGER, by.actor, subject=f"org:{org_id}", batch=batch_id, **said)
    if batch.state is BatchState.QUEUED:
        ask_admission(db, batch)
    return Triggered(batch, outcome)


def resume(db: Connection, batch: Batch, *, reopen: bool) -> TriggerOutcome:
    if batch.state is BatchState.BLOCKED:
        batches.queue_again(db, batch.id, [batch.state], new_episode=False)
    elif batch.state is BatchState.CANCELLED:
        if not reopen:
            raise ConfigError(f"batch {batch.id} of today was cancelled; say --reopen to open it again")
        batches.queue_again(db, batch.id, [batch.state], new_episode=True)
    return outcome_for(batch.state)


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
