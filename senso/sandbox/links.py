"""The sources of an answer: pages, wrapped in the tracking and the text fragments that each vendor adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random

from senso.sandbox.answers import Source
from senso.sandbox.dice import dice
from senso.sandbox.orgs import Org, Question
from senso.sandbox.plan import Plan

FRAGMENTS = ("", "#:~:text=compare%20rates", "#:~:text=member%20reviews,local%20branches")


@dataclass(frozen=True, slots=True)
class Links:
    """`cited` has one source for each naming, in its order; `again` is one of those pages under another URL."""

    cited: tuple[Source, ...]
    again: tuple[Source, ...]
    offered: tuple[Source, ...]

    @property
    def all(self) -> tuple[Source, ...]:
        return self.cited + self.again + self.offered


def links_for(seed: int, question: Question, plan: Plan, model: str, country: str) -> Links:
    chance = dice(seed, "sources", question.text, model, country)
    sites = question.trade.press
    press = cycle(Source(page, title, page=page) for page, title in chance.sample(sites, len(sites)))
    pages = [_page_for(chance, question, naming.org, press) for naming in plan.namings]
    return Links(
        cited=tuple(dressed(chance, page, model) for page in pages),
        again=tuple(dressed(chance, page, model) for page in pages[:1]),
        offered=tuple(dressed(chance, page, model, cited=False) for page in _offered(chance, question, plan, press)),
    )


def dressed(chance: Random, page: Source, model: str, *, cited: bool = True) -> Source:
    return Source(
        page.page + _tracking(page.page, model) + chance.choice(FRAGMENTS), page.title, cited, page.page, page.own
    )


def _page_for(chance: Random, question: Question, org: Org | None, press: Iterator[Source]) -> Source:
    return _own_page(chance, question, org) if org and org.websites and chance.random() < 0.7 else next(press)  # noqa: PLR2004


def _offered(chance: Random, question: Question, plan: Plan, press: Iterator[Source]) -> list[Source]:
    """An engine may find an org's own page and yet not name the org."""
    unnamed = [org for org in question.orgs if not plan.naming(org)][:1]
    pages = [next(press) for _ in range(chance.randint(1, 3))]
    return pages + [_own_page(chance, question, org) for org in unnamed if org.websites and chance.random() < 0.4]  # noqa: PLR2004


def _own_page(chance: Random, question: Question, org: Org) -> Source:
    path, title = chance.choice(question.trade.own_pages)
    page = chance.choice(org.websites).rstrip("/") + path
    return Source(page, f"{title} | {org.name}", page=page, own=True)


def _tracking(page: str, model: str) -> str:
    """The tracking parameter: ChatGPT and OpenAI's API add one to their links, the others do not."""
    mark = "chatgpt.com" if model == "chatgpt" else "openai" if model.startswith(("gpt-", "o")) else None
    return f"{'&' if '?' in page else '?'}utm_source={mark}" if mark else ""
