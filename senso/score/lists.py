"""Who else is named and what is cited, by number of answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from senso.score.facts import Fact
from senso.states import Category


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


def leaderboard(facts: Iterable[Fact]) -> list[CompetitorCount]:
    """Competitors by number of answers that name them, most first; spellings that differ only in case are merged."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        for key, name in distinct(fact.competitors).items():
            spellings[key][name] += 1
    counts = [CompetitorCount(usual(names), names.total()) for names in spellings.values()]
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


def distinct(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in reversed(tuple(names))}  # reversed, so that the first spelling is kept


def usual(names: Counter[str]) -> str:
    return min(names, key=lambda name: (-names[name], name))
