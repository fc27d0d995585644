"""The shapes of Anthropic's answers, as recorded."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from senso.sandbox.answers import Source
from senso.sandbox.anthropic.models import Model
from senso.sandbox.openai.bodies import INLINE_LINK, PAGE_TOKENS, cached, tokens
from senso.sandbox.signature import signed

Block = dict[str, Any]

THINKING_TOKENS = 26
LIMITS = {"requests": 10_000, "input-tokens": 10_000_000, "output-tokens": 2_000_000, "tokens": 12_000_000}
RESETS = "2026-08-02T17:44:25Z"
REFUSAL = {"type": "refusal", "category": "general_harms", "explanation": "This request cannot be answered."}


@dataclass(frozen=True, slots=True)
class Said:
    """One reply of the model: its blocks and why it stopped. `searches`: those that succeeded, for the bill."""

    blocks: list[Block] = field(default_factory=list)
    stop: str = "end_turn"
    searches: int = 0
    pages: int = 0

    @property
    def text(self) -> str:
        return "".join(block["text"] or "" for block in self.blocks if block["type"] == "text")


def message(model: Model, prompt: str, said: Said, *, caching: bool) -> dict[str, Any]:
    thoughts = [thought()] if model.thinks and said.stop != "refusal" else []
    return {
        "model": signed(model.id),
        "id": f"msg_{uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "content": [*thoughts, *said.blocks],
        "stop_reason": said.stop,
        "stop_sequence": None,
        "stop_details": REFUSAL if said.stop == "refusal" else None,
        "usage": usage(tokens(prompt) + PAGE_TOKENS * said.pages, said, thinks=bool(thoughts), caching=caching),
    }


def usage(given: int, said: Said, *, thinks: bool, caching: bool) -> dict[str, Any]:
    """What was read from a cache or written to it is no part of `input_tokens`. Nothing is kept unless asked to."""
    read = cached(given) if caching else 0
    written = given - read if caching else 0
    thinking = THINKING_TOKENS if thinks else 0
    return {
        "input_tokens": given - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens(said.text) + thinking,
        "output_tokens_details": {"thinking_tokens": thinking},
        "service_tier": "standard",
        "inference_geo": "global",
        "server_tool_use": {"web_search_requests": said.searches, "web_fetch_requests": 0} if said.searches else None,
    }


def thought() -> Block:
    return {"type": "thinking", "thinking": "", "signature": opaque("thought")}


def searched(query: str, sources: Iterable[Source]) -> list[Block]:
    """A search and what it brought. A page counts once, however often the answer links to it."""
    pages = {source.url: source for source in sources}
    return search(query, [page(source) for source in pages.values()])


def failed_search(query: str, code: str) -> list[Block]:
    return search(query, {"type": "web_search_tool_result_error", "error_code": code})


def search(query: str, content: Any) -> list[Block]:
    number = f"srvtoolu_{uuid4().hex[:24]}"
    return [
        {"type": "server_tool_use", "id": number, "name": "web_search", "input": {"query": query}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": number,
            "content": content,
            "caller": {"type": "direct"},
        },
    ]


def page(source: Source) -> Block:
    return {
        "type": "web_search_result",
        "title": source.title,
        "url": source.url,
        "encrypted_content": opaque(source.url),
        "page_age": None,
    }


def told(text: str, sources: Iterable[Source]) -> list[Block]:
    """The answer in blocks: each claim that a page supports is one of its own, with that page as its citation."""
    pages = {source.url: source for source in sources if source.cited}
    return [block for block in blocks(text, pages) if block["text"]]


def blocks(text: str, pages: dict[str, Source]) -> Iterator[Block]:
    """The links that stand in the text give way to citations. A claim begins with its line."""
    at = 0
    for link in INLINE_LINK.finditer(text):
        claim = max(at, text.rfind("\n", 0, link.start()) + 1)
        yield plain(text[at:claim])
        supporting = pages.get(link[1])
        yield plain(text[claim : link.start()]) | ({"citations": [citation(supporting)]} if supporting else {})
        at = link.end()
    yield plain(text[at:])


def plain(text: str | None) -> Block:
    return {"type": "text", "text": text}


def citation(source: Source) -> Block:
    return {
        "type": "web_search_result_location",
        "cited_text": f"{source.title} ...",
        "url": source.url,
        "title": source.title,
        "encrypted_index": opaque(source.url),
    }


def opaque(text: str) -> str:
    """What only the vendor can read, and must come back unchanged."""
    return base64.b64encode(text.encode()).decode()


def shortened(said: list[Block], characters: int) -> list[Block]:
    """The blocks up to so many characters of text."""
    kept: list[Block] = []
    for block in said:
        if block["type"] == "text":
            if characters <= 0:
                break
            block = block | {"text": (block["text"] or "")[:characters]}  # noqa: PLW2901
            characters -= len(block["text"])
        kept.append(block)
    return kept


def headers() -> dict[str, str]:
    left = {f"anthropic-ratelimit-{name}-remaining": str(limit - 1) for name, limit in LIMITS.items()}
    most = {f"anthropic-ratelimit-{name}-limit": str(limit) for name, limit in LIMITS.items()}
    resets = {f"anthropic-ratelimit-{name}-reset": RESETS for name in LIMITS}
    return left | most | resets | {"request-id": f"req_{uuid4().hex[:24]}"}
