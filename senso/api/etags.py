"""Answers with an ETag: who has the same body already is answered 304, without it."""

from hashlib import sha256
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

# It may be kept by who asked, and is asked for again each time.
CACHING = "private, no-cache"
JSON = "application/json"


def answer(request: Request, model: BaseModel) -> Response:
    """The ETag is weak: it is of the content, not of its bytes on the way."""
    body = model.model_dump_json().encode()
    headers = {"ETag": f'W/"{sha256(body).hexdigest()[:32]}"', "Cache-Control": CACHING}
    if request.method == "GET" and is_among(headers["ETag"], request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type=JSON)


def is_among(tag: str, given: str) -> bool:
    """`given`: of If-None-Match, where a tag may be weak or strong (RFC 9110, section 13.1.2)."""
    listed = {one.strip().removeprefix("W/") for one in given.split(",")}
    return "*" in listed or tag.removeprefix("W/") in listed
