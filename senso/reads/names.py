"""What an org may be called: the names that count and where each comes from, and those that wait for a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import first
from senso.extraction.naming import common_in, distinct, domains
from senso.queries import name_decisions
from senso.queries import names as name_rows
from senso.queries.name_decisions import Proposal
from senso.states import ProposalState


class Origin(StrEnum):
    NAME = "name"
    DOMAIN = "domain"
    ALIAS = "alias"
    MODEL = "model"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Name:
    """`needs_yes`: why an occurrence counts only if a model confirms it; None: it counts by itself."""

    name: str
    origin: Origin
    needs_yes: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Of the last call for names. `is_fallback`: it failed, so that only the name and the domains are in use."""

    names: list[str] | None
    is_fallback: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrgNames:
    """`proposals`: what waits, then what was decided; those by a rule have no `decided_by`."""

    org_id: UUID
    name: str
    asked: bool
    is_fallback: bool
    expires_at: datetime | None
    names: list[Name]
    not_names: tuple[str, ...]
    proposals: list[Proposal]


ASKED = text("SELECT names, is_fallback, expires_at FROM name_variations WHERE org_id = :org")


def names_of(db: Connection, org_id: UUID) -> OrgNames | None:
    """None for an unknown org."""
    org = name_rows.org_if_known(db, org_id)
    if org is None:
        return None
    last = first(Asked, db.execute(ASKED, {"org": org_id})) or Asked(None, is_fallback=False, expires_at=None)
    proposals = name_decisions.proposals(db, org_id)
    origins = {name.casefold(): (name, origin) for name, origin in reversed(list(in_use(org, last, proposals)))}
    found = [Name(name, origin, needs_yes(name)) for name, origin in reversed(origins.values())]
    waiting_first = sorted(proposals, key=lambda one: (list(ProposalState).index(one.state), one.id))
    is_asked = last.names is not None
    return OrgNames(org_id, org.name, is_asked, last.is_fallback, last.expires_at, found, org.not_names, waiting_first)


def in_use(org: name_rows.OrgNames, last: Asked, proposals: list[Proposal]) -> Iterator[tuple[str, Origin]]:
    yield org.name, Origin.NAME
    yield from ((name, Origin.DOMAIN) for name in domains(org.websites))
    yield from ((name, Origin.ALIAS) for name in org.aliases)
    yield from ((one.name, Origin.ACCEPTED) for one in proposals if one.state is ProposalState.ACCEPTED)
    yield from ((name, Origin.MODEL) for name in distinct(last.names or []))


def needs_yes(name: str) -> str | None:
    languages = common_in(name)
    return f"a common word in {', '.join(languages)}" if languages else None
