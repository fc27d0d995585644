"""What an answer adds to each number, and how the intervals of that number are computed."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from senso.numbers.intervals import Interval, rank_like, rank_these, share_like, share_these
from senso.numbers.scales import net_like, net_these, parts_like, parts_these
from senso.numbers.sums import PARTS, Place, Sums
from senso.score.facts import Fact
from senso.states import Category, Sentiment, Verdict, Visibility

SENTIMENTS = (Sentiment.POSITIVE, Sentiment.MIXED, Sentiment.NEUTRAL, Sentiment.NEGATIVE)  # in the order of the output
CATEGORIES = tuple(one for one in Category if one is not Category.OWN)  # the org's own have `owned_citation_rate`


def visibility(*, mentioned: bool, cited: bool) -> Visibility:
    """`cited`: the answer cites at least one page of the org."""
    if mentioned:
        return Visibility.NAMED_AND_CITED if cited else Visibility.NAMED_ONLY
    return Visibility.CITED_ONLY if cited else Visibility.NEITHER


OUTCOMES = {
    (mentioned, cited): visibility(mentioned=mentioned, cited=cited)
    for mentioned in (True, False)
    for cited in (True, False)
}
Adds = Callable[[Fact], int]  # what a fact adds to a numerator or a denominator
Row = list[int]  # what is added to all numerators, then to all denominators, each once (of a number: see PLACES)


class Count(NamedTuple):
    """A number: what a fact adds to its numerator, and to its denominator."""

    above: Adds
    below: Adds

    def __call__(self, fact: Fact) -> tuple[int, int]:
        return self.above(fact), self.below(fact)


def answers(_: Fact) -> int:
    return 1


def mentions(fact: Fact) -> int:
    return int(fact.mentioned)


def citations(fact: Fact) -> int:
    return fact.citations


def all_named(fact: Fact) -> int:
    return int(fact.mentioned) + len(set(map(str.casefold, fact.competitors)))


def ranked(fact: Fact) -> int:
    return int(fact.rank is not None)


def judged(fact: Fact) -> int:
    return len(fact.verdicts)


def with_text(fact: Fact) -> int:
    return 0 if fact.share_of_text is None else PARTS


def with_entries(fact: Fact) -> int:
    return 0 if fact.share_of_entries is None else PARTS


def of_outcome(wanted: Visibility) -> Adds:
    return lambda fact: int(outcome_of(fact) is wanted)


def of_sentiment(wanted: Sentiment) -> Adds:
    return lambda fact: int(fact.mentioned and fact.sentiment == wanted)


def of_category(wanted: Category) -> Adds:
    return lambda fact: fact.categories.count(wanted)


def of_verdict(wanted: Verdict) -> Adds:
    return lambda fact: fact.verdicts.count(wanted)


NET: dict[Sentiment | None, int] = {Sentiment.POSITIVE: 1, Sentiment.NEGATIVE: -1}

RATES = {
    "mention_rate": Count(mentions, answers),
    "owned_citation_rate": Count(lambda fact: fact.owned_citations, citations),
    **{outcome: Count(of_outcome(outcome), answers) for outcome in Visibility},
    **{f"sentiment_{sentiment}": Count(of_sentiment(sentiment), mentions) for sentiment in SENTIMENTS},
}
SHARES = {
    "share_of_voice": Count(mentions, all_named),
    "first_place_share": Count(lambda fact: int(fact.rank == 1), ranked),
    **{f"citation_share_{category}": Count(of_category(category), citations) for category in CATEGORIES},
    **{f"claims_{verdict.replace('-', '_')}": Count(of_verdict(verdict), judged) for verdict in Verdict},
}
OF_TEXT = {
    "share_of_text": Count(lambda fact: parts(fact.share_of_text), with_text),
    "share_of_entries": Count(lambda fact: parts(fact.share_of_entries), with_entries),
}
NET_SENTIMENT = {"net_sentiment": Count(lambda fact: NET.get(fact.sentiment, 0) if fact.mentioned else 0, mentions)}
RANKS = {"average_rank": Count(lambda fact: fact.rank or 0, ranked)}
COUNTS: dict[str, Count] = RATES | SHARES | OF_TEXT | NET_SENTIMENT | RANKS
NUMERATORS = [count.above for count in COUNTS.values()]
DENOMINATORS = list(dict.fromkeys(count.below for count in COUNTS.values()))  # numbers share one by its function
PLACES: dict[str, Place] = {
    name: (at, len(NUMERATORS) + DENOMINATORS.index(count.below)) for at, (name, count) in enumerate(COUNTS.items())
}


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


def parts(share: float | None) -> int:
    """In whole numbers, so that their sum is the same in any order."""
    return 0 if share is None else round(share * PARTS)


def outcome_of(fact: Fact) -> Visibility:
    return OUTCOMES[fact.mentioned, fact.owned_citations > 0]


class Counted(NamedTuple):
    """A fact and its row."""

    fact: Fact
    row: Row


def counted(facts: Iterable[Fact]) -> list[Counted]:
    """Counted once for each fact, because a fact is in several slices."""
    columns = [*NUMERATORS, *DENOMINATORS]
    return [Counted(fact, [adds(fact) for adds in columns]) for fact in facts]
