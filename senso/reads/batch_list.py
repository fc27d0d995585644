"""Lists of batches, a page at a time, the newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.matrix import first_after, first_of
from senso.queries.selections import HAS_REASON
from senso.reads.status import STATUS, BatchStatus, named
from senso.states import BatchKind, BatchState


@dataclass(frozen=True, slots=True)
class BatchFilters:
    """All that are set must hold. `since`, `until`: dates of batches, both included.

    `partner`: who pays for the batch: the org's partner or, of a network's own batch, the network's. `reason`: as in
    `senso.queries.selections.Filters`; it is looked for in the runs of each batch that the others leave.
    """

    states: Sequence[BatchState] = ()
    kind: BatchKind | None = None
    since: date | None = None
    until: date | None = None
    org: UUID | None = None
    network: UUID | None = None
    partner: UUID | None = None
    reason: str | None = None


# An id begins with the batch's date (senso.matrix), so that ids are in the order of dates, and the key's index serves.
FILTERS = f"""
    (CAST(:states AS text[]) IS NULL OR b.state = ANY(CAST(:states AS text[])))
    AND (CAST(:kind AS text) IS NULL OR b.kind = :kind)
    AND (CAST(:first AS uuid) IS NULL OR b.id >= :first)
    AND (CAST(:end AS uuid) IS NULL OR b.id < :end)
    AND (CAST(:org AS uuid) IS NULL OR b.org_id = :org)
    AND (CAST(:network AS uuid) IS NULL OR b.network_id = :network)
    AND (CAST(:reason AS text) IS NULL OR {HAS_REASON})
"""
NEWEST = "ORDER BY b.id DESC LIMIT :most"
OF_ALL = f"SELECT b.id FROM batches b WHERE {FILTERS} {NEWEST}"
# In two parts, of which each has an index.
OF_PARTNER = f"""
    (SELECT b.id FROM batches b JOIN orgs o ON o.id = b.org_id WHERE o.partner_id = :partner AND {FILTERS} {NEWEST})
    UNION ALL
    (SELECT b.id FROM batches b JOIN networks n ON n.id = b.network_id
    WHERE b.kind = '{BatchKind.NETWORK}' AND b.org_id IS NULL AND n.partner_id = :partner AND {FILTERS} {NEWEST})
    ORDER BY id DESC LIMIT :most
"""
# The page is chosen first, so that totals are counted only for it: an array is not planned together with the rest.
LIST, LIST_OF_PARTNER = (
    text(f"{STATUS} WHERE b.id = ANY(ARRAY({chosen})) ORDER BY b.id DESC") for chosen in (OF_ALL, OF_PARTNER)
)


def listed(db: Connection, wanted: BatchFilters, most: int, before: UUID | None = None) -> list[BatchStatus]:
    """At most `most`, by (date, id), those after `before` in that order, which need not exist."""
    ends = [one for one in (before, wanted.until and first_after(wanted.until)) if one is not None]
    values = {
        "most": most,
        "states": list(wanted.states) or None,
        "kind": wanted.kind,
        "first": wanted.since and first_of(wanted.since),
        "end": min(ends, default=None),
        "org": wanted.org,
        "network": wanted.network,
        "partner": wanted.partner,
        "reason": wanted.reason,
    }
    chosen = LIST if wanted.partner is None else LIST_OF_PARTNER
    return each(BatchStatus, db.execute(chosen, {name: plain(value) for name, value in values.items()}))


SUBJECTS = text("""
    SELECT b.id, o.name AS org, n.name AS network FROM batches b LEFT JOIN orgs o ON o.id = b.org_id
        LEFT JOIN networks n ON n.id = b.network_id
    WHERE b.id = ANY(CAST(:batches AS uuid[]))
""")


def subjects(db: Connection, batches: Iterable[UUID]) -> dict[UUID, str]:
    """What each is of, by its name."""
    found = db.execute(SUBJECTS, {"batches": list(map(str, batches))})
    return {one.id: named(one.org, one.network) for one in found}


def plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
