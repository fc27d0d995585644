"""OpenAI: answers by the Responses API with web search, structured output by chat completions."""

from dataclasses import dataclass
from datetime import date

from senso.errors import Malformed
from senso.event_loop import wait_for
from senso.http import json_of
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, no_other
from senso.providers.wire import openai as wire
from senso.providers.wire.keyed import LIST_SECONDS, Keyed, bearer
from senso.providers.wire.paid import paid
from senso.providers.wire.values import day, items, mapping, text

SERVICE = "openai"


@dataclass(frozen=True, slots=True)
class OpenAI:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    @property
    def api(self) -> Keyed:
        return Keyed(SERVICE, "OPENAI_API_KEY", self.base_url, self.key, self.another_key, bearer)

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer was refused, cut off or is empty; the error's `usage` is what was billed."""
        found = await self.api.post("/responses", wire.question(run))
        with paid(SERVICE, found, lambda: wire.billed(found)):
            return wire.read_answer(SERVICE, run, found)

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises Refused for a refusal and Malformed for a cut-off answer, both with their usage."""
        body = wire.structured(prompt, model, parameters)
        return wire.read_completion(SERVICE, await self.api.post("/chat/completions", body))

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free."""
        self.models()

    def models(self) -> dict[str, date | None]:
        """By name, with `shutdown_date` (types of the openai SDK 3.57). A retired model may still be listed."""
        found = json_of(SERVICE, wait_for(self.api.reply("GET", "/models", timeout_seconds=LIST_SECONDS)))
        listed = mapping(found).get("data")
        if not isinstance(listed, list):
            raise Malformed(SERVICE, "its list of models is not a list")
        return {text(one.get("id")): day(one.get("shutdown_date")) for one in items(listed)}
