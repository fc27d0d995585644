"""The promises I1-I8 as SQL: each statement returns the violations of its promise; no rows mean that it is kept.

All run in one snapshot of the database, so they can run while work goes on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from senso.db import rows
from senso.policy import Policy
from senso.queries.invariants import batches, calls, counters, ledger, queues, rereadings
from senso.queries.invariants.base import Check, Promise
from senso.registry import BILLING_PROVIDERS, JOB_PROVIDERS

__all__ = ["CHECKS", "MOST_ROWS", "Check", "Promise", "broken", "import_snapshot", "moment", "use_snapshot"]

CHECKS = tuple(
    sorted(
        (*batches.CHECKS, *ledger.CHECKS, *counters.CHECKS, *calls.CHECKS, *rereadings.CHECKS, *queues.CHECKS),
        key=lambda check: check.promise,
    )
)
MOST_ROWS = 20
READ_WHOLE_TABLES = text("""
    SELECT set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'auto', true),
        set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
        set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_mergejoin', 'off', true)
""")  # our connections avoid this otherwise: see senso.db
STATEMENTS = {
    check.name: text(f"WITH found AS MATERIALIZED ({check.sql}) SELECT * FROM found LIMIT {MOST_ROWS}")
    for check in CHECKS
}


STAND_STILL = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
MOMENT = text("SELECT pg_export_snapshot()")


def use_snapshot(db: Connection) -> None:
    """Makes the transaction read from one snapshot. Must be its first statement."""
    db.execute(STAND_STILL)


def moment(db: Connection) -> str:
    """Exports the snapshot of `db`, for `stand_beside` in another session while this transaction lasts."""
    return str(db.execute(MOMENT).scalar_one())


def import_snapshot(db: Connection, moment: str) -> None:
    use_snapshot(db)
    db.execute(text(f"SET TRANSACTION SNAPSHOT '{moment}'"))


def broken(
    db: Connection,
    policy: Policy,
    most_running: int,
    since: datetime | None = None,
    *,
    about: str = "",
    only: Iterable[Check] = CHECKS,
) -> dict[str, list[dict[str, Any]]]:
    """Up to 20 violations of each broken promise; empty if all hold.

    `most_running`: batches that may run at a time. `since`: checks what is open or ended since then. `about`: only
    checks that read this table. `only`: consumed one by one, so that two sessions can share the checks.
    """
    db.execute(READ_WHOLE_TABLES)
    values: dict[str, Any] = {"since": since, "running": most_running, "job_providers": list(JOB_PROVIDERS)}
    values["billing_providers"] = list(BILLING_PROVIDERS)
    values |= {"kept": policy.names_kept, "silent": policy.silent_seconds, "names_tries": policy.names_tries}
    asked = (one.name for one in only if about in one.sql)
    found = {name: rows(db.execute(STATEMENTS[name], bound(STATEMENTS[name], values))) for name in asked}
    return {name: breaking for name, breaking in found.items() if breaking}


def bound(statement: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values that the statement has a parameter for."""
    return {name: value for name, value in values.items() if name in statement.compile().params}
