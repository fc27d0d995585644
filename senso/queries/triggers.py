"""What a trigger reads before it opens a batch, and the records it writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from senso.db.bulk import as_json
from senso.matrix import Subject
from senso.queries.models import ASKED, AskedModel
from senso.states import UNDONE_RUNS, Action, BatchState, among


@dataclass(frozen=True, slots=True)
class Triggerable:
    """An org, or a network: active if one of its orgs is."""

    id: UUID
    name: str
    active: bool
    questions: int
    models: int
    locations: int
    asked: tuple[AskedModel, ...]


TRIGGERABLE = f"""
    SELECT s.id, s.name, {{1}} AS active,
        (SELECT count(*) FROM {{0}}_questions WHERE {{0}}_id = s.id) AS questions,
        (SELECT count(*) FROM {{0}}_models WHERE {{0}}_id = s.id) AS models,
        (SELECT count(*) FROM {{0}}_locations WHERE {{0}}_id = s.id) AS locations,
        ARRAY(SELECT {ASKED} FROM {{0}}_models used JOIN models m ON m.id = used.model_id
            WHERE used.{{0}}_id = s.id ORDER BY m.slug) AS asked
    FROM {{0}}s s WHERE id = ANY(CAST(:ids AS uuid[]))
"""
HAS_ACTIVE = "EXISTS (SELECT FROM network_orgs n JOIN orgs o ON o.id = n.org_id WHERE n.network_id = s.id AND o.active)"
ORGS = text(TRIGGERABLE.format("org", "s.active"))
NETWORKS = text(TRIGGERABLE.format("network", HAS_ACTIVE))


def orgs(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Triggerable]:
    """By id; unknown ids are left out."""
    return triggerable(db, ORGS, ids)


def networks(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Triggerable]:
    """By id; unknown ids are left out."""
    return triggerable(db, NETWORKS, ids)


def triggerable(db: Connection, query: TextClause, ids: Sequence[UUID]) -> dict[UUID, Triggerable]:
    found = db.execute(query, {"ids": [str(one) for one in ids]}).mappings()
    return {
        one["id"]: Triggerable(**(dict(one) | {"asked": tuple(map(AskedModel.stored, one["asked"]))})) for one in found
    }


def asking(db: Connection, subject: Subject) -> Triggerable | None:
    """The org or network whose questions a batch of the subject is about."""
    find = orgs if subject.network_id is None else networks
    return find(db, [subject.asking_id]).get(subject.asking_id)


# Models of the runs that another episode would ask again. Runs with an answer need only the model that reads.
ASKED_AGAIN = text(f"""
    SELECT {ASKED} FROM models m WHERE EXISTS (
        SELECT FROM question_runs r WHERE r.batch_id = :batch AND r.model_id = m.id AND {among("r.state", UNDONE_RUNS)}
    ) ORDER BY m.slug
""")


def asked_again(db: Connection, batch: UUID) -> list[AskedModel]:
    return list(map(AskedModel.stored, db.execute(ASKED_AGAIN, {"batch": batch}).scalars()))


CANCELLED = text(f"""
    SELECT id FROM batches WHERE id = ANY(CAST(:ids AS uuid[])) AND state = '{BatchState.CANCELLED}' ORDER BY id
""")


def cancelled(db: Connection, batches: Sequence[UUID]) -> list[UUID]:
    return list(db.execute(CANCELLED, {"ids": [str(one) for one in batches]}).scalars())


EARLIER = text("SELECT payload_hash, batch_id FROM triggers WHERE idempotency_key = :key")
REMEMBER = text("""
    INSERT INTO triggers (idempotency_key, payload_hash, batch_id) VALUES (:key, :payload_hash, :batch)
    ON CONFLICT DO NOTHING
""")


KEY_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('trigger:' || :key, 0))")


def earlier(db: Connection, key: str) -> tuple[str, UUID] | None:
    """Waits for a concurrent transaction that uses the same key; otherwise both would open a batch."""
    db.execute(KEY_LOCK, {"key": key})
    found = db.execute(EARLIER, {"key": key}).one_or_none()
    return (found.payload_hash, found.batch_id) if found else None


def remember(db: Connection, key: str, payload_hash: str, batch: UUID) -> None:
    db.execute(REMEMBER, {"key": key, "payload_hash": payload_hash, "batch": batch})


# In the order of the keys: two requests that share some wait for each other in one direction only.
KEY_LOCKS = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('trigger:' || key, 0))
    FROM (SELECT key FROM unnest(CAST(:keys AS text[])) AS given(key) ORDER BY key) ordered
""")
# Inngest, whose events these are, drops a replay for 24 hours; afterwards the same id is a new event.
OF_EVENTS = text("""
    SELECT idempotency_key, payload_hash FROM triggers
    WHERE idempotency_key = ANY(CAST(:keys AS text[])) AND created_at > now() - interval '24 hours'
""")
REMEMBER_EVENTS = text("""
    INSERT INTO triggers (idempotency_key, payload_hash, batch_id)
    SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:payloads AS text[]), CAST(:batches AS uuid[]))
    ON CONFLICT (idempotency_key) DO UPDATE
    SET payload_hash = excluded.payload_hash, batch_id = excluded.batch_id, created_at = excluded.created_at
""")


def payloads_of_events(db: Connection, keys: Sequence[str]) -> dict[str, str]:
    """What the events with these keys asked for. Waits as `earlier` does."""
    if not keys:
        return {}
    db.execute(KEY_LOCKS, {"keys": list(keys)})
    return {one.idempotency_key: one.payload_hash for one in db.execute(OF_EVENTS, {"keys": list(keys)})}


def remember_events(db: Connection, done: Sequence[tuple[str, str, UUID]]) -> None:
    """`done`: keys, each once, with what the event asked for and its batch."""
    if done:
        keys, payloads, batches = zip(*done, strict=True)
        values = {"keys": list(keys), "payloads": list(payloads), "batches": list(map(str, batches))}
        db.execute(REMEMBER_EVENTS, values)


AUDIT = text("""
    INSERT INTO audit (action, actor, subject, batch_id, partner_id, details)
    VALUES (:action, :actor, :subject, :batch, coalesce(CAST(:owner AS uuid),
        (SELECT partner_id FROM orgs WHERE id = :org), (SELECT coalesce(o.partner_id, n.partner_id) FROM batches b
            LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id WHERE b.id = :batch)
    ), CAST(:details AS jsonb))
""")


@dataclass(frozen=True, slots=True)
class Concerns:
    """Whom an action concerns: a partner, who may see it; or the partner of an org."""

    partner: UUID | None = None
    org: UUID | None = None


ALL = Concerns()


def audit(
    db: Connection,
    action: Action,
    actor: str,
    whom: Concerns = ALL,
    /,
    *,
    subject: str | None = None,
    batch: UUID | None = None,
    **details: Any,
) -> None:
    """`whom`: where it is not said, the partner of `batch`."""
    values = {"action": action, "actor": actor, "subject": subject, "batch": batch, "details": as_json(details)}
    db.execute(AUDIT, values | {"owner": whom.partner, "org": whom.org})
