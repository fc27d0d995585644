"""Who did what, the newest first, page by page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.reads import actors, id_ranges
from senso.states import Action

ACTOR = actors.told("a.actor", ":reader")
PAGE = text(f"""
    SELECT a.id, a.at, {ACTOR} AS actor, a.action, a.subject, a.batch_id, a.partner_id, p.name AS partner, a.details
    FROM audit a LEFT JOIN partners p ON p.id = a.partner_id
    WHERE (CAST(:actor AS text) IS NULL OR {ACTOR} = :actor) AND (CAST(:action AS text) IS NULL OR a.action = :action)
        AND (CAST(:subject AS text) IS NULL OR a.subject = :subject)
        AND (CAST(:batch AS uuid) IS NULL OR a.batch_id = :batch)
        AND (CAST(:partner AS uuid) IS NULL OR a.partner_id = :partner)
        AND a.id >= :low AND (CAST(:high AS bigint) IS NULL OR a.id < :high)
        AND (CAST(:begin AS timestamptz) IS NULL OR a.at >= :begin)
        AND (CAST(:end AS timestamptz) IS NULL OR a.at < :end)
    ORDER BY a.id DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """All that are set must hold. `since`, `until`: days (UTC), both included. `partner`: whom it concerns."""

    actor: str | None = None
    action: Action | None = None
    subject: str | None = None
    batch: UUID | None = None
    partner: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """`partner_id`: whom it concerns; None: all, or none."""

    id: int
    at: datetime
    actor: str
    action: Action
    subject: str | None
    batch_id: UUID | None
    partner_id: UUID | None
    partner: str | None
    details: Mapping[str, Any]


def page(
    db: Connection, filters: Filters, before: int | None, most: int, *, reader: UUID | None = None
) -> list[Audited]:
    """`before`: the id of the last row of the page before. `reader`: the partner who is told; None: of all partners."""
    low, high = id_ranges.within(db, "audit", filters.since, filters.until)
    values = asdict(filters) | {"low": low, "high": smallest(high, before), "most": most}
    values["reader"] = reader and str(reader)
    values |= {name: values[name] and str(values[name]) for name in ("batch", "partner")}
    values["begin"] = filters.since and id_ranges.begin_of(filters.since)
    values["end"] = filters.until and id_ranges.end_of(filters.until)
    return each(Audited, db.execute(PAGE, values))


def smallest(*bounds: int | None) -> int | None:
    return min((one for one in bounds if one is not None), default=None)
