"""Which ids rows of a day have, in tables whose ids rise with time and that have no index by time.

The ids are found by halving: some twenty looks at the key, however many rows there are.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, text

Table = Literal["audit", "ledger"]
MOMENTS: Final[dict[Table, str]] = {"audit": "at", "ledger": "created_at"}
# Ids are given out as rows are written, and moments are those of the begin of a transaction: hours later at most.
SPREAD: Final = timedelta(hours=2)
NEXT: Final = "SELECT id, {0} AS at FROM {1} WHERE id >= :id ORDER BY id LIMIT 1"
LAST: Final = "SELECT coalesce(max(id), 0) FROM {0}"


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    return begin_of(day) + timedelta(days=1)


def within(db: Connection, table: Table, since: date | None, until: date | None) -> tuple[int, int | None]:
    """Ids from, and below which, all rows of these days (UTC, both included) are; and a few of others."""
    low = 0 if since is None else first_from(db, table, begin_of(since) - SPREAD)
    return low, None if until is None else first_from(db, table, end_of(until) + SPREAD)


def first_from(db: Connection, table: Table, moment: datetime) -> int:
    """The id of a row from `moment` on, before which nearly all are earlier; above all if there is none."""
    look = text(NEXT.format(MOMENTS[table], table))
    low, high = 0, int(db.execute(text(LAST.format(table))).scalar_one()) + 1
    while low < high:
        middle = (low + high) // 2
        found = db.execute(look, {"id": middle}).first()
        if found is None or found.at >= moment:
            high = middle
        else:
            low = found.id + 1
    return low
