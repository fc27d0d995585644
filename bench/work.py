"""The work of a benchmark case: a number of orgs of the sandbox's world, with 60 runs each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from senso.sandbox.orgs import LARGE_NETWORK_SIZE, Org, Question
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
    asked: int | None = None  # questions of an org; None: as many as 60 runs have

    @property
    def questions(self) -> int:
        return self.asked or RUNS_EACH // (len(self.models) * self.places)


CASES = {
    case.name: case
    for case in (
        Case("direct", "direct models, one call a run", ("gpt-6.1-terra", "gpt-6-luna"), 1),
        Case("snapshots", "chatgpt at six places, ten questions a snapshot", ("chatgpt",), 6),
        Case("networks", "networks of fifty orgs, direct models at three places", ("gpt-6.1-terra", "gpt-6-luna"), 3),
    )
}


@dataclass(frozen=True)
class Work:
    case: Case
    orgs: int
    seed: int = SEED
    network_size: int = LARGE_NETWORK_SIZE
    members: int | None = None  # of each network, those that it is asked for; None: all

    @property
    def models(self) -> tuple[str, ...]:
        return self.case.models

    @property
    def places(self) -> int:
        return self.case.places

    @cached_property
    def world(self) -> World:
        """The measured orgs, then those whose statements are counted, then the warm-up org."""
        orgs = self.orgs + COUNTED_ORGS + WARM_UP_ORGS
        sizes = {"networks": self.networks, "network_size": self.network_size}
        return World(self.seed, orgs=orgs, questions=self.case.questions, **sizes)

    @property
    def networks(self) -> int:
        """Networks of the measured orgs; 0 in cases without."""
        return self.orgs // self.network_size if self.case.name == "networks" else 0

    @property
    def document(self) -> dict[str, Any]:
        """The orgs of networks ask nothing themselves."""
        made = self.world.import_document(self.models, LOCATIONS[: self.places])
        for org in made["orgs"][: self.orgs if self.networks else 0]:
            org["questions"] = []
        for network in made["networks"]:
            network["orgs"] = network["orgs"][: self.members]
        return made

    def questions(self, number: int) -> list[Question]:
        """Those whose answers are prepared with an org: its own; with the first of a network, those of the network."""
        if not self.networks or number >= self.orgs:
            return self.world.questions(self.world.orgs[number])
        network, member = divmod(number, self.network_size)
        return [] if member else self.world.network_questions(network)

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
