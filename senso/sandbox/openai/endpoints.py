"""OpenAI's two endpoints: /responses asks the assistant, /chat/completions reads what it said."""

import asyncio
import json
from typing import Any

from senso.sandbox.answers import Answer
from senso.sandbox.call_faults import ANSWER, CALL, TWO_MESSAGES
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.bodies import (
    INLINE_LINK,
    REFUSED,
    Said,
    chat_completion,
    headers,
    limited,
    response,
    two_messages,
)
from senso.sandbox.openai.checks import check_chat, check_responses
from senso.sandbox.openai.errors import fault, invalid, unauthorized
from senso.sandbox.openai.models import MODELS, SHUTDOWNS, SNAPSHOTS
from senso.sandbox.prose import generic_answer
from senso.sandbox.reader import variations_for
from senso.sandbox.reading_log import note_reading
from senso.sandbox.replies import Problem, Reply
from senso.sandbox.schema import filled

Body = dict[str, Any]


class OpenAI(Endpoint):
    SUPPORTED_METHODS = ("POST",)
    model = ""

    def body(self, call: Call) -> Body:
        key = self.bearer()
        if key is None or not key.startswith(KEY_START):
            raise Problem(unauthorized(key))
        try:
            body = json.loads(self.request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("We could not parse the JSON body of your request.", None, None)
        call.model = self.model = str(body.get("model"))
        return body

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule, self.model)

    async def wait(self, call: Call, seconds: float, text: str) -> Rule | None:
        """Waits as long as the model would take. Returns a fault, if any, that spoils the answer and not the call."""
        await self.inject_fault(call, text)
        await asyncio.sleep(seconds)
        rule = self.state.faults.draw([self.where], {*ANSWER, *TWO_MESSAGES, *(CALL.keys() - self.at_once)}, text)
        call.fault = rule.kind if rule else None
        return rule

    def read(self, wanted: Body, user: str) -> str:
        """Structured output: the content that fits the schema."""
        known: Body = {}
        if wanted["name"] == "name_variations":
            known = variations_for(user)
            self.state.meet(user)
        else:
            known = self.state.liar.read(user)
        return json.dumps(filled(wanted["schema"], known), ensure_ascii=False)


class Models(OpenAI):
    """The list of models, each with the day on which it is shut down."""

    SUPPORTED_METHODS = ("GET",)
    where = "openai.models"

    async def reply(self, call: Call, *_: str) -> Reply:
        key = self.bearer()
        if key is None or not key.startswith(KEY_START):
            raise Problem(unauthorized(key))
        await self.inject_fault(call, "")
        return Reply(200, {"object": "list", "data": [listed(name) for name in SNAPSHOTS]})


def listed(name: str) -> Body:
    alias = next((one for one, dated in MODELS.items() if name in {one, dated}), name)
    made = {"id": name, "object": "model", "created": 1_744_588_800, "owned_by": "system"}
    return made | {"shutdown_date": SHUTDOWNS.get(alias)}


class Responses(OpenAI):
    where = "openai.responses"

    async def reply(self, call: Call, *_: str) -> Reply:
        body = self.body(call)
        check_responses(body)
        question = call.question = _text(body["input"])
        call.country = _country(body)
        seconds = self.state.timing.answer_seconds
        rule = await self.wait(call, seconds, question)
        said, answer = self._said(call, question, body)
        said = spoiled(rule, limited(said, body.get("max_output_tokens")), silence=Said(""))
        prompt = f"{body.get('instructions') or ''}\n{question}"
        made = response(body, prompt, said, answer.sources)
        return Reply(200, two_messages(made) if call.fault in TWO_MESSAGES else made, headers(seconds))

    def _said(self, call: Call, question: str, body: Body) -> tuple[Said, Answer]:
        wanted = (body.get("text") or {}).get("format") or {}
        if wanted.get("type") == "json_schema":
            return Said(self.read(wanted, question)), Answer("")
        answer = self.state.ask(question, self.model, call.country or "") or generic_answer()
        return Said(answer.text if body.get("tools") else INLINE_LINK.sub("", answer.text)), answer


class ChatCompletions(OpenAI):
    where = "openai.chat"
    at_once = frozenset(CALL) - {"malformed"}  # here the content is malformed, not the reply

    async def reply(self, call: Call, *_: str) -> Reply:
        body = self.body(call)
        check_chat(body)
        user = _last_said(body["messages"], "user")
        wanted = (body.get("response_format") or {}).get("json_schema")
        _note(call, user, wanted)
        seconds = self.state.timing.reading_seconds
        rule = await self.wait(call, seconds, user)
        said = Said(self.read(wanted, user) if wanted else self._plain(user))
        said = limited(said, body.get("max_completion_tokens") or body.get("max_tokens"))
        said = spoiled(rule, said, silence=Said("", cut=True))  # all tokens went into thinking
        prompt = "\n".join(_text(message["content"]) for message in body["messages"])
        return Reply(200, chat_completion(self.model, prompt, said), headers(seconds))

    def _plain(self, user: str) -> str:
        """Without a search there are no links."""
        answer = self.state.ask(user, self.model, "") or generic_answer()
        return INLINE_LINK.sub("", answer.text)


def spoiled(rule: Rule | None, said: Said, silence: Said) -> Said:
    match rule.kind if rule else None:
        case "refusal":
            return REFUSED
        case "length":
            return Said((said.text or "")[: len(said.text or "") // 2], cut=True)
        case "empty":
            return silence
        case "malformed":
            return Said('Sure! Here is the JSON you asked for: {"mentioned": tru')
        case _:
            return said


def _note(call: Call, user: str, wanted: Body | None) -> None:
    """Logs the organisation that an answer was read for, and not the answer itself."""
    call.schema = wanted["name"] if wanted else None
    if not note_reading(call, user):
        call.question = user if wanted is None else None


def _text(content: Any) -> str:
    """A string, or the parts and messages that a string can be wrapped in."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_text(part) for part in content)
    return _text(content.get("content", content.get("text", ""))) if isinstance(content, dict) else ""


def _last_said(messages: list[Body], role: str) -> str:
    return next((_text(message["content"]) for message in reversed(messages) if message["role"] == role), "")


def _country(body: Body) -> str | None:
    places = (tool.get("user_location") or {} for tool in body.get("tools") or [])
    return next((place["country"] for place in places if place.get("country")), None)
