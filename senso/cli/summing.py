"""Many batches in few lines: their totals, and those that need attention."""

from collections import Counter
from collections.abc import Sequence

from rich.markup import escape
from rich.text import Text

from senso.cli.printing import below, dollars, out, printable, styled
from senso.cli.status import steps_after
from senso.quantities import counted
from senso.reads.status import BatchStatus
from senso.states import ENDED_BATCHES, BatchState

SHOWN = 10


def print_summary(found: Sequence[BatchStatus]) -> None:
    """For batches that have ended."""
    states = Counter(one.state for one in found)
    said = ", ".join(f"{states[state]} {styled(state)}" for state in ENDED_BATCHES if states[state])
    out.print(f"{len(found)} batches have ended: {said}.")
    total = Counter[str]()
    for one in found:
        for name in ("planned", "evaluated", "failed", "charged", "cost_microusd"):
            total[name] += getattr(one, name) or 0
    out.print(
        f"{counted(total['planned'], 'run', 'runs')} planned, {total['evaluated']} evaluated, {total['failed']} "
        f"failed; {counted(total['charged'], 'credit', 'credits')} charged, {dollars(total['cost_microusd'])}."
    )
    print_incomplete([one for one in found if one.state is not BatchState.COMPLETED])


def print_incomplete(found: Sequence[BatchStatus]) -> None:
    for one in found[:SHOWN]:
        out.print(f"\n{one.id}  {styled(one.state)}  {escape(one.subject)}", soft_wrap=True)
        if one.error:
            out.print(below(Text(printable(one.error))))
        for line in steps_after(one).splitlines():
            out.suggest(f"    {line}")
    if len(found) > SHOWN:
        out.suggest(f"\nAnd {len(found) - SHOWN} more: {listing(found)}")


def listing(found: Sequence[BatchStatus]) -> str:
    """The command that lists them all."""
    since = min(one.ended_at for one in found if one.ended_at is not None)
    states = " ".join(f"--state {state}" for state in sorted({one.state for one in found}))
    return f"senso status {states} --since {since:%Y-%m-%dT%H:%MZ}"
