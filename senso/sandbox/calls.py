"""The log of calls to the sandbox, in order. It contains no headers, and so no keys."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

FAILURE = 400  # and above
KEPT = 500_000  # a day of a large test; older calls are dropped


@dataclass(slots=True)
class Call:
    """`status` is None while the call is open, and if the connection was cut before any reply.

    `request`: method and path, where several share a place. A line of a batch has an entry of its own.
    """

    at: float  # seconds since 1970
    where: str
    question: str | None = None
    organisation: str | None = None
    organisations: list[str] = field(default_factory=list)  # of a call that reads for several
    schema: str | None = None
    answer: str | None = None  # the first twelve hexadecimal digits of the SHA-256 of the answer to be read
    model: str | None = None
    country: str | None = None
    status: int | None = None
    fault: str | None = None
    request: str | None = None
    snapshot_id: str | None = None
    file_id: str | None = None
    batch_id: str | None = None
    custom_id: str | None = None
    inputs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float | None = None


@dataclass(slots=True)
class Counts:
    """`failed`: a status of 400 or more, or no reply; `struck`: hit by a fault."""

    all: int = 0
    open: int = 0
    failed: int = 0
    struck: int = 0

    def add(self, call: Call) -> None:
        self.all += 1
        self.open += call.seconds is None
        self.failed += call.seconds is not None and (call.status or FAILURE) >= FAILURE
        self.struck += call.fault is not None


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)

    def arrived(self, where: str) -> Call:
        call = Call(time.time(), where)
        self._calls.append(call)
        return call

    def clear(self) -> None:
        self._calls.clear()

    def listed(self, where: str | None = None) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._calls if where in (None, call.where)]

    def latest(self, most: int) -> list[Call]:
        """The newest first."""
        return [self._calls[-place] for place in range(1, min(most, len(self._calls)) + 1)]

    def counts(self) -> dict[str, Counts]:
        """Counts by place, in the order of their first calls."""
        found: dict[str, Counts] = {}
        for call in self._calls:
            found.setdefault(call.where, Counts()).add(call)
        return found
