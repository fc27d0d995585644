"""The answer as it is read: without what is addressed to a program; and as it is sent, with a mark before each name."""

import re
from collections.abc import Iterable

from senso.extraction import injections

LEFT_OUT = "⟦left out⟧"
MARK = re.compile("⟦[^⟦⟧]{0,40}⟧ ?")
# Signs of the answer's own that look like marks.
UNMARKED = str.maketrans("⟦⟧", "[]")


def marked(answer: str, marks: Iterable[tuple[int, str]]) -> str:
    """`marks`: places in the answer, each with its label."""
    inserted = [(start, start, f"⟦{label}⟧") for start, label in marks]
    inserted += [(start, end, LEFT_OUT) for start, end in injections.passages(answer)]
    if "⟦" in answer or "⟧" in answer:
        answer = answer.translate(UNMARKED)
    parts, last = [], 0
    for start, end, put in sorted(inserted, key=lambda one: one[:2]):
        parts += [answer[last:start], put]
        last = end
    return "".join([*parts, answer[last:]])


def unmarked(quote: str) -> str:
    """What a model copied, as it stands in the answer."""
    return MARK.sub("", quote)
