"""Scaling: the cost per run with four and sixteen times as many runs, and the effect of more call workers.

Each cell of the table is `bench/run.py --case direct --alone` with that many orgs and call workers, on its own servers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from machine import HERE, heading, save
from measuring import Measured
from printing import MB

CELLS = ("20x1", "20x2", "20x4", "80x1", "80x2", "80x4", "320x2")
KINDS = ("call", "postgres", "control", "flower", "redis")
HEADS = ("runs/s", "CPU ms", *KINDS, "rest", "PSS MB", "Redis MB", "tx", "Redis cmds", "twice")


@dataclass(frozen=True)
class Cell:
    orgs: int
    workers: int

    @classmethod
    def of(cls, said: str) -> "Cell":
        orgs, _, workers = said.partition("x")
        return cls(int(orgs), int(workers))


def measured(cell: Cell, more: Sequence[str]) -> Measured:
    """Runs in its own process, because Celery and the engine read their URLs only once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.json"
        size = ("--orgs", str(cell.orgs), "--call-workers", str(cell.workers))
        command = [sys.executable, str(HERE / "run.py"), "--case", "direct", "--alone", *size, "--json", str(path)]
        subprocess.run([*command, *more], check=True)
        found: Mapping[str, Any] = json.loads(path.read_text())
    return Measured(**{one.name: found[one.name] for one in fields(Measured)})


def row(one: Measured) -> list[float]:
    """In the order of HEADS."""
    kinds = [one.cpu_ms[kind] for kind in KINDS]
    memory = (one.peak_bytes / MB, one.redis_peak_bytes / MB)
    return [
        *(one.rate, one.ours_ms, *kinds, one.ours_ms - sum(kinds)),
        *(*memory, one.transactions, one.redis_commands, one.twice),
    ]


def table(found: Mapping[Cell, Measured]) -> None:
    print(f"\n{'orgs':>5} {'workers':>7}  {'  '.join(f'{head:>10}' for head in HEADS)}")
    for cell, one in found.items():
        print(f"{cell.orgs:>5} {cell.workers:>7}  {'  '.join(f'{value:>10.2f}' for value in row(one))}")


def distances(found: Mapping[Cell, Measured]) -> dict[Cell, list[float | None]]:
    """Difference in percent between each cell and the one with the fewest orgs and the same number of workers."""
    least = {cell.workers: cell for cell in sorted(found, key=lambda cell: -cell.orgs)}
    return {
        cell: [100 * (now / before - 1) if before else None for now, before in zip(row(one), row(first), strict=True)]
        for cell, one in found.items()
        if (first := found[least[cell.workers]]) is not one
    }


def print_distances(found: Mapping[Cell, list[float | None]]) -> None:
    print("\nper cent from the fewest orgs with as many workers")
    for cell, far in found.items():
        said = (f"{'-' if one is None else f'{one:+.1f}':>10}" for one in far)
        print(f"{cell.orgs:>5} {cell.workers:>7}  {'  '.join(said)}")


def figures(cell: Cell, one: Measured, far: list[float | None] | None) -> dict[str, Any]:
    values = dict(zip(HEADS, row(one), strict=True))
    ends = {"states": one.states, "finished_by": one.finished_by, "repairs": one.repairs, "load": one.load_average}
    return vars(cell) | values | ends | ({"per_cent": dict(zip(HEADS, far, strict=True))} if far else {})


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, epilog="Other options go to bench/run.py.")
    given.add_argument("--cells", nargs="+", default=CELLS, metavar="ORGSxWORKERS", help=f"default {' '.join(CELLS)}")
    options, more = given.parse_known_args()
    os.environ["PYTHONUNBUFFERED"] = "1"
    said = heading()
    found = {cell: measured(cell, more) for cell in map(Cell.of, options.cells)}
    far = distances(found)
    print(f"\n== growth: {said} ==\nCPU in milliseconds a run, without the stand-in's; tx and Redis cmds a run")
    table(found)
    print_distances(far)
    save("growth", {"cells": [figures(cell, one, far.get(cell)) for cell, one in found.items()]})


if __name__ == "__main__":
    main()
