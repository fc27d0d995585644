"""CPU profile: py-spy on a call worker and on the control worker while the product works.

C code that runs after it has released the GIL (sockets, libpq) is not included: about a third of the CPU.
"""

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import processes
from processes import Roots

SECONDS = 20
RATE = 200
TOP = 25
Frames = tuple[str, ...]

ROOT = Path(__file__).resolve().parents[1]


def profile(of: Roots, work: Callable[[], object], out: Path) -> None:
    """Starts recording, then the work. If the work ends before the recording, the idle rest is not counted."""
    kinds = processes.by_kind(of)
    recorders = {kind: record(kinds[kind][0], out / f"profile-{kind}.raw") for kind in ("call", "control")}
    work()
    for recorder in recorders.values():
        recorder.wait(SECONDS * 4)
    for kind in recorders:
        print_profile(kind, out / f"profile-{kind}.raw")


def record(pid: int, path: Path) -> subprocess.Popen[bytes]:
    """Records only threads that hold the GIL: py-spy takes many of a hundred waiting threads for running ones."""
    command = ["py-spy", "record", "--gil", "-d", str(SECONDS), "-r", str(RATE), "-f", "raw", "-o", str(path)]
    command += ["-p", str(pid)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stacks(path: Path) -> list[tuple[Frames, int]]:
    """Parses lines of frames joined by ";", outermost first, followed by a count."""
    found = []
    for line in path.read_text().splitlines():
        frames, _, count = line.rpartition(" ")
        found.append((tuple(short(frame) for frame in frames.split(";")), int(count)))
    return found


def short(frame: str) -> str:
    """The frame without its line number, and with its path cut down to the module."""
    name, _, place = frame.partition(" (")
    path = place.rstrip(")").rpartition(":")[0]
    for root in ("site-packages/", f"{ROOT}/", "lib/python3.11/", "lib/python3.12/"):
        path = path.rpartition(root)[2]
    return f"{path}:{name}"


def print_profile(kind: str, path: Path) -> None:
    found = stacks(path)
    total = sum(count for _, count in found) or 1
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for frames, count in found:
        own[frames[-1]] += count
        for frame in set(frames):
            whole[frame] += count
    print(f"\n== profile of {kind}: {total} samples with the lock held, in {SECONDS} s at {RATE} a second ==")
    show("itself", own, total)
    show("with all below, ours", Counter({f: n for f, n in whole.items() if f.startswith("senso/")}), total)
    show("with all below, others'", Counter({f: n for f, n in whole.items() if not f.startswith("senso/")}), total)


def show(title: str, counted: Counter[str], total: int) -> None:
    print(f"-- {title}")
    for frame, count in counted.most_common(TOP):
        print(f"   {count / total:6.1%}  {frame}")
