"""Gemini's error bodies: google.rpc.Status, word for word where they are recorded or reported."""

import json
from typing import Any

from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Problem, Reply, broken_json

Body = dict[str, Any]

TYPES = "type.googleapis.com/google.rpc."
HOST = "generativelanguage.googleapis.com"
NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: "
    "https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: {limit}, model: {model}\n"
    "Please retry in {wait:g}s."
)
DEPLETED = (
    "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project "
    "and billing."
)
INTERNAL = "An internal error has occurred. Please retry or report in {page}."
TROUBLE_PAGE = "https://ai.google.dev/gemini-api/docs/troubleshooting"
LIMITS_PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits"
DAY_WAIT = 36.0


def error(code: int, status: str, message: str, *details: Body) -> Reply:
    more = {"details": list(details)} if details else {}
    return Reply(code, {"error": {"code": code, "message": message, "status": status, **more}})


def detail(kind: str, **values: Any) -> Body:
    return {"@type": TYPES + kind, **values}


def invalid(message: str, *details: Body) -> Problem:
    return Problem(error(400, "INVALID_ARGUMENT", message, *details))


def violation(path: str, description: str) -> Problem:
    """What the parser of the request refuses; `field` is absent at the top."""
    field = {"field": path} if path else {}
    return invalid(description, detail("BadRequest", fieldViolations=[field | {"description": description}]))


def unknown(name: str, path: str) -> Problem:
    at = f" at '{path}'" if path else ""
    return violation(path, f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.')


def wrong_type(path: str, kind: str, value: Any) -> Problem:
    return violation(path, f"Invalid value at '{path}' ({kind}), {json.dumps(value)[:200]}")


def unregistered() -> Reply:
    return error(403, "PERMISSION_DENIED", NO_KEY)


def wrong_key() -> Reply:
    message = "API key not valid. Please pass a valid API key."
    info = detail("ErrorInfo", reason="API_KEY_INVALID", domain="googleapis.com", metadata={"service": HOST})
    return error(400, "INVALID_ARGUMENT", message, info, detail("LocalizedMessage", locale="en-US", message=message))


def not_found(model: str) -> Reply:
    message = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
    advice = "Call ListModels to see the list of available models and their supported methods."
    return error(404, "NOT_FOUND", f"{message} {advice}")


def for_former_users(model: str) -> Reply:
    message = f"This model models/{model} is no longer available to new users. Please update your code to use a newer"
    return error(404, "NOT_FOUND", f"{message} model for the latest features and improvements.")


def fault(rule: Rule, model: str) -> Reply:
    replies = {
        "malformed": broken_json(),
        "400": error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
        "401": wrong_key(),
        "403": error(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
        "404": for_former_users(model),
        "410": error(410, "NOT_FOUND", f"models/{model} is gone."),
        "429": too_many(rule, model),
        "429-day": exhausted(model, "PerDay", 1000, DAY_WAIT),
        "429-quota": error(402, "RESOURCE_EXHAUSTED", DEPLETED),
        "429-too-large": too_large(),
        "503": error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", *waits(rule.retry_after)),
    }
    return replies.get(rule.kind) or error(500, "INTERNAL", INTERNAL.format(page=TROUBLE_PAGE))


def too_many(rule: Rule, model: str) -> Reply:
    """Both forms occur: with a quota and a wait, and without either."""
    if rule.retry_after is None:
        return error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
    return exhausted(model, "PerMinute", 300, rule.retry_after)


def exhausted(model: str, period: str, limit: int, wait: float) -> Reply:
    metric = f"{HOST}/generate_requests_per_model"
    failure = {
        "quotaMetric": metric,
        "quotaId": f"GenerateRequests{period}PerProjectPerModel",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": str(limit),
    }
    message = QUOTA.format(metric=metric, limit=limit, model=model, wait=wait)
    link = {"description": "Learn more about Gemini API quotas", "url": LIMITS_PAGE}
    return error(
        429,
        "RESOURCE_EXHAUSTED",
        message,
        detail("QuotaFailure", violations=[failure]),
        detail("Help", links=[link]),
        *waits(wait),
    )


def waits(seconds: float | None) -> list[Body]:
    return [] if seconds is None else [detail("RetryInfo", retryDelay=f"{seconds:g}s")]


def too_large() -> Reply:
    message = "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576)."
    return error(400, "INVALID_ARGUMENT", message)
