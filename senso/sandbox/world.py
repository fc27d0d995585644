"""A small made-up world: its organisations, the questions about them, and the truth about every answer.

Everything follows from the seed. The truth is made first and the text is written from it, so that a reading of the
text can be compared with the truth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from senso.sandbox.answers import Answer, Source
from senso.sandbox.env import SEED
from senso.sandbox.guests import Guest, guests_of
from senso.sandbox.links import Links, links_for
from senso.sandbox.orgs import (
    NETWORK_QUESTIONS,
    NETWORK_SIZE,
    QUESTIONS,
    TOWNS,
    Org,
    Question,
    identity,
    network_question_of,
    org_of,
    question_for,
    question_of,
)
from senso.sandbox.plan import Plan, plan_for
from senso.sandbox.prose import compose, generic_answer

CREDITS = 100_000
SHOWN_ORGS, SHOWN_QUESTIONS = 3, 4  # for a first look


@dataclass(frozen=True, slots=True)
class Truth:
    """What a perfect reader finds in one answer for one org. `rank` is None if the answer does not rank it."""

    mentioned: bool
    sentiment: str | None
    rank: int | None
    competitors: tuple[str, ...]
    sources: tuple[Source, ...]


class World:
    """`answer` and `truth` work for every possible org; `orgs`, `questions` and `networks` only size the import.

    Network n consists of the orgs 10n to 10n+9, or of 50n to 50n+49 if `network_size` is 50, so a world with networks
    needs so many orgs for each. `guests` are organisations from outside, whose questions it answers, too.
    """

    def __init__(  # noqa: PLR0913  its sizes
        self,
        seed: int = SEED,
        orgs: int = 20,
        questions: int = 10,
        networks: int = 0,
        guests: Iterable[Guest] = (),
        *,
        network_size: int = NETWORK_SIZE,
    ) -> None:
        most = {
            "orgs": (orgs, TOWNS),
            "questions": (questions, QUESTIONS),
            "networks": (networks, orgs // network_size),
        }
        for what, (wanted, limit) in most.items():
            if not 0 <= wanted <= limit:
                raise ValueError(f"a world can have 0 to {limit} {what}, not {wanted}")
        self.seed = seed
        self._sizes = orgs, questions, networks
        self._network_size = network_size
        self.guests = guests_of(seed, guests)
        self._own_question = lru_cache(maxsize=4096)(lambda text: question_for(seed, text))
        self._written = lru_cache(maxsize=2048)(self._write)

    @property
    def orgs(self) -> list[Org]:
        return [org_of(self.seed, number) for number in range(self._sizes[0])]

    def questions(self, org: Org) -> list[Question]:
        return [question_of(self.seed, org.number, place) for place in range(self._sizes[1])]

    def network_questions(self, network: int) -> list[Question]:
        places = range(min(self._sizes[1], NETWORK_QUESTIONS))
        return [network_question_of(self.seed, network, place, self._network_size) for place in places]

    def _question(self, text: str, model: str) -> Question | None:
        return self._own_question(text) or self.guests.question(text, model)

    def answer(self, question_text: str, model: str, country: str) -> Answer:
        question = self._question(question_text, model)
        if question is None:
            return generic_answer()
        _, links, text = self._written(question, model, country)
        return Answer(text, links.all)

    def truth(self, question_text: str, model: str, country: str, org_name: str | None = None) -> Truth:
        """The truth for the question's org; `org_name` chooses one of several. Raises KeyError for any other."""
        question = self._question(question_text, model)
        if question is None:
            return Truth(mentioned=False, sentiment=None, rank=None, competitors=(), sources=())
        plan, links, _ = self._written(question, model, country)
        org = next((org for org in question.orgs if org_name in (None, org.name)), None)
        if org is None:
            raise KeyError(org_name)
        return _truth_for(org, plan, links)

    def _write(self, question: Question, model: str, country: str) -> tuple[Plan, Links, str]:
        plan = plan_for(self.seed, question, model, country)
        links = links_for(self.seed, question, plan, model, country)
        return plan, links, compose(self.seed, question, plan, links, (model, country))

    def import_document(
        self,
        models: Sequence[str],
        locations: Sequence[dict[str, str]],
        credits: int | None = CREDITS,  # noqa: A002 - the import file calls it so
    ) -> dict[str, Any]:
        asked = {"models": list(models), "locations": [dict(location) for location in locations]}
        return {
            "partners": [self._partner(number, credits) for number in sorted({org.partner for org in self.orgs})],
            "orgs": [self._org(org) | asked for org in self.orgs],
            "networks": [self._network(number) | asked for number in range(self._sizes[2])],
        }

    def _partner(self, number: int, granted: int | None) -> dict[str, Any]:
        name = f"{org_of(self.seed, number).town} Marketing"
        return {"id": str(identity(self.seed, "partner", number)), "name": name, "credits": granted}

    def _org(self, org: Org) -> dict[str, Any]:
        return {
            "id": str(org.id),
            "name": org.name,
            "partner": str(identity(self.seed, "partner", org.partner)),
            "websites": list(org.websites),
            "created_at": org.created_at.isoformat(),
            "active": True,
            "competitors": list(org.rivals[:3]),
            "questions": [_asked(question) for question in self.questions(org)],
        }

    def _network(self, number: int) -> dict[str, Any]:
        size = self._network_size
        members = [org_of(self.seed, number * size + member) for member in range(size)]
        return {
            "id": str(identity(self.seed, f"network of {size}", number)),
            "name": f"{members[0].town} Network",
            "partner": str(identity(self.seed, "partner", members[0].partner)),
            "orgs": [str(org.id) for org in members],
            "questions": [_asked(question) for question in self.network_questions(number)],
        }


def _asked(question: Question) -> dict[str, str]:
    return {"id": str(question.id), "text": question.text, "kind": question.kind}


def _truth_for(org: Org, plan: Plan, links: Links) -> Truth:
    naming = plan.naming(org)
    others = tuple(other.name for other in plan.listed + plan.asides if other != naming)
    if naming is None:
        return Truth(mentioned=False, sentiment=None, rank=None, competitors=others, sources=_seen_by(org, links))
    rank = plan.listed.index(naming) + 1 if naming in plan.listed else None
    return Truth(
        mentioned=True, sentiment=naming.sentiment, rank=rank, competitors=others, sources=_seen_by(org, links)
    )


def _seen_by(org: Org, links: Links) -> tuple[Source, ...]:
    """For a network's question, a page counts as own only for the org that it belongs to."""
    homes = tuple(website.rstrip("/") for website in org.websites)
    return tuple(
        Source(source.url, source.title, source.cited, source.page, own=source.page.startswith(homes))
        for source in links.all
    )
