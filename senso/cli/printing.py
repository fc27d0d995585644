"""How things look in a terminal; no colour and no box where the terminal has none."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)
IDS = {"batch", "run"}
ID_WIDTH = 36
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
        whole = ID_WIDTH if column in IDS else None  # an id that is cut in two cannot be copied
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold", min_width=whole)
    for row in rows:
        made.add_row(*row)
    return made


def dollars(microusd: int | None) -> str:
    return "unknown" if microusd is None else f"${microusd / 1_000_000:.4f}"


def moment(value: datetime | None) -> str:
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def styled(state: str) -> str:
    return f"[{STATE_STYLES[state]}]{state}[/]" if state in STATE_STYLES else state
