"""GET /health: the process answers. GET /ready: what it needs to be of use is there, and work goes on.

Anybody may ask, so each check is one word; the log and `senso doctor` say more.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from senso.api.threads import in_thread
from senso.checks import Finding, encryption, postgres, redis, tables, work
from senso.log import logger
from senso.worker.queues import ALL_QUEUES, KINDS

KEPT_SECONDS, ANSWER_SECONDS = 2, 4
log = logger(__name__)

# By name: whether all is well, and the line of the log where it is not.
Found = dict[str, tuple[bool, str]]
# By the names of what they find.
Looks = Mapping[tuple[str, ...], Callable[[], Found]]


def routes(pool_size: int) -> APIRouter:
    router, readiness = APIRouter(), Readiness(looks(pool_size))

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> JSONResponse:
        found = await readiness.now()
        is_ready = all(is_well for is_well, _ in found.values())
        checks = {name: "ok" if is_well else "not ok" for name, (is_well, _) in found.items()}
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": "ready" if is_ready else "not ready", "checks": checks}, status)

    return router


class Readiness:
    """Looks once, each look in a thread, for all who ask meanwhile, and keeps what it found for a moment.

    What a frozen server does not answer is not ok. The looks at it go on, so that there are never two of a kind.
    """

    def __init__(self, looks: Looks, seconds: float = ANSWER_SECONDS) -> None:
        self.looks, self.seconds = looks, seconds
        self.looking: asyncio.Task[None] | None = None
        self.looked_at = 0.0
        self.found: Found = {}
        self.lines: list[str] = []

    async def now(self) -> Found:
        is_old = time.monotonic() - self.looked_at > KEPT_SECONDS
        if self.looking is None or (self.looking.done() and is_old):
            self.found = {}
            self.looking = asyncio.create_task(self.look_anew())
        done, _ = await asyncio.wait([self.looking], timeout=self.seconds)
        for one in done:
            one.result()  # raises what the looks raised
        found = self.unanswered() | self.found
        self.say([line for is_well, line in found.values() if not is_well])
        return found

    def unanswered(self) -> Found:
        said = f"no answer within {self.seconds} s"
        return {name: (False, f"{name.capitalize()}: {said}") for names in self.looks for name in names}

    async def look_anew(self) -> None:
        await asyncio.gather(*map(self.look, self.looks.values()))
        self.looked_at = time.monotonic()

    async def look(self, look: Callable[[], Found]) -> None:
        self.found |= await in_thread(look)

    def say(self, lines: list[str]) -> None:
        """Only what is new: some ask every second."""
        for line in lines:
            if line.partition(":")[0] not in {said.partition(":")[0] for said in self.lines}:
                log.warning("not ready", why=line)
        self.lines = lines


def looks(pool_size: int) -> Looks:
    return {
        ("database", "migrations"): partial(of_postgres, pool_size),
        ("broker",): of_redis,
        ("workers", "beat"): of_work,
        ("keys",): of_keys,
    }


def of_postgres(pool_size: int) -> Found:
    return {"database": server(postgres.findings(pool_size)), "migrations": server(tables.findings())}


def of_redis() -> Found:
    return {"broker": server(redis.findings(ALL_QUEUES))}


def of_work() -> Found:
    return {one.name.lower(): (one.state == "ok", one.line) for one in work.findings(KINDS)}


def of_keys() -> Found:
    """Whether what is stored encrypted can be read."""
    return {"keys": server(encryption.findings())}


def server(found: Sequence[Finding]) -> tuple[bool, str]:
    """Nothing is found of tables where Postgres does not answer."""
    faults = [one.line for one in found if one.state == "fault"]
    return bool(found) and not faults, next(iter(faults), "Schema: not known")
