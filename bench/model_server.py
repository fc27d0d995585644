"""A fast stand-in for the model servers: it only sends prepared replies after a delay.

The sandbox checks every request, draws faults and composes its replies on demand, which costs over a millisecond. On a
machine with two cores, this would count as the product's cost.
"""

import argparse
import asyncio
import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from prepared import MARK, Prepared, prepare, reply_for_many
from work import CASES, Work

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
READING = re.compile(MARK.pattern.encode())
Reply = tuple[bytes, float]  # the body, seconds until it is sent


@dataclass
class Replies:
    prepared: Prepared
    answer_seconds: float
    reading_seconds: float
    snapshot_seconds: float
    counted: Counter[str] = field(default_factory=Counter)
    jobs: dict[str, tuple[float, list[dict[str, Any]]]] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=count)
    in_flight: int = 0

    def reply(self, path: str, body: bytes) -> Reply:
        *_, first, second = f"//{path.partition('?')[0]}".split("/")
        match first, second:
            case _, "_calls":
                return json.dumps(self.counted).encode(), 0
            case _, "_in_flight":
                return str(self.in_flight).encode(), 0
            case _, "responses":
                made = self.answer(json.loads(body)), self.answer_seconds
            case _, "completions":
                made = self.reading(body), self.reading_seconds
            case _, "trigger":
                made = self.job(json.loads(body)), 0.0
            case "progress", job:
                made = self.progress(job), 0.0
            case "snapshot", job:
                made = self.records(self.jobs[job][1]), 0.0
            case _:
                made = b'{"status": "ok"}', 0.0
        self.counted[first if first in {"progress", "snapshot"} else second] += 1
        return made

    def answer(self, asked: dict[str, Any]) -> bytes:
        country = asked["tools"][0]["user_location"]["country"]
        return self.prepared.answers[asked["model"], country, asked["input"]]

    def reading(self, body: bytes) -> bytes:
        mark = READING.search(body)
        if mark and mark[1].decode() in self.prepared.readings:
            return self.prepared.readings[mark[1].decode()]
        user = json.loads(body)["messages"][-1]["content"]
        if mark:
            self.counted["readings of networks"] += 1
            return reply_for_many(self.prepared.shared[mark[1].decode()], user)
        return self.prepared.names[json.loads(user)["organisation"]]

    def job(self, inputs: list[dict[str, Any]]) -> bytes:
        name = f"s_{next(self.numbers)}"
        self.jobs[name] = time.monotonic(), inputs
        return json.dumps({"snapshot_id": name}).encode()

    def progress(self, job: str) -> bytes:
        ready = time.monotonic() - self.jobs[job][0] >= self.snapshot_seconds
        return json.dumps({"snapshot_id": job, "status": "ready" if ready else "running"}).encode()

    def records(self, inputs: list[dict[str, Any]]) -> bytes:
        found = [self.prepared.records[one["country"], one["prompt"]] for one in inputs]
        return json.dumps(
            [record | {"index": one["index"], "input": one} for record, one in zip(found, inputs, strict=True)]
        ).encode()


class Connection(asyncio.Protocol):
    """Expects one request at a time per connection: no client here sends a second one before the reply."""

    def __init__(self, replies: Replies) -> None:
        self.replies = replies
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self.received = b""
        reply, seconds = self.replies.reply(head.split(b" ", 2)[1].decode(), body)
        if seconds:
            self.replies.in_flight += 1
            asyncio.get_running_loop().call_later(seconds, self.send_late, HEAD % len(reply) + reply)
        else:
            self.send(HEAD % len(reply) + reply)

    def send_late(self, data: bytes) -> None:
        self.replies.in_flight -= 1
        self.send(data)

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)


async def serve(replies: Replies, ready: Callable[[str], object]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    server = await loop.create_server(lambda: Connection(replies), "127.0.0.1", 0, backlog=1024)
    ready(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await stop.wait()
    server.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--case", choices=CASES, required=True)
    options.add_argument("--orgs", type=int, required=True)
    options.add_argument("--answer-seconds", type=float, required=True)
    options.add_argument("--reading-seconds", type=float, required=True)
    options.add_argument("--snapshot-seconds", type=float, required=True)
    options.add_argument("--announce", type=Path, required=True)
    given = options.parse_args()
    prepared = prepare(Work(CASES[given.case], given.orgs))
    replies = Replies(prepared, given.answer_seconds, given.reading_seconds, given.snapshot_seconds)
    asyncio.run(serve(replies, given.announce.write_text))


if __name__ == "__main__":
    main()
