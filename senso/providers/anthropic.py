"""Anthropic: answers by the Messages API with web search, structured output by its output format.

Sources: the types of the anthropic SDK 2.14 (S); platform.claude.com/docs on Messages, stop reasons, server tools, web
search, structured outputs, effort, errors and API versions (D); public issues (I); recorded replies (R).
"""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from senso.errors import CutOff, Malformed, OutsideError, Refused, Unavailable
from senso.event_loop import wait_for
from senso.http import json_of
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, Usage, no_other
from senso.providers.wire.keyed import LIST_SECONDS, Keyed
from senso.providers.wire.parts import Named, joined, sources
from senso.providers.wire.values import (
    MOST_COUNTED,
    address,
    count,
    items,
    kept,
    mapping,
    optional_text,
    text,
    texts,
)

SERVICE: Final = "anthropic"
MESSAGES: Final = "/v1/messages"
MODELS: Final = "/v1/models?limit=1000"  # the most that one page may have (S)
# In the newer version, 2026-10-21, no model takes a temperature (D). What is read here is the same in both.
VERSION: Final = "2023-06-01"
WRONG_KEY: Final = 401
# The plain search, which runs in no container. Newer ones filter what they found, on newer models only (D).
SEARCH: Final = "web_search_20250305"
# For one request (D); without a limit a turn may search until its time is over.
MOST_SEARCHES: Final = 5
ANSWER_TOKENS: Final = 4096
# What thinking may take of the output besides the answer.
THINKING_TOKENS: Final = 8192
PAUSED: Final = "pause_turn"
MOST_PAUSES: Final = 3
# For a question with all its parts, as for a single call: no run is held for longer. A part needs some time, too.
TURN_SECONDS: Final = 90
LEAST_SECONDS: Final = 10
# Before a part of a turn is asked for again, where the vendor does not say.
PART_WAIT_SECONDS: Final = 2
FINISHED: Final = ("end_turn", "stop_sequence")
CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")
LONGEST_WORD: Final = 80  # of the vendor's, within a reason of ours
# claude-haiku-4-5-20251001 is also called claude-haiku-4-5 (S).
DAY: Final = re.compile(r"-[0-9]{8}$")

Block = dict[str, Any]
Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Anthropic:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    @property
    def api(self) -> Keyed:
        return Keyed(SERVICE, "ANTHROPIC_API_KEY", self.base_url, self.key, self.another_key, headers, is_wrong_key)

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer was refused, cut off or is empty; the error's `usage` is what was billed."""
        return read_answer(run, await self.turn(question(run)))

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises as `ask` does."""
        return read_completion(await self.api.post(MESSAGES, structured(prompt, model, parameters)))

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free."""
        wait_for(self.api.reply("GET", MODELS, timeout_seconds=LIST_SECONDS))

    def models(self) -> dict[str, date | None]:
        """The day on which each model retires, if one is announced; also by its name without a date. Free."""
        return retirements(json_of(SERVICE, wait_for(self.api.reply("GET", MODELS, timeout_seconds=LIST_SECONDS))))

    async def turn(self, body: dict[str, Any]) -> list[Reply]:
        """All parts of a turn, each billed: the vendor may pause in it, and goes on when it is asked to (D)."""
        ends = time.monotonic() + TURN_SECONDS
        replies = [await self.api.post(MESSAGES, body)]
        while is_paused(replies[-1]) and len(replies) <= MOST_PAUSES:
            if ends - time.monotonic() < LEAST_SECONDS:
                break
            replies.append(await self.next_part(body, replies, ends))
        return replies

    async def next_part(self, body: dict[str, Any], replies: list[Reply], ends: float) -> Reply:
        """The parts before are paid for: only this one is asked for again, and only while the turn has time.

        Raises Malformed, with the usage of the parts before where nothing else can have been billed.
        """
        while True:
            try:
                seconds = ends - time.monotonic()
                return await self.api.post(MESSAGES, continued(body, replies), timeout_seconds=seconds)
            except OutsideError as error:
                wait = pause_seconds(error)
                if wait is None or time.monotonic() + wait + LEAST_SECONDS > ends:
                    reason = f"a paused answer could not go on: {error.reason}"
                    usage = billed(replies) if error.status else None
                    raise Malformed(SERVICE, reason, status=error.status, usage=usage) from error
                await asyncio.sleep(wait)


