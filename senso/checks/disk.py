"""Disk space for the embedded servers, which stop without it."""

import shutil
from pathlib import Path
from typing import Final

from senso.checks import Finding

FULL_BYTES: Final = 100 << 20
SHORT_BYTES: Final = 2 << 30
WHY: Final = "the embedded Postgres stops when there is none, and nothing is stored any more"


def findings(home: Path) -> list[Finding]:
    free = shutil.disk_usage(existing(home)).free
    said, do = f"{free >> 20} MB free for {home}", "make room, or set SENSO_HOME to another disk"
    if free < FULL_BYTES:
        return [Finding("Disk", "fault", said, WHY, do, reachable=False)]
    if free < SHORT_BYTES:
        return [Finding("Disk", "warning", said, WHY, do)]
    return [Finding("Disk", "ok", said)]


def existing(path: Path) -> Path:
    """The folder itself, or its nearest parent that exists."""
    found = path.resolve()
    while not found.exists():
        found = found.parent
    return found
