"""The inputs that BrightData accepts, and its error messages for all others."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Problem, Reply, broken_json, retry_headers

PROMPT_LENGTH = 4096  # characters
TOO_MANY = (
    "You have too many running jobs for this dataset. Please wait until some of them finish or consider combining "
    "multiple inputs into a single request. Running jobs: {0}>={0}"
)


@dataclass(frozen=True, slots=True)
class Engine:
    """`slug` is the engine's name in the world."""

    slug: str
    url: str
    fields: frozenset[str]
    model: str | None = None


COMMON = frozenset({"url", "prompt", "country", "index", "additional_prompt"})
ENGINES = {
    "gd_m7aof0k82r803d5bjm": Engine(
        "chatgpt", "https://chatgpt.com/", COMMON | {"web_search", "require_sources", "geolocation"}, "gpt-5-1"
    ),
    "gd_m7dhdot1vw9a7gc1n": Engine("perplexity", "https://www.perplexity.ai", COMMON | {"export_markdown_file"}),
    "gd_mbz66arm2mf9cu856y": Engine("gemini", "https://gemini.google.com/", COMMON, "gemini-3-flash"),
    "gd_mcswdt6z2elth3zqr2": Engine("google-ai-mode", "https://google.com/aimode", COMMON | {"hl"}),
    "gd_m7di5jy6s9geokz8w": Engine("copilot", "https://copilot.microsoft.com/chats", COMMON),
}


def plain(status: int, text: str) -> Problem:
    return Problem(Reply(status, text))


def engine_for(dataset_id: str | None) -> Engine:
    if not dataset_id:
        raise plain(404, "Collector not found")
    if dataset_id not in ENGINES:
        raise plain(404, "dataset does not exist")
    return ENGINES[dataset_id]


def inputs_in(body: bytes, engine: Engine) -> list[dict[str, Any]]:
    try:
        given = json.loads(body)
    except ValueError as error:
        reason = f"Parser cannot parse input: {error}"
        raise Problem(Reply(400, {"error": reason, "code": "parse_error"})) from error
    if isinstance(given, dict) and set(given) == {"input"}:
        given = given["input"]
    if not isinstance(given, list):
        raise _invalid([["input", "This field must be an array"]])
    if not given:
        raise plain(400, "No data to trigger")
    problems = [problem for item in given for problem in _problems(item, engine)]
    if problems:
        raise _invalid(problems)
    return given


def _invalid(problems: list[list[str]]) -> Problem:
    return Problem(Reply(400, {"error": "Invalid input provided", "code": "validation_error", "errors": problems}))


def _problems(item: Any, engine: Engine) -> Iterator[list[str]]:
    if not isinstance(item, dict):
        yield ["input", "This field must be an object"]
        return
    for name in set(item) - engine.fields:
        yield [name, "This field is not allowed"]
    if str(item.get("url", "")).rstrip("/") != engine.url.rstrip("/"):
        yield ["url", "This field must be a valid url"]
    prompt = item.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        yield ["prompt", "This field is required"]
    elif len(prompt) > PROMPT_LENGTH:
        yield ["prompt", f"This field must be at most {PROMPT_LENGTH} characters"]
    if not re.fullmatch(r"([A-Z]{2})?", str(item.get("country", ""))):
        yield ["country", "This field must be a valid country code"]
    if not isinstance(item.get("index", 0), int | str):
        yield ["index", "This field must be a number"]
    if not isinstance(item.get("web_search", True), bool):
        yield ["web_search", "This field must be a boolean"]


def fault(rule: Rule) -> Reply:
    """Too many running jobs is the only 429; an empty balance is a 402."""
    refusals = {
        "400": (400, "Parser cannot parse input"),
        "404": (404, "dataset does not exist"),
        "410": (410, "Gone"),
        "401": (401, "Invalid credentials"),
        "429": (429, TOO_MANY.format(100)),
        "429-quota": (402, "Insufficient balance"),
        "429-too-large": (400, "Should be at least LIMIT inputs"),
        "500": (500, "Internal server error"),
        "503": (503, "Service Unavailable"),
    }
    if rule.kind == "malformed":
        return broken_json()
    status, text = refusals[rule.kind]
    return Reply(status, text, retry_headers(rule))
