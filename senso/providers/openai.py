"""OpenAI: answers by the Responses API with web search, structured output by chat completions."""

from dataclasses import dataclass, replace
from typing import Any

from senso.errors import Malformed, Refused, Unavailable
from senso.http import call, json_of, request
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, Source, Usage, no_other

SERVICE = "openai"
ANSWER_TOKENS = 4096
READING_TOKENS = 2048
UNAUTHORISED = {401, 403}
LIST_SECONDS = 10
MOST_TOKENS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class OpenAI:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer was refused, cut off or is empty; the error's `usage` is what was billed."""
        return read_answer(run, await self.post("/responses", question(run)))

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises Refused for a refusal and Malformed for a cut-off answer, both with their usage."""
        return read_completion(await self.post("/chat/completions", structured(prompt, model, parameters)))

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free."""
        headers = {"Authorization": f"Bearer {self.key}"}
        call(SERVICE, "GET", f"{self.base_url}/models", headers=headers, timeout_seconds=LIST_SECONDS)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            reply = await request(SERVICE, "POST", self.base_url + path, json=body, headers=headers)
            found = json_of(SERVICE, reply)
        except Refused as error:
            if error.status not in UNAUTHORISED:
                raise
            other = self.another_key(self.key)
            if other is None:
                raise Refused(SERVICE, "the key in OPENAI_API_KEY was not accepted", status=error.status) from None
            return await replace(self, key=other).post(path, body)
        if not isinstance(found, dict):
            raise Malformed(SERVICE, "its answer is not a JSON object")
        return found


def question(run: Run) -> dict[str, Any]:
    location = {"country": run.country, "region": run.region, "city": run.city}
    search = {
        "type": "web_search",
        "user_location": {"type": "approximate"} | {key: value for key, value in location.items() if value},
    }
    return {
        "model": run.model,
        "input": run.question,
        "tools": [search],
        "include": ["web_search_call.action.sources"],
        "max_output_tokens": run.parameters.tokens(ANSWER_TOKENS),
        "store": False,
    }


def read_answer(run: Run, found: dict[str, Any]) -> Answer:
    """Any number of searches and reasoning items may precede the message."""
    output = found.get("output") or []
    searches = [item for item in output if item.get("type") == "web_search_call"]
    parts = [part for item in output if item.get("type") == "message" for part in item.get("content") or []]
    usage = response_usage(found, searches)
    refuse_failed(found, parts, usage)
    text = "".join(part.get("text", "") for part in parts if part.get("type") == "output_text")
    if not text.strip():
        raise Malformed(SERVICE, "the answer is empty", usage=usage)
    return Answer(
        number=run.number,
        text=text,
        model_version=found.get("model"),
        searched=bool(searches),
        sources=tuple(sources(parts, searches)),
        usage=usage,
    )


def refuse_failed(found: dict[str, Any], parts: list[dict[str, Any]], usage: Usage) -> None:
    """A response with status 200 may still be failed, incomplete, or a refusal in place of the text."""
    status = found.get("status")
    if status == "failed":
        raise Unavailable(SERVICE, f"the response failed: {(found.get('error') or {}).get('code')}")
    if status == "incomplete":
        why = (found.get("incomplete_details") or {}).get("reason")
        raise Malformed(SERVICE, f"the answer is incomplete: {why}", usage=usage)
    if any(part.get("type") == "refusal" for part in parts):
        raise Refused(SERVICE, "the model refused to answer", usage=usage)


def sources(parts: list[dict[str, Any]], searches: list[dict[str, Any]]) -> list[Source]:
    """First the cited ones, from the annotations of the text, then those that the searches offered."""
    notes = [note for part in parts for note in part.get("annotations") or [] if note.get("type") == "url_citation"]
    offered = [source for item in searches for source in (item.get("action") or {}).get("sources") or []]
    listed = [(note, True) for note in notes] + [(source, False) for source in offered]
    return [
        Source(item["url"], item.get("title"), position, cited)
        for position, (item, cited) in enumerate(listed, start=1)
        if item.get("url")
    ]


def response_usage(found: dict[str, Any], searches: list[dict[str, Any]]) -> Usage:
    counts = found.get("usage") or {}
    made = [item for item in searches if (item.get("action") or {}).get("type", "search") == "search"]
    return Usage(
        tokens_in=count(counts, "input_tokens"),
        tokens_cached=count(counts.get("input_tokens_details"), "cached_tokens"),
        tokens_out=count(counts, "output_tokens"),
        searches=len(made),
    )


def count(counts: Any, name: str) -> int:
    """0 if the count is missing or cannot be stored: a bad count must not cost the answer that came with it."""
    said = counts.get(name) if isinstance(counts, dict) else None
    return said if type(said) is int and 0 <= said <= MOST_TOKENS else 0


def structured(prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> dict[str, Any]:
    schema = {"name": prompt.schema_name, "strict": True, "schema": prompt.schema}
    return {
        "model": model,
        **thinking(parameters),
        "max_completion_tokens": parameters.tokens(READING_TOKENS),
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def thinking(parameters: Parameters) -> dict[str, Any]:
    """Temperature 0 and the lowest reasoning effort, as far as the model accepts them."""
    steady = {} if parameters.temperature is False else {"temperature": 0}
    return steady | ({"reasoning_effort": parameters.reasoning_effort[0]} if parameters.reasoning_effort else {})


def read_completion(found: dict[str, Any]) -> Completion:
    usage = chat_usage(found.get("usage") or {})
    try:
        choice = found["choices"][0]
        message, ending = choice["message"], choice["finish_reason"]
    except (KeyError, IndexError, TypeError):
        raise Malformed(SERVICE, "the completion has no message", usage=usage) from None
    if message.get("refusal"):
        raise Refused(SERVICE, "the model refused to read the answer", usage=usage)
    if ending != "stop" or not message.get("content"):
        raise Malformed(SERVICE, f"the completion ended with {ending} and cannot be used", usage=usage)
    return Completion(
        content=message["content"], model_version=found.get("model") or "unknown", usage=usage, provider=SERVICE
    )


def chat_usage(counts: dict[str, Any]) -> Usage:
    return Usage(
        tokens_in=count(counts, "prompt_tokens"),
        tokens_cached=count(counts.get("prompt_tokens_details"), "cached_tokens"),
        tokens_out=count(counts, "completion_tokens"),
    )
