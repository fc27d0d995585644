"""What operators decide about names that wait: accepted ones are read from the next reading on, rejected ones never."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import ProposalState


@dataclass(frozen=True, slots=True)
class Proposal:
    """`reason`: why it does not count by itself. `decided_by`: None where a rule rejected it, or nobody has decided."""

    id: int
    name: str
    key: str
    state: ProposalState
    reason: str
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None


OF_ORG = text("""
    SELECT id, name, key, state, reason, proposed_at, decided_at, decided_by FROM name_proposals
    WHERE org_id = :org ORDER BY id
""")


def proposals(db: Connection, org: UUID) -> list[Proposal]:
    return each(Proposal, db.execute(OF_ORG, {"org": org}))


# Before proposals are read: the row is locked, too, when a call saves its names.
LOCKED = text("SELECT names FROM name_variations WHERE org_id = :org FOR NO KEY UPDATE")


def lock_names(db: Connection, org: UUID) -> list[str]:
    """Those by the last call; of an org without one, none."""
    return list(db.execute(LOCKED, {"org": org}).scalar_one_or_none() or [])


DECIDE = text("""
    UPDATE name_proposals SET state = :state, decided_at = now(), decided_by = :by WHERE id = :id
""")


def decide(db: Connection, one: Proposal, state: ProposalState, by: str) -> None:
    db.execute(DECIDE, {"id": one.id, "state": state, "by": by})


REJECT = text("""
    INSERT INTO name_proposals (org_id, key, name, state, reason, decided_at, decided_by)
    VALUES (:org, :key, :name, 'rejected', :reason, now(), :by)
""")
DROP = text("UPDATE name_variations SET names = names - CAST(:names AS text[]) WHERE org_id = :org")


def reject_used(db: Connection, org: UUID, name: str, key: str, reason: str, by: str) -> None:
    """A name that counted by itself, and has no proposal."""
    db.execute(REJECT, {"org": org, "name": name, "key": key, "reason": reason, "by": by})


def drop(db: Connection, org: UUID, names: Sequence[str]) -> None:
    db.execute(DROP, {"org": org, "names": list(names)})