def pause_seconds(error: OutsideError) -> float | None:
    """Until a part that was certainly not billed is asked for again; None: not again."""
    if not isinstance(error, Unavailable) or not error.status:
        return None
    return PART_WAIT_SECONDS if error.retry_after_seconds is None else error.retry_after_seconds


def headers(key: str) -> Mapping[str, str]:
    return {"x-api-key": key, "anthropic-version": VERSION}


def is_wrong_key(error: Refused) -> bool:
    """403 is a key that is right and may not do this (D)."""
    return error.status == WRONG_KEY


def question(run: Run) -> dict[str, Any]:
    """The search is offered and not demanded, which several models refuse (I).

    The effort stays the vendor's own: with less of it the model also searches less (D).
    """
    location = {"country": run.country, "region": run.region, "city": run.city}
    search = {
        "type": run.parameters.search_tool or SEARCH,
        "name": "web_search",
        "max_uses": MOST_SEARCHES,
        "user_location": {"type": "approximate"} | {name: value for name, value in location.items() if value},
    }
    return {
        "model": run.model,
        "max_tokens": run.parameters.tokens(ANSWER_TOKENS + room(run.parameters)),
        "messages": [{"role": "user", "content": run.question}],
        "tools": [search],
    }


def room(parameters: Parameters) -> int:
    """For thinking, which counts as output (S). Most models think without being asked (D)."""
    return 0 if parameters.thinks is False else THINKING_TOKENS


def continued(body: dict[str, Any], replies: list[Reply]) -> dict[str, Any]:
    """The same request, and all that was said so far as its last message, unchanged: the next part follows on that (D).

    Searches that run in a container find it by its id (I).
    """
    container = optional_text(mapping(replies[-1].get("container")).get("id"))
    messages = [*body["messages"], {"role": "assistant", "content": blocks_of(replies)}]
    return {**body, "messages": messages, **({"container": container} if container else {})}


def structured(prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> dict[str, Any]:
    """Newer models refuse a temperature (I), so it is sent only to those that are known to take one."""
    effort = parameters.reasoning_effort
    return {
        "model": model,
        **({"temperature": 0} if parameters.temperature else {}),
        "max_tokens": parameters.tokens(prompt.max_tokens + room(parameters)),
        "system": prompt.system,
        "messages": [{"role": "user", "content": prompt.user}],
        "output_config": {
            "format": {"type": "json_schema", "schema": prompt.schema},
            **({"effort": effort[0]} if effort else {}),
        },
    }


def is_paused(reply: Reply) -> bool:
    """With nothing said there is nothing to go on from."""
    return reply.get("stop_reason") == PAUSED and bool(blocks_of([reply]))


def read_answer(run: Run, replies: list[Reply]) -> Answer:
    """From all parts of a turn. Raises if it was refused, cut off or is empty, with what was billed as `usage`."""
    blocks, last, usage = blocks_of(replies), replies[-1], billed(replies)
    passages = passages_of(blocks)
    told, starts = joined("".join(map(told_by, passage)) for passage in passages)
    refuse_unfinished(last, told, "answer", usage)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(last.get("model")),
        searched=usage.searches > 0,
        sources=sources([*cited(passages, starts), *offered(blocks)]),
        queries=queries(blocks),
        usage=usage,
        vendor_id=optional_text(last.get("id")),
        reply=kept({"parts": [kept(one, "id", "stop_reason", "usage") for one in replies]}, "parts"),
    )


def read_completion(found: Reply) -> Completion:
    """Raises as `read_answer` does."""
    usage = billed([found])
    content = "".join(told_by(block) for passage in passages_of(blocks_of([found])) for block in passage)
    refuse_unfinished(found, content, "completion", usage)
    return Completion(content, optional_text(found.get("model")) or "unknown", usage, SERVICE)


def refuse_unfinished(last: Reply, told: str, what: str, usage: Usage) -> None:
    """A reply with status 200 may be refused, cut off or empty; `stop_reason` tells, and is never null (S)."""
    ending = last.get("stop_reason")
    if ending == "refusal":
        category = word(mapping(last.get("stop_details")).get("category"))
        raise Refused(SERVICE, f"the model refused to answer: {category}", usage=usage)
    if ending in CUT_OFF:
        raise CutOff(SERVICE, f"the {what} is incomplete: {ending}", usage=usage)
    if ending not in FINISHED:
        raise Malformed(SERVICE, f"the {what} is incomplete: {word(ending)}", usage=usage)
    if not told.strip():
        raise Malformed(SERVICE, f"the {what} is empty", usage=usage)


