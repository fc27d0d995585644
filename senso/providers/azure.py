"""Azure OpenAI: OpenAI's formats on a resource of one's own, where the name of a deployment stands for the model.

Sources: learn.microsoft.com (v1 API lifecycle; REST reference 2024-10-21; how-to responses and web-search), the Azure
client of the openai SDK 3.54 for the classic URLs; a recorded completion and a recorded content filter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from senso.errors import Malformed, Misconfigured, Refused
from senso.event_loop import wait_for
from senso.http import json_of
from senso.providers import UNKNOWN, AnotherKey, Answer, Completion, Parameters, Prompt, Run, no_other
from senso.providers.wire import openai as wire
from senso.providers.wire.keyed import LIST_SECONDS, Keyed
from senso.providers.wire.paid import paid
from senso.providers.wire.values import items, mapping, optional_text

SERVICE = "azure_openai"
WRONG_KEY = 401
GONE = 410


@dataclass(frozen=True, slots=True)
class AzureOpenAI:
    """`base_url`: of the resource. `api_version`: for the classic URLs; None: the v1 API, which has no versions."""

    base_url: str
    key: str
    another_key: AnotherKey = no_other
    api_version: str | None = None

    @property
    def api(self) -> Keyed:
        base_url = self.base_url.rstrip("/") + ("/openai" if self.api_version else "/openai/v1")
        return Keyed(SERVICE, "AZURE_OPENAI_KEY", base_url, self.key, self.another_key, api_key, is_wrong_key)

    @property
    def version(self) -> dict[str, Any]:
        return {"params": {"api-version": self.api_version}} if self.api_version else {}

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer was refused, filtered, cut off or is empty; the error's `usage` is what was billed.

        A prompt that the content filter refuses (400 `content_filter`) is Refused, without a usage.
        """
        found = await self.post("/responses", run.model, wire.question(run))
        with paid(SERVICE, found, lambda: wire.billed(found)):
            return wire.read_answer(SERVICE, run, found)

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters = UNKNOWN) -> Completion:
        """Raises as `ask` does."""
        deployment = f"/deployments/{quote(model, safe='')}" if self.api_version else ""
        body = wire.structured(prompt, model, parameters)
        return wire.read_completion(SERVICE, await self.post(f"{deployment}/chat/completions", model, body))

    async def post(self, path: str, deployment: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self.api.post(path, body, **self.version)
        except Refused as error:
            if error.status != GONE:
                raise
            reason = f"the deployment {deployment} is retired: {error.reason}"
            raise Misconfigured(SERVICE, reason, status=GONE) from None

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing the models is free."""
        wait_for(self.api.reply("GET", "/models", timeout_seconds=LIST_SECONDS, **self.version))

    def models(self) -> dict[str, date | None]:
        """The models that the resource can deploy, each with the day on which it is retired; free of charge.

        Their names have versions (gpt-4.1-2025-04-14), as the answers' `model_version` has. Deployments are not listed.
        """
        reply = wait_for(self.api.reply("GET", "/models", timeout_seconds=LIST_SECONDS, **self.version))
        listed = mapping(json_of(SERVICE, reply)).get("data")
        if not isinstance(listed, list):
            raise Malformed(SERVICE, "its list of models is not a list")
        return {name: retirement(one) for one in items(listed) if (name := optional_text(one.get("id")))}


def api_key(key: str) -> Mapping[str, str]:
    return {"api-key": key}


def is_wrong_key(refused: Refused) -> bool:
    """A 403 is about the network or the quota of the resource, not about its key."""
    return refused.status == WRONG_KEY


def retirement(model: dict[str, Any]) -> date | None:
    """Said in seconds since 1970."""
    seconds = mapping(model.get("deprecation")).get("inference")
    try:
        return datetime.fromtimestamp(seconds, UTC).date() if type(seconds) is int else None
    except (ValueError, OverflowError, OSError):
        return None
