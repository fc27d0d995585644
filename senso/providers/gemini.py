"""Gemini: answers grounded in Google Search, and structured output, both by generateContent.

Sources: the types of google-genai 3.6 (S); ai.google.dev/gemini-api/docs, on grounding, structured output, thinking,
billing and models (D); recorded replies (R); public issues and Google's forum (I). Google Search takes no place of the
user: it is said in the system instruction, and no country is reported.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any, Final
from urllib.parse import quote

from iso3166 import countries_by_alpha2

from senso.errors import CutOff, Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import Response, json_of
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, Usage, no_other
from senso.providers.wire.keyed import LIST_SECONDS, UNAUTHORISED, Keyed
from senso.providers.wire.parts import BETWEEN, Named, sources
from senso.providers.wire.values import address, count, items, kept, mapping, optional_text, span, text, texts

SERVICE: Final = "gemini"
MODELS: Final = "/v1beta/models"
PAGE: Final = 1000  # the most models that one page may have (D)
SEARCH: Final = "google_search"
ANSWER_TOKENS: Final = 4096
# What thinking may take of the output besides the answer: one limit holds for both (D).
THINKING_TOKENS: Final = 16_384
FINISHED: Final = "STOP"
CUT_OFF: Final = "MAX_TOKENS"
# Endings that the same request meets again (S). Any other that is not STOP, known or not, spoils this answer alone.
REFUSED: Final = frozenset(
    {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR"}
    | {"PUP_LIMITED_DISABLED", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)
# A wrong or expired key is a 400 with this reason (R, I).
BAD_REQUEST: Final = 400
FORBIDDEN: Final = 403
WRONG_KEY: Final = "API_KEY_INVALID"
# Models up to 2.5 are billed for each grounded prompt, newer ones for each query (D).
BILLED_BY_PROMPT: Final = ("gemini-1", "gemini-2")
LONGEST_WORD: Final = 80
# How a heading, a list, a table or a bold name begins in Markdown.
MARKUP: Final = "#*|>-"

Span = tuple[int, int]
# Where each part of an answer begins in its text, and the byte at which each character of the part begins.
Places = dict[int, tuple[int, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Gemini:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    @property
    def api(self) -> Keyed:
        variable, statuses = "GEMINI_API_KEY", {BAD_REQUEST, FORBIDDEN, *UNAUTHORISED}
        return Keyed(SERVICE, variable, self.base_url, self.key, self.another_key, headers, is_wrong_key, statuses)

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer was blocked, refused, cut off or is empty; the error's `usage` is what was billed."""
        return read_answer(run, await self.generate(run.model, question(run)))

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises as `ask` does."""
        return read_completion(model, await self.generate(model, structured(prompt, parameters)))

    async def generate(self, model: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self.api.post(f"{MODELS}/{quote(model, safe='')}:generateContent", body)
        except Unavailable as error:
            raise with_details(error) from error.__cause__

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free."""
        self.listing()

    def models(self) -> dict[str, date | None]:
        """Every model by its name, and the day on which it retires. Free.

        The list has no field for that day today (S); it is read where an entry has it as a reply has, in `modelStatus`.
        """
        return retirements(json_of(SERVICE, self.listing()))

    def listing(self) -> Response:
        return wait_for(self.api.reply("GET", MODELS, params={"pageSize": PAGE}, timeout_seconds=LIST_SECONDS))


def headers(key: str) -> Mapping[str, str]:
    return {"x-goog-api-key": key}


def is_wrong_key(error: Refused) -> bool:
    """By the status, and by the reason that stands beside it; never by the words. A leaked key is a bare 403 (I)."""
    reasons = {text(one.get("reason")) for one in details(error)} - {""}
    return error.status in UNAUTHORISED or WRONG_KEY in reasons or (error.status == FORBIDDEN and not reasons)


def details(error: OutsideError) -> list[dict[str, Any]]:
    """What google.rpc adds to an error: ErrorInfo, QuotaFailure, RetryInfo (R, I)."""
    return items(mapping(mapping(error.body).get("error")).get("details"))


def with_details(error: Unavailable) -> OutsideError:
    """The wait stands in RetryInfo, and in no header; it is short even if the quota of a day is used up (I)."""
    if isinstance(error, RateLimited) and any("PerDay" in quota for quota in quotas(error)):
        return Refused(SERVICE, error.reason, status=error.status)
    waits = [wait for one in details(error) if (wait := seconds(one.get("retryDelay"))) is not None]
    error.retry_after_seconds = next(iter(waits), error.retry_after_seconds)
    return error


def quotas(error: OutsideError) -> list[str]:
    return [text(one.get("quotaId")) for detail in details(error) for one in items(detail.get("violations"))]


