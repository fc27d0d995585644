"""Anthropic's error bodies, word for word where they are recorded or reported."""

from typing import Any
from uuid import uuid4

from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers

CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
RATE = (
    "This request would exceed the rate limit for your organization (org-SANDBOX) of 40,000 input tokens per minute. "
    "For details, refer to: https://docs.claude.com/en/api/rate-limits."
)
SPENT = "This request would exceed your account's monthly spend limit. Please try again later."
LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")


def error(status: int, kind: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    """The id of a call stands in the body and in a header; `x-should-retry` is a word to the vendor's own library."""
    request = f"req_{uuid4().hex[:24]}"
    body = {"type": "error", "error": {"type": kind, "message": message, **more}, "request_id": request}
    again = "true" if status == TOO_MANY or status >= SERVER_FAULT else "false"
    return Reply(status, body, {"request-id": request, "x-should-retry": again} | (headers or {}))


TOO_MANY, SERVER_FAULT = 429, 500


def invalid(message: str) -> Problem:
    return Problem(error(400, "invalid_request_error", message))


def extra(path: str) -> Problem:
    return invalid(f"{path}: Extra inputs are not permitted")


def required(path: str) -> Problem:
    return invalid(f"{path}: Field required")


def not_found(model: str) -> Reply:
    return error(404, "not_found_error", f"model: {model}")


def unauthorized(key: str | None) -> Reply:
    return error(401, "authentication_error", "x-api-key header is required" if key is None else "invalid x-api-key")


def fault(rule: Rule, model: str) -> Reply:
    again = retry_headers(rule)
    replies = {
        "malformed": broken_json(),
        "401": unauthorized("wrong"),
        "429": error(429, "rate_limit_error", RATE, again | used_up()),
        "429-quota": error(429, "rate_limit_error", SPENT, {}, details={"error_code": "enforced_spend_limit_reached"}),
        "429-too-large": error(413, "request_too_large", "Request exceeds the maximum allowed number of bytes."),
        "503": error(529, "overloaded_error", "Overloaded", again),
        "400": error(400, "invalid_request_error", "messages: the request is one that the sandbox was told to refuse"),
        "410": error(410, "not_found_error", f"model: {model}"),
        "400-credit": error(400, "invalid_request_error", CREDIT),
        "402": error(402, "billing_error", "There is an issue with your billing or payment information."),
        "403": error(403, "permission_error", "Your API key does not have permission to use the specified resource."),
        "404": not_found(model),
    }
    return replies.get(rule.kind) or error(500, "api_error", "Internal server error")


def used_up() -> dict[str, str]:
    return {f"anthropic-ratelimit-{name}-remaining": "0" for name in LIMITS}
