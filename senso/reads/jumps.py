"""What an id, the beginning of one, or a part of a name leads to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.reads.directory import MATCHES, OF_PARTNER

HEX_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Found:
    """`kind`: batch, org or partner. `detail`: what tells it from others of that name."""

    kind: str
    id: UUID
    name: str
    detail: str


# By the primary key, which a beginning of an id is a range of.
BATCHES = text("""
    SELECT 'batch' AS kind, b.id, coalesce(o.name, n.name) AS name, b.batch_date || ', ' || b.state AS detail
    FROM batches b LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id
    WHERE b.id BETWEEN :low AND :high
        AND (CAST(:partner AS uuid) IS NULL OR coalesce(o.partner_id, n.partner_id) = :partner)
    ORDER BY b.id DESC LIMIT :most
""")
ORGS = text(f"""
    SELECT 'org' AS kind, o.id, o.name, t.name AS detail FROM orgs o JOIN partners t ON t.id = o.partner_id
    WHERE {MATCHES.format("o")} AND {OF_PARTNER}
    ORDER BY starts_with(lower(o.name), lower(:search)) DESC, o.name, o.id LIMIT :most
""")
PARTNERS = text(f"""
    SELECT 'partner' AS kind, p.id, p.name, '' AS detail FROM partners p
    WHERE {MATCHES.format("p")} AND (CAST(:partner AS uuid) IS NULL OR p.id = :partner)
    ORDER BY starts_with(lower(p.name), lower(:search)) DESC, p.name, p.id LIMIT :most
""")


def batches(db: Connection, low: UUID, high: UUID, partner: UUID | None, most: int) -> list[Found]:
    """Those with ids from `low` to `high`, the newest first. `partner`: None for all."""
    values = {"low": low, "high": high, "partner": partner, "most": most}
    return each(Found, db.execute(BATCHES, values))


def named(db: Connection, search: str, partner: UUID | None, most: int) -> list[Found]:
    """Orgs and partners by a part of the name or the beginning of the id, at most so many of each."""
    values = {"search": search, "partner": partner, "most": most}
    return each(Found, db.execute(ORGS, values)) + each(Found, db.execute(PARTNERS, values))
