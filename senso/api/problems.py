"""Errors as problem+json (RFC 9457). `error` repeats `detail` because Inngest's clients look for the reason there."""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5


class Problem(Exception):
    """`more`: further members of the document. `ends_connection`: the rest of the request is not waited for."""

    def __init__(self, status: HTTPStatus, detail: str, *, ends_connection: bool = False, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.ends_connection, self.more = status, detail, ends_connection, more

    def response(self) -> JSONResponse:
        said = {"title": self.status.phrase, "status": self.status, "detail": self.detail, "error": self.detail}
        headers = {"Connection": "close"} if self.ends_connection else {}
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return JSONResponse(said | self.more, self.status, headers, MEDIA_TYPE)


async def of_ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101  it is registered for problems only
    return error.response()


async def of_routing(_request: Request, error: Exception) -> JSONResponse:
    """No such path, or not by this method."""
    assert isinstance(error, HTTPException)  # noqa: S101  it is registered for these only
    response = Problem(HTTPStatus(error.status_code), str(error.detail)).response()
    response.headers.update(error.headers or {})
    return response
