"""The members of an event and of its `data`: what is accepted in each."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from senso.api.problems import Problem
from senso.typed_ids import id_in, short_text

# The clock of a client may be ahead by so much.
CLOCKS_APART = timedelta(minutes=5)
M = TypeVar("M", bound=BaseModel)


def id_of(said: object) -> UUID:
    found = id_in(said) if isinstance(said, str) else None
    if found is None:
        raise PydanticCustomError("id", "must be an id: a string that holds a UUID")
    return found


def short(text: str) -> str:
    try:
        return short_text(text)
    except ValueError as error:
        raise PydanticCustomError("text", "{said}", {"said": str(error)}) from None


def short_or_empty(text: str) -> str:
    return text and short(text)


def not_in_the_future(milliseconds: int) -> int:
    if milliseconds > (datetime.now(UTC) + CLOCKS_APART).timestamp() * 1000:
        raise PydanticCustomError("ts", "lies in the future: events are not kept for later, send it then")
    return milliseconds


Id = Annotated[UUID, BeforeValidator(id_of)]
Short = Annotated[str, AfterValidator(short)]


class Members(BaseModel):
    """Other members are ignored, as Inngest does."""

    model_config = ConfigDict(strict=True)


class Envelope(Members):
    name: str
    data: dict[str, Any] | None = None
    id: Annotated[str, AfterValidator(short_or_empty)] | None = None
    ts: Annotated[int, AfterValidator(not_in_the_future)] | None = None


class Initiated(Members):
    """Who asked for it, as the audit keeps it."""

    triggered_by: Short | None = None
    user_id: Short | None = None


class OrgData(Initiated):
    org_id: Id


class NetworkData(Initiated):
    network_id: Id


class MissingData(Initiated):
    network_id: Id
    org_id: Id


def checked(form: type[M], raw: object, where: str = "") -> M:
    """Raises Problem, for the first member that is wrong. `where`: what stands before the names of members."""
    if not isinstance(raw, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, 'must be an object: {"name": ..., "data": {...}}')
    try:
        return form.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Problem(HTTPStatus.BAD_REQUEST, f"{where}{name}: {first['msg']}") from None
