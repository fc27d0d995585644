"""What is paused, which cost ceilings were reached today, and what the last reconciliation found, for the metrics."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from senso.queries import reconciliations

PAUSES = text("SELECT scope, count(*) AS paused FROM pauses GROUP BY scope ORDER BY scope")
CEILINGS = text("""
    SELECT CASE WHEN partner_id IS NULL THEN 'all' ELSE 'partner' END AS scope, count(*) AS reached FROM cost_stops
    WHERE day = (now() AT TIME ZONE 'UTC')::date AND lifted_at IS NULL GROUP BY 1 ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Stops:
    """By scope. `differences` (0 where they are accepted) and `age_seconds`: of the last reconciliation, if any."""

    pauses: dict[str, int] = field(default_factory=dict)
    ceilings: dict[str, int] = field(default_factory=dict)
    differences: int | None = None
    age_seconds: float | None = None


def stops(db: Connection) -> Stops:
    pauses = {one.scope: one.paused for one in db.execute(PAUSES)}
    ceilings = {one.scope: one.reached for one in db.execute(CEILINGS)}
    last = reconciliations.last(db)
    if last is None:
        return Stops(pauses, ceilings)
    age = (datetime.now(UTC) - last.ran_at).total_seconds()
    return Stops(pauses, ceilings, 0 if last.accepted else last.count, age)
