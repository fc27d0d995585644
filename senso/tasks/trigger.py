"""A trigger opens or resumes today's batch of an org, once, however often and by however many it is called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.queries import batches, outbox, triggers
from senso.queries.batches import Batch
from senso.queries.triggers import OrgToTrigger
from senso.settings import clock, settings
from senso.tasks.pipelines import publish
from senso.tasks.reach import require


@dataclass(frozen=True, slots=True)
class Triggered:
    """`outcome`: opened, attached (under way), resumed (was blocked), reopened, or the state in which it had ended."""

    batch: Batch
    outcome: str


@dataclass(frozen=True, slots=True)
class By:
    """Who triggers: `actor` for the audit, `reason` such as manual or schedule, and the application's user, if any."""

    actor: str
    reason: str = "manual"
    user_id: str | None = None


def trigger_org(org_id: UUID, by: By, *, idempotency_key: str | None = None, reopen: bool = False) -> Triggered:
    """Raises NotFound, or ConfigError for an org that cannot be asked for, a missing key, a key used otherwise."""
    with transaction() as db:
        found, sent = trigger_within(db, org_id, by, idempotency_key=idempotency_key, reopen=reopen)
    publish(sent)
    return found


def trigger_within(
    db: Connection, org_id: UUID, by: By, *, idempotency_key: str | None = None, reopen: bool = False
) -> tuple[Triggered, list[int]]:
    """For a caller with a transaction of its own, which publishes the returned outbox rows after its commit."""
    require_ready(db, org_id, triggers.org(db, org_id))
    earlier = triggers.earlier(db, idempotency_key) if idempotency_key else None
    payload = payload_hash(org_id, reopen=reopen)
    if earlier:
        return repeated(db, earlier, payload), []
    found, sent = open_or_resume(db, org_id, by, reopen=reopen)
    if idempotency_key:
        triggers.remember(db, idempotency_key, payload, found.batch.id)
    return found, sent


def require_ready(db: Connection, org_id: UUID, org: OrgToTrigger | None) -> None:
    if org is None:
        raise NotFound(f"no org {org_id}; import it first")
    if not org.active:
        raise ConfigError(f"org {org_id} ({org.name}) is not active; set active: true in its import file")
    for what, count in {"questions": org.questions, "models": org.models, "locations": org.locations}.items():
        if not count:
            raise ConfigError(f"org {org_id} ({org.name}) has no {what}; add them to its import file")
    require(db, org.providers)


def payload_hash(org_id: UUID, *, reopen: bool) -> str:
    return sha256(json.dumps({"kind": "org", "org_id": str(org_id), "reopen": reopen}).encode()).hexdigest()


def repeated(db: Connection, earlier: tuple[str, UUID], payload: str) -> Triggered:
    before, batch_id = earlier
    if before != payload:
        raise ConfigError("this idempotency key was used for another request; take a new one")
    return Triggered(batches.load(db, batch_id), "attached")


def open_or_resume(db: Connection, org_id: UUID, by: By, *, reopen: bool) -> tuple[Triggered, list[int]]:
    batch_id, made = batches.insert_org_batch(
        db,
        org_id,
        clock().date(),
        credits_each=settings().credits_per_evaluation,
        triggered_by=by.reason,
        user_id=by.user_id,
    )
    outcome = "opened" if made else resume(db, batches.load(db, batch_id, lock=True), reopen=reopen)
    batch = batches.load(db, batch_id)
    price = {"credits_per_evaluation": batch.credits_per_evaluation}
    said = {"outcome": outcome, "reason": by.reason, "user_id": by.user_id} | price
    triggers.audit(db, "trigger", by.actor, subject=f"org:{org_id}", batch=batch_id, **said)
    return Triggered(batch, outcome), ask_admission(db, batch) if batch.state == "queued" else []


RESUMED: Mapping[str, str] = {"queued": "attached", "running": "attached"}


def resume(db: Connection, batch: Batch, *, reopen: bool) -> str:
    if batch.state == "blocked":
        batches.queue_again(db, batch.id, ["blocked"], new_episode=False)
        return "resumed"
    if batch.state == "cancelled":
        if not reopen:
            raise ConfigError(f"batch {batch.id} of today was cancelled; say --reopen to open it again")
        batches.queue_again(db, batch.id, ["cancelled"], new_episode=True)
        return "reopened"
    return RESUMED.get(batch.state, batch.state)


def ask_admission(db: Connection, batch: Batch) -> list[int]:
    return outbox.add(db, f"admit:{batch.id}:{batch.episode}", "admit", "[]", batch=batch.id, after_seconds=5)
