"""What a world of the sandbox must come to, worked out from what it decided to say, by plain arithmetic.

Nothing of what it is held against is used here: no address is read by a rule, no rate or interval is computed by the
product. Addresses and their owners are written out, and Wilson's limits are the roots of the equation they come from.
How often the intervals of questions like these hold the truth is simulated by bench/coverage.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, sqrt
from statistics import NormalDist
from typing import Any

from senso.sandbox.answers import Source
from senso.sandbox.world import World

# The pages of others that the sandbox's answers cite, and the domain that somebody has registered.
PRESS = {
    "https://www.ledgerlark.com/guides/best-local-lenders": "ledgerlark.com",
    "https://thriftyheron.com/reviews/rates?type=savings": "thriftyheron.com",
    "https://www.moneyalmanack.co.uk/compare/accounts": "moneyalmanack.co.uk",
    "https://forum.creditcorner.org/t/who-do-you-use/4711": "creditcorner.org",
    "https://www.reviewquill.com/lenders": "reviewquill.com",
    "https://news.countytelegraph.com/2026/02/lending": "countytelegraph.com",
    "https://en.finpedia.org/wiki/Credit_union": "finpedia.org",
}
SENTIMENTS = ("positive", "mixed", "neutral", "negative")
SEEN = ("named_and_cited", "named_only", "cited_only", "neither")
RATES = ("mention_rate", *SEEN, *(f"sentiment_{one}" for one in SENTIMENTS))
RANK = "average_rank"
METHODS = ("wilson-questions-95", "score-questions-95")
SLACK = 1e-9
Z = NormalDist().inv_cdf(0.975)

CATEGORIES = ("competitor", "listing", "news", "social", "reference", "forum", "government", "shop", "other")
# The world does not say how much of its text an answer gives to whom, or what kind of site a page is on: of these, only
# what is below the line is counted here.
UNTOLD = {"share_of_text", "share_of_entries", *(f"citation_share_{one}" for one in CATEGORIES)}
Key = tuple[str, str, str, str | None, str | None, str | None]  # name, kind, surface, model, location, tag
Pair = tuple[int, int]


@dataclass(frozen=True)
class Page:
    url: str
    domain: str
    own: bool


@dataclass(frozen=True)
class Said:
    """One answer as the world meant it."""

    question: str
    kind: str
    surface: str
    model: str
    location: str
    mentioned: bool
    sentiment: str | None
    rank: int | None
    competitors: frozenset[str]
    pages: frozenset[Page]
    tags: tuple[str, ...] = ()


def said(world: World, org: Mapping[str, Any]) -> list[Said]:
    """All answers about an org of the import document."""
    return [
        one_said(world, question, model, place)
        for question in org["questions"]
        for model in org["models"]
        for place in org["locations"]
    ]


def one_said(world: World, question: Mapping[str, str], model: str, place: Mapping[str, str]) -> Said:
    truth = world.truth(question["text"], model, place["country"])
    return Said(
        question=question["id"],
        kind=question["kind"],
        surface="consumer" if model == "chatgpt" else "api",
        model=model,
        location="/".join(place.values()),
        mentioned=truth.mentioned,
        sentiment=truth.sentiment,
        rank=truth.rank,
        competitors=frozenset(truth.competitors),
        pages=cited_pages(truth.sources),
        tags=tuple(question.get("tags", ())),
    )


def cited_pages(sources: Iterable[Source]) -> frozenset[Page]:
    """Each page once, however often and under however many addresses an answer cites it."""
    return frozenset(page(source) for source in sources if source.cited)


def page(source: Source) -> Page:
    """An org's own sites are all www.<name>.com or <name>.co.uk. A page in no table is an error of this file."""
    if source.page in PRESS:
        return Page(canonical(source.page), PRESS[source.page], own=False)
    assert source.own, source.page
    host = source.page.split("/")[2]
    return Page(canonical(source.page), host.removeprefix("www."), own=True)


def canonical(url: str) -> str:
    return url.rstrip("/").replace("://www.", "://")


def counts(one: Said) -> dict[str, Pair]:
    """What an answer adds above and below the line of each number."""
    named, cited = int(one.mentioned), int(any(page.own for page in one.pages))
    return {
        "mention_rate": (named, 1),
        "owned_citation_rate": (sum(page.own for page in one.pages), len(one.pages)),
        "share_of_voice": (named, named + len(one.competitors)),
        "average_rank": (one.rank, 1) if one.rank else (0, 0),
        "named_and_cited": (named * cited, 1),
        "named_only": (named * (1 - cited), 1),
        "cited_only": ((1 - named) * cited, 1),
        "neither": ((1 - named) * (1 - cited), 1),
        "first_place_share": (int(one.rank == 1), int(one.rank is not None)),
        "net_sentiment": ((one.sentiment == "positive") - (one.sentiment == "negative"), 1) if named else (0, 0),
        "share_of_text": (0, 10_000),
        "share_of_entries": (0, 10_000),
        **{f"citation_share_{which}": (0, len(one.pages)) for which in CATEGORIES},
        **{f"claims_{which}": (0, 0) for which in ("supported", "contradicted", "not_covered")},
    } | {f"sentiment_{which}": (int(named and one.sentiment == which), named) for which in SENTIMENTS}


