"""Terminal output, without colours and boxes if the terminal has none."""

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

NAME_WIDTH = 11  # of a name before its value
LEAST_ROOM = 8  # for the value beside its name
INDENT = 4
CUT = "..."
# Text from outside must not move the cursor or rename the window.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
REPLACED = "\N{REPLACEMENT CHARACTER}"
# For batches, and for other rows with states of the same names.
STATE_STYLES: dict[str, str] = {
    BatchState.COMPLETED: "green",
    BatchState.PARTIAL: "yellow",
    BatchState.FAILED: "red",
    BatchState.BLOCKED: "yellow",
    BatchState.CANCELLED: "dim",
}


class Terminal(Console):
    """Breaks text as `layout` does, and replaces control characters.

    `soft_wrap` leaves a line whole, for a command that is to be copied: the terminal breaks it if necessary.
    """

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        laid_out = [self.laid_out(one, whole=bool(soft_wrap)) for one in objects]
        whole = soft_wrap or all(isinstance(one, Text) for one in laid_out)
        super().print(*laid_out, soft_wrap=whole, **{"crop": False} | options)

    def suggest(self, said: str) -> None:
        """Prints a text of ours that names a command, in a form that can be pasted."""
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
    """Prints without styles, also into a pipe. The content is the same in every encoding."""
    print(json.dumps(value, default=plain, ensure_ascii=not holds_everything(), indent=2))  # noqa: T201


def table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()
) -> Listing:
    return Listing(title, columns, [[CONTROL.sub(REPLACED, cell) for cell in row] for row in rows], numbers)


def print_named(lines: Mapping[str, str]) -> None:
    """Prints names with their values. A long value is wrapped, an empty one is left out, an id is never cut."""
    for name, value in lines.items():
        text = Text.from_markup(value)
        room = max(out.width - NAME_WIDTH, LEAST_ROOM)
        for number, line in enumerate(wrapped(text, room) if value else []):
            label = Text(f"{'' if number else name:<{NAME_WIDTH}}", style="bold")
            out.print(label.append_text(line), soft_wrap=True)


def below(said: str | Text) -> Text:
    """The text indented below its heading, in all of its lines."""
    text = Text.from_markup(said) if isinstance(said, str) else said
    lines = wrapped(text, max(INDENT, out.width - INDENT))
    return Text("\n").join(Text(" " * INDENT).append_text(line) for line in lines)


def identified(what: str, name: str) -> Text:
    """An id with its name beside it, or indented below it if a line has no room for both. `name` is markup."""
    beside = Text.from_markup(f"{what}  {name}")
    return beside if beside.cell_len <= out.width else Text("\n").join((Text(what), below(name)))


def shortened(said: str, width: int) -> str:
    """The text on one line of at most `width` cells."""
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
