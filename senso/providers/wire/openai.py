"""OpenAI's wire formats, which Azure OpenAI speaks too: the Responses API, and chat completions with a schema.

Sources: developers.openai.com/api/docs (Responses, web search, structured outputs), the types of the openai SDK 3.57;
recorded replies of both APIs.
"""

from typing import Any

from senso.errors import CutOff, Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.providers import UNKNOWN, Answer, Completion, Parameters, Prompt, Run, Usage
from senso.providers.wire.parts import Named, joined, sources
from senso.providers.wire.values import address, count, items, kept, mapping, optional_text, span, text, texts

ANSWER_TOKENS = 4096
# What thinking may take of the output besides the answer.
THINKING_TOKENS = 4096
# Codes of a failed response that a later try may not meet; the SDK's type lists them all.
PASSING = {"server_error", "server_is_overloaded", "vector_store_timeout"}
RATE_LIMITED = {"rate_limit_exceeded", "slow_down"}
COMMENTARY = "commentary"
# How an answer and a completion say that their tokens ran out.
NO_ROOM, LENGTH = "max_output_tokens", "length"
LONGEST_CODE = 80


def question(run: Run) -> dict[str, Any]:
    location = {"country": run.country, "region": run.region, "city": run.city}
    search = {
        "type": run.parameters.search_tool or "web_search",
        "user_location": {"type": "approximate"} | {key: value for key, value in location.items() if value},
    }
    effort = lowest(run.parameters.reasoning_effort)
    return {
        "model": run.model,
        "input": run.question,
        "tools": [search],
        "include": ["web_search_call.action.sources"],
        "max_output_tokens": run.parameters.tokens(ANSWER_TOKENS + for_thinking(run.parameters, effort)),
        **({"reasoning": {"effort": effort}} if effort else {}),
        "store": False,
    }


def lowest(efforts: tuple[str, ...]) -> str | None:
    """Web search is refused beside `minimal` (400)."""
    return next((one for one in efforts if one != "minimal"), next(iter(efforts), None))


def for_thinking(parameters: Parameters, effort: str | None) -> int:
    """Output tokens besides those of the answer; none where a model is told not to think, or takes a temperature."""
    thinks = parameters.thinks is not False and not parameters.temperature
    return 0 if effort == "none" or not (effort or thinks) else THINKING_TOKENS


def searches_in(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Without those that failed."""
    calls = [item for item in items(found.get("output")) if item.get("type") == "web_search_call"]
    return [item for item in calls if item.get("status") != "failed"]


def billed(found: dict[str, Any]) -> Usage:
    """Of a response."""
    return response_usage(found, searches_in(found))


def read_answer(service: str, run: Run, found: dict[str, Any]) -> Answer:
    """Raises if the answer was refused, cut off or is empty; the error's `usage` is what was billed."""
    output, searches = items(found.get("output")), searches_in(found)
    messages = [item for item in output if item.get("type") == "message" and item.get("phase") != COMMENTARY]
    usage = response_usage(found, searches)
    refuse_failed(service, found, messages, usage)
    told, starts = joined(text_of(message) for message in messages)
    if not told.strip():
        raise Malformed(service, "the answer is empty", usage=usage)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(found.get("model")),
        searched=bool(searches),
        sources=sources([*cited(messages, starts), *offered(searches)]),
        queries=queries(searches),
        usage=usage,
        vendor_id=optional_text(found.get("id")),
        reply=kept(found, "service_tier", "usage"),
    )


def parts(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part for part in items(message.get("content")) if part.get("type") == kind]


def text_of(message: dict[str, Any]) -> str:
    return "".join(text(part.get("text")) for part in parts(message, "output_text"))


def refuse_failed(service: str, found: dict[str, Any], messages: list[dict[str, Any]], usage: Usage) -> None:
    """A response with status 200 may still be failed, cut off, or a refusal in place of the text."""
    status = text(found.get("status"))
    if status in {"failed", "cancelled"}:
        raise failed(service, found.get("error"), usage)
    if status == "incomplete":
        why = mapping(found.get("incomplete_details")).get("reason")
        kind = CutOff if why == NO_ROOM else Malformed
        raise kind(service, f"the answer is incomplete: {code_in(why)}", usage=usage)
    if any(parts(message, "refusal") for message in messages):
        raise Refused(service, "the model refused to answer", usage=usage)


def failed(service: str, error: Any, usage: Usage) -> OutsideError:
    """By its code alone, never by a word of its message."""
    code = optional_text(mapping(error).get("code"))
    said = f"the response failed: {code_in(code)}"
    if code in RATE_LIMITED:
        return RateLimited(service, said, usage=usage)
    if code is None or code in PASSING:
        return Unavailable(service, said, usage=usage)
    return Refused(service, said, usage=usage)


