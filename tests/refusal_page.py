"""`docs/refusals.md`: what a run of the cases printed, so that the page cannot say anything else."""

import re
from collections.abc import Mapping
from pathlib import Path

from refusal_cases import CASES, IDS, LIVE, Case

FILE = Path(__file__).parents[1] / "docs" / "refusals.md"
HEAD = """\
# What is refused, and how it is said

Find the line that a command printed: it says what is wrong, where, and what to do. Every refusal is one line on stderr,
never a traceback, and what it refuses is refused whole: the last column is the rows that it left in the database, and
no file is left half-written. Exit codes: 1 failed, 2 wrong use, 3 no credits, 4 not found, 5 something needed is not
reachable. Words in capitals stand for ids and ports. A secret is never part of a line.

Each row was printed by the command beside it. `WRITE_REFUSALS=1 python -m pytest tests/test_refusals.py` prints them
again; without the variable the same tests fail where a line and this page differ.
"""
BATCH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # made from the day: the only id that no case fixes
COLUMNS = "| when | command | it prints | exit | rows |\n|---|---|---|---|---|\n"


def page(rows: Mapping[Case, str]) -> str:
    """Of the cases that were run; a case that could not be (as an ordinary user, say) keeps the row it had."""
    parts = [HEAD]
    for title, cases in {**CASES, **LIVE}.items():
        parts.append(f"\n## {title}\n\n{COLUMNS}" + "".join(rows.get(case) or written(case) for case in cases))
    return "".join(parts)


def written(case: Case) -> str:
    """The row of the page that begins as the case does."""
    start = " | ".join(row_start(case))
    return next((f"{line}\n" for line in FILE.read_text().splitlines() if line.startswith(f"| {start} |")), "")


def row(case: Case, said: str, wrote: Mapping[str, int], words: Mapping[str, str]) -> str:
    rows = ", ".join(f"{table} {count}" for table, count in wrote.items()) or "0"
    return f"| {' | '.join([*row_start(case), code(plain(said.strip(), words)), str(case.code), rows])} |\n"


def row_start(case: Case) -> tuple[str, str]:
    return case.when, code(shortened(f"{variables(case)}senso {case.command}".replace("{port}", "PORT")))


def variables(case: Case) -> str:
    """As they are typed; a URL of one test run says nothing, and what is taken away is said by the line."""
    shown = {name: value for name, value in case.environment.items() if value is not None and "://" not in value}
    return "".join(f"{name}={value} " for name, value in shown.items() if "{" not in value or "port" in value)


def plain(said: str, words: Mapping[str, str]) -> str:
    """Without what differs from run to run. `words`: what stands for which value."""
    for word, value in {**IDS, **words}.items():
        said = said.replace(value, word)
    said = BATCH.sub("BATCH", said)
    said = re.sub(r"process \d+", "process PID", said)
    return shortened(re.sub(r"\d+ MB free", "N MB free", said))


def shortened(said: str) -> str:
    return re.sub(r"(x{20})x+", r"\1...", said)


def code(said: str) -> str:
    return f"`{said}`".replace("|", "\\|")
