"""Whether the ledger was compared with the work, and what that found."""

from datetime import timedelta
from typing import Final

from senso.checks import Finding
from senso.db import transaction
from senso.errors import SensoError
from senso.quantities import counted
from senso.queries import reconciliations
from senso.queries.reconciliations import Last

NAME: Final = "Ledger"
LATE: Final = timedelta(days=2)
COMPARE: Final = "senso ledger --reconcile"


def findings() -> list[Finding]:
    """Empty if Postgres does not answer or has no tables, which is reported separately."""
    try:
        with transaction() as db:
            last, now = reconciliations.last(db), reconciliations.now(db)
    except SensoError:
        return []
    return [of_last(last, None if last is None else now - last.ran_at)]


def of_last(last: Last | None, ago: timedelta | None) -> Finding:
    if last is None or ago is None:
        return Finding(NAME, "note", "never compared with the work", "beat does so once a day", f"at once: {COMPARE}")
    said = f"compared with the work at {last.ran_at:%Y-%m-%d %H:%M}Z, "
    if not last.is_settled:
        found = counted(last.count, "difference")
        return Finding(NAME, "warning", f"{said}{found}", "credits moved that should not, or did not", COMPARE)
    outcome = f"{last.count} known" if last.count else "clean"
    if ago > LATE:
        return Finding(NAME, "warning", f"{said}{outcome}", "that is more than two days ago", f"at once: {COMPARE}")
    return Finding(NAME, "ok", f"{said}{outcome}")
