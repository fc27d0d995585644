"""What the endpoints of OpenAI's files and batches share."""

from typing import Any
from uuid import uuid4

from senso.sandbox.call_faults import LATE
from senso.sandbox.calls import Call
from senso.sandbox.fault_rules import Rule
from senso.sandbox.openai.endpoints import OpenAI
from senso.sandbox.openai.errors import fault, invalid
from senso.sandbox.replies import Cut, Problem, Reply

Body = dict[str, Any]

BASE = "/openai/v1"
SHORTEST, LONGEST = 3600, 2_592_000  # seconds for which a file can be kept
GONE = ("404", "410")


class Stored(OpenAI):
    """`model`: what a rate limit is said to be for."""

    @property
    def asked(self) -> str:
        """Method and path without ids: `GET /files/ID/content`."""
        path = self.request.path.removeprefix(BASE)
        for id_ in self.path_args:
            path = path.replace(id_, "ID")
        return f"{self.request.method} {path}"

    async def reply(self, call: Call, *path: str) -> Reply:
        self.check_key()
        call.request = self.asked
        made = await self.work(call, *path)
        return Reply(made.status, made.body, object_headers() | made.headers)

    async def work(self, call: Call, *path: str) -> Reply:
        raise NotImplementedError

    def unknown(self, id_: str, status: int = 404) -> Problem:
        """The vendor's words for an object that does not exist."""
        raise NotImplementedError

    def refusal(self, rule: Rule) -> Reply:
        if rule.kind in GONE:
            return self.unknown("".join(self.path_args), int(rule.kind)).reply
        return fault(rule, self.model)

    async def strike(self, call: Call, words: str) -> None:
        await self.inject_fault(call, f"{self.asked}\n{words}")

    def lose(self, call: Call, words: str) -> None:
        """Cuts the connection, now that the work is done, if a fault says so."""
        if self.state.faults.draw([self.where], LATE, f"{self.asked}\n{words}"):
            call.fault = "drop-after"
            raise Cut

    def query(self, name: str) -> str | None:
        return self.get_query_argument(name, None)


def object_headers() -> dict[str, str]:
    """Without those of a rate limit."""
    return {"openai-version": "2020-10-01", "x-request-id": f"req_{uuid4().hex}", "openai-processing-ms": "40"}


def lasting(anchor: Any, seconds: Any, param: str) -> int:
    """How long a file is kept."""
    if anchor != "created_at":
        raise invalid(
            f"Invalid value: '{anchor}'. Supported values are: 'created_at'.", f"{param}.anchor", "invalid_value"
        )
    if not str(seconds).isdecimal() or not SHORTEST <= int(seconds) <= LONGEST:
        reason = f"Expected a value between {SHORTEST} and {LONGEST}, but got {seconds} instead."
        raise invalid(f"Invalid '{param}.seconds': {reason}", f"{param}.seconds", "invalid_value")
    return int(seconds)
