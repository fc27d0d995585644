"""Perplexity's endpoints: the Agent API, which answers and reads, the list of models, and what the ended API says."""

import asyncio
import json
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.call_faults import CALL
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.bodies import INLINE_LINK
from senso.sandbox.perplexity.bodies import (
    ENDED,
    INVALID_KEY,
    PRESET_MODEL,
    Work,
    fault,
    headers,
    invalid,
    listing,
    pages_of,
    refused,
    response,
    searching,
)
from senso.sandbox.perplexity.checks import check
from senso.sandbox.perplexity.faults import KINDS, REFUSALS
from senso.sandbox.prose import generic_answer
from senso.sandbox.reading_log import note_reading
from senso.sandbox.replies import Reply
from senso.sandbox.schema import filled

Body = dict[str, Any]


class Perplexity(Endpoint):
    at_once = frozenset({*CALL, *REFUSALS})

    def require_key(self) -> None:
        if not (self.bearer() or "").startswith(KEY_START):
            raise refused(401, "invalid_api_key", INVALID_KEY)

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule)


class Models(Perplexity):
    SUPPORTED_METHODS = ("GET",)
    where = "perplexity.models"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        await self.inject_fault(call, "")
        return Reply(200, listing())


class Ended(Perplexity):
    """Chat completions, at once and later, which ended in September 2026."""

    SUPPORTED_METHODS = ("GET", "POST")
    where = "perplexity.ended"

    async def reply(self, _call: Call, *_: str) -> Reply:
        self.require_key()
        raise refused(403, "chat_completions_not_available", ENDED)


class Agent(Perplexity):
    """A request for structured output is one to read, which has faults of its own."""

    SUPPORTED_METHODS = ("POST",)
    where = "perplexity.agent"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        body = self.body()
        check(body)
        call.model = model = body.get("model") or (body.get("models") or [PRESET_MODEL])[0]
        wanted = (body.get("response_format") or {}).get("json_schema")
        user = text_of(last_of(body["input"]))
        work = await (self.read(call, user, wanted) if wanted else self.answer(call, body, model, user))
        prompt = f"{body.get('instructions') or ''}\n{text_of(body['input'])}"
        return Reply(200, response(body, model, prompt, work), headers())

    def body(self) -> Body:
        try:
            found = json.loads(self.request.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise invalid("invalid request body: json: it is not an object")
        return found

    async def answer(self, call: Call, body: Body, model: str, question: str) -> Work:
        call.question, call.country = question, (searching(body).get("user_location") or {}).get("country")
        kind = await self.wait(call, self.state.timing.answer_seconds, question)
        found = self.state.ask(question, model, call.country or "") or generic_answer()
        if not is_searched(body) or kind == "no-search":
            return Work(INLINE_LINK.sub("", found.text), fault=kind)
        return Work(found.text, pages_of(found.sources), (question,), kind)

    async def read(self, call: Call, user: str, wanted: Body) -> Work:
        self.where = call.where = "perplexity.reading"
        self.at_once = self.at_once - {"malformed"}  # here the content is malformed, not the reply
        note(call, user, wanted)
        kind = await self.wait(call, self.state.timing.reading_seconds, user)
        known: Body = {}
        if wanted["name"] == "name_variations":
            known = self.state.liar.names(user)
            self.state.meet(user)
        else:
            known = self.state.liar.read(user)
        return Work(json.dumps(filled(wanted["schema"], known), ensure_ascii=False), fault=kind)

    async def wait(self, call: Call, seconds: float, text: str) -> str | None:
        """Waits as long as the model would take. Returns the fault, if any, that spoils the answer and not the call."""
        await self.inject_fault(call, text)
        await asyncio.sleep(seconds)
        rule = self.state.faults.draw([self.where], KINDS[self.where].keys() - self.at_once, text)
        call.fault = rule.kind if rule else call.fault
        return call.fault


def is_searched(body: Body) -> bool:
    """A preset searches; a model only if the tool is demanded, and not if it is merely offered."""
    choice = body.get("tool_choice")
    demanded = choice == "required" or (isinstance(choice, dict) and choice.get("type") in ("web_search", "required"))
    return bool(body.get("preset")) or (bool(searching(body)) and demanded)


def note(call: Call, user: str, wanted: Body) -> None:
    """Logs the organisation that an answer was read for, and not the answer itself."""
    call.schema = wanted["name"]
    note_reading(call, user)


def last_of(given: Any) -> Any:
    """The last message of the user."""
    messages = given if isinstance(given, list) else [{"role": "user", "content": given}]
    return next((one for one in reversed(messages) if one["role"] == "user"), "")


def text_of(content: Any) -> str:
    """A string, or the parts and messages that a string can be wrapped in."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text_of(part) for part in content)
    return text_of(content.get("content", content.get("text", ""))) if isinstance(content, dict) else ""


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    ("/perplexity/v1/agent", Agent),
    ("/perplexity/v1/responses", Agent),
    ("/perplexity/v1/models", Models),
    ("/perplexity/chat/completions", Ended),
    ("/perplexity/async/chat/completions", Ended),
]
