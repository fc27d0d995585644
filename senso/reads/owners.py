"""To which partner orgs, networks and batches belong: who pays for them, and who may see them."""

from uuid import UUID

from sqlalchemy import Connection, text

OF_ORG = text("SELECT partner_id FROM orgs WHERE id = :id")
OF_NETWORK = text("SELECT partner_id FROM networks WHERE id = :id")
# Of an org of a network, the org's partner: it pays for the readings.
OF_BATCH = text("""
    SELECT coalesce(o.partner_id, n.partner_id) FROM batches b
    LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id WHERE b.id = :id
""")
READERS_OF_RUN = text("""
    SELECT DISTINCT e.org_id FROM evaluations e JOIN orgs o ON o.id = e.org_id
    WHERE e.run_id = :run AND o.partner_id = :partner
""")
PARTNER = text("SELECT id FROM partners WHERE id = :id")
MEMBER_OF = text("""
    SELECT EXISTS (SELECT FROM network_orgs m JOIN orgs o ON o.id = m.org_id
        WHERE m.network_id = :network AND o.partner_id = :partner)
""")


def of_org(db: Connection, org: UUID) -> UUID | None:
    """None: there is no such org."""
    return db.execute(OF_ORG, {"id": org}).scalar_one_or_none()


def of_network(db: Connection, network: UUID) -> UUID | None:
    """None: there is no such network."""
    return db.execute(OF_NETWORK, {"id": network}).scalar_one_or_none()


def of_batch(db: Connection, batch: UUID) -> UUID | None:
    """None: there is no such batch."""
    return db.execute(OF_BATCH, {"id": batch}).scalar_one_or_none()


def is_partner(db: Connection, partner: UUID) -> bool:
    return db.execute(PARTNER, {"id": partner}).first() is not None


def has_member(db: Connection, network: UUID, partner: UUID) -> bool:
    """Whether an org of that partner is in the network."""
    return bool(db.execute(MEMBER_OF, {"network": network, "partner": partner}).scalar_one())


def readers_of_run(db: Connection, run: UUID, partner: UUID) -> frozenset[UUID]:
    """That partner's orgs for which the answer of the run is read, or will be."""
    return frozenset(db.execute(READERS_OF_RUN, {"run": run, "partner": partner}).scalars())
