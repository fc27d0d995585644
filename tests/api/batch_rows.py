"""Batches of chosen dates as rows, and what lists of the API hold."""

import json
from datetime import UTC, date, datetime
from typing import Any

from senso.matrix import Subject
from senso.records import plain


def put(make, org, day: date, state: str = "completed"):
    """A batch of the org, which nobody has worked on."""
    batch = Subject.org(org.id).batch_on(day)
    make.sql(
        "INSERT INTO batches (id, kind, org_id, batch_date, state, credits_per_evaluation, triggered_by) "
        "VALUES (:id, 'org', :org, :day, :state, 1, 'test')",
        id=batch,
        org=org.id,
        day=day,
        state=state,
    )
    return batch


def walk(ask, path: str, meanwhile=lambda: None) -> list:
    """All items of a list, page by page. `meanwhile`: done between two pages."""
    items, cursor = [], ""
    while cursor is not None:
        found = ask(f"{path}{cursor}").json()
        items += found["items"]
        cursor = found["next"] and f"&cursor={found['next']}"
        meanwhile()
    return items


def as_told(one: Any) -> Any:
    """As the command's JSON has it; with moments in UTC as the API writes them."""

    def of_value(value):
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return plain(value)

    return json.loads(json.dumps(one, default=of_value))
