"""Bases and types of what the routes take and answer: names as in the tables, money in micro-dollars, dates in UTC."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from senso.typed_ids import short_text

LARGEST = 2**63 - 1
T = TypeVar("T")


# A type alias is a schema with a name of its own, which the clients that are generated have.
JsonObject = TypeAliasType("JsonObject", dict[str, Any])


class Body(BaseModel):
    """What a route takes: a member that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What a route answers; made of a row by `Model.model_validate(row)`.

    `shown_once`: members that a repeated request with the same idempotency key is not told again, and that are not
    kept. They must allow None.
    """

    model_config = ConfigDict(from_attributes=True, extra="forbid", serialize_by_alias=True)
    shown_once: ClassVar[frozenset[str]] = frozenset()

    def kept(self) -> str:
        """As JSON, for a repeated request."""
        return self.model_copy(update=dict.fromkeys(self.shown_once)).model_dump_json()


class Page(Shown, Generic[T]):
    """`next`: the cursor of the next page; null on the last one."""

    items: list[T]
    next: str | None


def one_line(text: str) -> str:
    try:
        return short_text(text)
    except ValueError as error:
        raise PydanticCustomError("text", "{said}", {"said": str(error)}) from None


def zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("moment", "needs its offset from UTC, such as 2026-11-21T02:00:00Z")
    return value


# A text of one line; spaces around it are taken away.
Line = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(one_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(one_line)]
Moment = Annotated[datetime, AfterValidator(zoned)]
# A number of a row, in a path.
Number = Annotated[int, Path(ge=1, le=LARGEST)]
Id = UUID
