"""Where an answer addresses the program that reads it, and no person: nothing that stands there is read.

Whoever can write on a page that an assistant cites can write an order into its answer. Such passages are found by rule,
of every kind by what it cannot do without: orders by words of more than twenty languages, ends and turns of a
conversation by their signs, readings by their fields, hidden text by how it is hidden, encoded text by decoding it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from senso.extraction.injections import blocks, encoded, hidden, lexicon, orders, pieces
from senso.extraction.words import Span

NOT_LINE_END = re.compile(r"[^\n]")

__all__ = ["load", "passages", "rest", "without"]


def load() -> None:
    """The searches for words; else the first answers load them."""
    lexicon.first_look()
    lexicon.second_look()


@lru_cache(maxsize=64)
def passages(answer: str) -> tuple[Span, ...]:
    """Sorted and disjoint: offsets in `answer`. In time linear in its length."""
    data = lexicon.lowered(answer)
    found = lexicon.first_look().found(data)
    if not orders.may_tell(found) and "<" not in answer and ("&" not in answer or "&#" not in answer):
        return ()
    spans = [*hidden.hidden(answer, talks=orders.talks(found)), *blocks.blocks(answer, data, found)]
    left = answer
    if spans:  # what stands around them is judged without them
        left = blanked(answer, spans)
        data = lexicon.lowered(left)
        found = lexicon.first_look().found(data)
    spans += [*encoded.encoded(left, data, found, talks=orders.talks(found)), *orders.orders(left, data, found)]
    if len(found) == lexicon.MOST:  # more of such words than anybody writes for people: what follows was not looked at
        spans.append((orders.places(data, found)[-1][0], len(answer)))
    return pieces.merged(spans, answer)


def rest(answer: str) -> str:
    """What is left to read, of the same length: spaces in place of the passages, so that places stay the same."""
    found = passages(answer)
    return blanked(answer, found) if found else answer


def blanked(answer: str, spans: Sequence[Span]) -> str:
    """Of the same length; lines stay lines."""
    kept, done = [], 0
    for start, end in pieces.merged(spans, answer):
        kept += [answer[done:start], NOT_LINE_END.sub(" ", answer[start:end])]
        done = end
    return "".join([*kept, answer[done:]])


def without(answer: str, spans: Sequence[Span], mark: str = "") -> str:
    """`answer` with `mark` in place of each span."""
    kept, done = [], 0
    for start, end in spans:
        kept += [answer[done:start], mark]
        done = end
    return "".join([*kept, answer[done:]])
