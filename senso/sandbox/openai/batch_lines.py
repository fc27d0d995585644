"""The lines of a batch's file: what each asks for, and everything for which the batch is failed, in OpenAI's words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from senso.sandbox.openai.messages import last_said
from senso.sandbox.openai.models import SNAPSHOTS

Body = dict[str, Any]

MOST_LINES = 50_000
FIELDS = {"custom_id": str, "method": str, "url": str, "body": dict}


@dataclass(frozen=True, slots=True)
class Line:
    custom_id: str
    body: Body

    @property
    def words(self) -> str:
        return last_said(self.body.get("messages"), "user")


class Lines:
    """The lines that are right, by their custom ids, and the problems of the others; one problem fails the batch."""

    def __init__(self, content: bytes, endpoint: str) -> None:
        self.endpoint = endpoint
        self.right: dict[str, Line] = {}
        self.problems: list[Body] = []
        self.model: str | None = None
        numbered = [(number, raw) for number, raw in enumerate(content.split(b"\n"), start=1) if raw.strip()]
        if 1 <= len(numbered) <= MOST_LINES:
            for number, raw in numbered:
                self._read(number, raw)
        else:
            self.problems.append(_none() if not numbered else _too_many())

    def _read(self, number: int, raw: bytes) -> None:
        given = _parsed(raw)
        found = next(self._problems(given), None)
        if found:
            self.problems.append(found | {"line": number})
            return
        self.right[given["custom_id"]] = Line(given["custom_id"], given["body"])
        self.model = given["body"]["model"]

    def _problems(self, given: Body) -> Iterator[Body]:
        """Only the first one counts: each check takes for granted that those before it found nothing."""
        if not given:
            yield problem("invalid_json_line", "This line is not parseable as valid JSON.")
        for name, kind in FIELDS.items():
            if not isinstance(given.get(name), kind):
                yield problem("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
        if given["method"] != "POST":
            yield problem("invalid_method", "The HTTP method of this request must be 'POST'.", "method")
        if given["url"] != self.endpoint:
            yield problem("invalid_url", "The URL provided for this request does not match the batch endpoint.", "url")
        if given["custom_id"] in self.right:
            yield _duplicate(given["custom_id"])
        yield from self._problems_of_body(given["body"])

    def _problems_of_body(self, body: Body) -> Iterator[Body]:
        for name in ("model", "messages"):
            if not body.get(name):
                yield problem("invalid_request", f"{name.capitalize()} parameter is required.", f"body.{name}")
        if str(body["model"]) not in SNAPSHOTS:
            message = f"The provided model '{body['model']}' is not supported by the Batch API."
            yield problem("model_not_found", message, "body.model")
        if body["model"] != (self.model or body["model"]):
            yield _mismatched(body["model"])
        if body.get("stream"):
            message = "Chat Completions: Streaming is not supported in the Batch API."
            yield problem("streaming_unsupported", message, "body.stream")


def problem(code: str, message: str, param: str | None = None) -> Body:
    return {"code": code, "line": None, "message": message, "param": param}


def too_many_tokens(model: str | None) -> Body:
    """The limit is that of all batches together."""
    message = f"Enqueued token limit reached for {model} in organization org-SANDBOX. Limit: 2,000,000 enqueued tokens."
    message = f"{message} Please try again once some in_progress batches have been completed."
    return problem("token_limit_exceeded", message)


def _parsed(raw: bytes) -> Body:
    """Empty if it is no object."""
    try:
        given = json.loads(raw)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _none() -> Body:
    return problem("empty_file", "The batch input file is empty.")


def _too_many() -> Body:
    return problem("too_many_tasks", f"The input file has more requests than the maximum of {MOST_LINES}.")


def _duplicate(custom_id: str) -> Body:
    message = f"The custom_id '{custom_id}' for this request is a duplicate of another request. The custom_id parameter"
    return problem("duplicate_custom_id", f"{message} must be unique for each request in a batch.", "custom_id")


def _mismatched(model: str) -> Body:
    message = f"The model '{model}' for this request does not match the rest of the batch."
    message = f"{message} Each batch must contain requests for a single model."
    return problem("mismatched_model", message, "body.model")
