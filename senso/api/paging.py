"""Pages of a list: how many rows, and the cursor after which they begin.

A cursor is the sort key of the last row of a page, so that rows that come or go meanwhile neither repeat nor hide
others. It is no secret: what a token may see is decided by each read.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from senso.api.models import LARGEST, Page
from senso.api.problems import Problem, invalid

MOST_ROWS, USUAL_ROWS = 200, 50
LONGEST_CURSOR = 1000
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows of a page at most")]
Cursor = Annotated[
    str | None, Query(max_length=LONGEST_CURSOR, description="`next` of the page before; unset: the first page")
]
Value = UUID | str | int | date | datetime
R = TypeVar("R")
S = TypeVar("S")


def encode(*values: Value) -> str:
    said = [one.isoformat() if isinstance(one, date) else str(one) for one in values]
    return urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type[Any]) -> tuple[Any, ...] | None:
    """A value of each kind, which are UUID, str, int, date and datetime; None without a cursor. Raises Problem."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        said = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            raise ValueError  # noqa: TRY301
        return tuple(READERS[kind](one) for kind, one in zip(kinds, said, strict=True))
    except (ValueError, RecursionError, OverflowError):
        raise wrong() from None


def wrong() -> Problem:
    return invalid([("query.cursor", "is none of this list; send `next` of the page before as it is")])


def number(said: str) -> int:
    found = int(said)
    if abs(found) > LARGEST:
        raise ValueError(said)
    return found


def moment(said: str) -> datetime:
    found = datetime.fromisoformat(said)
    if found.tzinfo is None:
        raise ValueError(said)
    return found.astimezone(UTC)  # Postgres refuses an offset of nearly a day


READERS: dict[type[Any], Callable[[str], Any]] = {
    UUID: UUID,
    str: str,
    int: number,
    date: date.fromisoformat,
    datetime: moment,
}


def page(rows: Sequence[R], limit: int, key: Callable[[R], tuple[Value, ...]], shown: Callable[[R], S]) -> Page[S]:
    """`rows`: of this page, and one more where there is a next one. `key`: what `decode` takes apart."""
    kept = rows[:limit]
    following = encode(*key(kept[-1])) if len(rows) > limit else None
    return Page(items=[shown(one) for one in kept], next=following)
