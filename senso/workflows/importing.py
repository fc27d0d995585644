"""Taking in an import: what is new in it, and what it changes; from a command, or over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection
from senso.imports import Document
from senso.imports.schema import Network, Org, Partner
from senso.queries import import_owners
from senso.queries import imports as rows
from senso.queries.imports import Changes
from senso.queries.triggers import ALL, Concerns
from senso.reads import directory


@dataclass(frozen=True, slots=True)
class New:
    """What the database does not have yet. `joined`: a network that it has, and an org that is new in it."""

    partners: list[Partner]
    orgs: list[Org]
    networks: list[Network]
    joined: list[tuple[Network, UUID]]


@dataclass(frozen=True, slots=True)
class Imported:
    new: New
    changes: Changes


def take_in(db: Connection, document: Document, actor: str, *, whom: Concerns = ALL, dry_run: bool = False) -> Imported:
    """`whom`: the partner whose rows alone it may write, None for those of all; and the org, if it is of one only.

    Raises ImportRefused, with nothing written.
    """
    rows.alone(db)
    if whom.partner is not None:
        import_owners.require_own(db, document, whom.partner)
    new = new_ones(db, document)
    return Imported(new, (rows.trial if dry_run else rows.store)(db, document, actor, whom))


def new_ones(db: Connection, document: Document) -> New:
    found = document.contents
    known = directory.known(db, [*ids(found.partners), *ids(found.orgs), *ids(found.networks)])
    before = directory.members(db, [one.id for one in found.networks])
    return New(
        partners=[one for one in found.partners if one.id not in known],
        orgs=[one for one in found.orgs if one.id not in known],
        networks=[one for one in found.networks if one.id not in known],
        joined=[
            (network, org)
            for network in found.networks
            for org in network.orgs
            if network.id in known and (network.id, org) not in before
        ],
    )


def ids(ones: Sequence[Partner | Org | Network]) -> list[UUID]:
    return [one.id for one in ones]
