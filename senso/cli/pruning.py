"""`prune`: deletes what old batches were asked and read."""

import re
from collections import Counter
from datetime import datetime

from senso.cli.environment import connected
from senso.cli.printing import moment, out, print_json
from senso.errors import ConfigError
from senso.quantities import counted
from senso.settings import clock, settings

SPAN = re.compile(r"([0-9]{1,5})([dw])")
DAYS = {"d": 1, "w": 7}
NAMES = {
    "question_runs": "answers and failed runs",
    "evaluations": "readings",
    "llm_calls": "calls",
    "citations": "sources",
    "competitors": "named competitors",
    "claims": "claims",
}


def days(said: str | None) -> int:
    """Raises ConfigError if the text is no span of at least a day, or is missing while PRUNE_AFTER is, too."""
    if said is None:
        after = settings().prune_after
        if after is None:
            raise ConfigError("say how old: senso prune --older-than 180d; or set PRUNE_AFTER")
        return after
    span = SPAN.fullmatch(said.strip())
    found = int(span[1]) * DAYS[span[2]] if span else 0
    if found < 1:
        raise ConfigError(f"--older-than {said!r}: say a span of at least a day: 180d, 26w")
    return found


def prune(older_than_days: int, *, dry_run: bool, as_json: bool) -> None:
    with connected():
        from senso.workflows import pruning  # noqa: PLC0415  only once the settings are found to be right

        of = pruning.limits(older_than_days, clock().date(), settings().network_history_days)
        if dry_run:
            rows = pruning.foresee(of)
            tell(rows.pop("batches"), rows, of.before, dry_run=True, as_json=as_json)
        else:
            found = pruning.prune(of)
            tell(found.batches, found.rows, of.before, dry_run=False, as_json=as_json)


def tell(batches: int, rows: Counter[str], before: datetime, *, dry_run: bool, as_json: bool) -> None:
    """`rows`: by table."""
    if as_json:
        print_json(
            {"before": before, "dry_run": dry_run, "batches": batches, "rows": {one: rows[one] for one in NAMES}}
        )
        return
    would = "would be" if dry_run else "were" if batches != 1 else "was"
    out.print(f"{counted(batches, 'batch', 'batches')} that ended before {moment(before)} {would} pruned.")
    listed = ", ".join(f"{rows[table]} {name}" for table, name in NAMES.items() if rows[table])
    if listed:
        out.print(f"{'It would delete' if dry_run else 'Deleted'}: {listed}.")
        out.print(
            "Numbers, charges, pushes and the latest answers stay. Postgres reuses the room by itself (autovacuum)."
        )
