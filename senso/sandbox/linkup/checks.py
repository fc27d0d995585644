"""The requests that Linkup refuses: every wrong field is named in one reply."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from senso.sandbox.linkup.bodies import error
from senso.sandbox.replies import Problem

Body = dict[str, Any]

DEPTHS = ("flash", "fast", "standard", "deep")
OUTPUTS = ("sourcedAnswer", "searchResults", "structured")
TRUTHS = ("includeImages", "includeInlineCitations", "includeSources")
DATES = ("fromDate", "toDate")
DOMAINS = ("includeDomains", "excludeDomains")
FIELDS = ("q", "depth", "outputType", "structuredOutputSchema", "maxResults", *TRUTHS, *DATES, *DOMAINS)
MOST_DOMAINS = 100


def check(body: Any) -> None:
    details = [{"field": field, "message": message} for field, message in problems(body)]
    if details:
        raise Problem(error(400, "VALIDATION_ERROR", "Validation failed", details))


def problems(body: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(body, dict):
        yield "body", "body must be an object"
        return
    yield from ((name, f"property {name} should not exist") for name in body if name not in FIELDS)
    if not isinstance(body.get("q"), str) or not body["q"].strip():
        yield "q", "q should not be empty"
    yield from not_one_of(body, "depth", DEPTHS)
    yield from not_one_of(body, "outputType", OUTPUTS)
    yield from wrong_types(body)
    yield from wrong_dates(body)
    if body.get("outputType") == "structured" and not is_schema(body.get("structuredOutputSchema")):
        yield "structuredOutputSchema", "structuredOutputSchema must be an object JSON schema, as a string"


def not_one_of(body: Body, field: str, allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if body.get(field) not in allowed:
        yield field, f"{field} must be one of the following values: {', '.join(allowed)}"


def wrong_types(body: Body) -> Iterator[tuple[str, str]]:
    for name in TRUTHS:
        if not isinstance(body.get(name, False), bool):
            yield name, f"{name} must be a boolean value"
    for name in DOMAINS:
        listed = body.get(name, [])
        if not isinstance(listed, list) or len(listed) > MOST_DOMAINS:
            yield name, f"{name} must contain no more than 100 elements"
    most = body.get("maxResults", 1)
    if type(most) is not int or most < 1:
        yield "maxResults", "maxResults must be a positive number"


def wrong_dates(body: Body) -> Iterator[tuple[str, str]]:
    for name in DATES:
        if name in body and moment(body[name]) is None:
            yield name, f"{name} must be a valid ISO 8601 date string"
    first, last = (moment(body.get(name)) for name in DATES)
    if first and last and first >= last:
        yield "fromDate", "fromDate must be before toDate"


def moment(value: Any) -> str | None:
    """The day."""
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except (TypeError, ValueError):
        return None


def is_schema(given: Any) -> bool:
    try:
        found = json.loads(given)
    except (TypeError, ValueError):
        return False
    return isinstance(found, dict) and found.get("type") == "object"
