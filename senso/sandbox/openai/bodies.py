"""The shapes of OpenAI's answers, as recorded."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from senso.sandbox.answers import Source
from senso.sandbox.openai.models import SNAPSHOTS
from senso.sandbox.signature import signed

INLINE_LINK = re.compile(r" ?\(\[[^\]]+\]\(([^)\s]+)\)\)")
CACHE_FROM, CACHE_STEP = 1024, 128  # tokens; shorter prompts are never cached, longer ones in steps
PAGE_TOKENS = 1500  # what each page that a search retrieved adds to the input
RATE_HEADERS = {
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-limit-tokens": "800000",
    "x-ratelimit-remaining-requests": "4999",
    "x-ratelimit-remaining-tokens": "796069",
    "x-ratelimit-reset-requests": "12ms",
    "x-ratelimit-reset-tokens": "294ms",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says: text or a refusal. `cut`: its tokens ran out."""

    text: str | None
    refusal: str | None = None
    cut: bool = False


REFUSED = Said(None, "I'm very sorry, but I can't assist with that request.")


def tokens(text: str) -> int:
    return max(1, len(text) // 4)


def limited(said: Said, limit: int | None) -> Said:
    if limit is None or said.text is None or tokens(said.text) <= limit:
        return said
    return Said(said.text[: limit * 4], cut=True)


def headers(seconds: float) -> dict[str, str]:
    return RATE_HEADERS | {"x-request-id": f"req_{uuid4().hex}", "openai-processing-ms": str(int(seconds * 1000))}


def cached(prompt_tokens: int) -> int:
    """Three quarters of a long prompt count as cached, so that every run also uses the price of cached tokens."""
    return prompt_tokens * 3 // 4 // CACHE_STEP * CACHE_STEP if prompt_tokens >= CACHE_FROM else 0


def chat_completion(model: str, prompt: str, said: Said) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid4().hex[:29]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": signed(SNAPSHOTS[model]),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": said.text, "refusal": said.refusal, "annotations": []},
                "logprobs": None,
                "finish_reason": "length" if said.cut else "stop",
            }
        ],
        "usage": _chat_usage(tokens(prompt), tokens(said.text or said.refusal or ""), silent=said.text == ""),
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def _chat_usage(prompt: int, completion: int, *, silent: bool) -> dict[str, Any]:
    completion = 64 if silent else completion  # spent on reasoning, before any output
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached(prompt), "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": completion if silent else 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def response(body: dict[str, Any], prompt: str, said: Said, sources: Iterable[Source]) -> dict[str, Any]:
    searched = bool(body.get("tools"))
    pages = {source.url: source for source in sources} if searched else {}
    status = "incomplete" if said.cut else "completed"
    include = body.get("include") or []
    return {
        "id": f"resp_{uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": False,
        "billing": {"payer": "developer"},
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if said.cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": signed(SNAPSHOTS[body["model"]]),
        "output": [*_thought(body["model"]), *_search(searched, prompt, pages, include), _message(said, pages, status)],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": body.get("temperature", 1.0),
        "text": {"format": (body.get("text") or {}).get("format") or {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [_echoed(tool) for tool in body.get("tools") or []],
        "top_logprobs": 0,
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": _usage(tokens(prompt) + PAGE_TOKENS * len(pages), tokens(said.text or said.refusal or "")),
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def _thought(model: str) -> list[dict[str, Any]]:
    return [{"id": f"rs_{uuid4().hex}", "type": "reasoning", "summary": []}] if model.startswith("gpt-5") else []


def _search(searched: bool, prompt: str, pages: dict[str, Source], include: list[str]) -> list[dict[str, Any]]:  # noqa: FBT001 - read next to its name
    if not searched:
        return []
    query = prompt.splitlines()[-1][:120]
    action: dict[str, Any] = {"type": "search", "queries": [query], "query": query}
    if "web_search_call.action.sources" in include:
        action["sources"] = [{"type": "url", "url": url} for url in pages]
    return [{"id": f"ws_{uuid4().hex}", "type": "web_search_call", "status": "completed", "action": action}]


def _message(said: Said, pages: dict[str, Source], status: str) -> dict[str, Any]:
    if said.text is None:
        content: dict[str, Any] = {"type": "refusal", "refusal": said.refusal}
    else:
        notes = [_annotation(link, pages) for link in INLINE_LINK.finditer(said.text) if link[1] in pages]
        content = {"type": "output_text", "annotations": notes, "logprobs": [], "text": said.text}
    return {"id": f"msg_{uuid4().hex}", "type": "message", "status": status, "content": [content], "role": "assistant"}


def _annotation(link: re.Match[str], pages: dict[str, Source]) -> dict[str, Any]:
    """The span is the inline link itself, brackets and all, without the blank before it."""
    start = link.start() + (link[0][0] == " ")
    place = {"start_index": start, "end_index": link.end()}
    return {"type": "url_citation", **place, "title": pages[link[1]].title, "url": link[1]}


def _echoed(tool: dict[str, Any]) -> dict[str, Any]:
    """Omitted values come back as their defaults; the default place is the United States."""
    place = {"type": "approximate", "city": None, "country": None, "region": None, "timezone": None}
    wanted = tool.get("user_location") or {"country": "US"}
    size = tool.get("search_context_size", "medium")
    return {"type": tool["type"], "filters": None, "search_context_size": size, "user_location": place | wanted}


def _usage(given: int, said: int) -> dict[str, Any]:
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": cached(given), "cache_write_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + said,
    }


def two_messages(body: dict[str, Any]) -> dict[str, Any]:
    *before, message = body["output"]
    aside = said(message, "I will look this up.") | {"phase": "commentary"}
    return body | {"output": [*before, aside, said(message, "Here is what I found"), message]}


def said(message: dict[str, Any], text: str) -> dict[str, Any]:
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    return message | {"id": f"msg_{uuid4().hex}", "content": [part]}
