"""Parses an id from outside: typed, or pasted with the characters around it."""

import re
from uuid import UUID

from senso.settings.texts import AROUND, INVISIBLE

QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | dict.fromkeys(INVISIBLE))
# Not uuid.UUID, which accepts underscores and the digits of other scripts, and ignores hyphens wherever they are.
FORM = re.compile(
    r"(?:urn:uuid:)?(\{)?([0-9a-f]{8}(-?)[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{4}\3[0-9a-f]{12})(?(1)\})", re.IGNORECASE
)


def id_in(text: str) -> UUID | None:
    """In upper or lower case, with braces, quotes, `urn:uuid:` or spaces around it; None for anything else."""
    found = FORM.fullmatch(text.translate(HYPHENS).strip(AROUND + QUOTES))
    return UUID(found[2]) if found else None
