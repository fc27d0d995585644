"""What an answer adds to each number, and how the intervals of that number are computed."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from senso.numbers.intervals import Interval, rank_like, rank_these, share_like, share_these
from senso.numbers.scales import net_like, net_these, parts_like, parts_these
from senso.numbers.sums import PARTS, Sums
from senso.score.facts import Fact
from senso.score.lists import distinct
from senso.states import Category, Sentiment, Verdict, Visibility

SENTIMENTS = (Sentiment.POSITIVE, Sentiment.MIXED, Sentiment.NEUTRAL, Sentiment.NEGATIVE)  # in the order of the output
CATEGORIES = tuple(one for one in Category if one is not Category.OWN)  # the org's own have `owned_citation_rate`


def visibility(*, mentioned: bool, cited: bool) -> Visibility:
    """`cited`: the answer cites at least one page of the org."""
    if mentioned:
        return Visibility.NAMED_AND_CITED if cited else Visibility.NAMED_ONLY
    return Visibility.CITED_ONLY if cited else Visibility.NEITHER


Count = Callable[[Fact], tuple[int, int]]  # what a fact adds to the numerator and to the denominator
NET: dict[Sentiment | None, int] = {Sentiment.POSITIVE: 1, Sentiment.NEGATIVE: -1}

RATES: dict[str, Count] = {
    "mention_rate": lambda fact: (int(fact.mentioned), 1),
    "owned_citation_rate": lambda fact: (fact.owned_citations, fact.citations),
    **{
        outcome: partial(lambda fact, wanted: (int(outcome_of(fact) is wanted), 1), wanted=outcome)
        for outcome in Visibility
    },
    **{
        f"sentiment_{sentiment}": partial(
            lambda fact, wanted: (int(fact.mentioned and fact.sentiment == wanted), int(fact.mentioned)),
            wanted=sentiment,
        )
        for sentiment in SENTIMENTS
    },
}
SHARES: dict[str, Count] = {
    "share_of_voice": lambda fact: (int(fact.mentioned), int(fact.mentioned) + len(distinct(fact.competitors))),
    "first_place_share": lambda fact: (int(fact.rank == 1), int(fact.rank is not None)),
    **{
        f"citation_share_{category}": partial(
            lambda fact, wanted: (fact.categories.count(wanted), fact.citations), wanted=category
        )
        for category in CATEGORIES
    },
    **{
        f"claims_{verdict.replace('-', '_')}": partial(
            lambda fact, wanted: (fact.verdicts.count(wanted), len(fact.verdicts)), wanted=verdict
        )
        for verdict in Verdict
    },
}
OF_TEXT: dict[str, Count] = {
    "share_of_text": lambda fact: parts(fact.share_of_text),
    "share_of_entries": lambda fact: parts(fact.share_of_entries),
}
NET_SENTIMENT: dict[str, Count] = {
    "net_sentiment": lambda fact: (NET.get(fact.sentiment, 0) if fact.mentioned else 0, int(fact.mentioned))
}
RANKS: dict[str, Count] = {"average_rank": lambda fact: (fact.rank or 0, int(fact.rank is not None))}
COUNTS: dict[str, Count] = RATES | SHARES | OF_TEXT | NET_SENTIMENT | RANKS


class Drawn(NamedTuple):
    """How the two intervals of a number are computed."""

    like: Callable[[Sums, float], Interval]
    these: Callable[[Sums, float], Interval]


DRAWN = {
    **dict.fromkeys(RATES | SHARES, Drawn(share_like, share_these)),
    **dict.fromkeys(OF_TEXT, Drawn(parts_like, parts_these)),
    **dict.fromkeys(NET_SENTIMENT, Drawn(net_like, net_these)),
    **dict.fromkeys(RANKS, Drawn(rank_like, rank_these)),
}


def parts(share: float | None) -> tuple[int, int]:
    """In whole numbers, so that their sum is the same in any order."""
    return (0, 0) if share is None else (round(share * PARTS), PARTS)


def outcome_of(fact: Fact) -> Visibility:
    return visibility(mentioned=fact.mentioned, cited=fact.owned_citations > 0)


class Counted(NamedTuple):
    """A fact and its counts: numerator and denominator as one complex number, so that one sum adds both."""

    fact: Fact
    counts: list[complex]


def counted(facts: Iterable[Fact]) -> list[Counted]:
    """Counted once for each fact, because a fact is in several slices."""
    return [Counted(fact, [complex(*count(fact)) for count in COUNTS.values()]) for fact in facts]
