"""The work of a benchmark case: a number of orgs of the sandbox's world, with 60 runs each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from senso.sandbox.orgs import Org
from senso.sandbox.world import World

SEED = 7
RUNS_EACH = 60
READING_MODEL = "gpt-6-luna"
LOCATIONS = tuple({"country": country} for country in ("US", "GB", "CA", "AU", "IE", "NZ"))
WARM_UP_ORGS = 1
COUNTED_ORGS = 4  # their statements are counted one by one, after the measurement


@dataclass(frozen=True)
class Case:
    """`models` times `places` must divide the 60 runs of an org."""

    name: str
    title: str
    models: tuple[str, ...]
    places: int

    @property
    def questions(self) -> int:
        return RUNS_EACH // (len(self.models) * self.places)


CASES = {
    case.name: case
    for case in (
        Case("direct", "direct models, one call a run", ("gpt-6.1-terra", "gpt-6-luna"), 1),
        Case("snapshots", "chatgpt at six places, ten questions a snapshot", ("chatgpt",), 6),
    )
}


@dataclass(frozen=True)
class Work:
    case: Case
    orgs: int

    @property
    def models(self) -> tuple[str, ...]:
        return self.case.models

    @property
    def places(self) -> int:
        return self.case.places

    @cached_property
    def world(self) -> World:
        """The measured orgs, then those whose statements are counted, then the warm-up org."""
        return World(SEED, orgs=self.orgs + COUNTED_ORGS + WARM_UP_ORGS, questions=self.case.questions)

    @property
    def document(self) -> dict[str, Any]:
        return self.world.import_document(self.models, LOCATIONS[: self.places])

    @property
    def measured(self) -> list[Org]:
        return self.world.orgs[: self.orgs]

    @property
    def counted(self) -> list[Org]:
        return self.world.orgs[self.orgs : -WARM_UP_ORGS]

    @property
    def warming_up(self) -> list[Org]:
        return self.world.orgs[-WARM_UP_ORGS:]

    def runs(self) -> Iterator[tuple[Org, str, str, str]]:
        """Org, question, model, country."""
        for org in self.measured:
            for question in self.world.questions(org):
                for model in self.models:
                    for place in LOCATIONS[: self.places]:
                        yield org, question.text, model, place["country"]
