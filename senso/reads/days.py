"""How a day stands: its batches, what came of their runs, and what it has cost against its ceilings."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.matrix import first_after, first_of
from senso.states import BatchKind, BatchState

# An id begins with the batch's date, so that the key's index finds those of a day.
OF_DAY = f"""b.id >= :first AND b.id < :end AND (CAST(:partner AS uuid) IS NULL OR CASE b.kind
    WHEN '{BatchKind.NETWORK}' THEN (SELECT partner_id FROM networks WHERE id = b.network_id)
    ELSE (SELECT partner_id FROM orgs WHERE id = b.org_id) END = :partner)"""
STATES = text(f"SELECT b.state, count(*)::int AS batches FROM batches b WHERE {OF_DAY} GROUP BY 1")
# What was last told of each batch, at most some seconds ago: to count in the runs themselves would read all of them.
TOLD = """coalesce(sum((m.data->>'{0}')::bigint), 0)::bigint AS {0}"""
COUNTS = text(f"""
    SELECT {", ".join(TOLD.format(name) for name in ("planned", "answered", "evaluated", "failed", "charged"))},
        count(*) FILTER (WHERE m.batch_id IS NULL)::int AS untold
    FROM batches b LEFT JOIN event_marks m ON m.batch_id = b.id WHERE {OF_DAY}
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """As in BatchStatus, summed; `charged`: credits. `untold`: batches that are not in the sums yet."""

    planned: int
    answered: int
    evaluated: int
    failed: int
    charged: int
    untold: int


def of_day(day: date, partner: UUID | None) -> dict[str, Any]:
    return {"first": str(first_of(day)), "end": str(first_after(day)), "partner": partner and str(partner)}


def states(db: Connection, day: date, partner: UUID | None = None) -> dict[BatchState, int]:
    """How many batches of that date stand in each state; those that there are."""
    found = {one.state: one.batches for one in db.execute(STATES, of_day(day, partner))}
    return {state: found[state] for state in BatchState if state in found}


def counts(db: Connection, day: date, partner: UUID | None = None) -> Counts:
    found = first(Counts, db.execute(COUNTS, of_day(day, partner)))
    return found or Counts(0, 0, 0, 0, 0, 0)


TODAY = "(now() AT TIME ZONE 'UTC')::date"
# What claims count, calls in flight by their estimates; and what is not folded into it yet.
CEILINGS = text(f"""
    WITH moved AS MATERIALIZED (
        SELECT partner_id, sum(microusd)::bigint AS microusd FROM cost_moves WHERE day = {TODAY} GROUP BY 1
    )
    SELECT p.id AS partner_id, p.name AS partner, p.max_daily_cost_microusd AS ceiling_microusd,
        coalesce(d.microusd, 0) + coalesce(m.microusd, 0) AS spent_microusd
    FROM partners p LEFT JOIN cost_days d ON d.day = {TODAY} AND d.partner_id = p.id
        LEFT JOIN moved m ON m.partner_id = p.id
    WHERE p.max_daily_cost_microusd IS NOT NULL AND (CAST(:partner AS uuid) IS NULL OR p.id = :partner)
    ORDER BY (coalesce(d.microusd, 0) + coalesce(m.microusd, 0)) / greatest(p.max_daily_cost_microusd, 1)::float DESC,
        p.name, p.id
    LIMIT :most
""")
OF_ALL = text(f"""
    SELECT coalesce((SELECT microusd FROM cost_days WHERE day = {TODAY} AND partner_id IS NULL), 0)
        + coalesce((SELECT sum(microusd)::bigint FROM cost_moves WHERE day = {TODAY}), 0)
""")


@dataclass(frozen=True, slots=True)
class PartnerCeiling:
    """What a partner's calls of today (UTC) have cost, in flight by their estimates, and may cost."""

    partner_id: UUID
    partner: str
    ceiling_microusd: int
    spent_microusd: int


def ceilings(db: Connection, most: int, partner: UUID | None = None) -> list[PartnerCeiling]:
    """Those nearest to their ceiling first."""
    return each(PartnerCeiling, db.execute(CEILINGS, {"partner": partner and str(partner), "most": most}))


def spent_of_all(db: Connection) -> int:
    """Of today, as ceilings count it; 0 where there was no ceiling to count for."""
    return int(db.execute(OF_ALL).scalar_one())
