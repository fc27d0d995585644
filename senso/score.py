"""Stage 4: computes metrics from readings, each with its uncertainty.

A metric is for one slice: branded and unbranded questions, and consumer and API surfaces, are never pooled, since they
measure different things. Rates have a Wilson interval at 95 %. Share of voice and average rank are ratios of sums, not
rates, and answers to one question resemble each other, so their intervals come from resampling whole questions.
"""

import math
import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import mul
from sys import byteorder
from typing import Any, Final, Literal, NamedTuple

from senso.states import Category, QuestionKind, Sentiment, Surface, Verdict, Visibility

RULE_VERSION = "score-2"
Z = 1.959964  # both tails of the normal distribution together hold 5 %
RESAMPLES = 1000
TAIL = 0.025
SENTIMENTS = (Sentiment.POSITIVE, Sentiment.MIXED, Sentiment.NEUTRAL, Sentiment.NEGATIVE)  # in the order of the output

WILSON = "wilson-95"
BOOTSTRAP = "bootstrap-question-95"
TOO_FEW_QUESTIONS = "none-under-2-questions"  # resampling one question says nothing about other questions
FEWEST_QUESTIONS = 2
LANE: Final = "I"  # wide enough for the sum of one draw
LANE_BYTES = array(LANE).itemsize


@dataclass(frozen=True, slots=True)
class Fact:
    """The data of one finished evaluation that score needs."""

    question_id: str
    question_kind: QuestionKind
    surface: Surface
    model: str
    location: str
    mentioned: bool
    sentiment: Sentiment | None
    rank: int | None
    competitors: tuple[str, ...]
    citations: int
    owned_citations: int  # of `citations`, those on the org's own sites


@dataclass(frozen=True, slots=True)
class Slice:
    """Plain strings, because the string form of a slice seeds the draws of its interval."""

    kind: str
    surface: str
    model: str | None = None  # None: all models
    location: str | None = None  # None: all locations


@dataclass(frozen=True, slots=True)
class Metric:
    """`value`, `low` and `high` are None if there is nothing to divide by; `method`: how the interval was computed."""

    name: str
    kind: str
    surface: str
    model: str | None
    location: str | None
    value: float | None
    numerator: int
    denominator: int
    low: float | None
    high: float | None
    method: str
    rule_version: str

    def values(self) -> dict[str, Any]:
        """The same as dataclasses.asdict in a tenth of the time: asdict would deep-copy each number."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class CompetitorCount:
    """How many answers name a competitor."""

    name: str
    answers: int


@dataclass(frozen=True, slots=True)
class CitedPage:
    """One citation of one answer, classified for the org. `answer`: the run's id, to tell answers apart."""

    answer: str
    domain: str
    type: Literal["primary", "secondary"]
    category: Category = Category.OTHER


@dataclass(frozen=True, slots=True)
class CitedDomain:
    """How many answers cite a domain. A domain has two entries if only some of its pages are the org's.

    `category`: what kind of site it is; own and competitor are those of the org and of the competitors that it tracks.
    """

    domain: str
    type: Literal["primary", "secondary"]
    answers: int
    category: Category = Category.OTHER


@dataclass(frozen=True, slots=True)
class ClaimCount:
    """How many claims, and how many answers that make at least one of them."""

    claims: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One claim, and how many answers make it. `sentence`, `run`: of the first of them; `url`: cited nearest to it.

    `verdict`: None if the org had no facts on file; `fact`: the one that the verdict is by.
    """

    text: str
    kind: str | None
    polarity: str | None
    verdict: Verdict | None
    fact: str | None
    sentence: str | None
    url: str | None
    run: int
    answers: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed about the org in the answers that mention it. `items`: not all, if there are many."""

    answers: int = 0
    contradicted: ClaimCount = ClaimCount()
    supported: ClaimCount = ClaimCount()
    not_covered: ClaimCount = ClaimCount()
    unjudged: ClaimCount = ClaimCount()
    positive: ClaimCount = ClaimCount()
    negative: ClaimCount = ClaimCount()
    neutral: ClaimCount = ClaimCount()
    items: tuple[ClaimedItem, ...] = ()

    @property
    def by_verdict(self) -> dict[str, ClaimCount]:
        return {name: getattr(self, name) for name in ("contradicted", "supported", "not_covered", "unjudged")}

    @property
    def by_polarity(self) -> dict[str, ClaimCount]:
        return {name: getattr(self, name) for name in ("positive", "negative", "neutral")}

    @property
    def claims(self) -> int:
        return sum(one.claims for one in self.by_verdict.values())


