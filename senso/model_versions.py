"""Whether the model that answered is the one that was asked: some vendors answer for a retired model by another one.

Vendors report a version of the model: with a date (gpt-4.1-2025-04-14, claude-haiku-5-5-20260901), with a number
(gemini-3.5-flash-001), or with the path in front of it (models/gemini-3.5-flash, perplexity/sonar).
"""

import re
from functools import lru_cache

# What may follow a model's name in the name of one of its versions.
VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{3,4}|latest|preview(?:-[\d-]+)?|exp(?:-[\d-]+)?)$")

# Names that stand for another one, which the answer then names.
ALIASES = {"gpt-5.6": "gpt-5.6-sol"}


@lru_cache(maxsize=256)
def other_model(asked: str, answered: str | None) -> str | None:
    """The model that answered instead of the one that was asked; None if it is that one, or nothing was reported."""
    wanted, found = plain(asked), plain(answered or "")
    return None if not found or base(found) == base(wanted) else found


def plain(name: str) -> str:
    return name.strip().lower().rsplit("/", 1)[-1]


def base(name: str) -> str:
    """Without the version at its end, however many parts it has."""
    shorter = VERSION.sub("", name)
    return ALIASES.get(name, name) if shorter == name else base(shorter)