def word(said: Any) -> str:
    return (optional_text(said) or "no reason given")[:LONGEST_WORD]


def blocks_of(replies: list[Reply]) -> list[Block]:
    return [block for reply in replies for block in items(reply.get("content"))]


def passages_of(blocks: list[Block]) -> list[list[Block]]:
    """Texts that follow each other at once are one: a new one begins in mid-sentence where the vendor cites (R).

    What was said before a search and after it are two.
    """
    return [list(group) for is_text, group in groupby(blocks, lambda block: block.get("type") == "text") if is_text]


def told_by(block: Block) -> str:
    return text(block.get("text"))


def cited(passages: list[list[Block]], starts: list[int]) -> list[Named]:
    """A citation stands for the whole text of its block; where that stands in the answer, the vendor does not say."""
    return [
        Named(url, optional_text(note.get("title")), cited=True, spans=(place,) if place[0] < place[1] else ())
        for block, place in placed(passages, starts)
        for note in items(block.get("citations"))
        if (url := address(note.get("url")))
    ]


def placed(passages: list[list[Block]], starts: list[int]) -> Iterator[tuple[Block, tuple[int, int]]]:
    for passage, start in zip(passages, starts, strict=True):
        place = start
        for block in passage:
            yield block, (place, place + len(told_by(block)))
            place += len(told_by(block))


def results(blocks: list[Block], *, failed: bool) -> list[Block]:
    """What searches brought: a list of pages, or an object that is an error (S, R)."""
    found = [block for block in blocks if block.get("type") == "web_search_tool_result"]
    return [block for block in found if isinstance(block.get("content"), list) is not failed]


def offered(blocks: list[Block]) -> list[Named]:
    return [
        Named(url, optional_text(page.get("title")), cited=False)
        for result in results(blocks, failed=False)
        for page in items(result.get("content"))
        if (url := address(page.get("url")))
    ]


def queries(blocks: list[Block]) -> tuple[str, ...]:
    """Of all searches but those that failed."""
    failed = {text(result.get("tool_use_id")) for result in results(blocks, failed=True)}
    made = [block for block in blocks if block.get("type") == "server_tool_use" and block.get("name") == "web_search"]
    asked = [mapping(block.get("input")).get("query") for block in made if text(block.get("id")) not in failed]
    return tuple(dict.fromkeys(one for query in asked for one in texts(query)))


def billed(replies: list[Reply]) -> Usage:
    """Of all parts. `input_tokens` has neither what was read from a cache nor what was written to one (S).

    A failed search costs nothing (D).
    """
    counts = [mapping(reply.get("usage")) for reply in replies]
    cached, written = total(counts, "cache_read_input_tokens"), total(counts, "cache_creation_input_tokens")
    searches = total([one.get("server_tool_use") for one in counts], "web_search_requests")
    return Usage(
        tokens_in=min(total(counts, "input_tokens") + cached + written, MOST_COUNTED),
        tokens_cached=cached,
        tokens_written=written,
        tokens_out=total(counts, "output_tokens"),
        tokens_thinking=total([one.get("output_tokens_details") for one in counts], "thinking_tokens"),
        searches=searches or len(results(blocks_of(replies), failed=False)),
    )


def total(counts: list[Any], name: str) -> int:
    return min(sum(count(one, name) for one in counts), MOST_COUNTED)


def retirements(found: Any) -> dict[str, date | None]:
    """Raises Malformed. `retires_at` of a model without a planned retirement is null (S)."""
    if not isinstance(mapping(found).get("data"), list):
        raise Malformed(SERVICE, "its list of models has none")
    days = {name: day(one.get("retires_at")) for one in items(found["data"]) if (name := optional_text(one.get("id")))}
    # The newest stands first (S), and its date is the one of the short name.
    return {DAY.sub("", name): days[name] for name in reversed(days)} | days


def day(moment: Any) -> date | None:
    try:
        return datetime.fromisoformat(text(moment)).date()
    except ValueError:
        return None