def visibility(*, mentioned: bool, cited: bool) -> Visibility:
    """`cited`: the answer cites at least one page of the org."""
    if mentioned:
        return Visibility.NAMED_AND_CITED if cited else Visibility.NAMED_ONLY
    return Visibility.CITED_ONLY if cited else Visibility.NEITHER


Interval = tuple[float | None, float | None]
Count = Callable[[Fact], tuple[int, int]]  # what a fact adds to the numerator and to the denominator

RATES: dict[str, Count] = {
    "mention_rate": lambda fact: (int(fact.mentioned), 1),
    "owned_citation_rate": lambda fact: (fact.owned_citations, fact.citations),
    **{
        outcome: partial(lambda fact, wanted: (int(outcome_of(fact) == wanted), 1), wanted=outcome)
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
RATIOS: dict[str, Count] = {
    "share_of_voice": lambda fact: (int(fact.mentioned), int(fact.mentioned) + len(_distinct(fact.competitors))),
    "average_rank": lambda fact: (fact.rank or 0, int(fact.rank is not None)),
}


def outcome_of(fact: Fact) -> Visibility:
    return visibility(mentioned=fact.mentioned, cited=fact.owned_citations > 0)


class Counted(NamedTuple):
    """A fact and its counts: numerator and denominator as one complex number, so that one sum adds both."""

    fact: Fact
    rates: list[complex]
    ratios: list[complex]


def score(facts: Iterable[Fact]) -> list[Metric]:
    """Returns metrics in a fixed order, whatever the order of the facts."""
    counted = [Counted(fact, _counts(fact, RATES), _counts(fact, RATIOS)) for fact in facts]
    return [metric for where, members in _slices(counted) for metric in _measured(where, members)]


def _counts(fact: Fact, by: dict[str, Count]) -> list[complex]:
    """Computed once for each fact, because a fact is in several slices."""
    return [complex(*count(fact)) for count in by.values()]


def wilson(hits: int, trials: int) -> Interval:
    """The 95 % interval of a rate; unlike the textbook interval, it is sound near 0 and 1 and for small samples."""
    if trials == 0:
        return None, None
    rate, stretch = hits / trials, 1 + Z**2 / trials
    centre = (rate + Z**2 / (2 * trials)) / stretch
    half = Z / stretch * math.sqrt(rate * (1 - rate) / trials + Z**2 / (4 * trials**2))
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == trials else centre + half)


def leaderboard(facts: Iterable[Fact]) -> list[CompetitorCount]:
    """Competitors by number of answers that name them, most first; spellings that differ only in case are merged."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        for key, name in _distinct(fact.competitors).items():
            spellings[key][name] += 1
    counts = [CompetitorCount(_usual(names), names.total()) for names in spellings.values()]
    return sorted(counts, key=lambda count: (-count.answers, count.name))


def sources(pages: Iterable[CitedPage]) -> list[CitedDomain]:
    """Domains by number of answers that cite them, most first; a domain cited twice by one answer counts once.

    Pages whose domain is not known are left out.
    """
    answers = Counter(
        (domain, kind, category)
        for _, domain, kind, category in {(page.answer, page.domain, page.type, page.category) for page in pages}
        if domain
    )
    domains = [CitedDomain(domain, kind, count, category) for (domain, kind, category), count in answers.items()]
    return sorted(domains, key=lambda cited: (-cited.answers, cited.domain, cited.type, cited.category))


def _slices(facts: Iterable[Counted]) -> Iterator[tuple[Slice, list[Counted]]]:
    pools: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    for one in facts:
        pools[str(one.fact.question_kind), str(one.fact.surface)].append(one)
    for (kind, surface), pool in sorted(pools.items()):
        yield Slice(kind, surface), pool
        for model, members in _grouped(pool, lambda fact: fact.model):
            yield Slice(kind, surface, model=model), members
        for location, members in _grouped(pool, lambda fact: fact.location):
            yield Slice(kind, surface, location=location), members


def _grouped(facts: Iterable[Counted], name: Callable[[Fact], str]) -> list[tuple[str, list[Counted]]]:
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in facts:
        groups[name(one.fact)].append(one)
    return sorted(groups.items())


def _measured(where: Slice, facts: Sequence[Counted]) -> Iterator[Metric]:
    for name, counts in zip(RATES, zip(*(one.rates for one in facts), strict=True), strict=True):
        hits, trials = _pair(sum(counts))
        yield _metric(name, where, (hits, trials), wilson(hits, trials), WILSON)
    questions = [
        [sum(counts) for counts in zip(*(one.ratios for one in members), strict=True)]
        for _, members in _grouped(facts, lambda fact: fact.question_id)
    ]
    for name, counts in zip(RATIOS, zip(*questions, strict=True), strict=True):
        method = BOOTSTRAP if sum(count.imag > 0 for count in counts) >= FEWEST_QUESTIONS else TOO_FEW_QUESTIONS
        interval = _bootstrap(counts, seed=f"{name} {where}") if method == BOOTSTRAP else (None, None)
        yield _metric(name, where, _pair(sum(counts)), interval, method)


def _metric(name: str, where: Slice, counts: tuple[int, int], interval: Interval, method: str) -> Metric:
    numerator, denominator = counts
    return Metric(
        name=name,
        kind=where.kind,
        surface=where.surface,
        model=where.model,
        location=where.location,
        value=numerator / denominator if denominator else None,
        numerator=numerator,
        denominator=denominator,
        low=interval[0],
        high=interval[1],
        method=method,
        rule_version=RULE_VERSION,
    )


def _bootstrap(counts: Sequence[complex], seed: str) -> Interval:
    """The middle 95 % of the ratio over resampled questions, as many as there are; always the same draws.

    A draw with nothing to divide by has no ratio and is left out.
    """
    draws = _draws(len(counts), seed)
    numerators = _totals(draws, [int(count.real) for count in counts])
    denominators = _totals(draws, [int(count.imag) for count in counts])
    ratios = sorted([top / bottom for top, bottom in zip(numerators, denominators, strict=True) if bottom])
    last = len(ratios) - 1
    return ratios[math.floor(TAIL * last)], ratios[math.ceil((1 - TAIL) * last)]


def _totals(draws: Sequence[int], counts: Sequence[int]) -> list[int]:
    """One total for each draw. A product adds a question's count to all draws, as often as it occurs in each."""
    lanes = sum(map(mul, draws, counts)).to_bytes(LANE_BYTES * RESAMPLES, byteorder)
    return memoryview(lanes).cast(LANE).tolist()


@lru_cache(maxsize=256)  # 60 kB each for 15 questions
def _draws(count: int, seed: str) -> list[int]:
    """For each question, a big integer of a thousand lanes: how often the question occurs in each draw.

    Cached, because the orgs of one night have the same slices and so the same draws.
    """
    # Reproducible, not secret; unlike other seeds, a text does not depend on the process's hash seed.
    places = random.Random(seed).choices(range(count), k=RESAMPLES * count)
    lanes = [array(LANE, bytes(LANE_BYTES * RESAMPLES)) for _ in range(count)]
    for at, place in enumerate(places):
        lanes[place][at // count] += 1
    return [int.from_bytes(lane, byteorder) for lane in lanes]


def _pair(count: complex) -> tuple[int, int]:
    return int(count.real), int(count.imag)


def _distinct(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in reversed(tuple(names))}  # reversed, so that the first spelling is kept


def _usual(names: Counter[str]) -> str:
    return min(names, key=lambda name: (-names[name], name))
