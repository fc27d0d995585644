"""The answer as it is read: without what is addressed to a program; and as it is sent, with a mark before each name."""

import re
from collections.abc import Iterable

from senso.extraction import orders

LEFT_OUT = "⟦left out⟧"
MARK = re.compile("⟦[^⟦⟧]{0,40}⟧ ?")
NOT_BREAK = re.compile(r"[^\r\n]")
# Signs of the answer's own that look like marks.
UNMARKED = str.maketrans("⟦⟧", "[]")
NOT_BREAK = re.compile(r"[^\r\n]")
# Signs of the answer's own that look like marks.
UNMARKED = str.maketrans("⟦⟧", "[]")
# A link's address is not part of what a reader sees, and costs more than the sentence around it: its host says enough.
LINK = re.compile(r"\]\([ \t]?<?https?://(?:www\.)?([^/\s)>?#]{1,253})[^\s)]{0,2000}(?:\s\"[^\"\n]{0,300}\")?[ \t]?\)")


def readable(answer: str) -> str:
    """The answer, with blanks in place of passages that address a program, so that places stay the same."""
    parts, last = [], 0
    for start, end in orders.orders(answer):
        parts += [answer[last:start], NOT_BREAK.sub(" ", answer[start:end])]
        last = end
    return "".join([*parts, answer[last:]]) if parts else answer


def marked(answer: str, marks: Iterable[tuple[int, str]]) -> str:
    """`marks`: places in the answer, each with its label."""
    inserted = [(start, start, f"⟦{label}⟧") for start, label in marks]
    inserted += [(start, end, LEFT_OUT) for start, end in orders.orders(answer)]
    parts, last = [], 0
    for start, end, put in sorted(inserted, key=lambda one: one[:2]):
        parts += [answer[last:start].translate(UNMARKED), put]
        last = end
    return "".join([*parts, answer[last:].translate(UNMARKED)])


def unmarked(quote: str) -> str:
    """What a model copied, as it stands in the answer."""
    return MARK.sub("", quote)
