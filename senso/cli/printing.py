"""How things look in a terminal; no colour and no box where the terminal has none."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)
IDS = {"batch", "run"}
NAME_WIDTH = 11  # of the names before values
INDENT = 4
# What comes from outside must not move the cursor or rename the window.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
STATE_STYLES = {"completed": "green", "partial": "yellow", "failed": "red", "blocked": "yellow", "cancelled": "dim"}


def print_json(value: Any) -> None:
    """Plain, also into a pipe: ids, dates and moments as strings."""
    print(json.dumps(value, default=plain, ensure_ascii=False, indent=2))  # noqa: T201


def plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()
) -> Table:
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        whole = column in IDS or column in numbers  # what is cut in two can be neither copied nor compared
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        made.add_row(*row)
    return made


def print_named(lines: Mapping[str, str]) -> None:
    """A name and its value each; a long value goes on below itself. What has none is left out. An id is never cut."""
    for name, value in lines.items():
        text = Text.from_markup(value)
        room = max(out.width - NAME_WIDTH, *(len(word) for word in text.plain.split()), 1)
        for number, line in enumerate(text.wrap(out, room) if value else []):
            line.rstrip()
            label = Text(f"{'' if number else name:<{NAME_WIDTH}}", style="bold")
            out.print(label.append_text(line), soft_wrap=True)


def below(said: str | Text) -> Text:
    """Set in under its heading, also where it takes several lines."""
    text = Text.from_markup(said) if isinstance(said, str) else said
    lines = text.wrap(out, max(INDENT, out.width - INDENT))
    for line in lines:
        line.rstrip()
    return Text("\n").join(Text(" " * INDENT).append_text(line) for line in lines)


def printable(text: str) -> str:
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def dollars(microusd: int | None) -> str:
    return "unknown" if microusd is None else f"${microusd / 1_000_000:.4f}"


def moment(value: datetime | None) -> str:
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def styled(state: str) -> str:
    return f"[{STATE_STYLES[state]}]{state}[/]" if state in STATE_STYLES else state
