"""One record of a snapshot: the content of an engine's page for one input, including all its bulk."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from senso.sandbox.answers import Answer, Source
from senso.sandbox.brightdata.inputs import Engine
from senso.sandbox.signature import signed

Record = dict[str, Any]

# Real records contain half a megabyte of page per answer. A request that does not select fields gets it here, too.
PAGE_CHARACTERS, SECTION_CHARACTERS, RAW_CHARACTERS = 350_000, 15_000, 80_000
FILLER = "<div class='flex text-base mx-auto'><span></span></div>"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record(engine: Engine, asked: Record, answer: Answer) -> Record:
    cited = [source for source in answer.sources if source.cited]
    shapes = {
        "chatgpt": _chatgpt,
        "perplexity": _perplexity,
        "gemini": _gemini,
        "google-ai-mode": _ai_mode,
        "copilot": _copilot,
    }
    return _shared(engine, asked, answer) | shapes[engine.slug](asked, answer, cited)


def failed(asked: Record, error: str, code: str) -> Record:
    return {"input": asked, "error": error, "error_code": code, "timestamp": now()}


def bare(markdown: str) -> str:
    """The text as a reader sees it, without markup."""
    return re.sub(r"\*\*|^#+ ", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown), flags=re.MULTILINE)


def _shared(engine: Engine, asked: Record, answer: Answer) -> Record:
    return {
        "url": f"{engine.url.rstrip('/')}/?q={quote(asked['prompt'])}",
        "prompt": asked["prompt"],
        "answer_text": bare(answer.text),
        "answer_text_markdown": answer.text,
        "answer_html": _page(PAGE_CHARACTERS),
        "answer_section_html": _page(SECTION_CHARACTERS),
        "response_raw": _page(RAW_CHARACTERS),
        "index": asked.get("index"),
        "timestamp": now(),
        "input": asked,
        "model": signed(engine.model or engine.slug),
    }


def _page(characters: int) -> str:
    return f"<html>{FILLER * (characters // len(FILLER))}</html>"


def _chatgpt(asked: Record, answer: Answer, cited: list[Source]) -> Record:
    """Cited and merely offered sources are mixed; `domain` is the name of the site, not its host."""
    query = [asked["prompt"].rstrip("?").lower()] if answer.sources else []
    return {
        "citations": [
            {"url": source.url, "title": source.title, "description": None, "icon": None, "domain": _site(source)}
            | {"cited": source.cited}
            for source in answer.sources
        ],
        "links_attached": _links(cited),
        "search_sources": [
            {"url": source.url, "title": source.title, "snippet": "", "rank": rank, "date_published": None}
            for rank, source in enumerate(answer.sources)
        ],
        "web_search_triggered": bool(answer.sources),
        "web_search_query": query,
        "recommendations": [],
        "references": [],
        "shopping": [],
        "shopping_visible": False,
        "is_map": False,
        "map": None,
        "country": asked.get("country") or "US",
        "additional_prompt": asked.get("additional_prompt"),
        "additional_answer_text": None,
    }


def _perplexity(asked: Record, answer: Answer, cited: list[Source]) -> Record:
    """`position` is text in one list and a number in the other, as it is at the vendor."""
    return {
        "citations": [
            {"url": source.url, "title": source.title, "domain": _site(source), "position": str(position)}
            for position, source in enumerate(cited, start=1)
        ],
        "sources": [
            {"title": source.title, "url": source.url, "description": "", "position": position}
            for position, source in enumerate(answer.sources, start=1)
        ],
        "related_prompts": [],
        "web_search_query": [asked["prompt"]],
        "is_shopping_data": False,
        "shopping_data": [],
        "exported_markdown": None,
        "source_html": _page(SECTION_CHARACTERS),
    }


def _gemini(asked: Record, answer: Answer, cited: list[Source]) -> Record:
    return {
        "links_attached": _links(cited),
        "citations": [
            {"url": source.url, "title": source.title, "domain": _site(source), "cited": source.cited}
            for source in answer.sources
        ],
        "country": asked.get("country") or "US",
        "sources_not_required": False,
        "web_search_triggered": bool(answer.sources),
        "additional_prompt": asked.get("additional_prompt"),
    }


def _ai_mode(asked: Record, _answer: Answer, cited: list[Source]) -> Record:
    """Here `domain` is an address."""
    return {
        "links_attached": _links(cited),
        "citations": [
            {"url": source.url, "title": source.title, "domain": f"https://{_host(source)}"} for source in cited
        ],
        "country": asked.get("country") or "US",
    }


def _copilot(asked: Record, _answer: Answer, cited: list[Source]) -> Record:
    return {
        "sources": [
            {"title": source.title, "url": source.url, "description": "", "position": position}
            for position, source in enumerate(cited, start=1)
        ],
        "country": asked.get("country") or "US",
    }


def _links(cited: list[Source]) -> list[Record]:
    return [
        {"url": source.url, "text": f"{_site(source)} 1+", "position": position}
        for position, source in enumerate(cited, start=1)
    ]


def _site(source: Source) -> str:
    return _host(source).split(".")[0].capitalize()


def _host(source: Source) -> str:
    return (urlsplit(source.url).hostname or "").removeprefix("www.")
