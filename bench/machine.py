"""The machine and the revision that a figure was measured on, and the file that it is saved to."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE / "out"


def revision() -> str:
    """The commit, with a "+" if senso/ has uncommitted changes."""
    git = ["git", "-C", str(HERE)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True).stdout
    changed = subprocess.run([*git, "status", "--short", "../senso"], check=False, capture_output=True).stdout
    return head.strip() + ("+" if changed else "")


def machine() -> str:
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return (
        f"{os.cpu_count()} cores of {cpu.partition(': ')[2]}, {platform.platform()}, Python {platform.python_version()}"
    )


def heading() -> str:
    return f"{machine()}\nsenso at {revision()}, load average before: {os.getloadavg()[0]:.1f}"


def each_by_itself(cases: Sequence[str]) -> int:
    """Runs this program once per case, each in its own process, because Celery reads its URLs only once."""
    codes = [subprocess.run([sys.executable, *sys.argv, "--case", case], check=False).returncode for case in cases]
    return max(codes)


def save(name: str, found: dict[str, Any], path: Path | None = None) -> None:
    """Writes to `path` if given, else to a file named after the current time, and prints that name."""
    OUT.mkdir(exist_ok=True)
    file = path or OUT / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    file.write_text(json.dumps({"machine": machine(), "revision": revision(), **found}, indent=1))
    if path is None:
        print(f"\nJSON: {file}", flush=True)
