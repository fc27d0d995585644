"""Work that does not run out while a fault lasts: further orgs of the same world, whenever too few runs are open."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any
from uuid import UUID

from plan import SEED, Plan
from rows import RESULTS

from senso import imports
from senso.db import transaction
from senso.errors import SensoError
from senso.queries import imports as import_queries
from senso.sandbox.world import World

# Runs, at least. Whoever writes no table, as an ordinary `make test`, asks whether the fault is survived at all.
A_LOAD = 1000 if RESULTS else 200
HEAVY = 12_000 if RESULTS else 600
TICK_SECONDS = 0.5
MANY = 5000  # runs from which on a batch has more questions, so that there are not hundreds of batches
OPEN_RUNS = """
    SELECT (SELECT count(*) FROM question_runs WHERE state IN ('planned', 'asking'))
        + :each * (SELECT count(*) FROM batches WHERE state IN ('queued', 'running') AND planned IS NULL)
"""


class Load:
    """`begin(runs)` opens so many at once, and keeps them open until `enough()`; of a heavy load the tenth part."""

    def __init__(self, plan: Plan, sql: Any) -> None:
        self.plan, self.one = plan, sql
        self.questions, self.orgs, self.floor = 10, 0, 0
        self.waiting: list[UUID] = []  # orgs that are stored and not triggered yet
        self.least: int | None = None  # runs open, at the worst moment since `watch_anew`
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.keep_up, name="load", daemon=True)

    def begin(self, runs: int) -> None:
        self.questions = 30 if runs >= MANY else 10
        self.floor = runs // 10 if runs >= MANY else runs
        self.add(-(-runs // self.each))
        self.thread.start()

    @property
    def each(self) -> int:
        """Runs of one batch."""
        return self.questions * len(self.plan.models) * len(self.plan.places)

    def watch_anew(self) -> None:
        self.least = None

    def sample(self) -> int:
        """Runs that are open now; the fewest of all samples are kept."""
        open_runs = self.one(OPEN_RUNS, each=self.each)
        self.least = open_runs if self.least is None else min(self.least, open_runs)
        return open_runs

    def enough(self) -> None:
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()

    def keep_up(self) -> None:
        """A command that fails, as during an outage it may, is given again: the same org has one batch a day."""
        while not self.stopped.wait(TICK_SECONDS):
            with suppress(SensoError, subprocess.CalledProcessError):
                self.top_up()

    def top_up(self) -> None:
        if self.sample() < self.floor or self.waiting:
            self.add(0 if self.waiting else -(-self.floor // self.each))

    def add(self, orgs: int) -> None:
        self.waiting += store(self.plan, self.orgs, orgs, self.questions)
        self.orgs += orgs
        trigger(self.waiting)
        self.waiting = []


def store(plan: Plan, first: int, count: int, questions: int, **asked: Any) -> list[UUID]:
    """Imports the orgs `first` to `first + count` of the world; `models` and `locations` may differ from the plan's."""
    return imported(document(plan, first, count, questions, **asked))


def document(plan: Plan, first: int, count: int, questions: int, **asked: Any) -> dict[str, Any]:
    world = World(SEED, orgs=first + count, questions=questions)
    made = world.import_document(**{"models": plan.models, "locations": plan.places} | asked)
    return made | {"orgs": made["orgs"][first:]}


def imported(made: dict[str, Any]) -> list[UUID]:
    with transaction() as db:
        import_queries.store(db, imports.parse(json.dumps(made), "world.json"), "test")
    return [UUID(org["id"]) for org in made["orgs"]]


def trigger(orgs: list[UUID]) -> list[UUID]:
    found = commanded("trigger", "org", *map(str, orgs))
    return [UUID(batch["id"]) for batch in (found if isinstance(found, list) else [found])]


def commanded(*words: str) -> Any:
    """What `senso WORDS --json` printed, given as an operator gives it. Raises CalledProcessError."""
    command = [sys.executable, "-m", "senso.cli", *words, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
