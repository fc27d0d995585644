"""Listeners of live events, in a process of their own: `bench/listening.py` starts it and reads what they heard.

Orders come as JSON in the first argument, and the batch to listen to as a line on stdin; when stdin ends, what was
heard is written to a file.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

STREAMS_EACH = 50  # of one token
COMEBACKS = 10
CONNECTING_AT_ONCE = 20
CONNECT_SECONDS = 300


class Ears:
    """`heard`: the id and the time of each event."""

    def __init__(self, url: str, token: str) -> None:
        self.host, self.port, self.token = urlsplit(url).hostname, urlsplit(url).port, token
        self.heard: list[tuple[int, float]] = []
        self.last = ""
        self.begun = asyncio.Event()
        self.is_ended = False

    async def listen(self, path: str, most: int = sys.maxsize) -> None:
        """Until the stream ends, or `most` events were heard."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        since = f"Last-Event-ID: {self.last}\r\n" if self.last else ""
        head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.token}\r\n{since}\r\n"
        writer.write(head.encode())
        try:
            status = (await reader.readline()).split()[1]
            if status not in {b"200", b"204"}:
                raise SystemExit(f"{path} was answered {status.decode()}")
            self.is_ended = status == b"204"
            await self.read(reader, most)
        finally:
            writer.close()

    async def read(self, reader: asyncio.StreamReader, most: int) -> None:
        """Lines of the stream end with \\n, those of the chunks around it with \\r\\n."""
        event, heard = "", 0
        while not self.is_ended and heard < most and (text := await reader.readline()):
            if text.startswith(b"event: "):
                event = text[7:-1].decode()
            elif text.startswith(b"id: "):
                self.last = text[4:-1].decode()
            elif text == b"\n":
                self.begun.set()
                self.is_ended = event == "end"
                if event and not self.is_ended:
                    self.heard.append((int(self.last), time.time()))
                    heard += 1
                event = ""


async def begin(one: Ears, door: asyncio.Semaphore) -> "asyncio.Task[None]":
    async with door:
        task = asyncio.create_task(one.listen("/api/v1/events"))
        await one.begun.wait()
        return task


async def come_back(one: Ears, path: str) -> None:
    """Goes away after an event each time."""
    for _ in range(COMEBACKS):
        await one.listen(path, most=1)
    while not one.is_ended:
        await one.listen(path)


async def listen_all(url: str, tokens: Sequence[str], listeners: int) -> dict[str, Any]:
    ears = [Ears(url, tokens[number // STREAMS_EACH]) for number in range(listeners)]
    again, door, loop = Ears(url, tokens[-1]), asyncio.Semaphore(CONNECTING_AT_ONCE), asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        tasks = await asyncio.gather(*(begin(one, door) for one in ears))
    print("connected", flush=True)
    batch = (await loop.run_in_executor(None, sys.stdin.readline)).strip()
    tasks.append(asyncio.create_task(come_back(again, f"/api/v1/batches/{batch}/events")))
    await loop.run_in_executor(None, sys.stdin.read)
    cut_off = sum(task.done() for task in tasks[:-1])
    for task in tasks:
        task.cancel()
    found = {"heard": [one.heard for one in ears], "cut_off": cut_off, "again": again.heard}
    return found | {"ended": again.is_ended}


if __name__ == "__main__":
    orders = json.loads(sys.argv[1])
    results = Path(orders.pop("results"))
    results.write_text(json.dumps(asyncio.run(listen_all(**orders))))
