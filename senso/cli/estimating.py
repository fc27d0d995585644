"""`trigger --dry-run`: what it would do and cost. Nothing is written."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from rich.markup import escape

from senso.cli.printing import below, dollars, identified, out, print_json, printable, table
from senso.cli.program import pasteable
from senso.cli.terms import terms
from senso.db import looking
from senso.quantities import counted
from senso.records import record
from senso.registry import JOB_PROVIDERS
from senso.settings import settings
from senso.states import BatchKind, TriggerOutcome
from senso.workflows.estimate_sums import Credits, Foreseen, Summary, summary
from senso.workflows.estimating import Estimate, TriggerEstimate, estimate_triggers
from senso.workflows.network_estimates import estimate_missing, estimate_networks

LISTED = 20
WOULD = {
    TriggerOutcome.OPENED: "would open a batch",
    TriggerOutcome.ATTACHED: "is under way already: nothing would be opened",
    TriggerOutcome.RESUMED: "was blocked and would be tried again",
    TriggerOutcome.REOPENED: "has ended and would be opened again",
    TriggerOutcome.COMPLETED: "is completed already: nothing would be done",
    TriggerOutcome.PARTIAL: "has ended with failures: only senso retry would ask again",
    TriggerOutcome.CANCELLED: "was cancelled: only --reopen would open it again",
    TriggerOutcome.FAILED: "has failed: only senso retry would ask again",
}


def dry_run(kind: BatchKind, ids: Sequence[UUID], network: UUID | None, *, reopen: bool, as_json: bool) -> None:
    """`network`: what of it the orgs with these ids lack is estimated."""
    found = foreseen(kind, ids, network, reopen=reopen)
    if as_json:
        told = {"networks": found.networks} if found.networks else {"orgs": found.orgs}
        print_json(told | record(summary(found)))
        return
    print_foreseen(found, summary(found))


def foreseen(kind: BatchKind, ids: Sequence[UUID], network: UUID | None, *, reopen: bool) -> Foreseen:
    under, history = terms(reopen=reopen), settings().network_history_days
    with looking() as db:
        if network is not None:
            return Foreseen(estimate_missing(db, network, ids, under, history))
        if kind is BatchKind.NETWORK:
            networks = estimate_networks(db, ids, under, history)
            return Foreseen([org for one in networks for org in one.orgs], networks)
        return Foreseen(estimate_triggers(db, ids, under))


def print_foreseen(found: Foreseen, summed: Summary) -> None:
    for network in found.networks:
        about = f"batch {network.batch}" if network.batch else f"network {network.network_id}"
        asked = f"{counted(network.runs, 'run')}, to be read for {counted(len(network.orgs), 'org')}"
        print_one(about, network.network, network.outcome, asked if network.runs else "")
    for org in found.orgs[:LISTED]:
        about = f"batch {org.batch}" if org.batch else f"org {org.org_id}"
        parts = [counted(org.runs, "run")] if org.runs else [counted(org.evaluations, "answer")]
        needed = ", ".join([*parts, counted(org.credits, "credit")])
        print_one(about, org.org, org.outcome, needed + besides(org) if org.evaluations else "")
    if len(found.orgs) > LISTED:
        out.print(f"... and {counted(len(found.orgs) - LISTED, 'more org')}; --json lists them all")
    merged = list(merge(estimate for one in found.all for estimate in one.estimates))
    if merged:
        out.print()
        kept = [place for place, column in enumerate(COLUMNS) if out.width >= NARROW or "tokens" not in column]
        rows = [[cells(one)[place] for place in kept] for one in merged]
        out.print(table(None, [COLUMNS[place] for place in kept], rows, numbers=COLUMNS[1:5]))
    print_totals(summed)
    print_grounds(merged, summed)
    out.print("Nothing was written.")


def besides(org: TriggerEstimate) -> str:
    if not org.further:
        return ""
    more = counted(org.further, "run")
    return f"; {more} more at most where they may decide a change, for which credits are held too if there are enough"


def print_one(about: str, name: str, outcome: TriggerOutcome, needed: str) -> None:
    out.print(identified(about, f"[bold]{escape(printable(name))}[/]"))
    out.print(below(escape(pasteable(WOULD[outcome])) + (f": {needed}" if needed else "")))


NARROW = 90  # columns; below that, tokens are only in the JSON
COLUMNS = ["calls for", "calls", "tokens in", "tokens out", "cost", "from"]


def merge(estimates: Iterable[Estimate]) -> Iterable[Estimate]:
    """One estimate per kind of call over all orgs. Its cost is unknown if any part's cost is."""
    kinds: dict[tuple[Any, ...], list[Estimate]] = {}
    for one in estimates:
        kinds.setdefault((one.purpose, one.asked, one.provider, one.model, bool(one.answers)), []).append(one)
    for (purpose, asked, provider, model, _), members in kinds.items():
        costs = [one.cost_microusd for one in members]
        yield Estimate(
            purpose,
            asked,
            provider,
            model,
            calls=sum(one.calls for one in members),
            tokens_in=sum(one.tokens_in for one in members),
            tokens_out=sum(one.tokens_out for one in members),
            cost_microusd=None if None in costs else sum(cost for cost in costs if cost is not None),
            answers=sum(one.answers for one in members),
            unknown=sum(one.unknown for one in members),
            price_source=members[0].price_source,
        )


def cells(one: Estimate) -> list[str]:
    about = f"{one.purpose} {one.asked}" if one.asked else one.purpose
    grounds = f"{one.answers} before" if one.answers else "assumed"
    cost = dollars(one.cost_microusd)
    return [escape(about), str(one.calls), str(one.tokens_in), str(one.tokens_out), cost, grounds]


def print_totals(summed: Summary) -> None:
    total = summed.totals
    said = [counted(total.runs, "run"), counted(total.calls, "call"), counted(total.evaluations, "answer")]
    out.print(f"\n{', '.join(said)} to read")
    if total.cost_microusd is None:
        known, calls = dollars(total.known_cost_microusd), total.calls_of_unknown_cost
        out.print(f"cost     unknown: {known} and {counted(calls, 'call')} whose price is not known")
    else:
        out.print(f"cost     {dollars(total.cost_microusd)}")
    for one in summed.credits:
        out.print(f"credits  {said_of_credits(one)} ({escape(one.name)})")


def said_of_credits(one: Credits) -> str:
    if not one.metered:
        return f"{one.needed} needed, not metered"
    verdict = "enough" if one.enough else "[red]not enough: what cannot be paid would be blocked[/]"
    return f"{one.needed} needed, {one.available} available: {verdict}"


def print_grounds(merged: Sequence[Estimate], summed: Summary) -> None:
    """Prints where the numbers come from, for users who must justify them."""
    if any(one.answers for one in merged):
        out.print("before: the mean of the org's own last batches, tries that failed included.")
    if unknown := sum(one.unknown for one in merged):
        out.print(f"{counted(unknown, 'call')} of those batches of unknown cost not counted.")
    for purpose, usage in summed.assumed.items():
        search = f", {counted(usage.searches, 'web search', 'web searches')}" if usage.searches else ""
        out.print(f"assumed: {purpose} {usage.tokens_in} tokens in, {usage.tokens_out} out{search} a call")
    for source in sorted({one.price_source for one in merged if one.price_source}):
        out.print(f"Prices: {escape(printable(source))}.")
    if any(one.provider in JOB_PROVIDERS and not one.answers for one in merged):
        out.print("A job at a vendor is billed by the record, 1 a run.")
