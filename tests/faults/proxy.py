"""A loopback TCP proxy that can be slow, cut its lines, or swallow what it is given."""

import asyncio
import random
import threading
from contextlib import suppress

CHUNK = 65_536


class Proxy:
    """`latency` in seconds each way. Counters tell whether a fault struck: a test that did not strike shows nothing."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.latency = 0.0
        self._dead: set[asyncio.StreamWriter] = set()
        self.connections = self.cuts = self.swallowed = self.delayed = 0
        self._lines: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._thread.start()
        self._ready.wait(5)

    @property
    def open(self) -> int:
        """Lines between a client and the server."""
        return len(self._lines) // 2

    def cut(self, lines: int | None = None) -> None:
        """Resets so many of the open lines (all), without a word to either end."""
        self._loop.call_soon_threadsafe(self._cut, lines)

    def half_open(self) -> None:
        """Every line that is open now stays so and carries nothing any more; new ones work."""
        self._loop.call_soon_threadsafe(lambda: self._dead.update(self._lines))

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._line, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        self._lines |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._lines -= {writer, back}
        self._dead -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(CHUNK):
                if writer in self._dead:
                    self.swallowed += len(data)
                    continue
                if self.latency:
                    self.delayed += 1
                    await asyncio.sleep(self.latency)
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()

    def _cut(self, lines: int | None) -> None:
        open_lines = list(self._lines)
        for line in open_lines if lines is None else random.sample(open_lines, min(lines, len(open_lines))):
            self.cuts += 1
            line.transport.abort()
