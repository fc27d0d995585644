"""OpenAI's error bodies, word for word where they are recorded."""

from collections.abc import Callable
from typing import Any

from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers

KEYS_PAGE = "You can find your API key at https://platform.openai.com/account/api-keys."
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
DEPRECATIONS_PAGE = "https://platform.openai.com/docs/deprecations"
LIMITS_PAGE = "https://platform.openai.com/account/rate-limits"


def error_body(message: str, type_: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def invalid(message: str, param: str | None, code: str | None, status: int = 400) -> Problem:
    return Problem(Reply(status, error_body(message, "invalid_request_error", param, code)))


def unsupported(param: str, advice: str = "is not supported with this model.") -> Problem:
    return invalid(f"Unsupported parameter: '{param}' {advice}", param, "unsupported_parameter")


def moved(param: str, place: str) -> Problem:
    more = f"In the Responses API, this parameter has moved to '{place}'."
    return invalid(f"Unsupported parameter: '{param}'. {more}", param, "unsupported_parameter")


def missing(param: str) -> Problem:
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def invalid_value(param: str, reason: str) -> Problem:
    return invalid(f"Invalid value for '{param}': {reason}", param, "invalid_value")


def unauthorized(key: str | None) -> Reply:
    """Never repeats a key, not even in part: the vendor shows a masked key, and here only the mask is shown."""
    if key is None:
        return Reply(401, error_body(f"{NO_KEY} {KEYS_PAGE}", "invalid_request_error", None, None))
    reason = f"Incorrect API key provided: ********. {KEYS_PAGE}"
    return Reply(401, error_body(reason, "invalid_request_error", None, "invalid_api_key"))


def fault(rule: Rule, model: str) -> Reply:
    """OpenAI's reply for a fault. A kind that is not listed is a server error (500)."""
    if rule.kind.startswith("429"):
        return _too_many(rule, model)
    replies: dict[str, Callable[[], Reply]] = {
        "malformed": broken_json,
        "400": lambda: invalid_value("input", "the request is one that the sandbox was told to refuse.").reply,
        "401": lambda: unauthorized("wrong"),
        "404": lambda: _gone(404, model),
        "410": lambda: _gone(410, model),
        "503": lambda: _overloaded(rule),
    }
    return replies.get(rule.kind, server_error)()


def _gone(status: int, model: str) -> Reply:
    message = f"The model `{model}` has been deprecated, learn more here: {DEPRECATIONS_PAGE}"
    return Reply(status, error_body(message, "invalid_request_error", None, "model_not_found"))


def _overloaded(rule: Rule) -> Reply:
    message = "Our servers are currently overloaded. Please try again later."
    body = error_body(message, "service_unavailable_error", None, "server_is_overloaded")
    return Reply(503, body, retry_headers(rule))


def server_error() -> Reply:
    message = "The server had an error processing your request. Sorry about that! You can retry your request."
    return Reply(500, error_body(message, "server_error", None, None))


def _too_many(rule: Rule, model: str) -> Reply:
    """With `retry_after`, a header has the delay; without it, only the message has. Both forms occur in practice."""
    limit = f"for {model} in organization org-SANDBOX on tokens per min (TPM): Limit 30000"
    if rule.kind == "429-quota":
        return Reply(429, error_body(QUOTA, "insufficient_quota", None, "insufficient_quota"))
    if rule.kind == "429-too-large":
        message = f"Request too large {limit}, Requested 31538. The input or output tokens must be reduced in order to"
        message = f"{message} run successfully. Visit {LIMITS_PAGE} to learn more."
        return Reply(429, error_body(message, "tokens", None, "rate_limit_exceeded"))
    wait = "174ms" if rule.retry_after is None else f"{rule.retry_after:g}s"
    message = f"Rate limit reached {limit}, Used 28039, Requested 3906. Please try again in {wait}."
    message = f"{message} Visit {LIMITS_PAGE} to learn more."
    return Reply(429, error_body(message, "tokens", None, "rate_limit_exceeded"), retry_headers(rule))
