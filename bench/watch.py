"""Samples a long piece of work while it runs, and prints a line each time: progress, CPU and memory."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import counters
import processes
from printing import MB
from processes import Seconds
from stand import Ground

STATES = "SELECT state, count(*)::int, coalesce(sum(planned - remaining), 0)::int FROM batches GROUP BY state"


@dataclass(frozen=True)
class Look:
    """One sample. `ended` counts batches; `runs` those answered and read, or failed; `at`: seconds since the start."""

    at: float
    queued: int
    running: int
    ended: int
    runs: int
    cpu: Seconds
    memory: dict[str, int]
    redis_bytes: int
    waiting: dict[str, int]  # messages, by queue
    in_flight: int

    @property
    def ours_bytes(self) -> float:
        return processes.ours(self.memory)


@dataclass
class Watch:
    ground: Ground
    looks: list[Look] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def look(self) -> Look:
        states = {state: (count, runs) for state, count, runs in self.ground.running.query(STATES)}
        open_now = {state: states.pop(state, (0, 0)) for state in ("queued", "running")}
        found = Look(
            at=time.monotonic() - self.began,
            queued=open_now["queued"][0],
            running=open_now["running"][0],
            ended=sum(count for count, _ in states.values()),
            runs=sum(runs for _, runs in (*states.values(), *open_now.values())),
            cpu=processes.cpu(self.ground.of),
            memory=processes.memory(self.ground.of),
            redis_bytes=counters.redis_memory(self.ground.running, "used_memory"),
            waiting=self.ground.waiting(),
            in_flight=self.ground.in_flight(),
        )
        self.looks.append(found)
        return found

    def tell(self) -> None:
        """Takes a look, and prints what has happened since the previous one."""
        before = self.looks[-1] if self.looks else None
        now = self.look()
        if before is not None:
            print(told(before, now), flush=True)

    def within(self, start: float, end: float) -> Sequence[Look]:
        return [one for one in self.looks if start <= one.at <= end]


def told(before: Look, now: Look) -> str:
    seconds = now.at - before.at
    cores = cpu_shares(before, now)
    return (
        f"{now.at:6.0f} s  batches: {now.queued} queued, {now.running} running, {now.ended} ended;"
        f" {now.runs} runs, {(now.runs - before.runs) / seconds:.1f}/s;"
        f" {sum(now.waiting.values())} messages waiting, {now.in_flight} calls in flight;"
        f" {processes.ours(cores):.2f} cores (stand-in {cores['stand-in']:.2f});"
        f" PSS {now.ours_bytes / MB:.0f} MB, Redis {now.redis_bytes / MB:.1f} MB"
    )


def cpu_shares(before: Look, now: Look) -> Seconds:
    """Shares of one core, by kind of process."""
    spent = processes.spent(before.cpu, now.cpu)
    return {kind: value / (now.at - before.at) for kind, value in spent.items()}


def figures(looks: Sequence[Look]) -> list[dict[str, Any]]:
    return [asdict(one) for one in looks]
