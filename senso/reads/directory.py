"""Orgs (which are watched) and partners (which pay) with their ids, found by a part of their name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import OPEN_BATCHES, BatchKind, BatchState, Entry, among
from senso.weekly import WEEKDAYS

# Matches a part of the name, ignoring case, or the beginning of the id.
MATCHES = "(:search = '' OR strpos(lower({0}.name), lower(:search)) > 0 OR starts_with({0}.id::text, lower(:search)))"
OF_PARTNER = "(CAST(:partner AS uuid) IS NULL OR o.partner_id = :partner)"
# After a row that the caller may see: whether there is another one with that id must not show.
AFTER = """(CAST(:after AS uuid) IS NULL OR ({0}.name, {0}.id)
    > (SELECT last.name, last.id FROM {1} last WHERE last.id = :after AND {2}))"""
AFTER_ORG = AFTER.format("o", "orgs", OF_PARTNER.replace("o.", "last."))
AFTER_PARTNER = AFTER.format("p", "partners", "true")
# The orgs are chosen first, so that related rows are looked up only for them.
ORGS = text(f"""
    WITH chosen AS MATERIALIZED (
        SELECT * FROM orgs o WHERE {MATCHES.format("o")} AND {OF_PARTNER} AND {AFTER_ORG}
            AND (CAST(:only AS uuid) IS NULL OR o.id = :only)
            AND (CAST(:active AS boolean) IS NULL OR o.active = :active)
        ORDER BY o.name, o.id LIMIT :most
    )
    SELECT o.id, o.name, o.active, o.partner_id, t.name AS partner, o.created_at, q.questions, m.models, l.locations,
        o.samples, q.questions * m.models * l.locations * o.samples AS runs, b.batch_id, b.batch_date, b.batch_state
    FROM chosen o JOIN partners t ON t.id = o.partner_id
    CROSS JOIN LATERAL (SELECT count(*) AS questions FROM org_questions WHERE org_id = o.id) q
    CROSS JOIN LATERAL (SELECT count(*) AS models FROM org_models WHERE org_id = o.id) m
    CROSS JOIN LATERAL (SELECT count(*) AS locations FROM org_locations WHERE org_id = o.id) l
    LEFT JOIN LATERAL (
        SELECT id AS batch_id, batches.batch_date, state AS batch_state FROM batches
        WHERE kind = '{BatchKind.ORG}' AND org_id = o.id ORDER BY batches.batch_date DESC LIMIT 1
    ) b ON true
    ORDER BY o.name, o.id
""")
COUNT_ORGS = text(f"""
    SELECT count(*) AS orgs, count(*) FILTER (WHERE o.active) AS active
    FROM orgs o WHERE {MATCHES.format("o")} AND {OF_PARTNER}
""")


@dataclass(frozen=True, slots=True)
class Org:
    """`samples`: how often each question is asked of each model at each location. `runs`: those of one batch.

    `batch_id`, `batch_date`, `batch_state`: of its last one."""

    id: UUID
    name: str
    active: bool
    partner_id: UUID
    partner: str
    created_at: datetime
    questions: int
    models: int
    locations: int
    samples: int
    runs: int
    batch_id: UUID | None
    batch_date: date | None
    batch_state: BatchState | None

    @property
    def weekday(self) -> str | None:
        """The weekday, in UTC, on which the org is scheduled; None if it is not."""
        return WEEKDAYS[self.created_at.weekday()] if self.active and self.runs else None


@dataclass(frozen=True, slots=True)
class OrgCount:
    orgs: int
    active: int


def orgs(
    db: Connection, *, search: str = "", partner: UUID | None = None, most: int | None = None
) -> tuple[list[Org], OrgCount]:
    """By name; and how many match in all."""
    total = each(OrgCount, db.execute(COUNT_ORGS, {"search": search, "partner": partner}))[0]
    return orgs_after(db, None, search=search, partner=partner, most=most), total


def orgs_after(
    db: Connection,
    after: UUID | None,
    *,
    search: str = "",
    partner: UUID | None = None,
    active: bool | None = None,
    only: UUID | None = None,
    most: int | None = None,
) -> list[Org]:
    """`after`: the last one of the page before. `only`: at most this one."""
    values = {"search": search, "partner": partner, "most": most, "after": after, "active": active, "only": only}
    return each(Org, db.execute(ORGS, values))


def org(db: Connection, id_: UUID) -> Org | None:
    return next(iter(orgs_after(db, None, only=id_, most=1)), None)


NETWORKS = text(f"""
    SELECT o.id, o.name, o.partner_id, t.name AS partner,
        (SELECT count(*)::int FROM network_orgs WHERE network_id = o.id) AS orgs
    FROM networks o JOIN partners t ON t.id = o.partner_id
    WHERE {MATCHES.format("o")} AND {OF_PARTNER} AND (CAST(:only AS uuid) IS NULL OR o.id = :only)
    ORDER BY o.name, o.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Network:
    id: UUID
    name: str
    partner_id: UUID
    partner: str
    orgs: int


