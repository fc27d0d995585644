"""Which ids rows of a day have, in tables whose ids rise with time and that have no index by time.

The ids are found by halving: some twenty looks at the key in one statement, however many rows there are.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, text

Table = Literal["audit", "ledger"]
MOMENTS: Final[dict[Table, str]] = {"audit": "at", "ledger": "created_at"}
# Ids are given out as rows are written, and moments are those of the begin of a transaction: hours later at most.
SPREAD: Final = timedelta(hours=2)
# All rows are in between, and a day more or less can be counted from both.
FIRST: Final = date(1970, 1, 1)
LAST: Final = date(9000, 1, 1)
# Below `low` all rows are earlier, as far as has been looked; from `high` on none is.
HALVED: Final = """
    WITH RECURSIVE halved (low, high) AS (
        SELECT CAST(0 AS bigint), (SELECT coalesce(max(id), 0) + 1 FROM {table})
        UNION ALL
        SELECT CASE WHEN f.at < :moment THEN f.id + 1 ELSE h.low END,
            CASE WHEN f.at < :moment THEN h.high ELSE (h.low + h.high) / 2 END
        FROM halved h LEFT JOIN LATERAL (
            SELECT t.id, t.{at} AS at FROM {table} t WHERE t.id >= (h.low + h.high) / 2 ORDER BY t.id LIMIT 1
        ) f ON true
        WHERE h.low < h.high
    )
    SELECT low FROM halved WHERE low >= high LIMIT 1
"""


def begin_of(day: date) -> datetime:
    return datetime.combine(min(max(day, FIRST), LAST), time(), UTC)


def end_of(day: date) -> datetime:
    return begin_of(day) + timedelta(days=1)


def within(db: Connection, table: Table, since: date | None, until: date | None) -> tuple[int, int | None]:
    """Ids from, and below which, all rows of these days (UTC, both included) are; and a few of others."""
    low = 0 if since is None else first_from(db, table, begin_of(since) - SPREAD)
    return low, None if until is None else first_from(db, table, end_of(until) + SPREAD)


def first_from(db: Connection, table: Table, moment: datetime) -> int:
    """The id of a row from `moment` on, before which nearly all are earlier; above all if there is none."""
    found = db.execute(text(HALVED.format(table=table, at=MOMENTS[table])), {"moment": moment})
    return int(found.scalar_one())
