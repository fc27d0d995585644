"""The main application's side of a push: it stores what it accepts once, and recognises repetitions."""

import json
import time
from typing import Any

from senso.sandbox.call_faults import LATE
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import TOKEN
from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Cut, Problem, Reply, broken_json, retry_headers

REFUSALS = {
    "400": (400, "bad request"),
    "401": (401, "unauthorized"),
    "404": (404, "not found"),
    "410": (410, "gone"),
    "429": (429, "too many requests"),
    "429-quota": (429, "quota exceeded"),
    "429-too-large": (413, "payload too large"),
    "500": (500, "internal error"),
    "503": (503, "unavailable"),
}


class Analytics(Endpoint):
    SUPPORTED_METHODS = ("POST",)
    where = "application"

    async def reply(self, call: Call, *_: str) -> Reply:
        key = self.request.headers.get("Idempotency-Key")
        call.question = key
        await self.inject_fault(call, self.request.body.decode(errors="replace"))
        body, problem = self._checked(key)
        if problem:
            self._note(key, body, problem[0])
            raise Problem(Reply(problem[0], {"error": problem[1]}))
        again = self._seen(key)
        if again:
            again["times"] += 1
            again["same_body"] = again["same_body"] and again["body"] == body
        else:
            self._note(key, body, 200)
        if self.state.faults.draw([self.where], LATE, json.dumps(body)):
            raise Cut
        return Reply(200, {"status": "duplicate" if again else "ok"})

    def refusal(self, rule: Rule) -> Reply:
        if rule.kind == "malformed":
            return broken_json()
        status, reason = REFUSALS[rule.kind]
        return Reply(status, {"error": reason}, retry_headers(rule))

    def _checked(self, key: str | None) -> tuple[Any, tuple[int, str] | None]:
        try:
            body = json.loads(self.request.body)
        except ValueError:
            return None, (400, "the body is not JSON")
        if self.bearer() != TOKEN:
            return body, (401, "unauthorized")
        if not key:
            return body, (400, "Idempotency-Key is missing")
        if not isinstance(body, dict) or body.get("schema_version") != 1:
            return body, (422, "schema_version must be 1")
        return body, None

    def _seen(self, key: str | None) -> dict[str, Any] | None:
        accepted = (push for push in self.state.pushes if push["status"] == 200)  # noqa: PLR2004
        return next((push for push in accepted if push["idempotency_key"] == key), None)

    def _note(self, key: str | None, body: Any, status: int) -> None:
        given = self.request.headers.get("Authorization")
        self.state.pushes.append(
            {
                "at": time.time(),
                "idempotency_key": key,
                "authorization": "missing" if given is None else "right" if self.bearer() == TOKEN else "wrong",
                "status": status,
                "times": 1,
                "same_body": True,
                "body": body,
            }
        )
