"""The processes of the product, as `senso up` and `senso demo` run them; each is restarted when it dies.

Cores -> processes: one call worker a core, since one process is one core's worth of Python, and one small worker for
ticks, scoring and pushes, so that these never queue behind slow calls.
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
from senso.tasks.queues import CALL_QUEUES, CONTROL_QUEUES, HANDFUL

CONTROL_THREADS = 16
# For messages that open a batch or ask for names, and for handfuls of which only slow runs are left.
SPARE_SLOTS = 8
# By default it remembers a hundred thousand, and a night of 1,500 organisations has it grow to 260 MB.
FLOWER_TASKS = "--max-tasks=20000"
SOFT_SHUTDOWN_SECONDS = 3
GRACE_SECONDS = 10
STOP_SECONDS = SOFT_SHUTDOWN_SECONDS + GRACE_SECONDS
WATCH_SECONDS = 0.2
# A child that dies as soon as it starts is tried again after 1, 2, 4 ... seconds, at most this long.
LONGEST_PAUSE_SECONDS = 30
STEADY_SECONDS = 10
PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


def die_with_parent() -> None:
    """Should we be killed, the kernel ends the child too: nothing is lost by it, and nothing is left running."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    deaths: int = 0

    def start(self, output: IO[bytes] | None) -> None:
        """In a group of its own, so that Ctrl-C reaches us alone, and we stop the children in order."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,  # Celery's banners, and what it says of Ctrl-C; logs go to stderr
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
    """SIGTERM is remapped, so that a worker gives its tasks a few seconds and then leaves them to others."""
    quiet = ("--without-mingle", "--without-gossip", "-E")
    arguments = celery(
        "worker", "-P", "threads", "-c", str(threads), "-Q", ",".join(queues), "-n", f"{name}@%h", *quiet
    )
    soft = {"REMAP_SIGTERM": "SIGQUIT", "SOFT_SHUTDOWN_SECONDS": str(SOFT_SHUTDOWN_SECONDS)}
    return Child(name, arguments, soft)


def call_workers(count: int, calls_in_flight: int) -> list[Child]:
    """Each with so many calls in hand at a time.

    A message carries a group of runs. A worker with more slots would hold messages that an idle worker could take.
    """
    slots = calls_in_flight // HANDFUL + SPARE_SLOTS
    return [worker(f"call-{number}", CALL_QUEUES, slots) for number in range(1, count + 1)]


def control_worker() -> Child:
    return worker("control", CONTROL_QUEUES, CONTROL_THREADS)


def beat(home: Path) -> Child:
    """Its state is only when it last ticked; what is due stands in Postgres."""
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


def sandbox(announce: Path, *more: str) -> Child:
    return Child("sandbox", ["-m", "senso.cli", "sandbox", "--port", "0", "--announce", str(announce), *more])


@dataclass
class Stack:
    """Runs children until it is told to stop. `logs`: a folder for their output, which else goes to the terminal."""

    children: Sequence[Child]
    say: Say
    logs: Path | None = None

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
        """One look: whoever died is started again, after a pause that grows while it keeps dying."""
        for child in self.children:
            if not child.ended:
                continue
            lived = time.monotonic() - child.started_at
            child.deaths = 1 if lived > STEADY_SECONDS else child.deaths
            if lived < min(LONGEST_PAUSE_SECONDS, 2**child.deaths):
                continue
            child.deaths += 1
            self.say(f"{child.name} ended with {child.process.returncode if child.process else '?'}; starting it again")
            self.launch(child)

    def run(self, stop: Callable[[], bool]) -> None:
        while not stop():
            self.watch()
            time.sleep(WATCH_SECONDS)

    def stop(self, at_once: Callable[[], bool] = lambda: False) -> list[str]:
        """First those that make work, then those that do it; whoever is left after the grace is killed, and named."""
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
    """What a child wrote when it was ready. Raises Unreachable when it ends or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not child.ended:
        if path.exists() and (said := path.read_text().strip()):
            return said
        time.sleep(0.02)
    raise Unreachable(f"{child.name} did not start; its log says why")