def networks(
    db: Connection, *, search: str = "", partner: UUID | None = None, only: UUID | None = None, most: int | None = None
) -> list[Network]:
    """By name. `only`: at most this one."""
    values = {"search": search, "partner": partner, "only": only and str(only), "most": most}
    return each(Network, db.execute(NETWORKS, values))


# Only open batches hold credits: when one ends, its hold is released in full.
PARTNERS = text(f"""
    WITH chosen AS MATERIALIZED (
        SELECT * FROM partners p WHERE {MATCHES.format("p")} AND {AFTER_PARTNER}
            AND (CAST(:only AS uuid) IS NULL OR p.id = :only)
        ORDER BY p.name, p.id LIMIT :most
    ),
    held AS (
        SELECT l.partner_id, -sum(l.credits)::bigint AS credits
        FROM batches b JOIN ledger l ON l.batch_id = b.id
        WHERE {among("b.state", OPEN_BATCHES)} AND {among("l.entry", [Entry.HOLD, Entry.RELEASE])}
        GROUP BY l.partner_id
    )
    SELECT p.id, p.name, p.available IS NOT NULL AS metered, p.available, coalesce(h.credits, 0) AS held,
        p.max_daily_cost_microusd, o.orgs, o.active
    FROM chosen p LEFT JOIN held h ON h.partner_id = p.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS orgs, count(*) FILTER (WHERE active) AS active FROM orgs WHERE partner_id = p.id
    ) o
    ORDER BY p.name, p.id
""")
COUNT_PARTNERS = text(f"SELECT count(*) AS partners FROM partners p WHERE {MATCHES.format('p')}")


@dataclass(frozen=True, slots=True)
class Partner:
    """`available`: credits, None if it is not metered. `held`: for open batches.

    `max_daily_cost_microusd`: None if there is no ceiling on what its calls cost on a day.
    """

    id: UUID
    name: str
    metered: bool
    available: int | None
    held: int
    max_daily_cost_microusd: int | None
    orgs: int
    active: int


def partners(db: Connection, *, search: str = "", most: int | None = None) -> tuple[list[Partner], int]:
    """By name; and how many match in all."""
    total = db.execute(COUNT_PARTNERS, {"search": search}).scalar_one()
    return partners_after(db, None, search=search, most=most), int(total)


def partners_after(
    db: Connection, after: UUID | None, *, search: str = "", only: UUID | None = None, most: int | None = None
) -> list[Partner]:
    """`after`: the last one of the page before. `only`: at most this one."""
    values = {"search": search, "only": only, "most": most, "after": after}
    return each(Partner, db.execute(PARTNERS, values))


AMONG = text("""
    SELECT id FROM partners WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL SELECT id FROM orgs WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL SELECT id FROM networks WHERE id = ANY(CAST(:ids AS uuid[]))
""")


def known(db: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those that are ids of a partner, an org or a network."""
    return set(db.execute(AMONG, {"ids": [str(one) for one in ids]}).scalars())


MEMBERS = text("SELECT network_id, org_id FROM network_orgs WHERE network_id = ANY(CAST(:ids AS uuid[]))")


def members(db: Connection, networks: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of a network and one of its orgs."""
    found = db.execute(MEMBERS, {"ids": [str(one) for one in networks]})
    return {(one.network_id, one.org_id) for one in found}


KNOWN = text("SELECT EXISTS (SELECT FROM partners WHERE id = :partner)")


def is_partner(db: Connection, partner: UUID) -> bool:
    return bool(db.execute(KNOWN, {"partner": partner}).scalar_one())
