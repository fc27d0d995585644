"""Parses READING_PROMPTS: versions of the reading prompt, each with the share of answers that it reads."""

import re
from typing import Final

PART: Final = re.compile(r"([\w.-]{1,100})\s*=\s*(\d{1,3})\s*%?")
ALL: Final = 100


def shares(said: str) -> tuple[tuple[str, int], ...]:
    """Each version with its percent, in their order; none for an empty text. Raises ValueError."""
    found = [parsed(part.strip()) for part in said.split(",") if part.strip()]
    names = [name for name, _ in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"names {twice} twice")
    total = sum(percent for _, percent in found)
    if found and total != ALL:
        raise ValueError(f"the shares are {total} % together; they must be {ALL} %")
    return tuple(found)


def parsed(part: str) -> tuple[str, int]:
    match = PART.fullmatch(part)
    if match is None:
        raise ValueError("must be VERSION=PERCENT, with commas between, such as reading-4=90, reading-4-brief=10")
    return match[1], int(match[2])
