"""Whether an answer shows a word as a name: by its form and its place, not by what it means."""

import re

from senso.extraction.words import Span, Text, namings
from senso.extraction.words.wanted import as_domain

MARKS = r"[*_~`\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\[(]{0,6}"
SMALL = r"a-z\u00df-\u00f6\u00f8-\u00ff\u0430-\u044f"
MONEY = r"[$\u20ac\u00a3\u00a5\u20b9]"
# What stands before the word.
ENTRY = re.compile(
    rf"(?:(?:^|\n)[ \t>]{{0,12}}(?:[-*+\u2022\u2013]|\d{{1,3}}\\?[.)]|#{{1,6}})|\|)[ \t]{{0,4}}{MARKS}\Z"
)
SENTENCE = re.compile(rf"(?:^|\n|[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u00bb)]?)[ \t]{{0,4}}{MARKS}\Z")
OPENING = re.compile(r"(?:\*\*|__|<b>|<strong>|(?<!\!)\[|[\"\u201c\u201e\u00ab\u300c])\Z", re.IGNORECASE)
PRICE = re.compile(rf"{MONEY}\s?\d[\d.,]{{0,12}}[ \t]\Z")
AMONG = re.compile(rf"(?:(?<![^\W_])[{SMALL}][^\W_]{{0,24}} |[^\W_][,\u060c] )[*_\[]{{0,4}}\Z")
# What follows it.
CLOSING = re.compile(r"\*\*|__|:\*\*|:__|</b>|</strong>|\](?=[(\[])|[\"\u201d\u201c\u00bb\u300d]", re.IGNORECASE)
SIGN = re.compile(rf"[*_]{{0,3}}[ \t]?(?:[\u2122\u00ae\u2120]|\(?{MONEY}\s?\d|\(?\d)")
LONGER = re.compile(r"(?:['\u2019]s)?[ -][A-Z\u00c0-\u00de\u0410-\u042f]")
LABEL = re.compile(r"[*_]{0,3}(?:</(?:b|strong)>)?[:\uff1a]", re.IGNORECASE)
BEFORE, BEHIND = 40, 16  # characters that these patterns need
MOST = 200  # occurrences that are looked at, the first ones
WORD = re.compile(r"[^\W_]+")


def as_name(text: Text, word: str) -> bool:
    """In bold, as a link, in quotation marks; at the beginning of an entry, of a cell, of a heading or, in lower case,
    of a sentence; beside a figure, a price or the sign of a trade mark."""
    return any(is_shown(text.answer, span) for span in namings(text, word)[:MOST])


def is_shown(answer: str, span: Span) -> bool:
    before, behind = around(answer, span)
    if ENTRY.search(before) or SIGN.match(behind) or PRICE.search(before) or is_marked(before, behind):
        return True
    return answer[span[0]].islower() and SENTENCE.search(before) is not None


def around(answer: str, span: Span) -> tuple[str, str]:
    """What stands before and behind, a few characters of each. Only what begins the answer has nothing before it."""
    start, end = span
    return answer[max(0, start - BEFORE) : start].rjust(min(start, BEFORE + 1)), answer[end : end + BEHIND]


def is_marked(before: str, behind: str) -> bool:
    return OPENING.search(before) is not None and CLOSING.match(behind) is not None


def in_its_case(text: Text, name: str, span: Span) -> bool:
    """Not in lower case where the name has a capital. A domain is written either way."""
    written = WORD.findall(text.answer[slice(*span)])
    pairs = zip(WORD.findall(name), written, strict=False)
    return bool(as_domain(name)) or not any(own[0].isupper() and one[0].islower() for own, one in pairs)


def has_own_capital(text: Text, span: Span) -> bool:
    """A capital that neither its place nor its neighbours explain: within a sentence and not in a longer name, or in a
    marked part of its own that is no label, as labels end in a colon."""
    before, behind = around(text.answer, span)
    if not text.answer[span[0]].isupper() or LONGER.match(behind):
        return False
    return not LABEL.match(behind) if is_marked(before, behind) else AMONG.search(before) is not None
