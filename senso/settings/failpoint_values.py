"""Parses FAILPOINTS: named places in the code where tests make a process fail."""

import json
from dataclasses import dataclass
from typing import Final

from pydantic_core import PydanticCustomError

ACTIONS: Final = ("kill", "error", "pause")
FORM: Final = 'must be a JSON list of {"at": name, "do": kill, error or pause}'


@dataclass(frozen=True, slots=True)
class Trap:
    """`match` must occur in the `about` of the failpoint; `times` is the number of strikes over all processes."""

    at: str
    do: str
    times: int = 1
    match: str = ""
    seconds: float = 0

    def __post_init__(self) -> None:
        if self.do not in ACTIONS:
            raise ValueError(f"do is one of {', '.join(ACTIONS)}")
        texts, numbers = (self.at, self.match), (self.times, self.seconds)
        if not all(isinstance(one, str) for one in texts) or not all(isinstance(one, int | float) for one in numbers):
            raise TypeError("at and match are texts, times and seconds are numbers")


def traps(said: str) -> tuple[Trap, ...]:
    """Raises ValueError."""
    try:
        given = json.loads(said)
        found = tuple(Trap(**one) for one in given) if isinstance(given, list) else None
    except (ValueError, TypeError, RecursionError):
        raise ValueError(FORM) from None
    if found is None:
        raise ValueError(FORM)
    return found


def check(said: str | None) -> str | None:
    """Raises PydanticCustomError."""
    try:
        traps(said or "[]")
    except ValueError as error:
        raise PydanticCustomError("failpoints", "{said}", {"said": str(error)}) from None
    return said