def slices(answers: Iterable[Said]) -> dict[Key, list[Said]]:
    found: dict[Key, list[Said]] = {}
    for one in answers:
        for name in counts(one):
            tagged = ((None, None, tag) for tag in one.tags)
            for where in ((None, None, None), (one.model, None, None), (None, one.location, None), *tagged):
                found.setdefault((name, one.kind, one.surface, *where), []).append(one)
    return found


def faults(answers: Sequence[Said], pushed: Iterable[Mapping[str, Any]]) -> list[str]:
    """What of the metrics in a push is wrong, missing or too much."""
    expected = slices(answers)
    wrong = []
    for metric in pushed:
        key = (metric["name"], *(metric["slice"][name] for name in ("kind", "surface", "model", "location", "tag")))
        of = expected.pop(key, [])
        wrong += [f"{key}: {fault}" for fault in differences(metric, key[0], of)]
    return wrong + [f"{key}: is missing" for key in expected]


def differences(metric: Mapping[str, Any], name: str, answers: Sequence[Said]) -> Iterator[str]:
    above, below = total(counts(one)[name] for one in answers)
    if name in UNTOLD:
        above = min(metric["numerator"], below)
    if (metric["numerator"], metric["denominator"]) != (above, below):
        yield f"{metric['numerator']}/{metric['denominator']} and not {above}/{below}"
    if metric["value"] != (above / below if below else None):
        yield f"{metric['value']} is not the ratio"
    interval = metric["low"], metric["high"]
    again = metric["these_low"], metric["these_high"]
    if name in RATES and below and (metric["these_method"] != "wilson-95" or not close(again, wilson(above, below))):
        yield f"{metric['these_method']} {again} is not Wilson's {wilson(above, below)}"
    yield from beside_the_value(metric["value"], again)
    yield from beside_the_value(metric["value"], interval)
    questions = [pair for pair in by_question(answers, name) if pair[1]]
    if (metric["answers"], metric["questions"]) != (len(answers), len(questions)):
        yield f"{metric['answers']} answers to {metric['questions']} questions"
    expected = "none" if not questions else "none-under-2-questions" if len(questions) == 1 else METHODS[name == RANK]
    if metric["method"] != expected or (metric["low"] is None) != (len(questions) < 2):
        yield f"{metric['method']} {interval} of {len(questions)} questions"


def by_question(answers: Iterable[Said], name: str) -> list[Pair]:
    found: dict[str, list[Pair]] = {}
    for one in answers:
        found.setdefault(one.question, []).append(counts(one)[name])
    return [total(pairs) for pairs in found.values()]


def total(pairs: Iterable[Pair]) -> Pair:
    listed = list(pairs)
    return sum(above for above, _ in listed), sum(below for _, below in listed)


def wilson(hits: int, trials: int) -> tuple[float | None, float | None]:
    """The rates p from which the found rate f is Z deviations away: (f - p)² = Z² p (1 - p) / n, solved for p."""
    if not trials:
        return None, None
    f, unit = hits / trials, Z * Z / trials
    a, b, c = 1 + unit, -(2 * f + unit), f * f
    root = sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def close(found: Sequence[float | None], expected: Sequence[float | None]) -> bool:
    return all(
        one is other if None in {one, other} else isclose(one, other, abs_tol=1e-6)
        for one, other in zip(found, expected, strict=True)
    )


def beside_the_value(value: float | None, interval: tuple[float | None, float | None]) -> Iterator[str]:
    low, high = interval
    if value is not None and low is not None and high is not None and not low < high:
        yield f"{interval} has no width"
    if value is not None and low is not None and high is not None and not low - SLACK <= value <= high + SLACK:
        yield f"{value} is not in {interval}"


def leaderboard(answers: Iterable[Said]) -> dict[str, int]:
    return dict(Counter(name for one in answers for name in one.competitors))


def domains(answers: Iterable[Said]) -> dict[tuple[str, str], int]:
    """By domain and whose it is, how many answers cite it."""
    return dict(
        Counter(
            cited
            for one in answers
            for cited in {(page.domain, "primary" if page.own else "secondary") for page in one.pages}
        )
    )
