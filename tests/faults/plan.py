"""How a test wants the product to be: which processes, with what sabotage, and how slow the providers are."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers import Servers

from senso import stack
from senso.settings import settings
from senso.worker.queues import CONTROL_QUEUES

HERE = Path(__file__).parent
SEED = 11
DIRECT = ("gpt-6.1-terra", "gpt-6-luna")
JOBS = ("chatgpt",)
PLACES = ({"country": "US"}, {"country": "CA", "region": "Ontario"})


@dataclass
class Plan:
    """`sabotage` and `code_of` are by process: names of functions of saboteur.py, and where its senso is."""

    call_workers: int = 2
    control_workers: int = 1
    beats: int = 1
    answer_seconds: float = 2.0
    reading_seconds: float = 0.3
    snapshot_seconds: float = 2.0
    models: tuple[str, ...] = DIRECT
    places: tuple[dict[str, str], ...] = PLACES
    sabotage: dict[str, str] = field(default_factory=dict)
    failpoints: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    code_of: dict[str, Path] = field(default_factory=dict)
    redis_proxy: bool = False

    @property
    def deadly(self) -> set[str]:
        """Names under which strikes that kill leave the pid of whom they killed."""
        return {"killed", *(trap["at"] for trap in self.failpoints if trap["do"] == "kill")}


def children(plan: Plan, home: Path) -> dict[str, stack.Child]:
    made = stack.call_workers(plan.call_workers, settings().calls_in_flight)
    for number in range(1, plan.control_workers + 1):
        made.append(stack.worker(f"control-{number}", CONTROL_QUEUES, stack.CONTROL_THREADS))
    for number in range(1, plan.beats + 1):
        (home / f"beat-{number}").mkdir()
        beat = stack.beat(home / f"beat-{number}")
        beat.name = f"beat-{number}"
        made.append(beat)
    return {child.name: arranged(child, plan) for child in made}


def arranged(child: stack.Child, plan: Plan) -> stack.Child:
    if "worker" in child.arguments:
        child.arguments = [*child.arguments, "-I", "saboteur"]
    if child.name in plan.code_of:
        # Celery looks for the app in its working folder before anywhere else.
        child.arguments = [*child.arguments[:2], "--workdir", str(plan.code_of[child.name]), *child.arguments[2:]]
    child.environment = {
        **child.environment,
        "SABOTAGE": plan.sabotage.get(child.name, plan.sabotage.get("all", "")),
        # Not in our own environment: what a test process itself calls must not die.
        "FAILPOINTS": json.dumps(plan.failpoints),
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
    }
    return child


def environment(plan: Plan, servers: Servers, home: Path, database: str, redis_port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": servers.url_of(database),
        "REDIS_URL": servers.redis.url.replace(f":{servers.redis.port}/", f":{redis_port}/"),
        "SENSO_HOME": str(home),
        "SABOTAGE_FOLDER": str(home / "strikes"),
        "FAILPOINTS_FOLDER": str(home / "strikes"),
        **plan.environment,
    }


def sandbox_for(plan: Plan, home: Path) -> stack.Stack:
    seconds = ("--answer-seconds", str(plan.answer_seconds), "--reading-seconds", str(plan.reading_seconds))
    seconds += ("--snapshot-seconds", str(plan.snapshot_seconds))
    outside = stack.Stack([stack.sandbox(home / "url", "--seed", str(SEED), *seconds)], say=print, logs=home)
    outside.start()
    return outside
