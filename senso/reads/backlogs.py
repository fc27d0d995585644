"""How long work has waited in the last days, by stage."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from senso.db.typed import each


@dataclass(frozen=True, slots=True)
class BacklogHour:
    """Seconds, the most of that hour."""

    at: datetime
    matrix: int
    ask: int
    extract: int
    score: int
    push: int


HOURS = text("""
    SELECT date_trunc('hour', at) AS at, max(matrix) AS matrix, max(ask) AS ask, max(extract) AS extract,
        max(score) AS score, max(push) AS push
    FROM backlog_ages WHERE at > now() - make_interval(hours => :hours) GROUP BY 1 ORDER BY 1
""")


def hours(db: Connection, most: int) -> list[BacklogHour]:
    """The oldest first; an hour without a tick is left out."""
    return each(BacklogHour, db.execute(HOURS, {"hours": most}))
