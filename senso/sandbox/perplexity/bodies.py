"""The shapes of Perplexity's replies, as recorded; errors word for word where they are."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from senso.sandbox.answers import Source
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.bodies import INLINE_LINK, PAGE_TOKENS, cached, tokens
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers
from senso.sandbox.signature import signed

Body = dict[str, Any]

# Dollars per million tokens: in, read from the cache, out.
MODELS = {
    "anthropic/claude-haiku-5-5": (0.1, 0.01, 0.5),
    "google/gemini-3.8-flash": (0.75, 0.075, 3.75),
    "openai/gpt-5.1": (1.25, 0.125, 10.0),
    "openai/gpt-6-luna": (0.1, 0.01, 0.5),
    "perplexity/sonar": (0.25, 0.0625, 2.5),
    "xai/grok-4.7": (2.0, 0.5, 6.0),
}
PRESETS = ("fast", "low", "medium", "high", "xhigh", "wide-research")
PRESET_MODEL = "openai/gpt-6-luna"
SEARCH_DOLLARS = {"web": 0.0025, "fast": 0.001}
FEWEST_TOKENS = 16  # a lower limit is raised to it

INVALID_KEY = "Invalid API key provided. Ensure your API key is correct and active."
QUOTA = "You exceeded your current quota, please check your plan and billing details."
ENDED = (
    "Sonar is now the Agent API. Use /v1/responses instead of /v1/sonar. Migrate here: "
    "https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/overview"
)
REFUSED = "I'm sorry, but I can't help with that."
NOT_JSON = 'Here is the JSON: {"mentioned": tru'


def error(status: int, type_: str, message: str, param: str | None = None) -> Reply:
    """`code` is the HTTP status again, as a number."""
    named = {} if param is None else {"param": param}
    return Reply(status, {"error": {"message": message, "type": type_, "code": status, **named}})


def refused(status: int, type_: str, message: str) -> Problem:
    return Problem(error(status, type_, message))


def invalid(message: str, param: str | None = None) -> Problem:
    return Problem(error(400, "invalid_request", message, param))


ERRORS = {
    "400": error(400, "invalid_request", 'invalid request body: json: unknown field "surprise"', "surprise"),
    "401": error(401, "invalid_api_key", INVALID_KEY),
    "403": error(403, "chat_completions_not_available", ENDED),
    "404": error(404, "not_found", "The requested model does not exist."),
    "410": error(410, "gone", "The requested model is gone."),
    "429": error(429, "request_rate_limit_exceeded", "Request rate limit exceeded, please try again later."),
    "429-quota": error(401, "insufficient_quota", QUOTA),
    "429-too-large": error(413, "payload_too_large", "The request body is too large."),
    "500": error(500, "internal_error", "An internal error occurred."),
    "503": error(503, "service_unavailable", "The service is overloaded, please try again later."),
    "504": error(504, "gateway_timeout", "The upstream did not answer in time."),
}


def fault(rule: Rule) -> Reply:
    if rule.kind == "malformed":
        return broken_json()
    return replace(ERRORS[rule.kind], headers=retry_headers(rule))


def listing() -> Body:
    data = [
        {
            "id": name,
            "object": "model",
            "created": 0,
            "owned_by": name.split("/")[0],
            "pricing": {
                "input": dollars[0],
                "output": dollars[2],
                "cache_read": dollars[1],
                "unit": "usd_per_1m_tokens",
            },
        }
        for name, dollars in MODELS.items()
    ]
    return {"object": "list", "data": data}


def headers() -> dict[str, str]:
    """The time of the reset is in seconds since 1970."""
    limits = {"limit": "50", "remaining": "49", "used": "1", "reset": str(int(time.time()) + 1)}
    return {f"x-ratelimit-{name}": value for name, value in limits.items()} | {"x-request-id": str(uuid4())}


@dataclass(frozen=True, slots=True)
class Work:
    """What a run came to. `pages`: those that a search brought, by their numbers; None: it did not search."""

    said: str
    pages: dict[str, Source] | None = None
    queries: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def numbers(self) -> dict[str, int]:
        return {url: number for number, url in enumerate(self.pages or {}, start=1)}


def pages_of(sources: Iterable[Source]) -> dict[str, Source]:
    return {source.url: source for source in sources}


def response(asked: Body, model: str, prompt: str, work: Work) -> Body:
    """A run that was cut off, failed or was cancelled has no output. The format of the text is never told."""
    limit = asked.get("max_output_tokens")
    text, annotations = written(work)
    cut = work.fault == "length" or (limit is not None and tokens(text) > max(limit, FEWEST_TOKENS))
    status = {"failed": "failed", "cancelled": "cancelled"}.get(work.fault or "", "incomplete" if cut else "completed")
    done = status == "completed"
    now = int(time.time())
    thought = max(limit or 0, FEWEST_TOKENS) if cut else 0
    return ECHOED | {
        "id": f"resp_{uuid4()}",
        "object": "response",
        "created_at": now,
        "completed_at": now if done else None,
        "status": status,
        "error": None if done or cut else failure(status),
        "incomplete_details": ended(status),
        "max_output_tokens": limit,
        "model": signed(model),
        "output": output(work, text, annotations) if done else [],
        "store": asked.get("store", True),
        "tools": [{"type": tool["type"]} for tool in asked.get("tools") or []],
        "usage": None if status == "cancelled" else usage(asked, model, prompt, work, thought or tokens(text), thought),
    }


ECHOED: Body = {
    **dict.fromkeys(("instructions", "max_tool_calls", "previous_response_id", "prompt_cache_key", "reasoning")),
    **dict.fromkeys(("safety_identifier", "user")),
    **dict.fromkeys(("frequency_penalty", "presence_penalty", "top_logprobs"), 0),
    **dict.fromkeys(("temperature", "top_p"), 1),
    "background": False,
    "metadata": {},
    "parallel_tool_calls": True,
    "service_tier": "default",
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "truncation": "",
}


def failure(status: str) -> Body:
    kind = "cancelled" if status == "cancelled" else "internal_error"
    return {"code": kind, "message": kind.replace("_", " "), "type": kind}


def ended(status: str) -> Body | None:
    return {"incomplete": {"reason": "max_output_tokens"}, "cancelled": {"reason": "cancelled"}}.get(status)


def written(work: Work) -> tuple[str, list[Body]]:
    """The text with marks in place of its links, and annotations in place of marks if that is asked for."""
    form = {"web-marks": "[web:{}]", "annotations": ""}.get(work.fault or "", "[{}]")
    numbers, text, notes, place = work.numbers, "", [], 0
    for link in INLINE_LINK.finditer(work.said):
        text += work.said[place : link.start()]
        if work.fault == "annotations" and link[1] in numbers:
            notes.append(note(work, link[1], text))
        text += form.format(numbers[link[1]]) if link[1] in numbers else link[0]
        place = link.end()
    return text + work.said[place:], notes


def note(work: Work, url: str, before: str) -> Body:
    """The span is the last line so far."""
    title = (work.pages or {})[url].title
    span = {"start_index": before.rfind("\n") + 1, "end_index": len(before)}
    return {"type": "url_citation", "url": url, "title": title, **span}


def output(work: Work, text: str, annotations: list[Body]) -> list[Body]:
    search = [] if work.pages is None else [searched(work)]
    match work.fault:
        case "empty":
            contents = [part("", [])]
        case "refusal":
            contents = [{"type": "refusal", "refusal": REFUSED}]
        case "malformed":
            contents = [part(NOT_JSON, [])]
        case "two-messages":
            return [message([part("Here is what I found", [])]), *search, message([part(text, annotations)])]
        case "nulls":
            contents = [part(None, None), part(text, None)]
        case _:
            contents = [part(text, annotations)]
    return [*search, message(contents)]


def part(text: str | None, annotations: list[Body] | None) -> Body:
    return {"type": "output_text", "text": text, "annotations": annotations}


def message(contents: list[Body]) -> Body:
    return {
        "type": "message",
        "id": f"msg_{uuid4()}",
        "role": "assistant",
        "status": "completed",
        "content": contents,
    }


def searched(work: Work) -> Body:
    nulls = work.fault == "nulls"
    results = [
        {
            "id": work.numbers[url],
            "source": "web",
            "title": None if nulls else page.title,
            "url": url,
            "last_updated": "2026-10-02",
            "snippet": None if nulls else f"{page.title}. Compared and reviewed.",
        }
        for url, page in (work.pages or {}).items()
    ]
    return {
        "type": "search_results",
        "queries": None if nulls else list(work.queries),
        "results": [*results, None] if nulls else results,
    }


def usage(asked: Body, model: str, prompt: str, work: Work, said: int, thought: int) -> Body:  # noqa: PLR0913, PLR0917  as many as it adds up
    given = tokens(prompt) + PAGE_TOKENS * len(work.pages or {})
    inner, called, dollars = {"cached_tokens": cached(given)}, {}, costs(model, given, said)
    if work.pages is not None:
        each = SEARCH_DOLLARS[searching(asked).get("search_type") or "web"]
        inner |= {"cache_creation_input_tokens": 0, "cache_read_input_tokens": cached(given)}
        called = {"tool_calls_details": {"search_web": {"invocation": 1, "cost_usd": each}}}
        dollars |= {"tool_calls_cost": each, "tool_calls_cost_details": {"search_web": each}}
        dollars["total_cost"] = round(dollars["total_cost"] + each, 5)
    counted = {
        "input_tokens": given,
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": given + said,
        **called,
    }
    return counted if work.fault == "no-cost" else counted | {"input_tokens_details": inner, "cost": dollars}


def costs(model: str, given: int, said: int) -> Body:
    """Rounded to a hundred-thousandth of a dollar, as the vendor rounds."""
    each_in, each_cached, each_out = MODELS[model]
    costs = {
        "input_cost": round((given - cached(given)) * each_in / 1e6, 5),
        "cache_read_cost": round(cached(given) * each_cached / 1e6, 5),
        "output_cost": round(said * each_out / 1e6, 5),
    }
    return {"currency": "USD", **costs, "total_cost": round(sum(costs.values()), 5)}


def searching(asked: Body) -> Body:
    return next((tool for tool in asked.get("tools") or [] if tool["type"] == "web_search"), {})
