"""Azure OpenAI's error bodies: those of its gateway have a code and a message, the others are OpenAI's."""

from typing import Any

from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.errors import QUOTA, error_body, invalid
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers

FILTER_TERMS = ("hate", "self_harm", "sexual", "violence")
FILTERED = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your prompt and retry. To learn more about our content filtering policies please read our documentation: "
    "https://go.microsoft.com/fwlink/?linkid=2198766"
)
TOO_MANY = (
    "Your requests to {0} for {0} in Sandbox have exceeded the token rate limit for your current AIServices S0 pricing "
    "tier. Please retry after {1:g} seconds. To increase your default rate limit, visit: https://aka.ms/oai/quotaincrease."
)
TOO_LONG = (
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens. Please "
    "reduce the length of the messages."
)
WAIT_SECONDS = 33


def gateway(status: int, code: str, message: str, **more: Any) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message, **more}})


def unauthorized() -> Problem:
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for"
    )
    message = f"{message} an active subscription and use a correct regional API endpoint for your resource."
    return Problem(gateway(401, "401", message))


def not_found() -> Problem:
    return Problem(gateway(404, "404", "Resource not found"))


def no_version_here() -> Problem:
    return Problem(gateway(400, "BadRequest", "api-version query parameter is not allowed when using /v1 path"))


def unknown(deployment: str, *, classic: bool) -> Problem:
    if classic:
        message = "The API deployment for this resource does not exist. If you created the deployment within the last 5"
        return Problem(gateway(404, "DeploymentNotFound", f"{message} minutes, please wait a moment and try again."))
    message = f"Unknown model: {deployment}"
    return Problem(gateway(400, "unknown_model", message, details=message))


def content_filter(*, bare: bool) -> Reply:
    found = {"code": "content_filter", "message": FILTERED, "type": None, "param": "prompt", "status": 400}
    if bare:
        return Reply(400, {"error": found})
    terms = {name: {"filtered": False, "severity": "safe"} for name in FILTER_TERMS}
    terms |= {"violence": {"filtered": True, "severity": "medium"}, "jailbreak": {"filtered": False, "detected": False}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": terms}
    return Reply(400, {"error": found | {"innererror": inner}})


def fault(rule: Rule, deployment: str, *, classic: bool) -> Reply:
    replies = {
        "400": lambda: gateway(400, "BadRequest", "The request is one that the sandbox was told to refuse."),
        "401": lambda: unauthorized().reply,
        "404": lambda: unknown(deployment, classic=classic).reply,
        "410": lambda: gateway(410, "ModelRetired", "The model of this deployment is retired and not available."),
        "429": lambda: too_many(rule, deployment),
        "429-quota": lambda: Reply(429, error_body(QUOTA, "insufficient_quota", None, "insufficient_quota")),
        "429-too-large": lambda: invalid(TOO_LONG, "messages", "context_length_exceeded").reply,
        "503": lambda: overloaded(rule),
        "content-filter": lambda: content_filter(bare=False),
        "content-filter-bare": lambda: content_filter(bare=True),
        "malformed": broken_json,
    }
    return replies.get(rule.kind, server_error)()


def too_many(rule: Rule, deployment: str) -> Reply:
    """With `retry_after`, a header has the delay, too; both forms occur in practice."""
    seconds = WAIT_SECONDS if rule.retry_after is None else rule.retry_after
    told = gateway(429, "429", TOO_MANY.format(deployment, seconds))
    return Reply(429, told.body, retry_headers(rule))


def overloaded(rule: Rule) -> Reply:
    message = "The service is temporarily unable to process your request. Please try again later."
    return Reply(503, gateway(503, "ServiceUnavailable", message).body, retry_headers(rule))


def server_error() -> Reply:
    message = "The server had an error while processing your request. Sorry about that!"
    return Reply(500, error_body(message, "server_error", None, "server_error"))
