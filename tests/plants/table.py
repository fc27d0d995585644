"""docs/plants.md from what `make plants` planted."""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from harmless import reason

HEAD = """# Violations planted, and which are seen

For every column of money, state, fence, counter, moment and key of another row, in a row of each state: deleted,
duplicated, one more, one less, null, the value of another row, a day earlier and later; each alone, in a database in
which all has ended and in one in which work goes on. Made by `make plants`; by rule, and not chosen.

| world | planted | seen by a check | refused by the database | seen or refused | not seen |
|---|---:|---:|---:|---:|---:|
"""


def main(results: str, page: str) -> None:
    found = [json.loads(line) for line in Path(results).read_text().splitlines()]
    Path(page).write_text(HEAD + "".join(map(row, worlds(found).items())) + table(found))


def worlds(found: list[list[str]]) -> dict[str, Counter[str]]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for world, _, seen in found:
        counted[world]["unseen" if seen is None else "refused" if seen == "constraint" else "seen"] += 1
    return counted


def row(of: tuple[str, Counter[str]]) -> str:
    world, counted = of
    whole, unseen = counted.total(), counted["unseen"]
    return f"| {world} | {whole} | {counted['seen']} | {counted['refused']} | {1 - unseen / whole:.1%} | {unseen} |\n"


def table(found: list[list[str]]) -> str:
    unseen = sorted({name for _, name, seen in found if seen is None})
    rows = "".join(f"| {name} | {reason(name) or 'NO REASON'} |\n" for name in unseen)
    return f"\n## Not seen, and why each harms nobody\n\n| planted | why |\n|---|---|\n{rows}"


if __name__ == "__main__":
    main(*sys.argv[1:])
