"""Perplexity: answers and structured output, both by the Agent API. A web search is demanded, not only offered.

Sources: types of the perplexityai SDK 0.46 (S); the vendor's guide from the ended Sonar API to the Agent API (D,
perplexityai/api-platform-developers, 2026); replies recorded in September and October 2026 (R); public issues (I).
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from senso.errors import CutOff, Malformed, OutsideError, RateLimited, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import SERVER_FAULT, TOO_MANY, Response, json_of
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, Usage, no_other
from senso.providers.wire.keyed import LIST_SECONDS, Keyed, bearer
from senso.providers.wire.openai import ANSWER_TOKENS, NO_ROOM, cited, code_in, for_thinking, parts, text_of
from senso.providers.wire.parts import Named, joined, sources
from senso.providers.wire.values import address, count, items, kept, mapping, microusd, optional_text, texts

SERVICE: Final = "perplexity"
AGENT, MODELS = "/v1/agent", "/v1/models"
SEARCH: Final = "web_search"
# 401 and 403 that do not speak of the key: an empty account (I), and the paths of the ended API (R, I).
NOT_THE_KEY: Final = {"insufficient_quota", "chat_completions_not_available", "agent_api_migration_required"}
RATE_LIMITED: Final = "request_rate_limit_exceeded"
# Failures of a run that the same request meets again (D); any other may pass.
LASTING: Final = NOT_THE_KEY.union(
    ("external_connector_error", "forbidden", "invalid_api_key", "invalid_model", "invalid_parameter"),
    ("invalid_request", "not_found", "payload_too_large"),
)
# A sentence refers to a result by its number: [7], and [web:7] where a run takes several steps (R).
MARK: Final = re.compile(r"\[(?:web:)?([0-9]{1,6})\]")


@dataclass(frozen=True, slots=True)
class Perplexity:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    @property
    def api(self) -> Keyed:
        return Keyed(SERVICE, "PERPLEXITY_API_KEY", self.base_url, self.key, self.another_key, bearer, is_wrong_key)

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer failed, was cut off or is empty; the error's `usage` is what was billed."""
        return read_answer(run, await self.api.post(AGENT, question(run)))

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises as `ask` does."""
        return read_completion(await self.api.post(AGENT, structured(prompt, model, parameters)))

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free and needs a key (R)."""
        self.listing()

    def models(self) -> dict[str, date | None]:
        """Every model by its name, which begins with its maker's. Retirements are not announced there (R). Free."""
        listed = mapping(json_of(SERVICE, self.listing())).get("data")
        if not isinstance(listed, list):
            raise Malformed(SERVICE, "its list of models is not a list")
        return {name: None for one in items(listed) if (name := optional_text(one.get("id")))}

    def listing(self) -> Response:
        return wait_for(self.api.reply("GET", MODELS, timeout_seconds=LIST_SECONDS))


def is_wrong_key(error: Refused) -> bool:
    """By the vendor's `type`, a text; its `code` only repeats the HTTP status (R)."""
    said = mapping(mapping(error.body).get("error"))
    return optional_text(said.get("type")) not in NOT_THE_KEY


def question(run: Run) -> dict[str, Any]:
    """The location stands on the tool (D). A model that is only offered the tool may not search (I)."""
    location = {"country": run.country, "region": run.region, "city": run.city}
    demanded = {} if run.parameters.forced_tool is False else {"tool_choice": {"type": SEARCH}}
    return {
        **body(run.model, run.question, ANSWER_TOKENS, run.parameters),
        "tools": [{"type": SEARCH, "user_location": {name: value for name, value in location.items() if value}}],
        **demanded,
    }


def structured(prompt: Prompt, model: str, parameters: Parameters) -> dict[str, Any]:
    """The schema stands at the top level: `text.format`, as OpenAI has it, is refused (D)."""
    schema = {"name": prompt.schema_name, "schema": prompt.schema, "strict": True}
    return {
        **body(model, prompt.user, prompt.max_tokens, parameters),
        "instructions": prompt.system,
        "response_format": {"type": "json_schema", "json_schema": schema},
        **({"temperature": 0} if parameters.temperature else {}),
    }


def body(model: str, said: str, tokens: int, parameters: Parameters) -> dict[str, Any]:
    effort = next(iter(parameters.reasoning_effort), None)
    return {
        "model": model,
        "input": said,
        "max_output_tokens": parameters.tokens(tokens + for_thinking(parameters, effort)),
        **({"reasoning": {"effort": effort}} if effort else {}),
        "store": False,
    }


