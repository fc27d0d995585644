"""Slack's incoming webhook: it keeps the messages that it accepts, and says `ok`."""

import json
import time
from typing import Any

from senso.sandbox.call_faults import LATE
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import SLACK
from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Cut, Problem, Reply, broken_json, retry_headers

# docs.slack.dev and api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
REFUSALS = {
    "400": (400, "invalid_payload"),
    "401": (403, "action_prohibited"),
    "404": (404, "no_service"),
    "410": (410, "channel_is_archived"),
    "429": (429, "rate_limited"),
    "500": (500, "rollup_error"),
    "503": (503, "unavailable"),
}
MOST_CHARACTERS = 3000


class Webhook(Endpoint):
    SUPPORTED_METHODS = ("POST",)
    where = "slack"

    async def reply(self, call: Call, *_: str) -> Reply:
        said = self.request.body.decode(errors="replace")
        await self.inject_fault(call, said)
        text = self._checked(said)
        self.state.slack.append({"at": time.time(), "text": text})
        if self.state.faults.draw([self.where], LATE, said):
            raise Cut
        return Reply(200, "ok")

    def refusal(self, rule: Rule) -> Reply:
        if rule.kind == "malformed":
            return broken_json()
        status, reason = REFUSALS[rule.kind]
        return Reply(status, reason, retry_headers(rule))

    def _checked(self, said: str) -> str:
        """The text of the only block, as Slack would show it before its marks are read."""
        try:
            body: Any = json.loads(said)
            (block,) = body["blocks"]
            text = str(block["text"]["text"])
        except (ValueError, KeyError, TypeError):
            raise Problem(Reply(400, "invalid_payload")) from None
        if not 1 <= len(text) <= MOST_CHARACTERS or not body.get("text"):
            raise Problem(Reply(400, "invalid_blocks"))
        return text


ROUTES = ((SLACK, Webhook),)
