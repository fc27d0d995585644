"""How long work has waited, kept for a while: a row every ten minutes, whoever writes it first."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

STAGES: Final = ("matrix", "ask", "extract", "score", "push")
KEPT_DAYS: Final = 7
SLOT = "date_bin('10 minutes', now(), TIMESTAMPTZ '2000-01-01 00:00Z')"
IS_DUE = text(f"SELECT NOT EXISTS (SELECT FROM backlog_ages WHERE at = {SLOT})")
WRITE = text(f"""
    WITH old AS (DELETE FROM backlog_ages WHERE at < now() - interval '{KEPT_DAYS} days')
    INSERT INTO backlog_ages (at, {", ".join(STAGES)}) VALUES ({SLOT}, {", ".join(f":{name}" for name in STAGES)})
    ON CONFLICT DO NOTHING
""")
LONGEST = 2**31 - 1


def is_due(db: Connection) -> bool:
    return bool(db.execute(IS_DUE).scalar_one())


def write(db: Connection, seconds: Mapping[str, float]) -> None:
    """`seconds`: by stage. What is older than KEPT_DAYS goes."""
    db.execute(WRITE, {name: min(round(seconds[name]), LONGEST) for name in STAGES})
