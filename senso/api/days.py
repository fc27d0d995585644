"""Dates in queries."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def iso(said: object) -> object:
    """pydantic alone would take a number for seconds since 1970."""
    if isinstance(said, str) and not FORM.fullmatch(said):
        raise PydanticCustomError("date", "must be a date such as 2026-11-21")
    return said


Day = Annotated[date, BeforeValidator(iso)]
