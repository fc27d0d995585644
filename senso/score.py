"""Stage 4: computes metrics from readings, each with its uncertainty.

A metric is for one slice: branded and unbranded questions, and consumer and API surfaces, are never pooled, since they
measure different things. Its interval is about questions like these, and it has a second one about the same questions
asked again (`senso.numbers`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from math import inf
from typing import Any, Literal, NamedTuple

from senso.numbers.intervals import Interval, rank_like, rank_these, share_like, share_these
from senso.numbers.repeats import within_repeats
from senso.numbers.scales import net_like, net_these, parts_like, parts_these
from senso.numbers.sums import PARTS, Sums
from senso.states import Category, QuestionKind, Sentiment, Surface, Verdict, Visibility

RULE_VERSION = "score-3"
LIKE = "like"  # what `low` and `high` are about: questions like these
SENTIMENTS = (Sentiment.POSITIVE, Sentiment.MIXED, Sentiment.NEUTRAL, Sentiment.NEGATIVE)  # in the order of the output
CATEGORIES = tuple(one for one in Category if one is not Category.OWN)  # the org's own have `owned_citation_rate`


@dataclass(frozen=True, slots=True)
class Fact:
    """The data of one finished evaluation that score needs.

    `share_of_text`, `share_of_entries`: None where the reading does not have them. `categories`: of each citation.
    `verdicts`: of the claims that were held against facts of the org.
    """

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
    share_of_text: float | None = None
    share_of_entries: float | None = None
    categories: tuple[Category, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    tags: tuple[str, ...] = ()  # of the question


@dataclass(frozen=True, slots=True)
class Slice:
    """Answers that are counted together. An answer is in the slice of each tag of its question."""

    kind: str
    surface: str
    model: str | None = None  # None: all models
    location: str | None = None  # None: all locations
    tag: str | None = None  # None: all questions


@dataclass(frozen=True, slots=True)
class Metric:
    """`value`, `low` and `high` are None if there is nothing to divide by; `method`: how the interval was computed.

    Numerator and denominator of a share of text are in ten-thousandths of an answer's text. Net sentiment is -1 to 1.

    `about`: what the interval is about. `answers`: of the slice; `questions`: those that the denominator comes from;
    `effective_n`: as many independent answers (or namings, or citations) would say as much of questions like these.
    `these_low` and `these_high`: what the same questions would give if they were asked again. Numbers by an older rule
    have none of these.
    """

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
    about: str | None = None
    answers: int | None = None
    questions: int | None = None
    effective_n: float | None = None
    these_low: float | None = None
    these_high: float | None = None
    these_method: str | None = None
    tag: str | None = None

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


Count = Callable[[Fact], tuple[int, int]]  # what a fact adds to the numerator and to the denominator
Pair = tuple[float, float]
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
    "share_of_voice": lambda fact: (int(fact.mentioned), int(fact.mentioned) + len(_distinct(fact.competitors))),
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
    "share_of_text": lambda fact: _parts(fact.share_of_text),
    "share_of_entries": lambda fact: _parts(fact.share_of_entries),
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


def _parts(share: float | None) -> tuple[int, int]:
    """In whole numbers, so that their sum is the same in any order."""
    return (0, 0) if share is None else (round(share * PARTS), PARTS)


def outcome_of(fact: Fact) -> Visibility:
    return visibility(mentioned=fact.mentioned, cited=fact.owned_citations > 0)


class Counted(NamedTuple):
    """A fact and its counts: numerator and denominator as one complex number, so that one sum adds both."""

    fact: Fact
    counts: list[complex]


def score(facts: Iterable[Fact]) -> list[Metric]:
    """Returns metrics in a fixed order, whatever the order of the facts."""
    sums = cache(Sums.of_counts)  # many numbers of a batch are made of the same counts
    return [metric for where, members in slices(counted(facts)) for metric in _measured(where, members, sums)]


def counted(facts: Iterable[Fact]) -> list[Counted]:
    """Counted once for each fact, because a fact is in several slices."""
    return [Counted(fact, [complex(*count(fact)) for count in COUNTS.values()]) for fact in facts]


def namings(facts: Iterable[Fact], names: Sequence[str]) -> list[Counted]:
    """Counted by who else is named: for each name 1 of 1 where the answer names it, in whatever capitals, else 0."""
    keys = [name.casefold() for name in names]
    return [Counted(fact, [complex(key in _distinct(fact.competitors), 1) for key in keys]) for fact in facts]


def naming_intervals(facts: Iterable[Fact], names: Sequence[str]) -> list[Interval]:
    """Of how often answers of one pool name each: as for a mention rate, of questions like these."""
    found = namings(facts, names)
    drawn = DRAWN["mention_rate"]
    columns = zip(_columns(_summed(found)), _columns([one.counts for one in found]), strict=True)
    return [_intervals(drawn, Sums.of_counts(questions), Sums.of_counts(answers))[0] for questions, answers in columns]


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


def slices(facts: Iterable[Counted]) -> Iterator[tuple[Slice, list[Counted]]]:
    pools: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    for one in facts:
        pools[str(one.fact.question_kind), str(one.fact.surface)].append(one)
    for (kind, surface), pool in sorted(pools.items()):
        yield Slice(kind, surface), pool
        for model, members in _grouped(pool, lambda fact: fact.model):
            yield Slice(kind, surface, model=model), members
        for location, members in _grouped(pool, lambda fact: fact.location):
            yield Slice(kind, surface, location=location), members
        for tag, members in _tagged(pool):
            yield Slice(kind, surface, tag=tag), members


def _tagged(facts: Iterable[Counted]) -> list[tuple[str, list[Counted]]]:
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in facts:
        for tag in one.fact.tags:
            groups[tag].append(one)
    return sorted(groups.items())


def _grouped(facts: Iterable[Counted], name: Callable[[Fact], str]) -> list[tuple[str, list[Counted]]]:
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in facts:
        groups[name(one.fact)].append(one)
    return sorted(groups.items())


def _measured(where: Slice, facts: Sequence[Counted], sums: Callable[[tuple[complex, ...]], Sums]) -> Iterator[Metric]:
    questions = _columns(_summed(facts))
    columns = _columns([one.counts for one in facts])
    cells = _cells(facts)
    for at, (name, drawn) in enumerate(DRAWN.items()):
        of_questions, of_answers = sums(questions[at]), sums(columns[at])
        found = _intervals(drawn, of_questions, of_answers)
        if cells and of_answers.n:
            found = found[0], drawn.these(of_answers, _kept(cells, at, of_answers.ratio))
        yield _metric(name, where, len(facts), of_questions, found)


def _columns(counts: Sequence[Sequence[complex]]) -> list[tuple[complex, ...]]:
    return list(zip(*counts, strict=True))


@lru_cache(maxsize=1024)
def _intervals(drawn: Drawn, of_questions: Sums, of_answers: Sums) -> tuple[Interval, Interval]:
    """Remembered, because many numbers of a batch are 0 of the same number."""
    once = drawn.these(of_answers, 1.0)
    return drawn.like(of_questions, once.effective_n or inf), once


def _kept(cells: Sequence[Sequence[Counted]], at: int, ratio: float) -> float:
    return within_repeats(([_pair(one.counts[at]) for one in cell] for cell in cells), ratio)


def _summed(facts: Sequence[Counted]) -> list[list[complex]]:
    """Of each question."""
    groups = _grouped(facts, lambda fact: fact.question_id)
    return [list(map(sum, _columns([one.counts for one in members]))) for _, members in groups]


def _cells(facts: Sequence[Counted]) -> list[list[Counted]]:
    """Answers by what was asked of which model where; empty if nothing was asked twice."""
    cells: dict[tuple[str, str, str], list[Counted]] = defaultdict(list)
    for one in facts:
        cells[one.fact.question_id, one.fact.model, one.fact.location].append(one)
    return list(cells.values()) if len(cells) < len(facts) else []


def _metric(name: str, where: Slice, answers: int, sums: Sums, intervals: tuple[Interval, Interval]) -> Metric:
    like, these = intervals
    return Metric(
        name=name,
        kind=where.kind,
        surface=where.surface,
        model=where.model,
        location=where.location,
        tag=where.tag,
        value=sums.ratio if sums.n else None,
        numerator=int(sums.x),
        denominator=int(sums.n),
        low=like.low,
        high=like.high,
        method=like.method,
        rule_version=RULE_VERSION,
        about=LIKE,
        answers=answers,
        questions=sums.units,
        effective_n=like.effective_n,
        these_low=these.low,
        these_high=these.high,
        these_method=these.method,
    )


def _pair(count: complex) -> Pair:
    return count.real, count.imag


def _distinct(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in reversed(tuple(names))}  # reversed, so that the first spelling is kept


def _usual(names: Counter[str]) -> str:
    return min(names, key=lambda name: (-names[name], name))
