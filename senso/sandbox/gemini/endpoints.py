"""Gemini's endpoints: generateContent asks the assistant or reads what it said; the other lists the models."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_rules import Rule
from senso.sandbox.gemini.bodies import Said, country_in, limited, listed, response, spoiled
from senso.sandbox.gemini.checks import MODELS, Asked, check
from senso.sandbox.gemini.errors import fault, invalid, unregistered, wrong_key
from senso.sandbox.gemini.faults import GEMINI, KINDS
from senso.sandbox.openai.bodies import INLINE_LINK
from senso.sandbox.prose import generic_answer
from senso.sandbox.reading_log import note_reading
from senso.sandbox.replies import Problem, Reply
from senso.sandbox.schema import filled
from senso.sandbox.state import State

BROKEN = 'Sure! Here is the JSON you asked for: {"mentioned": tru'
NAMES = "name_variations"
READING = "answer_reading"


class Gemini(Endpoint):
    at_once = frozenset(GEMINI)
    model = ""

    def require_key(self) -> None:
        """Only in its header: in the address, where the vendor takes it too, it would stand in logs."""
        key = self.request.headers.get("x-goog-api-key")
        if not key:
            raise Problem(unregistered())
        if not key.startswith(KEY_START):
            raise Problem(wrong_key())

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule, self.model)


class Models(Gemini):
    SUPPORTED_METHODS = ("GET",)
    where = "gemini.models"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        await self.inject_fault(call, "")
        return Reply(200, {"models": [listed(name) for name in MODELS]})


class Generate(Gemini):
    SUPPORTED_METHODS = ("POST",)
    where = "gemini.generate"

    def initialize(self, state: State) -> None:
        """Readings come to the same address as questions; for faults and in the log they are a place of their own."""
        super().initialize(state)
        if asks_json(self.request.body):
            self.where = "gemini.reading"
            self.at_once = frozenset(GEMINI) - {"malformed"}  # here the content is malformed, not the reply

    async def reply(self, call: Call, *path: str) -> Reply:
        self.require_key()
        call.model = self.model = path[0]
        asked = check(self.model, self.body())
        said = await (self.answer(call, asked) if asked.schema is None else self.reading(call, asked, asked.schema))
        return Reply(200, said)

    def body(self) -> Any:
        try:
            return json.loads(self.request.body)
        except ValueError:
            raise invalid("Invalid JSON payload received. Unexpected end of string.") from None

    async def answer(self, call: Call, asked: Asked) -> dict[str, Any]:
        call.question, call.country = asked.user, country_in(asked.system)
        rule = await self.wait(call, self.state.timing.answer_seconds, asked.user)
        answer = self.state.ask(asked.user, self.model, call.country or "") or generic_answer()
        said = Said(answer.text, answer.sources) if asked.searches else Said(INLINE_LINK.sub("", answer.text))
        return self.told(asked, said, rule)

    async def reading(self, call: Call, asked: Asked, schema: dict[str, Any]) -> dict[str, Any]:
        note(call, asked.user, schema)
        rule = await self.wait(call, self.state.timing.reading_seconds, asked.user)
        content = json.dumps(filled(schema, self.known(asked.user, schema)), ensure_ascii=False)
        return self.told(asked, Said(content), rule)

    def known(self, user: str, schema: dict[str, Any]) -> dict[str, Any]:
        if asks_names(schema):
            self.state.meet(user)
            return self.state.liar.names(user)
        return self.state.liar.read(user)

    def told(self, asked: Asked, said: Said, rule: Rule | None) -> dict[str, Any]:
        kind = rule.kind if rule else None
        said = shortened(kind, limited(said, self.model, asked), is_reading=asked.schema is not None)
        return spoiled(kind, response(self.model, asked, said), self.model)

    async def wait(self, call: Call, seconds: float, text: str) -> Rule | None:
        """Waits as long as the model would take. Returns a fault, if any, that spoils the answer and not the call."""
        await self.inject_fault(call, text)
        await asyncio.sleep(seconds)
        rule = self.state.faults.draw([self.where], KINDS[self.where].keys() - self.at_once, text)
        call.fault = rule.kind if rule else call.fault
        return rule


def shortened(kind: str | None, said: Said, *, is_reading: bool) -> Said:
    """What is spoiled before its tokens are counted."""
    silent = replace(said, text="", ending="MAX_TOKENS")
    spoilt = {
        "length": replace(said, text=said.text[: len(said.text) // 2], ending="MAX_TOKENS"),
        "silence": silent,
        "empty": silent if is_reading else replace(said, text=""),
        "malformed": replace(said, text=BROKEN),
    }
    return spoilt.get(kind or "", said)


def note(call: Call, user: str, schema: dict[str, Any]) -> None:
    """Logs the organisation that an answer was read for, and not the answer itself."""
    call.schema = NAMES if asks_names(schema) else READING
    if not asks_names(schema):
        note_reading(call, user)


def asks_json(body: bytes) -> bool:
    """Of a request that is not checked yet, with names written in either way."""
    try:
        given = json.loads(body)
        generation = given.get("generationConfig") or given.get("generation_config") or {}
        return any(name.lower().endswith("schema") for name in generation)
    except (ValueError, AttributeError):
        return False


def asks_names(schema: dict[str, Any]) -> bool:
    """The request has no name for its schema."""
    return "variations" in schema.get("properties", {})


# The guides of the vendor have v1beta, its library 3.6 has v1.
MODEL_LIST = "/gemini/(?:v1beta|v1)/models"
ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (MODEL_LIST, Models),
    (f"{MODEL_LIST}/([^/]+):generateContent", Generate),
]
