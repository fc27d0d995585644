"""What is paused, which cost ceilings were reached today, and what the last reconciliation found, for the metrics."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, text

TABLES = text(
    "SELECT name FROM unnest(ARRAY['pauses', 'cost_stops', 'reconciliations']) AS name "
    "WHERE to_regclass(name) IS NOT NULL"
)
PAUSES = text("SELECT scope, count(*) AS paused FROM pauses GROUP BY scope ORDER BY scope")
CEILINGS = text("""
    SELECT CASE WHEN partner_id IS NULL THEN 'all' ELSE 'partner' END AS scope, count(*) AS reached FROM cost_stops
    WHERE day = (now() AT TIME ZONE 'UTC')::date GROUP BY 1 ORDER BY 1
""")
RECONCILED = text("""
    SELECT count AS differences, extract(epoch FROM now() - ran_at)::float AS age_seconds FROM reconciliations
    ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Stops:
    """By scope. `differences` and `age_seconds`: of the last reconciliation, None if there was none."""

    pauses: dict[str, int] = field(default_factory=dict)
    ceilings: dict[str, int] = field(default_factory=dict)
    differences: int | None = None
    age_seconds: float | None = None


def stops(db: Connection) -> Stops:
    """Tables that this version does not have hold nothing."""
    there = set(db.execute(TABLES).scalars())
    pauses = {one.scope: one.paused for one in db.execute(PAUSES)} if "pauses" in there else {}
    ceilings = {one.scope: one.reached for one in db.execute(CEILINGS)} if "cost_stops" in there else {}
    last = db.execute(RECONCILED).mappings().first() if "reconciliations" in there else None
    return Stops(pauses, ceilings, **(last or {}))
