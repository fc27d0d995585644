"""Cleaning of input text: what is stripped around a value, and which characters a value must not contain."""

import re
import string
from typing import Final, Literal
from unicodedata import category
from urllib.parse import unquote_to_bytes

# Copied keys often bring along invisible characters: byte-order marks, joiners, direction marks.
INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u115f\u1160\u3164\uffa0\u2800"
SPACES: Final = "".join(chr(number) for number in (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029))
WIDE_SPACES: Final = "\u202f\u205f\u3000"
AROUND: Final = string.whitespace + SPACES + WIDE_SPACES + INVISIBLE
QUOTES: Final = ('"', "'", "`", "\u201c", "\u201d", "\u2018", "\u2019", "\u00ab", "\u00bb")

# Refused Unicode categories. A key is sent in a header, so it has no spaces; the validators of an address report spaces
# themselves; a word may be a path.
Kind = Literal["key", "address", "word"]
NEVER: Final[dict[Kind, frozenset[str]]] = {
    "word": frozenset({"Cc", "Cs", "Zl", "Zp"}),
    "address": frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"}),
    "key": frozenset({"Cc", "Cs", "Zl", "Zp", "Cf", "Zs"}),
}
# Detects a whole line of .env given as the value. A base64 key may end with =, but has none before its end; another key
# may follow it after a comma.
ASSIGNMENT: Final = re.compile(r"(?:[A-Z][A-Z0-9]*|(?i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+))=[^=,]")
NAMES: Final = {"Cs": "a byte that is not UTF-8", "Zs": "a space", "Cf": "an invisible character"}


def cleaned(text: str) -> str:
    """Strips spaces, line breaks and invisible characters from both ends."""
    return text.strip(AROUND)


def listed(said: str) -> list[str]:
    """The comma-separated names, without duplicates."""
    return list(dict.fromkeys(filter(None, map(cleaned, said.split(",")))))


def fault(text: str, kind: Kind) -> str | None:
    """Says what is wrong with a cleaned text, or None. Never quotes the text, which may be a secret."""
    if "\n" in text or "\r" in text:
        return "has more than one line; it must be one"
    for place, character in enumerate(text, start=1):
        what = oddity(character, kind)
        if what:
            return f"has {what} in it, as character {place}; copy it again"
    # A value in libpq's key=value form may end with a quote.
    if text.startswith(QUOTES) or (text.endswith(QUOTES) and not (kind == "address" and "='" in text)):
        return "begins or ends with a quotation mark; take the quotes away"
    if kind == "key" and ASSIGNMENT.match(text):
        return "holds NAME=value; write the value alone"
    return None


def check_percent_codes(url: str) -> None:
    """Raises ValueError for codes that decode to no text: they would change a password, or an error would quote it."""
    try:
        found = unquote_to_bytes(url).decode()
    except UnicodeDecodeError:
        found = "\0"
    if "\0" in found:
        raise ValueError("has a percent code that stands for no text: write it as UTF-8, and a % itself as %25")


def oddity(character: str, kind: Kind) -> str | None:
    if character.isascii() and character.isprintable() and character != " ":
        return None
    found = category(character)
    if found in NEVER[kind]:
        return NAMES.get(found, "a control character")
    return "a character that is not ASCII" if kind == "key" and not character.isascii() else None
