"""Parses SENSO_CLOCK: an offset (+3d, -2h, +30m) or a fixed moment, both within FIRST_YEAR to LAST_YEAR."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import PydanticCustomError

OFFSET = re.compile(r"([+-])(\d+)([dhm])")
FIRST_YEAR: Final = 2000  # so that dates computed from it stay valid
LAST_YEAR: Final = 2099
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def moment(said: str) -> datetime:
    """Raises ValueError and OverflowError."""
    found = meant(said)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"not within {FIRST_YEAR} to {LAST_YEAR}")
    return found


def meant(said: str) -> datetime:
    offset = OFFSET.fullmatch(said)
    if offset:
        return datetime.now(UTC) + timedelta(**{UNITS[offset[3]]: int(offset[1] + offset[2])})
    found = datetime.fromisoformat(said)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def check(said: str | None) -> str | None:
    """Checked at start: with a value that cannot be parsed, a running stack would fail at every tick.

    Raises PydanticCustomError.
    """
    try:
        moment(said or "+0d")
    except (ValueError, OverflowError):
        raise PydanticCustomError(
            "clock",
            "{said} is neither an offset (+3d, -2h, +30m) nor an ISO moment, of the years 2000 to 2099",
            {"said": repr(said)},
        ) from None
    return said
