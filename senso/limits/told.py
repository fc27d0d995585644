"""What happened in a process since its last contact: gathered, and told with the next one."""

from collections import defaultdict
from typing import Any

from senso.limits.outcomes import Ended, Verdict


class Told:
    """`is_urgent`: others should know it at once."""

    def __init__(self) -> None:
        self.settled: dict[int, list[float]] = defaultdict(lambda: [0, 0])
        self.sizes: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0])
        self.counts: dict[str, int] = defaultdict(int)
        self.milliseconds = [0, 0.0]
        self.error: str | None = None
        self.not_before: float | None = None
        self.probe: tuple[str, str] | None = None
        self.is_urgent = False

    def settle(self, bucket: int, requests: float, tokens: float) -> None:
        """Corrects what is counted in a bucket of the window."""
        if requests or tokens:
            change = self.settled[bucket]
            change[0] += requests
            change[1] += tokens

    def size(self, purpose: str, tokens: float, away: float) -> None:
        """`tokens`: that could not be known before the call; `away`: how far they are from what was expected."""
        seen = self.sizes[purpose]
        seen[0] += 1
        seen[1] += tokens
        seen[2] += away

    def call(self, end: Ended, seconds: float) -> None:
        """Of the breaker's present epoch. A 429 that says for how long is no failure of the vendor."""
        if end.error:
            self.error = end.error
        if end.verdict is Verdict.UNKNOWN:
            return
        self.counts["calls"] += 1
        if end.verdict is Verdict.GOOD:
            self.counts["good"] += 1
            self.milliseconds[0] += 1
            self.milliseconds[1] += seconds * 1000
            return
        self.is_urgent = True
        has_time = end.verdict is Verdict.THROTTLED and end.not_before is not None
        self.counts["throttled" if has_time else "failures"] += 1

    def slow_down(self, end: Ended) -> None:
        if end.is_too_much:
            self.counts["cut"] = 1
        if end.not_before is not None:
            self.not_before = max(self.not_before or 0, end.not_before)

    def waited(self, seconds: list[float]) -> None:
        self.counts["waits"] += len(seconds)
        self.counts["waited"] += round(sum(seconds) * 1000)

    def forget_calls(self) -> None:
        """The breaker has moved: what was counted belongs to the time before."""
        for name in ("calls", "failures", "throttled"):
            self.counts.pop(name, None)

    @property
    def is_empty(self) -> bool:
        return not (self.settled or self.counts or self.probe or self.error or self.sizes)

    def message(self, epoch: int) -> dict[str, Any]:
        told: dict[str, Any] = dict(self.counts) | {"epoch": epoch}
        if self.sizes:
            told["sizes"] = dict(self.sizes)
        if self.milliseconds[0]:
            told["ms"] = self.milliseconds
        for name in ("error", "not_before", "probe"):
            if (value := getattr(self, name)) is not None:
                told[name] = round(value * 1000) if name == "not_before" else value
        return told

    def changes(self) -> list[list[float]]:
        return [[bucket, *change] for bucket, change in self.settled.items() if any(change)]
