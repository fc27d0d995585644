"""The OpenAPI document of the routes below PREFIX: with the problems that each may answer, and an example of each body.

What FastAPI makes of the routes is taken, and what it cannot know is added: the document and the routes are the same.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from senso import __version__
from senso.api.examples import example_of
from senso.api.idempotency import REPLAYED
from senso.api.problems import MEDIA_TYPE

Json = dict[str, Any]
TITLE = "Senso Workflows"
ABOUT = """\
What AI assistants say about organisations: batches, runs, answers, numbers with their intervals, credits.

Every request has a token in its header `Authorization: Bearer senso_...`. A token is of one partner, or of all, and has
a scope: read, trigger, operate, admin, each of which contains those before it. What belongs to another partner is
answered as if there were none.

Errors are `application/problem+json`, with what is wrong and where. Lists are pages: `items`, and `next`, which is the
`cursor` of the next page. Dates and times are in UTC, periods contain both their days, money is in millionths of a
dollar. An answer to GET has an `ETag`: with it in `If-None-Match`, 304 says that nothing has changed. A write with an
`Idempotency-Key` is done once within a day. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say how many
requests of a minute a token has left.
"""
PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong, and what to do"},
        "error": {"type": "string", "description": "the same"},
        "errors": {
            "type": "array",
            "description": "of a request that is not valid: each member that is wrong",
            "items": {"$ref": "#/components/schemas/WrongMember"},
        },
    },
    "example": {
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "body.scope: Input should be 'read', 'trigger', 'operate' or 'admin'",
        "error": "body.scope: Input should be 'read', 'trigger', 'operate' or 'admin'",
        "errors": [{"where": "body.scope", "what": "Input should be 'read', 'trigger', 'operate' or 'admin'"}],
    },
}
WRONG_MEMBER: Json = {
    "type": "object",
    "title": "WrongMember",
    "required": ["where", "what"],
    "properties": {
        "where": {"type": "string", "description": "such as `body.scope` or `query.limit`"},
        "what": {"type": "string"},
    },
}
ALWAYS = {
    HTTPStatus.UNAUTHORIZED: "no token, or none that is valid",
    HTTPStatus.FORBIDDEN: "the token is of a lesser scope",
    HTTPStatus.UNPROCESSABLE_ENTITY: "a member or a parameter is wrong or unknown",
    HTTPStatus.TOO_MANY_REQUESTS: "the token has used its requests; `Retry-After` says for how many seconds",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database cannot answer at this moment; send it again after `Retry-After`",
}
OF_ONE = {HTTPStatus.NOT_FOUND: "there is none, or it is another partner's"}
OF_WRITES = OF_ONE | {
    HTTPStatus.BAD_REQUEST: "the body is not in UTF-8",
    HTTPStatus.PAYMENT_REQUIRED: "the partner has not enough credits",
    HTTPStatus.REQUEST_TIMEOUT: "the body was not sent in time",
    HTTPStatus.CONFLICT: "it cannot be done as things are",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is too long",
}
ETAG: Json = {
    "description": "sent back in `If-None-Match`, it is answered 304, without a body, where nothing has changed",
    "schema": {"type": "string"},
}
WRITES = {"post", "put", "patch", "delete"}


def document(made: FastAPI) -> Json:
    """Made once, and kept by the application."""
    if made.openapi_schema is None:
        made.title, made.version, made.description = TITLE, __version__, ABOUT
        made.openapi_schema = completed(FastAPI.openapi(made))
    return made.openapi_schema


def completed(found: Json) -> Json:
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {"Problem": PROBLEM, "WrongMember": WRONG_MEMBER}
    for _, method, operation in operations(found):
        answers = operation["responses"]
        answers |= {str(int(status)): problem(said) for status, said in problems(method).items()}
        if method == "get" and "application/json" in answers.get("200", {}).get("content", {}):
            answers["200"].setdefault("headers", {})["ETag"] = ETAG
        if method in WRITES:
            add_replay_header(answers)
        for parameter in operation.get("parameters", []):
            parameter["schema"] = without_null(parameter["schema"])
        add_examples(operation, schemas)
    return found


def without_null(schema: Json) -> Json:
    """Of a parameter, which has a value or is left out: no text in an address or a header is null."""
    kinds: list[Json] = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | kinds[0]


def operations(found: Json) -> Iterator[tuple[str, str, Json]]:
    """Of the document: path, method in small letters, operation."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def problems(method: str) -> dict[HTTPStatus, str]:
    if method in WRITES:
        return ALWAYS | OF_WRITES
    return ALWAYS | OF_ONE


def problem(said: str) -> Json:
    return {"description": said, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def add_replay_header(answers: Json) -> None:
    said = "true where a request with this `Idempotency-Key` was answered before, and this is that answer"
    for status, one in answers.items():
        if status.startswith("2"):
            one.setdefault("headers", {})[REPLAYED] = {"description": said, "schema": {"type": "string"}}


def add_examples(operation: Json, schemas: Json) -> None:
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (content for body in bodies for content in body.get("content", {}).values()):
        if "schema" in content and "example" not in content and "examples" not in content:
            content["example"] = example_of(content["schema"], schemas)
