"""A file kept at OpenAI: uploaded for a batch, or written by one."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from senso.sandbox.openai.messages import last_said


@dataclass(frozen=True, slots=True)
class File:
    """`words`: what a fault's `match` is compared with. `lasts`: the seconds after which the file expires."""

    filename: str
    purpose: str
    content: bytes
    words: str
    lasts: int | None = None
    id: str = field(default_factory=lambda: f"file-{uuid4().hex[:22]}")
    created: int = field(default_factory=lambda: int(time.time()))

    def shown(self) -> dict[str, Any]:
        return {
            "object": "file",
            "id": self.id,
            "purpose": self.purpose,
            "filename": self.filename,
            "bytes": len(self.content),
            "created_at": self.created,
            "expires_at": None if self.lasts is None else self.created + self.lasts,
            "status": "processed",
            "status_details": None,
        }


def words_in(content: bytes) -> str:
    """What the lines of a batch's file ask. Lines of any other shape have no words."""
    return "\n".join(last_said(body.get("messages"), "user") for body in _bodies(content))


def _bodies(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.split(b"\n"):
        try:
            given = json.loads(line)
        except ValueError:
            continue
        if isinstance(given, dict) and isinstance(given.get("body"), dict):
            yield given["body"]
