"""What a world of the sandbox must come to, worked out from what it decided to say, by plain arithmetic.

Nothing of what it is held against is used here: no address is read by a rule, no rate or interval is computed by the
product. Addresses and their owners are written out; Wilson's limits are the roots of the equation they come from, and
the drawn intervals are held against all the draws that there can be.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial, isclose, prod, sqrt
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
RATES = ("mention_rate", "owned_citation_rate", *SEEN, *(f"sentiment_{one}" for one in SENTIMENTS))
DRAWS = 1000
# How far the share of draws below a limit may lie from its 2.5 %: four times what a thousand draws differ by.
SLACK = 4 * sqrt(0.025 * 0.975 / DRAWS)
Z = NormalDist().inv_cdf(0.975)

Key = tuple[str, str, str, str | None, str | None]  # name, kind, surface, model, location
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
    } | {f"sentiment_{which}": (int(named and one.sentiment == which), named) for which in SENTIMENTS}


def slices(answers: Iterable[Said]) -> dict[Key, list[Said]]:
    found: dict[Key, list[Said]] = {}
    for one in answers:
        for name in counts(one):
            for model, location in ((None, None), (one.model, None), (None, one.location)):
                found.setdefault((name, one.kind, one.surface, model, location), []).append(one)
    return found


def faults(answers: Sequence[Said], pushed: Iterable[Mapping[str, Any]]) -> list[str]:
    """What of the metrics in a push is wrong, missing or too much."""
    expected = slices(answers)
    wrong = []
    for metric in pushed:
        key = (metric["name"], *(metric["slice"][name] for name in ("kind", "surface", "model", "location")))
        of = expected.pop(key, [])
        wrong += [f"{key}: {fault}" for fault in differences(metric, key[0], of)]
    return wrong + [f"{key}: is missing" for key in expected]


def differences(metric: Mapping[str, Any], name: str, answers: Sequence[Said]) -> Iterator[str]:
    above, below = total(counts(one)[name] for one in answers)
    if (metric["numerator"], metric["denominator"]) != (above, below):
        yield f"{metric['numerator']}/{metric['denominator']} and not {above}/{below}"
    if metric["value"] != (above / below if below else None):
        yield f"{metric['value']} is not the ratio"
    interval = metric["low"], metric["high"]
    if name in RATES and (metric["method"] != "wilson-95" or not close(interval, wilson(above, below))):
        yield f"{metric['method']} {interval} is not Wilson's {wilson(above, below)}"
    if name not in RATES:
        yield from drawn_wrongly(metric["method"], interval, by_question(answers, name))


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


def drawn_wrongly(method: str, interval: tuple[float | None, float | None], questions: list[Pair]) -> Iterator[str]:
    if sum(below > 0 for _, below in questions) < 2:
        if (method, interval) != ("none-under-2-questions", (None, None)):
            yield f"{method} {interval} of one question"
    elif method != "bootstrap-question-95" or not holds_the_middle(interval, every_draw(questions)):
        yield f"{method} {interval} is not the middle 95 % of all draws"


def holds_the_middle(interval: tuple[float | None, float | None], draws: Counter[float]) -> bool:
    """Are 2.5 % beyond each limit? Of draws that end on the limit any share may be beyond it."""
    low, high = interval
    beyond = share(draws, lambda ratio: ratio < low), share(draws, lambda ratio: ratio > high)
    or_on = share(draws, lambda ratio: ratio <= low), share(draws, lambda ratio: ratio >= high)
    return all(out - SLACK <= 0.025 <= most + SLACK for out, most in zip(beyond, or_on, strict=True))


def every_draw(questions: list[Pair]) -> Counter[float]:
    """By ratio, in how many ways as many questions as there are can be drawn, each as often as it comes."""
    ways: Counter[float] = Counter()
    size = len(questions)
    for drawn in combinations_with_replacement(range(size), size):
        above, below = total(questions[place] for place in drawn)
        if below:
            ways[above / below] += factorial(size) // prod(factorial(n) for n in Counter(drawn).values())
    return ways


def share(draws: Counter[float], which: Callable[[float], bool]) -> float:
    return sum(ways for ratio, ways in draws.items() if which(ratio)) / draws.total()


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