def read_answer(run: Run, found: dict[str, Any]) -> Answer:
    """Raises if the answer failed, was cut off or is empty; the error's `usage` is what was billed."""
    searches, usage = searches_in(found), usage_of(found)
    told, noted = told_in(found, usage)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(found.get("model")),
        searched=usage.searches > 0,
        sources=sources([*results(searches, told), *noted]),
        queries=tuple(dict.fromkeys(one for item in searches for one in texts(item.get("queries")))),
        usage=usage,
        vendor_id=optional_text(found.get("id")),
        reply=kept(found, "usage"),
    )


def read_completion(found: dict[str, Any]) -> Completion:
    """Raises as `read_answer` does."""
    usage = usage_of(found)
    told, _ = told_in(found, usage)
    return Completion(told, optional_text(found.get("model")) or "unknown", usage, SERVICE)


def told_in(found: dict[str, Any], usage: Usage) -> tuple[str, list[Named]]:
    """The text and what its annotations cite. The vendor has them in its types and mostly sends none (S, R)."""
    messages = [item for item in items(found.get("output")) if item.get("type") == "message"]
    refuse_failed(found, messages, usage)
    told, starts = joined(map(text_of, messages))
    if not told.strip():
        raise Malformed(SERVICE, "the answer is empty", usage=usage)
    return told, cited(messages, starts)


def refuse_failed(found: dict[str, Any], messages: list[dict[str, Any]], usage: Usage) -> None:
    """Failed, cancelled and incomplete runs come with HTTP status 200, mostly without output (D, R)."""
    status = optional_text(found.get("status")) or "completed"
    if status in {"failed", "cancelled"}:
        raise failed(status, mapping(found.get("error")), usage)
    if status != "completed":
        why = code_in(mapping(found.get("incomplete_details")).get("reason"))
        kind = CutOff if why == NO_ROOM else Malformed
        raise kind(SERVICE, f"the answer is {code_in(status)}: {why}", usage=usage)
    if any(parts(message, "refusal") for message in messages):
        raise Refused(SERVICE, "the model refused to answer", usage=usage)


def failed(status: str, error: dict[str, Any], usage: Usage) -> OutsideError:
    """By code and type: the code is a text in a run that failed, and the HTTP status elsewhere (R)."""
    code, kind = error.get("code"), optional_text(error.get("type"))
    number, names = code if type(code) is int else 0, {kind, optional_text(code)}
    said = f"the run {'was ' if status == 'cancelled' else ''}{status}: {code_in(kind or code)}"
    if number == TOO_MANY or RATE_LIMITED in names:
        return RateLimited(SERVICE, said, usage=usage)
    if 0 < number < SERVER_FAULT or names & LASTING:
        return Refused(SERVICE, said, usage=usage)
    return Unavailable(SERVICE, said, usage=usage)


def searches_in(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in items(found.get("output")) if item.get("type") == "search_results"]


def results(searches: list[dict[str, Any]], told: str) -> list[Named]:
    """The pages that the searches brought; cited where a mark in the text is a page's `id`, which no other has (R)."""
    marks, found = marks_in(told), []
    for one in (one for item in searches for one in entries(item.get("results"))):
        number, url = one.get("id"), address(one.get("url"))
        if url:
            spans = tuple(marks.pop(number, ())) if type(number) is int else ()
            found.append(Named(url, optional_text(one.get("title")), cited=bool(spans), spans=spans))
    return found


def entries(listed: Any) -> list[dict[str, Any]]:
    """An address by itself is a page, too."""
    given = listed if isinstance(listed, list) else []
    return [{"url": one} if isinstance(one, str) else mapping(one) for one in given]


def marks_in(told: str) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for mark in MARK.finditer(told):
        found[int(mark[1])].append(mark.span())
    return found


def usage_of(found: dict[str, Any]) -> Usage:
    """Input tokens include those read from the cache and written to it. Without a search its counts are absent (R)."""
    counts = mapping(found.get("usage"))
    inner, called = mapping(counts.get("input_tokens_details")), mapping(counts.get("tool_calls_details"))
    return Usage(
        tokens_in=count(counts, "input_tokens"),
        tokens_cached=count(inner, "cached_tokens") or count(inner, "cache_read_input_tokens"),
        tokens_written=count(inner, "cache_creation_input_tokens"),
        tokens_out=count(counts, "output_tokens"),
        tokens_thinking=count(counts.get("output_tokens_details"), "reasoning_tokens"),
        searches=count(called.get("search_web"), "invocation") or len(searches_in(found)),
        cost_microusd=microusd(mapping(counts.get("cost")).get("total_cost")),
    )
