"""Rows of a page, of which one more was read than is shown: whether there is a next page, and where it begins."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from senso.api.paging import Value, encode

R = TypeVar("R")
ROWS = 50


def cut(rows: Sequence[R], key: Callable[[R], tuple[Value, ...]], most: int = ROWS) -> tuple[Sequence[R], str | None]:
    """At most `most` of them, and the cursor of the next page. `key`: what `paging.decode` takes apart."""
    kept = rows[:most]
    return kept, encode(*key(kept[-1])) if len(rows) > most else None
