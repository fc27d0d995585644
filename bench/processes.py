"""The cost of processes, read from /proc: CPU and memory by kind of process."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
SAMPLE_SECONDS = 2.0  # a memory sample of a hundred processes takes 0.09 s of a core away from them
UTIME, CSTIME, PARENT = 11, 15, 1  # positions in /proc/<pid>/stat after the name
CHILDREN_OF_UP = ("call", "control", "beat", "flower")

Seconds = dict[str, float]


@dataclass(frozen=True)
class Roots:
    """Process ids from which all processes of each kind are found: each one with its descendants."""

    up: int
    postgres: int
    redis: int
    guardian: int
    stand_in: int


def stat(pid: int) -> list[str]:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def parents() -> dict[int, int]:
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                found[int(folder.name)] = int(stat(int(folder.name))[PARENT])
    return found


def tree(root: int, known: Mapping[int, int]) -> list[int]:
    below = [root]
    for pid in below:
        below += [child for child, parent in known.items() if parent == pid]
    return below


def kind_of(pid: int) -> str:
    """The kind of a child of `senso up`, from the name in its command line."""
    with suppress(OSError):
        words = (PROC / str(pid) / "cmdline").read_bytes().decode().split("\0")
        return next((kind for kind in CHILDREN_OF_UP if any(word.startswith(kind) for word in words)), "senso up")
    return "senso up"


def by_kind(roots: Roots) -> dict[str, list[int]]:
    known = parents()
    kinds: dict[str, list[int]] = defaultdict(list)
    taken: set[int] = set()
    for kind, root in (("postgres", roots.postgres), ("redis", roots.redis), ("stand-in", roots.stand_in)):
        kinds[kind] = tree(root, known)
        taken |= set(kinds[kind])
    kinds["guardian"] = [roots.guardian]
    for child in (pid for pid, parent in known.items() if parent == roots.up):
        kinds[kind_of(child)] += tree(child, known)
    kinds["senso up"] += [roots.up]
    return kinds


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its ended children, so that Postgres backends that have exited stay counted."""
    with suppress(OSError):
        return sum(map(int, stat(pid)[UTIME:CSTIME])) / TICKS
    return 0.0


def cpu(roots: Roots) -> Seconds:
    return {kind: sum(map(cpu_of, pids)) for kind, pids in by_kind(roots).items()}


def spent(before: Seconds, after: Seconds) -> Seconds:
    return {kind: after[kind] - before.get(kind, 0) for kind in after}


def ours(used: Mapping[str, float]) -> float:
    return sum(value for kind, value in used.items() if kind != "stand-in")


def proportional(pid: int) -> int:
    """PSS in bytes: a page shared by n processes counts 1/n for each, so that the sum is the memory really used."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def memory(roots: Roots) -> dict[str, int]:
    return {kind: sum(map(proportional, pids)) for kind, pids in by_kind(roots).items()}


@dataclass
class Peak:
    """The largest total without the stand-in, and its composition at that moment."""

    total: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def look(self, roots: Roots) -> None:
        now = {kind: used for kind, used in memory(roots).items() if kind != "stand-in"}
        if sum(now.values()) > self.total:
            self.total, self.kinds = sum(now.values()), now


@contextmanager
def watched(look: Callable[[], None], seconds: float = SAMPLE_SECONDS) -> Iterator[None]:
    """Calls `look` every `seconds` from a thread while the block runs, and once after it has ended."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(seconds):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    look()
