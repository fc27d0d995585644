"""Azure OpenAI's endpoints, each at two URLs: /azure/openai/v1/..., and the classic one with an api-version."""

from collections.abc import Callable, Mapping
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.azure import bodies
from senso.sandbox.azure.checks import check_key, check_version, model_behind
from senso.sandbox.azure.errors import fault
from senso.sandbox.azure.faults import REFUSALS, SPOILT_ANSWERS
from senso.sandbox.call_faults import CALL
from senso.sandbox.calls import Call
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai import endpoints as openai
from senso.sandbox.replies import Reply

Body = dict[str, Any]
V1 = "/azure/openai/v1/"


class Azure(openai.OpenAI):
    """What the endpoints share. `spoils`: what a fault does to a reply that is made and paid for."""

    spoils: Mapping[str | None, Callable[[Body], Body]] = {}
    deployment = ""

    @property
    def classic(self) -> bool:
        return not self.request.path.startswith(V1)

    def admit(self) -> None:
        check_key(self.request.headers.get("api-key") or self.bearer())
        check_version(self.get_query_argument("api-version", None), classic=self.classic)

    def body(self, call: Call) -> Body:
        self.admit()
        body = self.json_body()
        named = self.path_args[0] if self.path_args else body.get("model")
        self.model = model_behind(named, classic=self.classic)
        call.model = self.deployment = str(named)
        return body | {"model": self.model}

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule, self.deployment, classic=self.classic)

    async def wait(self, call: Call, seconds: float, text: str) -> None:
        await super().wait(call, seconds, text)
        if call.fault is None and (own := self.state.faults.draw([self.where], SPOILT_ANSWERS, text)):
            call.fault = own.kind

    async def reply(self, call: Call, *path: str) -> Reply:
        made = await super().reply(call, *path)
        spoil = self.spoils.get(call.fault)
        body = spoil(made.body) if spoil else made.body
        return Reply(made.status, self.filtered(body), bodies.headers(self.deployment))

    def filtered(self, body: Body) -> Body:
        """With the results of the content filter."""
        raise NotImplementedError


class Responses(Azure, openai.Responses):
    where = "azure.responses"
    at_once = frozenset({*CALL, *REFUSALS})
    spoils = bodies.SPOILT_RESPONSES

    def filtered(self, body: Body) -> Body:
        return bodies.filtered_response(body)


class ChatCompletions(Azure, openai.ChatCompletions):
    where = "azure.chat"
    at_once = frozenset({*CALL, *REFUSALS}) - {"malformed"}  # here the content is malformed, not the reply
    spoils = bodies.SPOILT_CHATS

    def filtered(self, body: Body) -> Body:
        return bodies.filtered_chat(body)


class Models(Azure):
    """The models of the resource, which also shows whether the key is right."""

    SUPPORTED_METHODS = ("GET",)
    where = "azure.models"

    async def reply(self, call: Call, *_: str) -> Reply:
        self.admit()
        await self.inject_fault(call, "")
        return Reply(200, bodies.models())


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    ("/azure/openai/v1/responses", Responses),
    ("/azure/openai/v1/chat/completions", ChatCompletions),
    ("/azure/openai/v1/models", Models),
    ("/azure/openai/responses", Responses),
    ("/azure/openai/deployments/([^/]+)/chat/completions", ChatCompletions),
    ("/azure/openai/models", Models),
]