def seconds(duration: Any) -> float | None:
    """Such as 34s or 36.429760048s."""
    try:
        found = float(text(duration).removesuffix("s"))
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def question(run: Run) -> dict[str, Any]:
    """How much it thinks stays the vendor's own choice: with less, the use of tools may end too early (D)."""
    return {
        "systemInstruction": content(f"The user is in {place(run)}."),
        "contents": [content(run.question) | {"role": "user"}],
        "tools": [{run.parameters.search_tool or SEARCH: {}}],
        "generationConfig": {"maxOutputTokens": allowed(run.parameters, ANSWER_TOKENS)},
    }


def structured(prompt: Prompt, parameters: Parameters) -> dict[str, Any]:
    """A temperature only where the model is known to take one: Gemini 3 ignores it or refuses it (D, I)."""
    effort = parameters.reasoning_effort
    generation = {
        "maxOutputTokens": allowed(parameters, prompt.max_tokens),
        "responseMimeType": "application/json",
        "responseJsonSchema": prompt.schema,
        **({"thinkingConfig": {"thinkingLevel": effort[0].upper()}} if effort else {}),
        **({"temperature": 0} if parameters.temperature else {}),
    }
    return {
        "systemInstruction": content(prompt.system),
        "contents": [content(prompt.user) | {"role": "user"}],
        "generationConfig": generation,
    }


def content(said: str) -> dict[str, Any]:
    return {"parts": [{"text": said}]}


def place(run: Run) -> str:
    country = countries_by_alpha2.get(run.country)
    return ", ".join(filter(None, (run.city, run.region, country.apolitical_name if country else run.country)))


def allowed(parameters: Parameters, tokens: int) -> int:
    """Most models think without being asked."""
    return parameters.tokens(tokens if parameters.thinks is False else tokens + THINKING_TOKENS)


def read_answer(run: Run, found: dict[str, Any]) -> Answer:
    """Raises if the answer was blocked, refused, cut off or is empty; the error's `usage` is what was billed."""
    usage, grounding = usage_of(found, run.model), grounding_of(found)
    parts = parts_of(found, usage)
    told, starts = written(parts)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(found.get("modelVersion")),
        searched=searched(found, grounding),
        sources=sources(list(pages(grounding, spans_by_page(grounding, told, starts, parts)))),
        queries=texts(grounding.get("webSearchQueries")),
        usage=usage,
        vendor_id=optional_text(found.get("responseId")),
        reply=kept(found, "modelStatus", "usageMetadata"),
    )


def read_completion(model: str, found: dict[str, Any]) -> Completion:
    """Raises as `read_answer` does."""
    usage = usage_of(found, model)
    said = "".join(parts_of(found, usage).values())
    return Completion(said, optional_text(found.get("modelVersion")) or "unknown", usage, SERVICE)


def candidate_of(found: dict[str, Any]) -> dict[str, Any]:
    """The only one that was asked for."""
    return next(iter(items(found.get("candidates"))), {})


def grounding_of(found: dict[str, Any]) -> dict[str, Any]:
    return mapping(candidate_of(found).get("groundingMetadata"))


def parts_of(found: dict[str, Any], usage: Usage) -> dict[int, str]:
    """The texts of an answer by the numbers of their parts; thoughts are left out."""
    refuse_failed(found, usage)
    listed = enumerate(as_list(mapping(candidate_of(found).get("content")).get("parts")))
    spoken = [(number, mapping(part)) for number, part in listed if not mapping(part).get("thought")]
    parts = {number: said for number, part in spoken if (said := text(part.get("text")))}
    if not "".join(parts.values()).strip():
        raise Malformed(SERVICE, "the answer is empty", usage=usage)
    return parts


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def refuse_failed(found: dict[str, Any], usage: Usage) -> None:
    """A blocked prompt has no candidates (S); a candidate that was stopped may still have a part of its text (I)."""
    blocked = mapping(found.get("promptFeedback")).get("blockReason")
    candidate = candidate_of(found)
    ending = candidate.get("finishReason")
    if blocked:
        raise Refused(SERVICE, f"the question was blocked: {word(blocked)}", usage=usage)
    if text(ending) in REFUSED:
        raise Refused(SERVICE, f"the model refused to answer: {ending}", usage=usage)
    if ending == CUT_OFF:
        raise CutOff(SERVICE, f"the answer is incomplete: {ending}", usage=usage)
    if candidate and ending != FINISHED:
        raise Malformed(SERVICE, f"the answer is incomplete: {word(ending)}", usage=usage)


def word(said: Any) -> str:
    return text(said)[:LONGEST_WORD].strip() or "no reason given"


def usage_of(found: dict[str, Any], model: str) -> Usage:
    """What tools brought is input besides the prompt, and thoughts are output besides the candidate (D, R)."""
    counts = found.get("usageMetadata")
    thinking = count(counts, "thoughtsTokenCount")
    return Usage(
        tokens_in=count(counts, "promptTokenCount") + count(counts, "toolUsePromptTokenCount"),
        tokens_cached=count(counts, "cachedContentTokenCount"),
        tokens_out=count(counts, "candidatesTokenCount") + thinking,
        tokens_thinking=thinking,
        searches=billed_searches(found, model),
    )


