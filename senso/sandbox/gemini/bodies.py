"""The shapes of Gemini's replies, as recorded: text without links, and beside it the pages and what refers to them."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import uuid4

from iso3166 import countries

from senso.sandbox.answers import Source
from senso.sandbox.gemini.checks import MODELS, MOST_TOKENS, Asked
from senso.sandbox.gemini.errors import Body
from senso.sandbox.openai.bodies import INLINE_LINK, cached, tokens
from senso.sandbox.signature import signed

REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
TOOL_TOKENS = 90  # what each page that a search brought adds to the input
THOUGHTS = {"MINIMAL": 0, "LOW": 96, "MEDIUM": 192, "HIGH": 384, "XHIGH": 768, None: 128}
INTRODUCTION = "I will look that up."
DISCLAIMED = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says, and the pages that it was given."""

    text: str
    pages: tuple[Source, ...] = ()
    ending: str = "STOP"


def thoughts(model: str, asked: Asked) -> int:
    return THOUGHTS[asked.level] if MODELS[model].thinks else 0


def limited(said: Said, model: str, asked: Asked) -> Said:
    """One limit holds for thoughts and text."""
    room = max(0, asked.limit - thoughts(model, asked))
    return said if tokens(said.text) <= room else replace(said, text=said.text[: room * 4], ending="MAX_TOKENS")


def response(model: str, asked: Asked, said: Said) -> Body:
    text, references = unlinked(said.text)
    parts: Body = {"parts": [{"text": text}]} if text or said.ending == "STOP" else {}
    candidate: Body = {"content": parts | {"role": "model"}, "finishReason": said.ending, "index": 0}
    if asked.searches:
        candidate["groundingMetadata"] = grounding(asked.user, text, references, said.pages)
    return {
        "candidates": [candidate],
        "usageMetadata": usage(model, asked, text, said.pages),
        "modelVersion": signed(model),
        "responseId": urlsafe_b64encode(uuid4().bytes).decode().rstrip("="),
    }


def unlinked(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without its links, and for each what it followed: first and last character, and the address."""
    plain, before, found = "", 0, []
    for link in INLINE_LINK.finditer(text):
        start = len(plain)
        plain += text[before : link.start()]
        line = max(start, plain.rfind("\n") + 1)
        first = line + len(plain[line:]) - len(plain[line:].lstrip())
        found.append((first, len(plain), link[1]))
        before = link.end()
    return plain + text[before:], [one for one in found if one[0] < one[1]]


def grounding(question: str, text: str, references: list[tuple[int, int, str]], pages: Sequence[Source]) -> Body:
    numbers = {page.url: number for number, page in enumerate({page.url: page for page in pages}.values())}
    query = question.splitlines()[-1][:120] if question else ""
    listed = {page.url: page for page in pages}.values()
    return {
        "searchEntryPoint": {"renderedContent": f'<div class="container"><a class="chip">{query}</a></div>'},
        "groundingChunks": [{"web": {"uri": redirect(page), "title": domain(page)}} for page in listed],
        "groundingSupports": [
            {"segment": segment(text, first, last), "groundingChunkIndices": [numbers[url]]}
            for first, last, url in references
            if url in numbers
        ],
        "webSearchQueries": [query, f"{query} reviews"],
    }


def segment(text: str, first: int, last: int) -> Body:
    """Positions are bytes, and a first position of 0 is not sent."""
    start, end = (len(text[:one].encode(errors="surrogatepass")) for one in (first, last))
    return ({"startIndex": start} if start else {}) | {"endIndex": end, "text": text[first:last]}


def redirect(page: Source) -> str:
    return REDIRECT + urlsafe_b64encode(sha256(page.url.encode()).digest()).decode()


def domain(page: Source) -> str:
    return (urlsplit(page.page or page.url).hostname or "").removeprefix("www.")


def usage(model: str, asked: Asked, text: str, pages: Sequence[Source]) -> Body:
    """Counts of 0 are not sent."""
    prompt, tool = tokens(f"{asked.system}\n{asked.user}"), TOOL_TOKENS * len({page.url for page in pages})
    counts = {
        "promptTokenCount": prompt,
        "cachedContentTokenCount": cached(prompt),
        "candidatesTokenCount": tokens(text) if text else 0,
        "toolUsePromptTokenCount": tool if asked.searches else 0,
        "thoughtsTokenCount": thoughts(model, asked),
    }
    total = sum(counts.values()) - counts["cachedContentTokenCount"]
    details = {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}]}
    return {name: number for name, number in counts.items() if number} | {"totalTokenCount": total} | details


def spoiled(kind: str | None, body: Body, model: str) -> Body:
    """The reply with a fault of its own, if it has one."""
    candidate, asked = body["candidates"][0], MODELS[model]
    metadata = candidate.get("groundingMetadata", {})
    queries = metadata.get("webSearchQueries", [])
    changes: dict[str, Body] = {
        "refusal": told(ended("SAFETY") | {"safetyRatings": [DISCLAIMED]}),
        "recitation": told(ended("RECITATION")),
        "unknown-ending": told(candidate | {"finishReason": "DAYDREAMING"}),
        "other-model": {"modelVersion": signed(asked.successor)},
        "retiring": {"modelStatus": {"modelStage": "LEGACY", "retirementTime": asked.retires}},
        "two-parts": told(preceded(candidate, INTRODUCTION)),
        "null-text": told(preceded(candidate, None)),
        "queries-only": told(candidate | {"groundingMetadata": {"webSearchQueries": queries}}),
        "blank-queries": told(
            candidate | {"groundingMetadata": metadata | {"webSearchQueries": ["", *queries, *queries[:1]]}}
        ),
        "ungrounded": told(without(candidate, "groundingMetadata"))
        | {"usageMetadata": without(body["usageMetadata"], "toolUsePromptTokenCount")},
    }
    return blocked(body) if kind == "blocked" else body | changes.get(kind or "", {})


def told(candidate: Body) -> Body:
    return {"candidates": [candidate]}


def ended(reason: str) -> Body:
    return {"content": {}, "finishReason": reason, "index": 0}


def preceded(candidate: Body, text: str | None) -> Body:
    content = candidate["content"]
    return candidate | {"content": content | {"parts": [{"text": text}, *content.get("parts", [])]}}


def blocked(body: Body) -> Body:
    """Nothing was made, and only the prompt counts."""
    prompt = body["usageMetadata"]["promptTokenCount"]
    counts = {"promptTokenCount": prompt, "totalTokenCount": prompt}
    feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": counts}
    return without(body, "candidates") | feedback


def without(body: Body, name: str) -> Body:
    return {key: value for key, value in body.items() if key != name}


def listed(name: str) -> Body:
    """One entry of the list of models."""
    model = MODELS[name]
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "description": "Made up",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": MOST_TOKENS,
        "supportedGenerationMethods": ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": model.thinks,
    }


def country_in(said: str) -> str | None:
    """The country that a system instruction names: the only way to say where the user is."""
    named = [one for one in countries if re.search(rf"\b{re.escape(one.apolitical_name)}(?!\w)", said)]
    return max(named, key=lambda one: len(one.apolitical_name)).alpha2 if named else None
