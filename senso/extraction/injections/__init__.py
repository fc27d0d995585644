"""Where an answer addresses the program that reads it, and no person: nothing that stands there is read.

Whoever can write on a page that an assistant cites can write an order into its answer. Such passages are found by rule,
of every kind by what it cannot do without: orders by words of more than twenty languages, ends and turns of a
conversation by their signs, readings by their fields, hidden text by how it is hidden, encoded text by decoding it.
"""

from collections.abc import Sequence
from functools import lru_cache

from senso.extraction.injections import blocks, encoded, hidden, lexicon, orders, pieces
from senso.extraction.words import Span

__all__ = ["passages", "without"]


@lru_cache(maxsize=64)
def passages(answer: str) -> tuple[Span, ...]:
    """Sorted and disjoint: offsets in `answer`. In time linear in its length."""
    data = lexicon.lowered(answer)
    found = lexicon.first_look().found(data)
    if not found and not hidden.may_hide(answer):
        return ()
    spans = [*hidden.hidden(answer), *blocks.blocks(answer, data, found), *encoded.encoded(answer, data, found)]
    return pieces.merged([*spans, *orders.orders(answer, data, found)], answer)


def without(answer: str, spans: Sequence[Span], mark: str = "") -> str:
    """`answer` with `mark` in place of each span."""
    kept, done = [], 0
    for start, end in spans:
        kept += [answer[done:start], mark]
        done = end
    return "".join([*kept, answer[done:]])
