"""Linkup's endpoints: the search, in three forms, and the balance of the account."""

import asyncio
import json
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.call_faults import CALL
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_rules import Rule
from senso.sandbox.linkup.bodies import BALANCE, fault, refused, search_results, sourced_answer, structured
from senso.sandbox.linkup.checks import check
from senso.sandbox.linkup.faults import ODD, REFUSALS
from senso.sandbox.openai.bodies import INLINE_LINK
from senso.sandbox.prose import generic_answer
from senso.sandbox.reader import reading_of, request_in, said_of
from senso.sandbox.replies import Reply
from senso.sandbox.schema import filled

Body = dict[str, Any]


class Linkup(Endpoint):
    at_once = frozenset({*CALL, *REFUSALS})

    def require_key(self) -> None:
        if not (self.bearer() or "").startswith(KEY_START):
            raise refused("401")

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule)


class Balance(Linkup):
    """Requested only to check a key."""

    SUPPORTED_METHODS = ("GET",)
    where = "linkup.balance"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        await self.inject_fault(call, "")
        return Reply(200, BALANCE)


class Search(Linkup):
    SUPPORTED_METHODS = ("POST",)
    where = "linkup.search"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.require_key()
        body = self.body()
        check(body)
        question, depth = call.question, call.model = body["q"], body["depth"]
        kind = await self.wait(call, question)
        return Reply(200, self.found(body, question, depth, kind))

    def body(self) -> Any:
        try:
            return json.loads(self.request.body)
        except ValueError:
            return None

    def found(self, body: Body, question: str, depth: str, kind: str | None) -> Any:
        answer = self.state.ask(question, depth, "") or generic_answer()
        if body["outputType"] == "searchResults":
            return search_results(list(answer.sources)[: body.get("maxResults")])
        pages = [source for source in answer.sources if source.cited][: body.get("maxResults")]
        if body["outputType"] == "structured":
            return structured(read(body, question), pages, with_sources=body.get("includeSources", False))
        return sourced_answer(depth, INLINE_LINK.sub("", answer.text), pages, kind)

    async def wait(self, call: Call, text: str) -> str | None:
        """Waits as long as the vendor would take. Returns the fault, if any, that spoils the answer alone."""
        await self.inject_fault(call, text)
        await asyncio.sleep(self.state.timing.answer_seconds)
        rule = self.state.faults.draw([self.where], ODD, text)
        call.fault = rule.kind if rule else call.fault
        return call.fault


def read(body: Body, question: str) -> Any:
    """The object that fits the schema. Only what is to be read is known, nothing of the world."""
    request = request_in(question)
    return filled(json.loads(body["structuredOutputSchema"]), said_of(request, reading_of) if request else {})


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    ("/linkup/v1/search", Search),
    ("/linkup/v1/credits/balance", Balance),
]