def code_in(value: Any) -> str:
    """The vendor's code as a part of our own message."""
    return (optional_text(value) or "no reason given")[:LONGEST_CODE]


def cited(messages: list[dict[str, Any]], starts: list[int]) -> list[Named]:
    """The annotations of the text. Their positions are in the text of their own part."""
    found: list[Named] = []
    for message, start in zip(messages, starts, strict=True):
        before = start
        for part in parts(message, "output_text"):
            found += noted(part, before)
            before += len(text(part.get("text")))
    return found


def noted(part: dict[str, Any], before: int) -> list[Named]:
    """`before`: characters of the whole text that precede this part."""
    length, found = len(text(part.get("text"))), []
    for note in items(part.get("annotations")):
        url = address(note.get("url")) if note.get("type") == "url_citation" else None
        if url:
            at = span(note, length)
            spans = ((before + at[0], before + at[1]),) if at else ()
            found.append(Named(url, optional_text(note.get("title")), cited=True, spans=spans))
    return found


def offered(searches: list[dict[str, Any]]) -> list[Named]:
    """Pages that the searches brought: objects, or addresses as plain text."""
    listed = [one for item in searches for one in as_list(mapping(item.get("action")).get("sources"))]
    named = [(one, None) if isinstance(one, str) else (mapping(one).get("url"), mapping(one)) for one in listed]
    return [
        Named(url, optional_text(mapping(about).get("title")), cited=False)
        for said, about in named
        if (url := address(said))
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def queries(searches: list[dict[str, Any]]) -> tuple[str, ...]:
    actions = [mapping(item.get("action")) for item in searches]
    return tuple(
        dict.fromkeys(one for action in actions for one in (*texts(action.get("query")), *texts(action.get("queries"))))
    )


def response_usage(found: dict[str, Any], searches: list[dict[str, Any]]) -> Usage:
    """The reply has no count of searches: each call whose action is a search, and which did not fail, is one."""
    counts = found.get("usage")
    made = [item for item in searches if mapping(item.get("action")).get("type", "search") == "search"]
    inner = mapping(counts).get("input_tokens_details")
    return Usage(
        tokens_in=count(counts, "input_tokens"),
        tokens_cached=count(inner, "cached_tokens"),
        tokens_written=count(inner, "cache_write_tokens"),
        tokens_out=count(counts, "output_tokens"),
        tokens_thinking=count(mapping(counts).get("output_tokens_details"), "reasoning_tokens"),
        searches=len(made),
    )


def structured(prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> dict[str, Any]:
    schema = {"name": prompt.schema_name, "strict": True, "schema": prompt.schema}
    effort = next(iter(parameters.reasoning_effort), None)
    return {
        "model": model,
        **sampling(parameters, effort),
        "max_completion_tokens": parameters.tokens(prompt.max_tokens + for_thinking(parameters, effort)),
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def sampling(parameters: Parameters, effort: str | None) -> dict[str, Any]:
    """Temperature 0 and the lowest reasoning effort, as far as the model accepts them.

    Most models that reason refuse a temperature (OpenAI's deployment checklist), so one of which nothing is known
    gets none.
    """
    return ({"temperature": 0} if parameters.temperature else {}) | ({"reasoning_effort": effort} if effort else {})


def read_completion(service: str, found: dict[str, Any]) -> Completion:
    usage = chat_usage(found.get("usage"))
    choice = next(iter(items(found.get("choices"))), {})
    message, ending = choice.get("message"), choice.get("finish_reason")
    if not isinstance(message, dict):
        raise Malformed(service, "the completion has no message", usage=usage)
    if text(message.get("refusal")):
        raise Refused(service, "the model refused to read the answer", usage=usage)
    content = text(message.get("content"))
    if ending == LENGTH:
        raise CutOff(service, f"the completion ended with {ending} and cannot be used", usage=usage)
    if ending != "stop" or not content.strip():
        raise Malformed(service, f"the completion ended with {code_in(ending)} and cannot be used", usage=usage)
    version = optional_text(found.get("model")) or "unknown"
    return Completion(content=content, model_version=version, usage=usage, provider=service)


def chat_usage(counts: Any) -> Usage:
    inner = mapping(counts).get("prompt_tokens_details")
    return Usage(
        tokens_in=count(counts, "prompt_tokens"),
        tokens_cached=count(inner, "cached_tokens"),
        tokens_written=count(inner, "cache_write_tokens"),
        tokens_out=count(counts, "completion_tokens"),
        tokens_thinking=count(mapping(counts).get("completion_tokens_details"), "reasoning_tokens"),
    )
