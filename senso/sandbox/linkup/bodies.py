"""The shapes of Linkup's replies, as its SDK and its documentation have them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from senso.sandbox.answers import Source
from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers
from senso.sandbox.signature import signed

Body = dict[str, Any]

BALANCE = {"balance": 123.456}
ERRORS = {
    "400": (400, "SEARCH_QUERY_NO_RESULT", "The query did not yield any result"),
    "401": (401, "UNAUTHORIZED", "Unauthorized"),
    "402": (402, "PAYMENT_REQUIRED", "Payment required"),
    "403": (403, "FORBIDDEN", "Forbidden resource"),
    "403-ip": (403, "IP_NOT_WHITELISTED", "The IP address is not whitelisted"),
    "404": (404, "NOT_FOUND", "Not found"),
    "410": (410, "GONE", "Gone"),
    "429": (429, "TOO_MANY_REQUESTS", "Too many requests"),
    "429-budget": (429, "EXCEED_BUDGET_LIMIT", "The API key has reached its budget limit"),
    "429-queue": (429, "TASKS_QUEUE_LIMIT_EXCEEDED", "Too many tasks are pending"),
    "429-quota": (429, "INSUFFICIENT_FUNDS_CREDITS", "You do not have enough credits to perform this request"),
    "429-too-large": (400, "VALIDATION_ERROR", "Validation failed"),
    "500": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "503": (503, "SERVICE_UNAVAILABLE", "Service unavailable"),
    "504": (504, "REQUEST_DEADLINE_EXCEEDED", "The request took too long"),
}
TOO_LONG = [{"field": "q", "message": "q must be shorter"}]


def error(status: int, code: str, message: str, details: Iterable[Body] = ()) -> Reply:
    return Reply(status, {"statusCode": status, "error": {"code": code, "message": message, "details": [*details]}})


def refused(kind: str) -> Problem:
    return Problem(error(*ERRORS[kind]))


def fault(rule: Rule) -> Reply:
    if rule.kind == "malformed":
        return broken_json()
    found = error(*ERRORS[rule.kind], TOO_LONG if rule.kind == "429-too-large" else ())
    return Reply(found.status, found.body, retry_headers(rule))


def sourced_answer(depth: str, text: str, pages: list[Source], kind: str | None) -> Body:
    """`model` is the sandbox's own addition: the vendor names none, and made-up answers must be recognisable."""
    sources: list[Body | None] = [{**named(page), "snippet": f"{page.title}. Compared."} for page in pages]
    if kind == "nulls":
        sources = [None, *({**one, "name": None, "snippet": None} for one in sources if one)]
    return {
        "answer": "" if kind == "empty" else text,
        "sources": [] if kind == "no-sources" else sources,
        "model": signed(f"linkup/{depth}"),
    }


def search_results(pages: list[Source]) -> Body:
    return {"results": [as_result(page) for page in pages]}


def structured(found: Any, pages: list[Source], *, with_sources: bool) -> Any:
    return {"data": found, "sources": [as_result(page) for page in pages]} if with_sources else found


def as_result(page: Source) -> Body:
    return {"type": "text", **named(page), "content": f"{page.title}. Compared and reviewed."}


def named(page: Source) -> Body:
    return {"name": page.title, "url": page.url, "favicon": f"https://{urlsplit(page.url).hostname}/favicon.ico"}
