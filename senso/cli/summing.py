"""Many batches in few lines: their totals, and those that somebody has to look at."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.text import Text

from senso.cli.printing import below, dollars, out, printable, styled
from senso.cli.standing import NEXT
from senso.quantities import counted
from senso.states import ENDED_BATCHES

SHOWN = 10


def print_summary(found: Sequence[dict[str, Any]]) -> None:
    """Of batches that have ended."""
    states = Counter(one["state"] for one in found)
    said = ", ".join(f"{states[state]} {styled(state)}" for state in ENDED_BATCHES if states[state])
    out.print(f"{len(found)} batches have ended: {said}.")
    total = Counter[str]()
    for one in found:
        for name in ("planned", "evaluated", "failed", "charged", "cost_microusd"):
            total[name] += one[name] or 0
    out.print(
        f"{counted(total['planned'], 'run', 'runs')} planned, {total['evaluated']} evaluated, {total['failed']} "
        f"failed; {counted(total['charged'], 'credit', 'credits')} charged, {dollars(total['cost_microusd'])}."
    )
    print_incomplete([one for one in found if one["state"] != "completed"])


def print_incomplete(found: Sequence[dict[str, Any]]) -> None:
    for one in found[:SHOWN]:
        out.print(f"\n{one['id']}  {styled(one['state'])}  {escape(one['org'] or '-')}", soft_wrap=True)
        if one["error"]:
            out.print(below(Text(printable(one["error"]))))
        for line in NEXT[one["state"]].format(**one).splitlines():
            out.suggest(f"    {line}")
    if len(found) > SHOWN:
        out.suggest(f"\nAnd {len(found) - SHOWN} more: {listing(found)}")


def listing(found: Sequence[dict[str, Any]]) -> str:
    """The command that lists them all."""
    since: datetime = min(one["ended_at"] for one in found)
    states = " ".join(f"--state {state}" for state in sorted({one["state"] for one in found}))
    return f"senso status {states} --since {since:%Y-%m-%dT%H:%MZ}"
