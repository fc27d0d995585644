"""What tests of pages look for."""

import re
from datetime import date
from html import unescape

from senso.matrix import Subject


def key_of(answer) -> str:
    """Of the form on a page: what its button sends."""
    (found,) = re.findall(r'name="key" value="([0-9a-f-]{36})"', answer.text)
    return found


def hidden(answer) -> dict[str, list[str]]:
    """The hidden fields of the forms on a page."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text):
        found.setdefault(name, []).append(unescape(value))
    return found


def read(answer) -> str:
    """The words of a page, as a person reads them."""
    main = answer.text.partition("<main")[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def put(make, org, day: date, state: str = "completed", error: str | None = None):
    """A batch of the org, which nobody has worked on."""
    batch = Subject.org(org.id).batch_on(day)
    make.sql(
        "INSERT INTO batches (id, kind, org_id, batch_date, state, credits_per_evaluation, triggered_by, error, "
        "ended_at) VALUES (:id, 'org', :org, :day, :state, 1, 'test', :error, "
        "CASE WHEN CAST(:state AS text) NOT IN ('queued', 'running') THEN now() END)",
        id=batch,
        org=org.id,
        day=day,
        state=state,
        error=error,
    )
    return batch
