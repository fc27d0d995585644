"""Accepting and rejecting names of an org: all that one command says, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.extraction.naming import Known, claimed_by
from senso.extraction.words import key
from senso.queries import name_decisions as rows
from senso.queries import names as name_rows
from senso.queries.name_decisions import Proposal
from senso.queries.triggers import Concerns, audit
from senso.states import Action, ProposalState

COUNTED = "the model proposed it, and it counted by itself"


@dataclass(frozen=True, slots=True)
class Decision:
    """`changed`: False if it was so already."""

    name: str
    state: ProposalState
    changed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What decisions are judged by, while the org's names are locked."""

    org: UUID
    known: Known
    used: Sequence[str]  # by the last call
    proposals: dict[str, Proposal]  # by key


def decide(org: UUID, accept: Sequence[str], reject: Sequence[str], actor: str) -> list[Decision]:
    """Raises NotFound for an unknown org or name, ConfigError for a name that may not be decided so."""
    if both := {key(name) for name in accept} & {key(name) for name in reject}:
        raise ConfigError(f"{', '.join(sorted(both))}: either accept it or reject it")
    with transaction() as db:
        standing = stand(db, org)
        done = [accepted(db, standing, name, actor) for name in accept]
        return done + [rejected(db, standing, name, actor) for name in reject]


def decide_proposal(db: Connection, org: UUID, proposal: int, state: ProposalState, actor: str) -> Decision:
    """`state`: accepted or rejected. Raises as `decide` does."""
    standing = stand(db, org)
    found = next((one for one in standing.proposals.values() if one.id == proposal), None)
    if found is None:
        raise NotFound(f"org {org} has no proposal {proposal}")
    return (accepted if state is ProposalState.ACCEPTED else rejected)(db, standing, found.name, actor)


def stand(db: Connection, org: UUID) -> Standing:
    known = known_of(db, org)
    used = rows.lock_names(db, org)
    return Standing(org, known, used, {one.key: one for one in rows.proposals(db, org)})


def known_of(db: Connection, org: UUID) -> Known:
    """Raises NotFound."""
    found = name_rows.org_if_known(db, org)
    if found is None:
        raise NotFound(f"no org {org}; senso orgs lists them")
    others = name_rows.others(db, org)
    return Known(
        found.name,
        found.websites,
        found.aliases,
        found.not_names,
        others.rejected,
        others.competitors,
        others.neighbours,
    )


def accepted(db: Connection, standing: Standing, name: str, actor: str) -> Decision:
    one = standing.proposals.get(key(name))
    if one is None:
        raise NotFound(
            f"{name!r} is not among the proposals of this org; aliases of the import file add names of your own"
        )
    if one.state is ProposalState.ACCEPTED:
        return Decision(one.name, one.state, changed=False)
    if holder := claimed_by(standing.known, one.name):
        raise ConfigError(f"{one.name!r} is {holder}, so it cannot be a name of this org")
    if one.key in map(key, standing.known.not_names):
        raise ConfigError(f"{one.name!r} is among the not_names of the import file; take it out there first")
    return decided(db, standing, one, ProposalState.ACCEPTED, actor)


def rejected(db: Connection, standing: Standing, name: str, actor: str) -> Decision:
    if key(name) in map(key, standing.known.given):
        raise ConfigError(f"{name!r} is the org's own by the import file; not_names there exclude phrases with it")
    one = standing.proposals.get(key(name))
    used = [other for other in standing.used if key(other) == key(name)]
    if one is None and not used:
        raise NotFound(f"{name!r} is neither a name nor a proposal of this org; senso names {standing.org} lists them")
    rows.drop(db, standing.org, used)
    if one is None:
        rows.reject_used(db, standing.org, used[0], key(name), COUNTED, actor)
        audit(db, Action.REJECT_NAME, actor, Concerns(org=standing.org), subject=f"org:{standing.org}", name=used[0])
        return Decision(used[0], ProposalState.REJECTED, changed=True)
    if one.state is ProposalState.REJECTED and one.decided_by is not None:
        return Decision(one.name, one.state, changed=False)
    return decided(db, standing, one, ProposalState.REJECTED, actor)


def decided(db: Connection, standing: Standing, one: Proposal, state: ProposalState, actor: str) -> Decision:
    rows.decide(db, one, state, actor)
    action = Action.ACCEPT_NAME if state is ProposalState.ACCEPTED else Action.REJECT_NAME
    audit(db, action, actor, Concerns(org=standing.org), subject=f"org:{standing.org}", name=one.name)
    return Decision(one.name, state, changed=True)
