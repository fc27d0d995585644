"""What a caller may see: with a token of a partner only what is that partner's; the rest is not found."""

from http import HTTPStatus
from uuid import UUID

from senso.api.access import Caller
from senso.api.problems import Problem
from senso.db import Connection
from senso.reads import owners


def require(caller: Caller, owner: UUID | None, what: str, id_: object) -> None:
    """`owner`: a partner; None: there is no such thing. Raises Problem."""
    if owner is None or not caller.may_see(owner):
        raise Problem(HTTPStatus.NOT_FOUND, f"no {what} {id_}")


def require_batch(db: Connection, caller: Caller, batch: UUID) -> None:
    require(caller, owners.of_batch(db, batch), "batch", batch)


def require_org(db: Connection, caller: Caller, org: UUID) -> None:
    require(caller, owners.of_org(db, org), "org", org)


def require_network(db: Connection, caller: Caller, network: UUID) -> None:
    require(caller, owners.of_network(db, network), "network", network)


def require_network_read_by(db: Connection, caller: Caller, network: UUID) -> None:
    """Also a network of another partner that an org of the caller's is in."""
    if caller.partner_id is None or not owners.has_member(db, network, caller.partner_id):
        require_network(db, caller, network)


def require_partner(db: Connection, caller: Caller, partner: UUID) -> None:
    require(caller, partner if owners.is_partner(db, partner) else None, "partner", partner)


def require_all_partners(caller: Caller) -> None:
    """Raises Problem."""
    if caller.partner_id is not None:
        raise Problem(HTTPStatus.FORBIDDEN, "this is for tokens of all partners; this token is of one partner")
