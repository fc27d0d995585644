"""Lists of objects, a page at a time."""

import re
from collections.abc import Sequence
from typing import Any

from senso.sandbox.openai.errors import invalid
from senso.sandbox.replies import Problem

Body = dict[str, Any]


def page(rows: Sequence[Body], after: str | None, limit: int) -> Body:
    """`after`: the id that the page before ended with."""
    ids = [row["id"] for row in rows]
    if after is not None and after not in ids:
        raise invalid(f"Invalid 'after': there is no object with the id '{after}'.", "after", "invalid_value")
    start = 0 if after is None else ids.index(after) + 1
    found = rows[start : start + limit]
    ends = {"first_id": found[0]["id"], "last_id": found[-1]["id"]} if found else {"first_id": None, "last_id": None}
    return {"object": "list", "data": found, **ends, "has_more": start + limit < len(rows)}


def limit_in(given: str | None, usual: int, most: int) -> int:
    """The number of objects that a page has at most."""
    if given is None:
        return usual
    if not re.fullmatch(r"-?[0-9]{1,9}", given):
        raise invalid(
            "Invalid type for 'limit': expected an integer, but got a string instead.", "limit", "invalid_type"
        )
    if int(given) > most:
        raise _beyond(f"above maximum value. Expected a value <= {most}", given, "integer_above_max_value")
    if int(given) < 1:
        raise _beyond("below minimum value. Expected a value >= 1", given, "integer_below_min_value")
    return int(given)


def _beyond(bound: str, given: str, code: str) -> Problem:
    return invalid(f"Invalid 'limit': integer {bound}, but got {given} instead.", "limit", code)
