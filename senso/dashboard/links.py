"""Addresses of pages: the state of a page is in its address, by names."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator


def to(path: str, values: Mapping[str, Any]) -> str:
    """Without what is empty; a list as several values of its name."""
    given = {name: value for name, value in values.items() if value not in (None, "", False, [], ())}
    said = urlencode({name: plain(value) for name, value in given.items()}, doseq=True)
    return f"{path}?{said}" if said else path


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return "true" if value is True else str(value)


def none_if_empty(said: object) -> object:
    """A form sends a field that was left empty as an empty text."""
    return None if said == "" else said


# `since: Annotated[Day | None, MAY_BE_EMPTY] = None`
MAY_BE_EMPTY = BeforeValidator(none_if_empty)


def without_empty(request: Request) -> RedirectResponse | None:
    """To the same page, by an address without the fields of a form that were left empty; None: there are none."""
    given = request.query_params.multi_items()
    if all(value for _, value in given):
        return None
    said = urlencode([(name, value) for name, value in given if value])
    return RedirectResponse(f"{request.url.path}?{said}" if said else request.url.path, 303)
