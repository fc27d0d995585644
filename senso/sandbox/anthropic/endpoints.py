"""Anthropic's endpoints: /v1/messages asks the assistant or reads what it said; /v1/models lists the models."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.answers import Answer
from senso.sandbox.anthropic.bodies import (
    THINKING_TOKENS,
    Said,
    failed_search,
    headers,
    message,
    plain,
    searched,
    shortened,
    told,
)
from senso.sandbox.anthropic.checks import OLDER, check_messages, check_version
from senso.sandbox.anthropic.errors import fault, invalid, not_found, unauthorized
from senso.sandbox.anthropic.faults import ANTHROPIC, PARTS
from senso.sandbox.anthropic.models import KNOWN, MODELS, Model, listed
from senso.sandbox.call_faults import ANSWER
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.bodies import INLINE_LINK
from senso.sandbox.prose import generic_answer
from senso.sandbox.reading_log import note_reading
from senso.sandbox.replies import Problem, Reply
from senso.sandbox.schema import filled
from senso.sandbox.state import State

Body = dict[str, Any]

NAMES = "name_variations"
READING = "answer_reading"
MOST_LISTED = 1000
BROKEN = 'Sure! Here is the JSON you asked for: {"mentioned": tru'


class Anthropic(Endpoint):
    at_once = frozenset(ANTHROPIC)
    model = ""

    def require_key(self) -> None:
        """The key stands in a header of its own; the vendor's newer libraries send it as a bearer."""
        key = self.request.headers.get("x-api-key") or self.bearer()
        if key is None or not key.startswith(KEY_START):
            raise Problem(unauthorized(key))

    def version(self) -> str:
        given = self.request.headers.get("anthropic-version")
        check_version(given)
        return given or OLDER

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule, self.model)


class Models(Anthropic):
    SUPPORTED_METHODS = ("GET",)
    where = "anthropic.models"

    async def reply(self, call: Call, *path: str) -> Reply:
        self.require_key()
        self.version()
        await self.inject_fault(call, "")
        return self.one(*path) if path else self.all()

    def one(self, name: str) -> Reply:
        return Reply(200, listed(name)) if name in KNOWN else not_found(name)

    def all(self) -> Reply:
        names = [*MODELS]
        data = [listed(name) for name in names[self.start(names) :][: self.limit()]]
        last = data[-1]["id"] if data else None
        more = bool(data) and last != MODELS[names[-1]].id
        return Reply(
            200, {"data": data, "has_more": more, "first_id": data[0]["id"] if data else None, "last_id": last}
        )

    def limit(self) -> int:
        said = self.get_query_argument("limit", "20")
        if not said.isdecimal() or not 1 <= int(said) <= MOST_LISTED:
            raise invalid(f"limit: Input should be between 1 and {MOST_LISTED}")
        return int(said)

    def start(self, names: list[str]) -> int:
        after = self.get_query_argument("after_id", None)
        return next((place for place, name in enumerate(names, start=1) if MODELS[name].id == after), 0)


class Messages(Anthropic):
    SUPPORTED_METHODS = ("POST",)
    where = "anthropic.messages"

    def initialize(self, state: State) -> None:
        """Readings come to the same address as questions; for faults and in the log they are a place of their own."""
        super().initialize(state)
        if schema_in(self.body() or {}):
            self.where = "anthropic.reading"
            self.at_once = frozenset(ANTHROPIC) - {"malformed"}  # here the content is malformed, not the reply

    def body(self) -> Body | None:
        try:
            body = json.loads(self.request.body)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        body = self.body()
        if body is None:
            raise invalid("The request body is not valid JSON")
        call.model = self.model = str(body.get("model"))
        model = check_messages(body, self.version())
        said = await (self.reading(call, body) if schema_in(body) else self.answer(call, body))
        return Reply(200, message(model, prompt_of(body), limited(said, body, model), caching=caches(body)), headers())

    async def answer(self, call: Call, body: Body) -> Said:
        question = call.question = text_of(body["messages"][0]["content"])
        call.country = country_in(body)
        rule = await self.wait(call, self.state.timing.answer_seconds, question)
        answer = self.state.ask(question, self.model, call.country or "") or generic_answer()
        said = self.continued(answer) if is_continued(body) else self.whole(answer, question, body)
        return spoiled(rule, said, question)

    def whole(self, answer: Answer, question: str, body: Body) -> Said:
        if not body.get("tools"):
            return Said([plain(INLINE_LINK.sub("", answer.text))])
        pages = len({source.url for source in answer.sources})
        found = searched(question.splitlines()[-1][:120], answer.sources)
        return Said([*found, *told(answer.text, answer.sources)], searches=1, pages=pages)

    def continued(self, answer: Answer) -> Said:
        return Said(told(answer.text, answer.sources), pages=len({source.url for source in answer.sources}))

    async def reading(self, call: Call, body: Body) -> Said:
        schema = schema_in(body) or {}
        user = next(text_of(turn["content"]) for turn in reversed(body["messages"]) if turn["role"] == "user")
        note(call, user, schema)
        rule = await self.wait(call, self.state.timing.reading_seconds, user)
        content = json.dumps(filled(schema, self.known(user, schema)), ensure_ascii=False)
        return spoiled(rule, Said([plain(content)]), user)

    def known(self, user: str, schema: Body) -> Body:
        if asks_names(schema):
            self.state.meet(user)
            return self.state.liar.names(user)
        return self.state.liar.read(user)

    async def wait(self, call: Call, seconds: float, text: str) -> Rule | None:
        """Waits as long as the model would take. Returns a fault, if any, that spoils the answer and not the call."""
        await self.inject_fault(call, text)
        await asyncio.sleep(seconds)
        kinds = {*ANSWER, *PARTS, *(ANTHROPIC.keys() - self.at_once)}
        rule = self.state.faults.draw([self.where], kinds, text)
        call.fault = rule.kind if rule else call.fault
        return rule


