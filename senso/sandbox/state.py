"""The state of a running sandbox, and its simulated latencies."""

from dataclasses import dataclass, field
from typing import Any

from senso.sandbox.answers import Ask
from senso.sandbox.brightdata.snapshots import Snapshot
from senso.sandbox.calls import CallLog
from senso.sandbox.faults import Faults
from senso.sandbox.lies import Liar
from senso.sandbox.openai.batches import Batch
from senso.sandbox.openai.files import File
from senso.sandbox.reader import organisation_in
from senso.sandbox.world import World


@dataclass
class Timing:
    answer_seconds: float = 0.3
    reading_seconds: float = 0.15
    snapshot_seconds: float = 2.0
    batch_seconds: float = 2.0


@dataclass(slots=True)
class State:
    """`world` is None if answers are recorded; `meets`: whether organisations whose names are asked for are kept."""

    seed: int
    ask: Ask
    timing: Timing
    faults: Faults
    liar: Liar
    world: World | None = None
    meets: bool = False
    calls: CallLog = field(default_factory=CallLog)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    slack: list[dict[str, Any]] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    maybe_running: list[Snapshot] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    running_jobs_limit: int = 5000  # of one data set, according to the vendor's newest page

    def meet(self, user: str) -> None:
        found = organisation_in(user)
        if self.world and self.meets and found:
            self.world.guests.meet(*found)
