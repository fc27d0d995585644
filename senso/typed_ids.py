"""Parses ids and short texts from outside: typed, or pasted with the characters around them."""

import re
from uuid import UUID

from senso.settings.texts import AROUND, INVISIBLE, cleaned

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


LONGEST_TEXT = 255
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def short_text(text: str) -> str:
    """The text without spaces and invisible characters at both ends. Raises ValueError.

    It goes into a unique index, whose entries Postgres limits to 2704 bytes. Two keys that look the same are the same.
    """
    found = cleaned(text)
    if not found:
        raise ValueError("empty")
    if len(found) > LONGEST_TEXT:
        raise ValueError(f"longer than {LONGEST_TEXT} characters")
    if UNSTORABLE.search(found):
        raise ValueError("more than one line, or a character that is none in UTF-8")
    return found
