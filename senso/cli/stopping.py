"""What may still cost something after a cancel, and `cancel --dry-run`."""

from collections import Counter
from collections.abc import Sequence

from rich.markup import escape

from senso.cli.left_alone import print_left
from senso.cli.printing import below, dollars, identified, out, print_json, printable, styled
from senso.db import looking
from senso.policy import POLICY
from senso.quantities import counted
from senso.queries.selections import Matched
from senso.reads import stopping
from senso.reads.status import named
from senso.reads.stopping import Stopped, UnderWay
from senso.states import CANCELLABLE, Action

LISTED = 20


def said_of_under_way(found: UnderWay, of_jobs: str = "") -> str:
    """Empty if nothing goes on. `of_jobs`: what becomes of jobs; default: they are being cancelled."""
    parts = [said_of_calls(found)] if found.calls else []
    for provider, count in found.jobs.items():
        becomes = of_jobs or f"{'is' if count == 1 else 'are'} being cancelled"
        parts.append(f"{counted(count, 'job')} at {provider} {becomes}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def said_of_calls(found: UnderWay) -> str:
    calls = counted(found.calls, "call is", "calls are")
    unknown = found.calls_of_unknown_cost
    if unknown == found.calls:
        return f"{calls} under way and may still cost something, whose price is not known"
    more = f", and {unknown} whose price is not known" if unknown else ""
    return f"{calls} under way and may still cost about {dollars(found.cost_microusd)}{more}"


def dry_run(found: Sequence[Matched], *, as_json: bool) -> None:
    """What a cancel of these batches would end, charge and release. Nothing is written."""
    left = Counter(str(one.state) for one in found if one.state not in CANCELLABLE)
    with looking() as db:
        ends = stopping.stopped(db, [one.id for one in found if one.state in CANCELLABLE])
        going_on = stopping.under_way(db, [one.batch for one in ends], POLICY.lease_seconds)
    if as_json:
        told = {"action": Action.CANCEL, "dry_run": True, "matched": len(found), "not_applicable": left}
        print_json(told | {"batches": ends, **totals(ends), "under_way": going_on})
        return
    print_ends(ends)
    print_left(Action.CANCEL, left)
    if said := said_of_under_way(going_on, "would be cancelled"):
        out.print(said)
    out.print("Nothing was written.")


def totals(ends: Sequence[Stopped]) -> dict[str, int]:
    summed = {name: sum(getattr(one, name) for one in ends) for name in ("runs", "readings", "charged", "held")}
    return summed | {"released": summed["held"] - summed["charged"]}


def print_ends(ends: Sequence[Stopped]) -> None:
    for one in ends[:LISTED]:
        out.print(identified(f"batch {one.batch}", escape(printable(named(one.org, one.network)))))
        out.print(below(f"{styled(one.state)}, would be cancelled: {said_of_end(one)}"))
    if len(ends) > LISTED:
        out.print(f"... and {counted(len(ends) - LISTED, 'more batch', 'more batches')}; --json lists them all")
    total, batches = totals(ends), counted(len(ends), "batch", "batches")
    asked, charged = counted(total["runs"], "run"), counted(total["charged"], "credit")
    out.print(f"{batches} would be cancelled: {asked} not asked to the end, {charged} charged for what was read")
    out.print(f"credits  {total['held']} held, {total['released']} of them released")


def said_of_end(one: Stopped) -> str:
    read = f", {counted(one.charged, 'credit')} charged, {one.held - one.charged} of {one.held} released"
    return f"{counted(one.runs, 'open run')}, {counted(one.readings, 'open reading')}{read}"
