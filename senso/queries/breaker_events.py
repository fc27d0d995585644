"""What breakers of models did, in rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from senso.db.bulk import as_json

COLUMNS = "at, provider, model, event, calls, failures, error, open_seconds, transition"
# An event that is a row already, since another process has read it too, is left out.
ADD = text(f"""
    INSERT INTO breaker_events ({COLUMNS})
    SELECT {COLUMNS} FROM jsonb_populate_recordset(CAST(NULL AS breaker_events), CAST(:events AS jsonb))
    ON CONFLICT (transition) DO NOTHING
    RETURNING transition
""")


def add(db: Connection, events: Sequence[dict[str, Any]]) -> set[str]:
    """The transitions that were no rows before."""
    return set(db.execute(ADD, {"events": as_json(events)}).scalars())
