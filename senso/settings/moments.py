"""SENSO_CLOCK: +3d, -2h, +30m, or a moment at which the clock stands."""

import re
from datetime import UTC, datetime, timedelta

OFFSET = re.compile(r"([+-])(\d+)([dhm])")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def moment(said: str) -> datetime:
    """Raises ValueError and OverflowError."""
    offset = OFFSET.fullmatch(said)
    if offset:
        return datetime.now(UTC) + timedelta(**{UNITS[offset[3]]: int(offset[1] + offset[2])})
    found = datetime.fromisoformat(said)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