def spoiled(rule: Rule | None, said: Said, question: str) -> Said:
    return said_oddly(said, question).get(rule.kind, said) if rule else said


def said_oddly(said: Said, question: str) -> dict[str, Said]:
    """What becomes of a reply by each fault."""
    half = shortened(said.blocks, len(said.text) // 2)
    searches = [block for block in said.blocks if block["type"] != "text"]
    texts = [block for block in said.blocks if block["type"] == "text"]
    paused = searches or searched(question, ())
    return {
        "refusal": replace(said, blocks=[], stop="refusal"),
        "length": replace(said, blocks=half, stop="max_tokens"),
        "context": replace(said, blocks=half, stop="model_context_window_exceeded"),
        "empty": replace(said, blocks=searches),
        "malformed": replace(said, blocks=[plain(BROKEN)]),
        "pause": replace(said, blocks=paused, stop="pause_turn", searches=said.searches or 1),
        "search-failed": Said([*failed_search(question, "unavailable"), *uncited(texts)]),
        "max-uses": replace(said, blocks=[*searches, *failed_search(question, "max_uses_exceeded"), *texts]),
        "two-texts": replace(said, blocks=[plain("I'll search for that."), *said.blocks]),
        "null-text": replace(said, blocks=[*searches, plain(None), *texts]),
    }


def uncited(texts: list[Body]) -> list[Body]:
    return [plain("".join(block["text"] for block in texts))]


def limited(said: Said, body: Body, model: Model) -> Said:
    """Thinking takes its part of the tokens."""
    left = (body["max_tokens"] - (THINKING_TOKENS if model.thinks else 0)) * 4
    if len(said.text) <= max(left, 0):
        return said
    return replace(said, blocks=shortened(said.blocks, left), stop="max_tokens")


def note(call: Call, user: str, schema: Body) -> None:
    """Logs the organisation that an answer was read for, and not the answer itself."""
    call.schema = NAMES if asks_names(schema) else READING
    if not asks_names(schema):
        note_reading(call, user)


def asks_names(schema: Body) -> bool:
    """The request has no name for its schema."""
    return "variations" in schema.get("properties", {})


def schema_in(body: Body) -> Body | None:
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return schema if isinstance(schema, dict) else None


def is_continued(body: Body) -> bool:
    return bool(body["messages"][-1]["role"] == "assistant")


def caches(body: Body) -> bool:
    return "cache_control" in json.dumps(body)


def prompt_of(body: Body) -> str:
    return "\n".join([text_of(body.get("system")), *(text_of(turn["content"]) for turn in body["messages"])])


def text_of(content: Any) -> str:
    """A text, or the texts of blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n".join(str(block["text"]) for block in blocks if isinstance(block, dict) and block.get("type") == "text")


def country_in(body: Body) -> str | None:
    places = (tool.get("user_location") or {} for tool in body.get("tools") or [])
    return next((place["country"] for place in places if place.get("country")), None)


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    ("/anthropic/v1/messages", Messages),
    ("/anthropic/v1/models", Models),
    ("/anthropic/v1/models/([^/]+)", Models),
]
