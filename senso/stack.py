"""The processes of the product, as `senso up` and `senso demo` run them; each is restarted when it dies.

One call worker per core, since a Python process uses one core, and one small worker for ticks, scoring and pushes, so
that these never queue behind slow calls.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from senso.errors import Unreachable
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES, RUNS_PER_MESSAGE

CONTROL_THREADS = 16
# For messages that open a batch or ask for names, and for groups of which only slow runs remain.
SPARE_SLOTS = 8
# The default is 100,000, with which Flower grows to 260 MB in a night of 1,500 organisations.
FLOWER_TASKS = "--max-tasks=20000"
SOFT_SHUTDOWN_SECONDS = 3
GRACE_SECONDS = 10
STOP_SECONDS = SOFT_SHUTDOWN_SECONDS + GRACE_SECONDS
WATCH_SECONDS = 0.2
# A child that dies as soon as it starts is restarted after 1, 2, 4 ... seconds, at most this long.
LONGEST_PAUSE_SECONDS = 30
STEADY_SECONDS = 10
DEATHS_IN_A_ROW = 5
PR_SET_PDEATHSIG = 1
# By default glibc gives each thread up to eight heaps a core, which a worker fills and never returns.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}

Say = Callable[[str], None]


def die_with_parent() -> None:
    """If the parent is killed, the kernel kills the child too: no work is lost, and no process stays behind.

    macOS has no such order: a child then goes on until it is told to stop.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    deaths: int = 0
    last_code: int | None = None

    def start(self, output: IO[bytes] | None) -> None:
        """In its own process group, so that Ctrl-C reaches only the parent, which stops the children in order."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments],
            env={**FEW_ARENAS, **os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,  # Celery's banners, and its lines about Ctrl-C; logs go to stderr
            stderr=output,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509  there are no threads yet when children are started
        )

    @property
    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and not self.ended:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)


def celery(*arguments: str, app: str = "senso.tasks.app:app") -> list[str]:
    return ["-m", "celery", "-A", app, *arguments]


def worker(name: str, queues: Sequence[str], threads: int) -> Child:
    """SIGTERM is remapped: the worker gives its tasks a few seconds and then leaves them to other workers."""
    quiet = ("--without-mingle", "--without-gossip", "-E")
    arguments = celery(
        "worker", "-P", "threads", "-c", str(threads), "-Q", ",".join(queues), "-n", f"{name}@%h", *quiet
    )
    soft = {"REMAP_SIGTERM": "SIGQUIT", "SOFT_SHUTDOWN_SECONDS": str(SOFT_SHUTDOWN_SECONDS)}
    return Child(name, arguments, soft)


def call_workers(count: int, calls_in_flight: int) -> list[Child]:
    """`calls_in_flight`: concurrent calls of each worker.

    A message is a group of runs; a worker that takes more messages than it has slots for keeps them from an idle
    worker.
    """
    slots = calls_in_flight // RUNS_PER_MESSAGE + SPARE_SLOTS
    return [worker(f"call-{number}", CALL_QUEUES, slots) for number in range(1, count + 1)]


def control_worker() -> Child:
    return worker("control", CONTROL_QUEUES, CONTROL_THREADS)


def beat(home: Path) -> Child:
    """Its state file holds only when it last ticked; what is due is in Postgres."""
    return Child("beat", celery("beat", "--schedule", str(home / "beat"), app="senso.tasks.beat:app"))


def flower(port: int) -> Child:
    arguments = celery(
        "flower",
        "--address=127.0.0.1",
        f"--port={port}",
        FLOWER_TASKS,
        "--logging=error",
        app="senso.tasks.flower:app",
    )
    return Child("flower", arguments)


def api(port: int, flower_url: str | None = None) -> Child:
    """`flower_url`: where people reach Flower."""
    flower = {"FLOWER_URL": flower_url} if flower_url else {}
    return Child("api", ["-m", "senso.cli", "api"], {"PORT": str(port), **flower})


def metrics(port: int) -> Child:
    return Child("metrics", ["-m", "senso.cli", "metrics"], {"METRICS_PORT": str(port)})


def sandbox(announce: Path, *more: str) -> Child:
    return Child("sandbox", ["-m", "senso.cli", "sandbox", "--port", "0", "--announce", str(announce), *more])


@dataclass
class Stack:
    """Runs children until it is stopped. `logs`: a folder for their output; without it they use the terminal.

    `dies_on` is told of a child each time it has died at its start DEATHS_IN_A_ROW times more.
    """

    children: Sequence[Child]
    say: Say
    logs: Path | None = None
    dies_on: Callable[[Child], None] = lambda _: None

    def start(self) -> None:
        for child in self.children:
            self.launch(child)

    def launch(self, child: Child) -> None:
        if self.logs is None:
            child.start(None)
            return
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{child.name}.log").open("ab") as output:
            child.start(output)

    def watch(self) -> None:
        """Restarts children that died, after a pause that grows while they keep dying."""
        for child in self.children:
            if not child.ended:
                continue
            lived = time.monotonic() - child.started_at
            child.deaths = 1 if lived > STEADY_SECONDS else child.deaths
            if lived < min(LONGEST_PAUSE_SECONDS, 2**child.deaths):
                continue
            child.deaths += 1
            child.last_code = child.process.returncode if child.process else None
            self.say(f"{child.name} ended with {child.last_code}; starting it again")
            self.launch(child)
            if child.deaths % DEATHS_IN_A_ROW == 0:
                self.dies_on(child)

    def run(self, stop: Callable[[], bool]) -> None:
        while not stop():
            self.watch()
            time.sleep(WATCH_SECONDS)

    def stop(self, at_once: Callable[[], bool] = lambda: False) -> list[str]:
        """Producers of work first, then its workers. Kills what is left after the grace, and returns those names."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(child.is_running for child in self.children) and not at_once():
            time.sleep(0.05)
        left = [child.name for child in self.children if child.is_running]
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        return left


def announced(path: Path, child: Child, seconds: float = 20) -> str:
    """What a child wrote when it was ready. Raises Unreachable when it ends, or writes nothing in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not child.ended:
        if path.exists() and (said := path.read_text().strip()):
            return said
        time.sleep(0.02)
    raise Unreachable(f"{child.name} did not start; its log says why")
