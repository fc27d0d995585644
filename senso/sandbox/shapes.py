"""Good replies with texts that are odd: faults that every vendor's answers can have in the same way."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from senso.sandbox.replies import Reply

# Where the vendors have what the model said.
TEXTS = ("text", "answer")
MEGABYTE = " More of the same." * 58_255


def reshaped(fault: str | None, reply: Reply) -> Reply:
    change = CHANGES.get(fault or "")
    return replace(reply, body=changed(reply.body, change())) if change else reply


def changed(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, list):
        return [changed(one, change) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: change(one) if name in TEXTS and isinstance(one, str) else changed(one, change)
        for name, one in value.items()
    }


def longer() -> Callable[[str], str]:
    """Makes the first text longer and leaves all others."""
    numbers = count()
    return lambda text: text if next(numbers) else text + MEGABYTE


CHANGES: Mapping[str, Callable[[], Callable[[str], Any]]] = {
    "null-texts": lambda: lambda _: None,
    "long": longer,
}
