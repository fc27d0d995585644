"""`runs`: each run of a batch in a few lines."""

from collections.abc import Sequence
from uuid import UUID

from rich.markup import escape
from rich.text import Text

from senso.cli.printing import INDENT, below, dollars, err, moment, out, print_json, printable, shortened, styled
from senso.cli.status import load
from senso.db import looking
from senso.quantities import counted
from senso.reads import inspection
from senso.reads.inspection import ListedRun, RunAlone, RunFilters
from senso.reads.status import BatchStatus
from senso.states import EvaluationState, RunState


def runs(batch: UUID, *, failed: bool, as_json: bool) -> None:
    stands = load(batch)
    with looking() as db:
        found = inspection.runs(db, batch, RunFilters(failed=failed))
    if as_json:
        print_json(found)
        return
    for one in found:
        print_run_line(one)
    print_runs_end(stands, found, failed=failed)


def print_run_line(one: ListedRun) -> None:
    """Prints three short lines instead of a row of eight cells: they fit into 60 columns, and nothing is cut."""
    tries = counted(one.tries, "call")
    asked = f"{escape(one.model)} in {escape(one.location)}{repeat(one)}"
    out.print(f"[bold]{one.number}[/]  {state(one)}  {asked}  {tries}, {cost(one)}")
    out.print(below(Text(shortened(printable(one.question), out.width - INDENT))))
    if one.reason:
        again = f"; tried again at {moment(one.next_at)}" if one.next_at else ""
        out.print(below(Text(printable(one.reason) + again)))


def repeat(one: ListedRun | RunAlone) -> str:
    return f", repeat {one.sample}" if one.sample else ""


def state(one: ListedRun) -> str:
    """The run's state, and its reading's state if that differs."""
    if one.state is RunState.ANSWERED and one.evaluation:
        is_read = one.evaluation is EvaluationState.DONE
        return "answered, read" if is_read else f"answered, reading {styled(one.evaluation)}"
    return styled(one.state)


def cost(one: ListedRun | RunAlone) -> str:
    unknown = one.calls_of_unknown_cost
    return dollars(one.cost_microusd) + (f" and {counted(unknown, 'call')} of unknown cost" if unknown else "")


def print_runs_end(batch: BatchStatus, found: Sequence[ListedRun], *, failed: bool) -> None:
    if not found and batch.pruned_at:
        out.print(f"No {'failed ' if failed else ''}runs; the batch was pruned at {moment(batch.pruned_at)}.")
    elif not found and batch.error:
        out.print(f"No {'failed ' if failed else ''}runs; the batch is {batch.state}: {escape(batch.error)}")
    elif not found:
        out.print(f"No {'failed ' if failed else ''}runs; the batch is {batch.state}.")
    else:
        err.suggest(f"{counted(len(found), 'run')}. One of them from its first claim on: senso show {found[0].number}")
