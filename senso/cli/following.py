"""Follows batches until all have ended: with bars on a terminal, and in a pipe with a line when something changes."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from senso.cli.outage_wait import Patience
from senso.cli.printing import err, printable
from senso.cli.wait_reasons import lines
from senso.db import looking
from senso.errors import NotFound
from senso.policy import POLICY
from senso.quantities import counted
from senso.reads import status as queries
from senso.reads import waiting
from senso.reads.status import Progress
from senso.reads.waiting import Cause, Wait
from senso.settings import settings
from senso.states import ENDED_BATCHES, BatchKind, BatchState

# Polls at once, then less and less often. No poll uses more CPU than a hundredth of the time until the next one.
FIRST_SECONDS, LONGEST_SECONDS, SHARE = 0.5, 2, 0.008
LONGEST_OF_MANY_SECONDS = 5
# In a pipe: at most one line per this many seconds, and only if something has changed.
LINE_SECONDS = 10
# By then, a worker that was just started has written a heartbeat.
PATIENCE_SECONDS = 12
SHOWN_WAITS = 3
# By then the batches of a network's orgs are opened, unless no worker runs.
MEMBERS_SECONDS = 60
BAR_WIDTH = 20
Known = dict[UUID, Progress]
BAD = tuple(state for state in ENDED_BATCHES if state is not BatchState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Look:
    """`batches` are in the order in which they were given."""

    batches: Sequence[Progress]
    waits: Sequence[Wait]

    @property
    def all_ended(self) -> bool:
        return all(one.state in ENDED_BATCHES for one in self.batches)

    def told(self, *, new: bool) -> list[str]:
        """What the batches wait for. `new`: the stack may have just started, so missing workers are not mentioned."""
        is_starting = new and any(wait.what is Cause.WORKER for wait in self.waits)
        expected = {Cause.WORKER, Cause.TURN, Cause.TURNS} if is_starting else set()
        found = [wait for wait in self.waits if wait.what not in expected]
        return lines(found, found[0].seen_at, most=SHOWN_WAITS) if found else []


def follow(batches: Sequence[UUID], known: Known, patience: Patience, *, one_by_one: bool) -> None:
    """Keeps `known` up to date with the latest progress. Raises NotFound."""
    began = time.monotonic()
    with display(one_by_one=one_by_one) as drawn:
        while True:
            spent = time.thread_time()
            found = patience.ask(lambda: look(batches, known))
            drawn.draw(found, time.monotonic() - began)
            if found.all_ended:
                return
            time.sleep(pause(time.monotonic() - began, time.thread_time() - spent, len(batches)))


def readers(batches: Sequence[UUID], known: Known, patience: Patience) -> list[UUID]:
    """The batches that read the answers of those of networks, once all are opened; or as many as soon are."""
    networks = [batch for batch in batches if known[batch].kind is BatchKind.NETWORK]
    began, found, are_all = time.monotonic(), list[UUID](), not networks
    while not are_all and time.monotonic() - began < MEMBERS_SECONDS:
        found, are_all = patience.ask(lambda: following(networks))
        time.sleep(0 if are_all else FIRST_SECONDS)
    return [batch for batch in found if batch not in batches]


def following(networks: Sequence[UUID]) -> tuple[list[UUID], bool]:
    with looking() as db:
        return queries.following(db, networks)


def look(batches: Sequence[UUID], known: Known) -> Look:
    """Queries only batches that are not known to have ended."""
    open_ones = [batch for batch in batches if batch not in known or known[batch].state not in ENDED_BATCHES]
    with looking() as db:
        known |= {one.id: one for one in queries.progress(db, open_ones)}
        for batch in open_ones:
            if batch not in known:
                raise NotFound(f"no batch {batch}; senso status lists the latest")
        going = [batch for batch in open_ones if known[batch].state not in ENDED_BATCHES]
        waits = waiting.waits(db, going, POLICY, each=len(going) == 1, reader=settings().readers[0])
    return Look([known[batch] for batch in batches], waits)


def pause(elapsed: float, cpu_seconds: float, batches: int) -> float:
    longest = LONGEST_SECONDS if batches == 1 else LONGEST_OF_MANY_SECONDS
    return max(FIRST_SECONDS, min(longest, elapsed / 50), cpu_seconds / SHARE)


class Drawn:
    """Bars, and what the batches wait for, redrawn at each look and not in between."""

    def __init__(self, live: Live, *, one_by_one: bool) -> None:
        self.live, self.one_by_one = live, one_by_one

    def draw(self, look: Look, elapsed: float) -> None:
        took = timedelta(seconds=int(elapsed))
        drawn = [self.bar(*one, str(took)) for one in bars(look, one_by_one=self.one_by_one)]
        told = look.told(new=elapsed < PATIENCE_SECONDS)
        self.live.update(Group(*drawn, *(Text(f"waits for {line}") for line in told)), refresh=True)

    def bar(self, said: str, done: int, whole: int | None, took: str) -> RenderableType:
        """On one line if everything fits, else with its text below, so that no figure is cut."""
        drawn = ProgressBar(total=whole or 1, completed=done, width=BAR_WIDTH)
        words = Text(printable(said))
        row = Table.grid(padding=(0, 1))
        if BAR_WIDTH + len(took) + cell_len(said) + 2 <= err.width:
            row.add_row(drawn, took, words)
            return row
        row.add_row(drawn, took)
        return Group(row, words)


class Written:
    """Progress as lines, for a pipe and for a terminal that cannot move its cursor."""

    def __init__(self, *, one_by_one: bool) -> None:
        self.one_by_one = one_by_one
        self.last: Any = None
        self.written_at = 0.0

    def draw(self, look: Look, elapsed: float) -> None:
        if elapsed - self.written_at < LINE_SECONDS or look.all_ended:
            return
        said = "; ".join(said for said, _, _ in bars(look, one_by_one=self.one_by_one))
        news = said, [(wait.what, wait.stage, wait.provider) for wait in look.waits]
        if news != self.last:
            told = "".join(f"; waits for {line}" for line in look.told(new=elapsed < PATIENCE_SECONDS)[:1])
            err.print(Text(f"{said}{told}"), soft_wrap=True)
            self.last, self.written_at = news, elapsed


@contextmanager
def display(*, one_by_one: bool) -> Iterator[Drawn | Written]:
    if not err.is_terminal or err.is_dumb_terminal:
        yield Written(one_by_one=one_by_one)
        return
    with Live(console=err, transient=True, auto_refresh=False) as live:
        yield Drawn(live, one_by_one=one_by_one)


def bars(look: Look, *, one_by_one: bool) -> list[tuple[str, int, int | None]]:
    """For each bar: its text, how much is done, and the total."""
    if not one_by_one:
        return [total(look.batches)]
    return [(f"{one.subject}: {one.state}{share(one)}", one.done, one.planned) for one in look.batches]


def total(batches: Sequence[Progress]) -> tuple[str, int, int]:
    ended = sum(one.state in ENDED_BATCHES for one in batches)
    bad = [f"{count} {state}" for state in BAD if (count := sum(one.state is state for one in batches))]
    runs = counted(sum(one.planned or 0 for one in batches), "run")
    said = ", ".join([f"{ended} of {len(batches)} ended", *bad, f"{sum(one.done for one in batches)} of {runs} done"])
    return said, ended, len(batches)


def share(one: Progress) -> str:
    return f", {one.done} of {counted(one.planned, 'run')} done" if one.planned is not None else ""
