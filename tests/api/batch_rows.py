"""Batches of chosen dates as rows, for lists."""

from datetime import date

from senso.matrix import Subject


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
