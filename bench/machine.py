"""Where and of what a figure was measured, and the file that keeps it."""

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
    """With a "+" when the checkout holds what no commit has."""
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
    """This program again for each of the cases, in a process of its own: Celery reads its addresses once."""
    codes = [subprocess.run([sys.executable, *sys.argv, "--case", case], check=False).returncode for case in cases]
    return max(codes)


def save(name: str, found: dict[str, Any], path: Path | None = None) -> None:
    """Into `path`, for who will read it there; else into a file of this moment, which is printed."""
    OUT.mkdir(exist_ok=True)
    file = path or OUT / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    file.write_text(json.dumps({"machine": machine(), "revision": revision(), **found}, indent=1))
    if path is None:
        print(f"\nJSON: {file}", flush=True)
