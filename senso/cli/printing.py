"""How things look in a terminal; no colour and no box where the terminal has none."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from senso.cli.encoding import holds_everything
from senso.cli.layout import Listing, wrapped
from senso.cli.program import pasteable
from senso.records import plain
from senso.states import BatchState

NAME_WIDTH = 11  # of the names before values
LEAST_ROOM = 8  # beside them
INDENT = 4
CUT = "..."
# What comes from outside must not move the cursor or rename the window.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
REPLACED = "\N{REPLACEMENT CHARACTER}"
# Of batches, and of what has states of the same names.
STATE_STYLES: dict[str, str] = {
    BatchState.COMPLETED: "green",
    BatchState.PARTIAL: "yellow",
    BatchState.FAILED: "red",
    BatchState.BLOCKED: "yellow",
    BatchState.CANCELLED: "dim",
}


class Terminal(Console):
    """Breaks text as `layout` says, and lets nothing through that would steer the terminal.

    `soft_wrap` leaves a line as it is, for a command that is to be copied: the terminal breaks it where it must.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        laid_out = [self.laid_out(one, whole=bool(soft_wrap)) for one in objects]
        whole = soft_wrap or all(isinstance(one, Text) for one in laid_out)
        super().print(*laid_out, soft_wrap=whole, **{"crop": False} | options)

    def suggest(self, said: str) -> None:
        """Our own words that name a command, which can be copied as it stands."""
        self.print(Text(pasteable(said)), soft_wrap=True)

    def laid_out(self, said: Any, *, whole: bool) -> Any:
        if isinstance(said, str):
            said = self.render_str(CONTROL.sub(REPLACED, said), highlight=False)
        if whole or not isinstance(said, Text):
            return said
        return Text("\n").join(wrapped(said, self.width))


out = Terminal(highlight=False)
err = Terminal(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Plain, also into a pipe. It says the same whatever the encoding."""
    print(json.dumps(value, default=plain, ensure_ascii=not holds_everything(), indent=2))  # noqa: T201


def table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()
) -> Listing:
    return Listing(title, columns, [[CONTROL.sub(REPLACED, cell) for cell in row] for row in rows], numbers)


def print_named(lines: Mapping[str, str]) -> None:
    """A name and its value each; a long value goes on below itself. What has none is left out. An id is never cut."""
    for name, value in lines.items():
        text = Text.from_markup(value)
        room = max(out.width - NAME_WIDTH, LEAST_ROOM)
        for number, line in enumerate(wrapped(text, room) if value else []):
            label = Text(f"{'' if number else name:<{NAME_WIDTH}}", style="bold")
            out.print(label.append_text(line), soft_wrap=True)


def below(said: str | Text) -> Text:
    """Set in under its heading, also where it takes several lines."""
    text = Text.from_markup(said) if isinstance(said, str) else said
    lines = wrapped(text, max(INDENT, out.width - INDENT))
    return Text("\n").join(Text(" " * INDENT).append_text(line) for line in lines)


def identified(what: str, name: str) -> Text:
    """An id with its name beside it, or set in below it where a line has no room for both. `name` is markup."""
    beside = Text.from_markup(f"{what}  {name}")
    return beside if beside.cell_len <= out.width else Text("\n").join((Text(what), below(name)))


def shortened(said: str, width: int) -> str:
    """On one line of at most `width` cells."""
    line = " ".join(said.split())
    return line if cell_len(line) <= width else chop_cells(line, max(width - len(CUT), 1))[0].rstrip() + CUT


def printable(text: str) -> str:
    return CONTROL.sub(REPLACED, text.replace("\r\n", "\n"))


def dollars(microusd: int | None) -> str:
    return "unknown" if microusd is None else f"${microusd / 1_000_000:.4f}"


def moment(value: datetime | None) -> str:
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def styled(state: str) -> str:
    return f"[{STATE_STYLES[state]}]{state}[/]" if state in STATE_STYLES else state
