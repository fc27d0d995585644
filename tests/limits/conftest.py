import itertools
from collections.abc import Iterator

import pytest
from ground import forget_limits

from senso.limits import script
from senso.limits.allowance import Allowance


@pytest.fixture(autouse=True)
def fresh(urls) -> Iterator[None]:
    forget_limits()
    yield
    forget_limits()


class Clock:
    """Moves only when told. `micro`: for the script."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Door:
    """The script by hand, at the moment of `clock`."""

    def __init__(self, clock: Clock, model: str) -> None:
        self.clock, self.model = clock, model
        self.times: dict[str, int] = {}

    def __call__(self, ask):
        sent = {"provider": "acme", "model": self.model, "owner": "me", "now": round(self.clock.now * 1e6)}
        return script.run(sent | ({"times": self.times} if self.times else {}) | dict(ask))

    def look(self):
        return self({"look": True})


numbers = itertools.count()


@pytest.fixture
def door(clock) -> Door:
    return Door(clock, f"model-{next(numbers)}")


@pytest.fixture
def process(door, clock):
    """Processes by name, which share the model."""
    made = {}

    def find(name="a"):
        if name not in made:
            made[name] = Allowance("acme", door.model, name, lambda ask: door(dict(ask) | {"owner": name}), clock)
        return made[name]

    return find
