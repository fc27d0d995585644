"""Names of all orgs that wait for a person's decision, the oldest proposals first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import ProposalState

# By ix_name_proposals_waiting, which has only what waits.
PAGE = text(f"""
    SELECT p.id, p.name, p.reason, p.proposed_at, p.org_id, o.name AS org
    FROM name_proposals p JOIN orgs o ON o.id = p.org_id
    WHERE p.state = '{ProposalState.PROPOSED}' AND p.id > :after
        AND (CAST(:partner AS uuid) IS NULL OR o.partner_id = :partner)
    ORDER BY p.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """`reason`: why it does not count by itself."""

    id: int
    name: str
    reason: str
    proposed_at: datetime
    org_id: UUID
    org: str


def page(db: Connection, *, partner: UUID | None, after: int, most: int) -> list[Waiting]:
    """`partner`: only of its orgs."""
    return each(Waiting, db.execute(PAGE, {"partner": partner, "after": after, "most": most}))


OF_ORG = text(f"SELECT count(*) FROM name_proposals WHERE org_id = :org AND state = '{ProposalState.PROPOSED}'")


def of_org(db: Connection, org: UUID) -> int:
    """How many wait."""
    return int(db.execute(OF_ORG, {"org": org}).scalar_one())
