"""What a trigger needs to know before it opens anything, and what it leaves behind."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class OrgToTrigger:
    id: UUID
    name: str
    active: bool
    questions: int
    models: int
    locations: int
    providers: tuple[str, ...]


ORG = text("""
    SELECT id, name, active,
        (SELECT count(*) FROM org_questions WHERE org_id = o.id) AS questions,
        (SELECT count(*) FROM org_models WHERE org_id = o.id) AS models,
        (SELECT count(*) FROM org_locations WHERE org_id = o.id) AS locations,
        ARRAY(SELECT DISTINCT m.provider FROM org_models om JOIN models m ON m.id = om.model_id
            WHERE om.org_id = o.id ORDER BY m.provider) AS providers
    FROM orgs o WHERE id = :org
""")


def org(db: Connection, org_id: UUID) -> OrgToTrigger | None:
    found = db.execute(ORG, {"org": org_id}).mappings().one_or_none()
    return OrgToTrigger(**(dict(found) | {"providers": tuple(found["providers"])})) if found else None


EARLIER = text("SELECT payload_hash, batch_id FROM triggers WHERE idempotency_key = :key")
REMEMBER = text("""
    INSERT INTO triggers (idempotency_key, payload_hash, batch_id) VALUES (:key, :payload_hash, :batch)
    ON CONFLICT DO NOTHING
""")


def earlier(db: Connection, key: str) -> tuple[str, UUID] | None:
    found = db.execute(EARLIER, {"key": key}).one_or_none()
    return (found.payload_hash, found.batch_id) if found else None


def remember(db: Connection, key: str, payload_hash: str, batch: UUID) -> None:
    db.execute(REMEMBER, {"key": key, "payload_hash": payload_hash, "batch": batch})


AUDIT = text("""
    INSERT INTO audit (action, actor, subject, batch_id, details)
    VALUES (:action, :actor, :subject, :batch, CAST(:details AS jsonb))
""")


def audit(
    db: Connection, action: str, actor: str, *, subject: str | None = None, batch: UUID | None = None, **details: Any
) -> None:
    values = {"action": action, "actor": actor, "subject": subject, "batch": batch, "details": json.dumps(details)}
    db.execute(AUDIT, values)
