"""Reads parts of a reply that may be anything: what has another type than expected is left out, never an error.

A reply was paid for. One odd item must not cost the rest of it.
"""

from contextlib import suppress
from datetime import date
from itertools import islice
from typing import Any, Final

MOST_COUNTED: Final = 1_000_000_000
MICROUSD: Final = 1_000_000
# Of what is kept of a reply as it came.
LONGEST_WORD, MOST_PARTS, DEEPEST = 80, 20, 6


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def optional_text(value: Any) -> str | None:
    """None for an empty text too."""
    return text(value).strip() or None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list that are not blank, each once; a text by itself counts as a list of one."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(one for one in listed if text(one).strip()))


def count(counts: Any, name: str) -> int:
    """0 if the count is missing or cannot be stored."""
    said = mapping(counts).get(name)
    return said if type(said) is int and 0 <= said <= MOST_COUNTED else 0


def address(value: Any) -> str | None:
    """A web address."""
    found = text(value).strip()
    return found if found.lower().startswith(("http://", "https://")) else None


def day(value: Any) -> date | None:
    """Of a date or a moment as ISO 8601 writes it."""
    with suppress(ValueError):
        return date.fromisoformat(text(value)[:10])
    return None


def microusd(dollars: Any) -> int | None:
    """None for anything but a plausible amount."""
    is_amount = isinstance(dollars, int | float) and not isinstance(dollars, bool)
    return round(dollars * MICROUSD) if is_amount and 0 <= dollars < MICROUSD else None


def kept(found: Any, *names: str) -> dict[str, Any] | None:
    """These parts of a reply as the vendor said them: numbers, switches and short words. None if there are none."""
    return facts({name: found.get(name) for name in names}) if isinstance(found, dict) else None


def facts(value: Any, depth: int = DEEPEST) -> Any:
    """Without texts, and without what is empty, too long or too deep. Called for each answer: kept short on purpose."""
    kind = type(value)
    if kind is int or kind is float or kind is bool:
        return value if -MOST_COUNTED <= value <= MOST_COUNTED else None
    if kind is str:
        return value if is_word(value) else None
    if kind is dict and depth:
        made = {name: facts(one, depth - 1) for name, one in islice(value.items(), MOST_PARTS) if is_word(name)}
        return {name: one for name, one in made.items() if one is not None} or None
    if kind is list and depth:
        return [one for part in value[:MOST_PARTS] if (one := facts(part, depth - 1)) is not None] or None
    return None


def is_word(value: Any) -> bool:
    """Printable, so without half a surrogate, which Postgres cannot store."""
    return type(value) is str and 0 < len(value) <= LONGEST_WORD and value.isprintable()


def span(
    item: dict[str, Any], length: int, start: str = "start_index", end: str = "end_index"
) -> tuple[int, int] | None:
    """Positions of characters in a text of that length; None where they do not lie in it."""
    first, last = item.get(start), item.get(end)
    if type(first) is not int or type(last) is not int:
        return None
    return (first, last) if 0 <= first < last <= length else None
