"""All endpoints on one loopback port."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from senso.sandbox import control, page, slack
from senso.sandbox.anthropic import endpoints as anthropic
from senso.sandbox.application import Analytics
from senso.sandbox.azure import endpoints as azure
from senso.sandbox.brightdata import endpoints as brightdata
from senso.sandbox.env import SEED
from senso.sandbox.fault_rules import Rule
from senso.sandbox.faults import Faults
from senso.sandbox.gemini import endpoints as gemini
from senso.sandbox.guests import Guest
from senso.sandbox.lies import Liar
from senso.sandbox.linkup import endpoints as linkup
from senso.sandbox.obedience import Obedience
from senso.sandbox.openai import batch_endpoints, file_endpoints
from senso.sandbox.openai import endpoints as openai
from senso.sandbox.openai.errors import error_body
from senso.sandbox.perplexity import endpoints as perplexity
from senso.sandbox.replay import Replay
from senso.sandbox.state import State, Timing
from senso.sandbox.world import SHOWN_ORGS, SHOWN_QUESTIONS, World

DATASETS = "/brightdata/datasets/v3"
LOOPBACK = "127.0.0.1"  # never another address: its keys protect nothing
BACKLOG = 1024
MOST_BYTES = 256 * 1024 * 1024  # of a request: a file of more than 200 MB is refused in the vendor's words


@dataclass(frozen=True, slots=True)
class Settings:
    """`lies` is the share of answers with false readings; `obeys`: whether the reader does what an answer orders.

    `replay` is a folder of answers to use instead of the world.

    `guests` are organisations in addition to the world's own; `meets`: whether those whose names are asked for become
    known to it. `faults` are in force from the start.
    """

    port: int = 0  # 0: any free one
    seed: int = SEED
    timing: Timing = field(default_factory=Timing)
    lies: float = 0.0
    obeys: bool = False
    replay: Path | None = None
    guests: Sequence[Guest] = ()
    meets: bool = False
    faults: Sequence[Rule] = ()


class Nowhere(RequestHandler):
    def prepare(self) -> None:
        message = f"Invalid URL ({self.request.method} {self.request.path})"
        self.set_status(404)
        self.finish(error_body(message, "invalid_request_error", None, None))


def application(settings: Settings) -> Application:
    state = {"state": state_for(settings)}
    routes: list[tuple[str, type[RequestHandler]]] = [
        ("/openai/v1/models", openai.Models),
        ("/openai/v1/responses", openai.Responses),
        ("/openai/v1/chat/completions", openai.ChatCompletions),
        *file_endpoints.ROUTES,
        *batch_endpoints.ROUTES,
        (f"{DATASETS}/trigger", brightdata.Trigger),
        (f"{DATASETS}/progress/([^/]+)", brightdata.Progress),
        (f"{DATASETS}/snapshot/([^/]+)", brightdata.Download),
        (f"{DATASETS}/snapshot/([^/]+)/cancel", brightdata.Cancel),
        (f"{DATASETS}/snapshot/([^/]+)/input", brightdata.Inputs),
        (f"{DATASETS}/snapshots", brightdata.Snapshots),
        *anthropic.ROUTES,
        *azure.ROUTES,
        *gemini.ROUTES,
        *linkup.ROUTES,
        *perplexity.ROUTES,
        ("/application/analytics", Analytics),
        *slack.ROUTES,
        *control.ROUTES,
        *page.ROUTES,
    ]
    return Application(
        [(path, handler, state) for path, handler in routes],
        default_handler_class=Nowhere,
        log_function=lambda _: None,  # the call log has all calls, without headers
    )


def state_for(settings: Settings) -> State:
    seed, timing = settings.seed, replace(settings.timing)
    faults = Faults(seed, settings.faults)
    if settings.replay:
        liar = Liar(seed, settings.lies, obedience=Obedience(obeys=settings.obeys))
        return State(seed, Replay(settings.replay, seed).answer, timing, faults, liar)
    world = World(seed, SHOWN_ORGS, SHOWN_QUESTIONS, guests=settings.guests)
    liar = Liar(seed, settings.lies, [org.name for org in world.orgs], Obedience(obeys=settings.obeys))
    return State(seed, world.answer, timing, faults, liar, world, settings.meets)


def serve(settings: Settings, ready: Callable[[str], None] = lambda _: None) -> None:
    """Blocks until SIGINT or SIGTERM. `ready` gets the URL once connections are accepted."""
    served = application(settings)

    async def work() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await _listen(served, settings.port, ready, stop)

    asyncio.run(work())


@contextmanager
def running(settings: Settings | None = None) -> Iterator[str]:
    """Runs the sandbox in a thread of this process, for tests; yields its URL."""
    wanted = settings or Settings()
    served = application(wanted)
    url: Future[str] = Future()
    stops: list[Callable[[], object]] = []

    async def work() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        await _listen(served, wanted.port, url.set_result, stop)

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    try:
        yield url.result(timeout=10)
    finally:
        stops[0]()
        thread.join(10)


async def _listen(served: Application, port: int, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    server = HTTPServer(served, max_buffer_size=MOST_BYTES)
    listening = socket.create_server((LOOPBACK, port), backlog=BACKLOG)
    listening.setblocking(False)
    server.add_socket(listening)
    ready(f"http://{LOOPBACK}:{listening.getsockname()[1]}")
    await stop.wait()
    server.stop()
    await server.close_all_connections()
