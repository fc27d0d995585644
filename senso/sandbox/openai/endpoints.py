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
from senso.sandbox.openai.bodies import INLINE_LINK, Said, headers, limited, response, two_messages
from senso.sandbox.openai.chats import chat_in, read, spoiled
from senso.sandbox.openai.checks import check_responses
from senso.sandbox.openai.errors import fault, invalid, unauthorized
from senso.sandbox.openai.messages import text_of
from senso.sandbox.openai.models import MODELS, SHUTDOWNS, SNAPSHOTS
from senso.sandbox.prose import generic_answer
from senso.sandbox.replies import Problem, Reply

Body = dict[str, Any]


class OpenAI(Endpoint):
    SUPPORTED_METHODS: tuple[str, ...] = ("POST",)
    model = ""

    def check_key(self) -> None:
        key = self.bearer()
        if key is None or not key.startswith(KEY_START):
            raise Problem(unauthorized(key))

    def json_body(self) -> Body:
        try:
            body = json.loads(self.request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("We could not parse the JSON body of your request.", None, None)
        return body

    def body(self, call: Call) -> Body:
        self.check_key()
        body = self.json_body()
        call.model = self.model = str(body.get("model"))
        return body

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule, self.model)

    async def wait(self, call: Call, seconds: float, text: str) -> None:
        """Waits as long as the model would take. Notes a fault, if any, that spoils the answer and not the call."""
        await self.inject_fault(call, text)
        await asyncio.sleep(seconds)
        rule = self.state.faults.draw([self.where], {*ANSWER, *TWO_MESSAGES, *(CALL.keys() - self.at_once)}, text)
        call.fault = rule.kind if rule else call.fault


class Models(OpenAI):
    """The list of models, each with the day on which it is shut down."""

    SUPPORTED_METHODS = ("GET",)
    where = "openai.models"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.check_key()
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
        question = call.question = text_of(body["input"])
        call.country = _country(body)
        seconds = self.state.timing.answer_seconds
        await self.wait(call, seconds, question)
        said, answer = self._said(call, question, body)
        said = spoiled(call.fault, limited(said, body.get("max_output_tokens")), silence=Said(""))
        prompt = f"{body.get('instructions') or ''}\n{question}"
        made = response(body, prompt, said, answer.sources)
        return Reply(200, two_messages(made) if call.fault in TWO_MESSAGES else made, headers(seconds))

    def _said(self, call: Call, question: str, body: Body) -> tuple[Said, Answer]:
        wanted = (body.get("text") or {}).get("format") or {}
        if wanted.get("type") == "json_schema":
            return Said(read(self.state, wanted, question)), Answer("")
        answer = self.state.ask(question, self.model, call.country or "") or generic_answer()
        return Said(answer.text if body.get("tools") else INLINE_LINK.sub("", answer.text)), answer


class ChatCompletions(OpenAI):
    where = "openai.chat"
    at_once = frozenset(CALL) - {"malformed"}  # here the content is malformed, not the reply

    async def reply(self, call: Call, *_: str) -> Reply:
        chat = chat_in(self.body(call))
        chat.note(call)
        seconds = self.state.timing.reading_seconds
        await self.wait(call, seconds, chat.user)
        return Reply(200, chat.answered(self.state, call.fault), headers(seconds))


def _country(body: Body) -> str | None:
    places = (tool.get("user_location") or {} for tool in body.get("tools") or [])
    return next((place["country"] for place in places if place.get("country")), None)
