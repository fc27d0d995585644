"""What is due: decided by an insert that cannot happen twice."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Candidate:
    org_id: UUID
    created_at: datetime
    imported_at: datetime


CANDIDATES = text("""
    SELECT o.id AS org_id, o.created_at, o.imported_at FROM orgs o
    WHERE o.active AND EXISTS (SELECT FROM org_questions q WHERE q.org_id = o.id)
        AND EXISTS (SELECT FROM org_models m WHERE m.org_id = o.id)
        AND EXISTS (SELECT FROM org_locations l WHERE l.org_id = o.id)
        AND NOT EXISTS (
            SELECT FROM schedule_runs s WHERE s.subject = 'org:' || o.id AND s.due_date > CAST(:today AS date) - 7
                AND s.due_date = CAST(:today AS date)
                    - ((extract(isodow FROM CAST(:today AS date))::int
                        - extract(isodow FROM o.created_at AT TIME ZONE 'UTC')::int + 7) % 7)
        )
    ORDER BY o.id
""")


def candidates(db: Connection, today: date) -> list[Candidate]:
    """Active orgs whose latest weekday has no run yet; `today` is the day whose hour has passed."""
    return [Candidate(**one) for one in db.execute(CANDIDATES, {"today": today}).mappings()]


CLAIM = text("""
    INSERT INTO schedule_runs (subject, due_date) VALUES ('org:' || :org, :due) ON CONFLICT DO NOTHING RETURNING subject
""")
BIND = text("UPDATE schedule_runs SET batch_id = :batch WHERE subject = 'org:' || :org AND due_date = :due")


def claim(db: Connection, org: UUID, due: date) -> bool:
    return db.execute(CLAIM, {"org": str(org), "due": due}).first() is not None


def bind(db: Connection, org: UUID, due: date, batch: UUID) -> None:
    db.execute(BIND, {"org": str(org), "due": due, "batch": batch})
