"""Bars of several parts, one in each row of a table, all on one scale; in percent of their width."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    x: float
    width: float
    kind: str
    said: str


def bar(parts: Sequence[tuple[str, str, int]], whole: int) -> list[Part]:
    """`parts`: name, kind and count of each, from left to right; those of 0 are left out. `whole`: the full width."""
    found, x = [], 0.0
    for name, kind, count in parts:
        width = 100 * count / max(whole, 1)
        if count > 0:
            found.append(Part(round(x, 2), round(width, 2), kind, f"{count:,} {name}"))
        x += width
    return found
