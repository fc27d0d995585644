"""`names`: what an org may be called, and decisions about names that wait."""

from collections.abc import Sequence
from uuid import UUID

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.printing import below, err, out, print_json, printable
from senso.db import looking
from senso.errors import NotFound
from senso.reads import names as reads
from senso.reads.names import Name, OrgNames
from senso.records import record
from senso.states import ProposalState


def names(org: UUID, accept: Sequence[str], reject: Sequence[str], *, as_json: bool) -> None:
    with connected():
        decided = []
        if accept or reject:
            from senso.workflows import name_decisions  # noqa: PLC0415  providers take long to import

            decided = name_decisions.decide(org, accept, reject, actor())
        with looking() as db:
            found = reads.names_of(db, org)
    if found is None:
        raise NotFound(f"no org {org}; senso orgs lists them")
    if as_json:
        print_json(record(found) | ({"decided": [record(one) for one in decided]} if decided else {}))
        return
    for one in decided:
        how = f"{one.state}" if one.changed else f"was {one.state} already; nothing was changed"
        out.print(f"{said(one.name)}: {how}.")
    print_names(found)


def said(name: str) -> str:
    return escape(printable(name))


def print_names(found: OrgNames) -> None:
    out.print(f"[bold]{said(found.name)}[/] is searched for by:")
    for one in found.names:
        print_name(one)
    if found.not_names:
        out.print("not as part of:")
    for name in found.not_names:
        out.print(below(said(name)))
    if found.is_fallback:
        err.print("The last call for names failed: the next batch asks again.")
    elif not found.asked:
        err.print("No model was asked for names yet: the first batch does.")
    print_proposals(found)


def print_name(one: Name) -> None:
    doubt = f"; needs the model's yes where no capital tells: {one.needs_yes}" if one.needs_yes else ""
    out.print(below(f"{said(one.name)} ({one.origin}{doubt})"))


def print_proposals(found: OrgNames) -> None:
    for state, heading in (
        (ProposalState.PROPOSED, "waiting, and not searched for:"),
        (ProposalState.REJECTED, "rejected:"),
    ):
        those = [one for one in found.proposals if one.state is state]
        if those:
            out.print(heading)
        for one in those:
            by = f", by {said(one.decided_by)}" if one.decided_by else ""
            out.print(below(f"{said(one.name)} ({said(one.reason)}{by})"))
    if any(one.state is ProposalState.PROPOSED for one in found.proposals):
        err.suggest(f"Decide: senso names {found.org_id} --accept NAME, or --reject NAME")
