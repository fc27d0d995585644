"""Who did what to a batch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import Action


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An audited action."""

    at: datetime
    actor: str
    action: Action
    subject: str | None
    details: dict[str, Any]


SAME = """{0}.kind = b.kind AND {0}.org_id IS NOT DISTINCT FROM b.org_id
                AND {0}.network_id IS NOT DISTINCT FROM b.network_id"""
# Actions on the batch itself, and those that affected it between the subject's previous and next batch: grants to its
# partner, and imports, which name files rather than orgs.
AUDIT = text(f"""
    WITH subject AS (
        SELECT b.id, 'partner:' || o.partner_id AS partner,
            coalesce((SELECT max(queued_at) FROM batches f WHERE {SAME.format("f")}
                AND f.batch_date < b.batch_date), '-infinity') AS after,
            coalesce((SELECT min(queued_at) FROM batches n WHERE {SAME.format("n")}
                AND n.batch_date > b.batch_date), 'infinity') AS before
        FROM batches b LEFT JOIN orgs o ON o.id = b.org_id WHERE b.id = :batch
    )
    SELECT a.at, a.actor, a.action, a.subject, a.details FROM audit a, subject s
    WHERE a.batch_id = s.id OR (
        a.batch_id IS NULL AND a.at >= s.after AND a.at < s.before
        AND ((a.action = '{Action.GRANT}' AND a.subject = s.partner) OR a.action = '{Action.IMPORT}')
    )
    ORDER BY a.id
""")


def of_batch(db: Connection, batch: UUID) -> list[AuditEntry]:
    return each(AuditEntry, db.execute(AUDIT, {"batch": batch}))
