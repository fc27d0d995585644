"""Makes docs/faults.md from what `make faults` measured: a row a fault, also where a promise was broken."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

HEAD = """# Faults

`make faults` lets each of these happen on real processes (Postgres and Redis with all that keeps data, call workers,
control, beat, a stand-in for the providers that counts every call) and checks I1 to I8 afterwards
(`senso doctor --invariants` runs the same statements). Measured {when}, {cores} cores with other work on them, Python
{python}.

*recovery*: seconds from the fault, or from the end of an outage, until the work goes on (for a killed caller: until
another has claimed what it held; where a batch must end, until all have). *twice*: calls that a provider was paid for
and another call for the same thing too; a killed process makes those again that it had in flight.

| # | fault | load | recovery, s | calls twice | broken promises | repairs | note |
|---|---|---|---:|---:|---|---|---|
"""
TAIL = """
`make chaos MINUTES=20 SEED=1` mixes kills of workers, Redis and Postgres by lot under at least 100 calls in flight;
what it said last stands in [chaos.md](chaos.md). That the suite can fail is shown by
`tests/faults/test_the_suite_can_fail.py`: twelve protections are removed from a copy of the product, one at a time, and
each time the test that stands for it goes red.
"""


def line(row: dict) -> str:
    repairs = ", ".join(f"{kind} {count}" for kind, count in row["repairs"].items()) or "none"
    recovery = "" if row["recovery"] is None else row["recovery"]
    cells = [row["number"], row["struck"], row["load"], recovery, row["twice"], ", ".join(row["broken"]) or "none"]
    return "| " + " | ".join(str(cell) for cell in [*cells, repairs, row["note"]]) + " |"


def main(measured: str, page: str) -> None:
    rows = [json.loads(text) for text in Path(measured).read_text().splitlines()]
    rows.sort(key=lambda row: row["number"])
    head = HEAD.format(when=f"{datetime.now(UTC):%d %B %Y}", cores=os.cpu_count(), python=platform.python_version())
    Path(page).write_text(head + "\n".join(line(row) for row in rows) + "\n" + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
