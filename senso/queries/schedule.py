"""Which batches are due. A unique key lets only one insert claim each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.queries.estimates import Share


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
    """Active orgs without a schedule row for their latest weekday; `today` is the day whose trigger hour has passed."""
    return [Candidate(**one) for one in db.execute(CANDIDATES, {"today": today}).mappings()]


# `only`: null for all orgs. Counted by an index for each org: while Postgres knows nothing of what was just imported,
# it might count a whole table for each.
CELLS = """
    WITH cells AS MATERIALIZED (
        SELECT o.id, extract(isodow FROM o.created_at AT TIME ZONE 'UTC')::int - 1 AS weekday,
            q.n * l.n * o.samples AS runs
        FROM orgs o CROSS JOIN LATERAL (SELECT count(*) AS n FROM org_questions WHERE org_id = o.id) q
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM org_locations WHERE org_id = o.id) l
        WHERE o.active AND q.n > 0 AND l.n > 0 AND EXISTS (SELECT FROM org_models m WHERE m.org_id = o.id)
            AND (CAST(:only AS uuid[]) IS NULL OR o.id = ANY(CAST(:only AS uuid[])))
    )
"""
BY_WEEKDAY = text(CELLS + "SELECT weekday, count(*) AS orgs FROM cells GROUP BY weekday")
SHARES = text(
    CELLS
    + """
    SELECT m.slug, m.provider, m.name, m.prices, sum(c.runs)::bigint AS asks, sum(c.runs)::bigint AS reads
    FROM cells c JOIN org_models om ON om.org_id = c.id JOIN models m ON m.id = om.model_id
    WHERE CAST(:weekday AS int) IS NULL OR c.weekday = :weekday
    GROUP BY m.slug, m.provider, m.name, m.prices ORDER BY m.slug
"""
)


def by_weekday(db: Connection, only: Sequence[UUID] | None = None) -> dict[int, int]:
    """How many orgs the schedule triggers on each weekday; 0 is Monday."""
    found = db.execute(BY_WEEKDAY, {"only": among(only)})
    return {one.weekday: one.orgs for one in found}


def shares(db: Connection, *, weekday: int | None = None, only: Sequence[UUID] | None = None) -> list[Share]:
    """Each model's part of what these orgs would ask."""
    values = {"only": among(only), "weekday": weekday}
    return [Share(**one) for one in db.execute(SHARES, values).mappings()]


def among(only: Sequence[UUID] | None) -> list[str] | None:
    return None if only is None else [str(one) for one in only]


CLAIM = text("""
    INSERT INTO schedule_runs (subject, due_date) VALUES ('org:' || :org, :due) ON CONFLICT DO NOTHING RETURNING subject
""")
BIND = text("UPDATE schedule_runs SET batch_id = :batch WHERE subject = 'org:' || :org AND due_date = :due")


def claim(db: Connection, org: UUID, due: date) -> bool:
    return db.execute(CLAIM, {"org": str(org), "due": due}).first() is not None


def bind(db: Connection, org: UUID, due: date, batch: UUID) -> None:
    db.execute(BIND, {"org": str(org), "due": due, "batch": batch})