def billed_searches(found: dict[str, Any], model: str) -> int:
    """By the rule of the model that answered, which need not be the one that was asked (D).

    Equal queries count once; blank ones, which occur, do not (D).
    """
    grounding = grounding_of(found)
    answered = (optional_text(found.get("modelVersion")) or model).rpartition("/")[2]
    by_prompt = answered.startswith(BILLED_BY_PROMPT)
    return int(is_grounded(grounding)) if by_prompt else len(texts(grounding.get("webSearchQueries")))


def is_grounded(grounding: dict[str, Any]) -> bool:
    return bool(texts(grounding.get("webSearchQueries")) or items(grounding.get("groundingChunks")))


def searched(found: dict[str, Any], grounding: dict[str, Any]) -> bool | None:
    """Without a search there is no metadata (R). None: there is none, although a tool brought something."""
    if is_grounded(grounding):
        return True
    return None if count(found.get("usageMetadata"), "toolUsePromptTokenCount") else False


def written(parts: dict[int, str]) -> tuple[str, dict[int, int]]:
    """The parts as one text, and where each begins in it.

    A part may end within a word. It is a message of its own, such as the answer after an introduction from before the
    search (googleapis/python-genai#961), where a new sentence, a number or markup begins and no blank stands between.
    """
    told, starts = "", dict[int, int]()
    for number, part in parts.items():
        told += BETWEEN if told and not told[-1].isspace() and begins_anew(part) else ""
        starts[number] = len(told)
        told += part
    return told, starts


def begins_anew(part: str) -> bool:
    return part[0].isupper() or part[0].isdecimal() or part[0] in MARKUP


def byte_edges(part: str) -> Sequence[int]:
    """The byte of UTF-8 at which each character begins, and the end."""
    if part.isascii():
        return range(len(part) + 1)
    return list(accumulate((len(one.encode("utf-8", "surrogatepass")) for one in part), initial=0))


def spans_by_page(
    grounding: dict[str, Any], told: str, starts: dict[int, int], parts: dict[int, str]
) -> dict[int, list[Span]]:
    """By the number of each page that is referred to: where the text does so, as far as that is found."""
    supports, found = items(grounding.get("groundingSupports")), defaultdict[int, list[Span]](list)
    places = {number: (starts[number], byte_edges(part)) for number, part in parts.items()} if supports else {}
    for support in supports:
        at = located(mapping(support.get("segment")), told, places)
        for page in as_list(support.get("groundingChunkIndices")):
            if type(page) is int:
                found[page] += [at] if at else []
    return found


def located(segment: dict[str, Any], told: str, places: Places) -> Span | None:
    """Where the segment's text stands: at its position, or else at the only place where it does.

    The number of the part is often missing although it is not the first (googleapis/python-genai#961).
    """
    said, at = text(segment.get("text")), position(segment, places)
    if at and (not said or told[slice(*at)] == said):
        return at
    first = told.find(said) if said else -1
    return (first, first + len(said)) if first >= 0 and told.find(said, first + 1) < 0 else None


def position(segment: dict[str, Any], places: Places) -> Span | None:
    """Positions are bytes of a part (S), absent when 0 (R). None for what is none, or stands within a character."""
    number = segment.get("partIndex", 0)
    if type(number) is not int or number not in places:
        return None
    start, edges = places[number]
    at = span({"startIndex": 0} | segment, edges[-1], "startIndex", "endIndex")
    first, last = (bisect_left(edges, one) for one in at or (0, 0))
    return (start + first, start + last) if at == (edges[first], edges[last]) else None


def pages(grounding: dict[str, Any], spans: dict[int, list[Span]]) -> Iterator[Named]:
    """The address is a redirect of Google's; the title is the page's bare domain (R)."""
    for number, chunk in enumerate(as_list(grounding.get("groundingChunks"))):
        web = mapping(mapping(chunk).get("web"))
        if url := address(web.get("uri")):
            yield Named(url, optional_text(web.get("title")), number in spans, tuple(spans.get(number, ())))


def retirements(found: Any) -> dict[str, date | None]:
    listed = mapping(found).get("models")
    if not isinstance(listed, list):
        raise Malformed(SERVICE, "its list of models is not a list")
    named = [(optional_text(one.get("name")), mapping(one.get("modelStatus"))) for one in items(listed)]
    return {name.removeprefix("models/"): day(status.get("retirementTime")) for name, status in named if name}


def day(moment: Any) -> date | None:
    try:
        return date.fromisoformat(text(moment)[:10])
    except ValueError:
        return None
