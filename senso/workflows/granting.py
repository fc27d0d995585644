"""Giving a partner credits, once under each ref."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from senso.db import Connection
from senso.errors import ConfigError
from senso.quantities import counted
from senso.queries import ledger as rows
from senso.queries.triggers import Concerns, audit
from senso.states import Action


@dataclass(frozen=True, slots=True)
class Grant:
    ref: str
    credits: int
    outcome: Literal["granted", "already granted"]


def grant(db: Connection, partner: UUID, amount: int, ref: str, actor: str) -> Grant:
    """`partner`: a known one. Raises ConfigError for a ref that was used for another grant."""
    made = rows.grant(db, partner, amount, ref)
    before = rows.granted(db, ref)
    if before is not None and (before.partner_id, before.credits) != (partner, amount):
        given = f"{counted(before.credits, 'credit')} to partner {before.partner_id}"
        raise ConfigError(f"ref {ref!r} was used before, for {given}; take another ref for another grant")
    if made:
        audit(db, Action.GRANT, actor, Concerns(partner), subject=f"partner:{partner}", credits=amount, ref=ref)
    return Grant(ref, amount, "granted" if made else "already granted")
