"""Makes docs/faults.md from what `make faults` measured: a row a fault, above all where one did not get to its end.

The rows of a fault that was not measured this time stay; each has the day of its measurement.
"""

import json
import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

HEAD = """# Faults

`make faults` lets each of these happen on real processes (Postgres and Redis with all that keeps data, call workers,
control, beat, a stand-in for the providers that logs every call) under a load that does not run out while it lasts.
While work goes on every promise (I1 to I8, the statements of `senso doctor --invariants`) is asked every few seconds,
and afterwards it is held against the log of the stand-in as well: each thing that was asked more than once must have
been in the hands of a process that the test ended or froze, each answer that was read is charged once, each end
arrives at the application, no process ends that the test did not end. A fault that strikes nothing fails.
{count} rows, {failed} of them not withstood; last on {cores} cores with Python {python}.

*struck*: what it hit at that moment. *recovery*: seconds from the fault, or from the end of an outage, until work goes
on (for a killed caller: until another has claimed what it held). *open*: runs that were still open at the emptiest
moment before. *twice*: calls that were paid for once more than needed, of so many that were in such hands.

| # | fault | struck | runs | open | recovery, s | twice | broken | repairs | note | measured |
|---|---|---|---:|---:|---:|---:|---|---|---|---|
"""
TAIL = """
`make chaos MINUTES=20` strikes with all kinds by lot; what it said last stands in [chaos.md](chaos.md). That the suite
can fail is shown by `tests/faults/test_the_suite_can_fail.py`: protections are removed from a copy of the product, one
at a time, and each time the test that stands for it goes red with the failure that is expected.
"""
ROW = re.compile(r"\| (\d+) \|.*\|")
BROKEN = 7


def line(row: dict, day: str) -> str:
    struck = (
        ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in row["struck"].items() if count) or "nothing"
    )
    cells = [row["number"], row["fault"], struck, row["runs"], told(row["least_open"]), told(row["recovery"])]
    cells += [f"{row['twice']} of {row['in_hands']}" if row["in_hands"] else row["twice"], row["outcome"] or "none"]
    repairs = ", ".join(f"{kind} {count}" for kind, count in row["repairs"].items()) or "none"
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in [*cells, repairs, row["note"], day]) + " |"


def told(figure: float | None) -> str:
    return "" if figure is None else str(figure)


def number(row: str) -> int:
    return int(row.split("|")[1])


def main(measured: str, page: str) -> None:
    rows = [json.loads(text) for text in Path(measured).read_text().splitlines()]
    anew = {row["number"] for row in rows}
    kept = [row for row in Path(page).read_text().splitlines() if ROW.fullmatch(row) and number(row) not in anew]
    lines = sorted([*kept, *(line(row, f"{datetime.now(UTC):%Y-%m-%d}") for row in rows)], key=number)
    head = HEAD.format(
        cores=os.cpu_count(),
        python=platform.python_version(),
        count=len(lines),
        failed=sum(one.split(" | ")[BROKEN] != "none" for one in lines),
    )
    Path(page).write_text(head + "\n".join(lines) + "\n" + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
