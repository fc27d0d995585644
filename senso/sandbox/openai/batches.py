"""A batch at OpenAI: how it stands, and what became of its lines so far."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from senso.sandbox.openai.batch_lines import Line
from senso.sandbox.openai.models import SNAPSHOTS
from senso.sandbox.signature import signed

Body = dict[str, Any]

DAY = 86_400
STAMPS = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
UNDER_WAY = ("validating", "in_progress", "finalizing")


@dataclass(slots=True)
class Usage:
    """The tokens of all lines that were done."""

    given: int = 0
    cached: int = 0
    said: int = 0
    reasoning: int = 0

    def add(self, usage: Body) -> None:
        self.given += usage["prompt_tokens"]
        self.cached += usage["prompt_tokens_details"]["cached_tokens"]
        self.said += usage["completion_tokens"]
        self.reasoning += usage["completion_tokens_details"]["reasoning_tokens"]

    def shown(self) -> Body:
        return {
            "input_tokens": self.given,
            "input_tokens_details": {"cached_tokens": self.cached},
            "output_tokens": self.said,
            "output_tokens_details": {"reasoning_tokens": self.reasoning},
            "total_tokens": self.given + self.said,
        }


@dataclass(slots=True)
class Batch:
    """`fault` is a fault of the whole batch; `line_faults` has those of single lines by their custom ids.

    `problems`: why its validation fails. `lasts`: the seconds after which its files expire. `done` has the custom ids
    of the lines that were done; `results` and `errors` are the lines of its two files. `work` moves it on.
    """

    input_file_id: str
    endpoint: str
    words: str
    lines: Sequence[Line]
    model: str | None
    problems: Sequence[Body]
    metadata: dict[str, str] | None
    lasts: int | None
    seconds: float
    fault: str | None
    line_faults: Mapping[str, str]
    id: str = field(default_factory=lambda: f"batch_{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    status: str = "validating"
    stamps: dict[str, int] = field(default_factory=dict)
    results: list[Body] = field(default_factory=list)
    errors: list[Body] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    completed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    usage: Usage = field(default_factory=Usage)
    work: asyncio.Task[None] | None = None

    def enter(self, status: str) -> None:
        self.status = status
        self.stamps[status] = int(time.time())

    def shown(self) -> Body:
        named = {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": signed(SNAPSHOTS[self.model]) if self.model and self.validated else None,
            "errors": {"object": "list", "data": list(self.problems)} if self.status == "failed" else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self._status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
        }
        stamps = {f"{status}_at": self.stamps.get(status) for status in STAMPS}
        stamps = {"created_at": self.created, **stamps, "expires_at": self.created + DAY}
        counts = {"request_counts": self._counts(), "usage": self.usage.shown()}
        return {**named, **stamps, **counts, "metadata": self.metadata}

    @property
    def validated(self) -> bool:
        return "in_progress" in self.stamps

    @property
    def _status(self) -> str:
        odd = self.fault == "unknown-status" and self.status == "in_progress"
        return "queued" if odd else self.status

    def _counts(self) -> dict[str, int]:
        return {
            "total": len(self.lines) if self.validated else 0,
            "completed": self.completed,
            "failed": len(self.errors),
        }
