"""Errors as problem+json (RFC 9457). `error` repeats `detail` because Inngest's clients look for the reason there."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from senso.errors import InsufficientCredits, NotFound, Sealed, SensoError, Unreachable
from senso.log import logger

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
MOST_ERRORS = 20
LONGEST_WHERE = 100
UNREADABLE = "the body cannot be read: send plain JSON in UTF-8, without long numbers and not nested without end"
# Types of pydantic's errors for a body that is no object, as one without its content type is.
NO_OBJECT = {"model_attributes_type", "dict_type", "missing"}
PYDANTIC = "Value error, "  # what it writes before words of ours
UNREACHABLE = "a part of this service cannot be used at this moment; send it again"
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
# The status of what our own code refuses; where it is for another reason, 409.
STATUSES = {
    NotFound: HTTPStatus.NOT_FOUND,
    InsufficientCredits: HTTPStatus.PAYMENT_REQUIRED,
    Unreachable: HTTPStatus.SERVICE_UNAVAILABLE,
}
log = logger(__name__)


class Problem(HTTPException):
    """`more`: further members of the document. `ends_connection`: the rest of the request is not waited for.

    An HTTPException, since FastAPI takes whatever else is raised while a body is read for a fault of the body.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        ends_connection: bool = False,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.status, self.ends_connection, self.more = status, ends_connection, more

    def response(self) -> JSONResponse:
        said = {"title": self.status.phrase, "status": self.status, "detail": self.detail, "error": self.detail}
        headers = {"Connection": "close"} if self.ends_connection else {}
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return JSONResponse(said | self.more, self.status, headers | dict(self.headers or {}), MEDIA_TYPE)

    def __str__(self) -> str:
        return self.detail


async def of_ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101  it is registered for problems only
    return error.response()


async def of_routing(request: Request, error: Exception) -> JSONResponse:
    """No such path, not by this method, or a body that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101  it is registered for these only
    status = HTTPStatus(error.status_code)
    response = Problem(status, UNREADABLE if status is HTTPStatus.BAD_REQUEST else str(error.detail)).response()
    response.headers.update(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(allowed(request)))
    return response


def allowed(request: Request) -> set[str]:
    """The methods of all routes of this path (RFC 9110, section 15.5.6)."""
    return {method for method in METHODS if any(is_of(route, request, method) for route in request.app.routes)}


def is_of(route: BaseRoute, request: Request, method: str) -> bool:
    return route.matches({**request.scope, "method": method})[0] is Match.FULL


async def of_refusal(_request: Request, error: Exception) -> JSONResponse:
    """What our own code refuses, such as a batch that cannot be cancelled any more."""
    assert isinstance(error, SensoError)  # noqa: S101  it is registered for these only
    return refusal(error).response()


def refusal(error: SensoError) -> Problem:
    """What cannot be reached is said in the log only, with where it is."""
    if isinstance(error, Unreachable | Sealed):
        log.warning("a request could not be answered", error=str(error))
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, UNREACHABLE)
    return Problem(status_of(error), str(error))


def status_of(error: SensoError) -> HTTPStatus:
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)


async def of_validation(_request: Request, error: Exception) -> JSONResponse:
    """422, with up to 20 of the members that are wrong; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  it is registered for these only
    return invalid(list(map(wrong, error.errors()))).response()


def invalid(wrong: Sequence[tuple[str, str]]) -> Problem:
    """`wrong`: where, such as `body.name` or `query.limit`, and what is wrong there."""
    first, more = wrong[0], len(wrong) - 1
    said = f"{first[0]}: {first[1]}" + (f"; and {more} more" if more else "")
    listed = [{"where": place, "what": what} for place, what in wrong[:MOST_ERRORS]]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, said, errors=listed)


def wrong(error: Mapping[str, Any]) -> tuple[str, str]:
    """Where, and what, of an error of pydantic."""
    if error["type"] == "json_invalid":
        return "body", f"is not JSON: {error.get('ctx', {}).get('error', error['msg'])}"
    if tuple(error["loc"]) == ("body",) and error["type"] in NO_OBJECT:
        return "body", "is no JSON object: send one, with Content-Type: application/json"
    return ".".join(map(str, error["loc"]))[:LONGEST_WHERE], error["msg"].removeprefix(PYDANTIC)
