"""The steps that all endpoints share: log the call, check it, apply the fault that is due, answer."""

import asyncio
import json
from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.call_faults import CALL
from senso.sandbox.calls import Call
from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Cut, Problem, Reply, proxy_error, web_page
from senso.sandbox.shapes import reshaped
from senso.sandbox.state import State

BEGUN = b'{"id": "cut", "output": [{"type": "message", "content": '


class Endpoint(RequestHandler):
    where = ""
    at_once = frozenset(CALL)  # the faults that end a call before its work is done

    def initialize(self, state: State) -> None:
        self.state = state

    async def get(self, *path: str) -> None:
        await self.attend(*path)

    async def post(self, *path: str) -> None:
        await self.attend(*path)

    async def delete(self, *path: str) -> None:
        await self.attend(*path)

    async def attend(self, *path: str) -> None:
        call = self.state.calls.arrived(self.where)
        start = asyncio.get_running_loop().time()
        try:
            made = await self.reply(call, *path)
            self.send(call, reshaped(call.fault, made))
        except Problem as problem:
            self.send(call, problem.reply)
        except Cut as cut:
            await self.cut(cut.begun)
        call.seconds = round(asyncio.get_running_loop().time() - start, 4)

    async def reply(self, call: Call, *path: str) -> Reply:
        raise NotImplementedError

    def refusal(self, rule: Rule) -> Reply:
        """The vendor's reply for a fault that is an HTTP status."""
        raise NotImplementedError

    async def inject_fault(self, call: Call, text: str) -> None:
        rule = self.state.faults.draw([self.where], self.at_once, text)
        if rule is None:
            return
        call.fault = rule.kind
        if rule.kind in ("hang", "slow"):
            await asyncio.sleep(rule.seconds)
        if rule.kind == "slow":
            return
        if rule.kind in ("hang", "drop", "cut-within"):
            raise Cut(BEGUN if rule.kind == "cut-within" else b"")
        alike = {"502": proxy_error, "page": web_page}
        raise Problem(alike[rule.kind]() if rule.kind in alike else self.refusal(rule))

    async def cut(self, begun: bytes) -> None:
        if begun:
            self.set_header("Content-Type", "application/json")
            self.set_header("Content-Length", str(2 * len(begun)))
            self.write(begun)
            await self.flush()
        self.detach().close()

    def send(self, call: Call, reply: Reply) -> None:
        call.status = reply.status
        self.set_status(reply.status)
        text = isinstance(reply.body, str)
        self.set_header("Content-Type", "text/plain; charset=utf-8" if text else "application/json")
        for name, value in reply.headers.items():
            self.set_header(name, value)
        if text:
            self.write(reply.body)
        else:
            self.write(reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body, ensure_ascii=False))

    def bearer(self) -> str | None:
        """The key, or None if there is no bearer key at all."""
        scheme, _, key = self.request.headers.get("Authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" and key.strip() else None

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"The sandbox has nothing here ({status_code}).")
