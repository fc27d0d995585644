"""GET /health: the process answers. GET /ready: what it needs to be of use is there, and work goes on.

Anybody may ask, so each check is one word; the log and `senso doctor` say more.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from senso.checks import Finding, postgres, redis, tables, work
from senso.log import logger
from senso.worker.queues import ALL_QUEUES, KINDS

KEPT_SECONDS = 2
log = logger(__name__)

# By name: whether all is well, and the line of the log where it is not.
Found = dict[str, tuple[bool, str]]


def routes(pool_size: int) -> APIRouter:
    router, readiness = APIRouter(), Readiness(lambda: look(pool_size))

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
    """Looks once, in one thread, for all who ask meanwhile, and keeps what it found for a moment."""

    def __init__(self, look: Callable[[], Found]) -> None:
        self.look = look
        self.looking: asyncio.Task[Found] | None = None
        self.looked_at = 0.0
        self.lines: list[str] = []

    async def now(self) -> Found:
        is_old = time.monotonic() - self.looked_at > KEPT_SECONDS
        if self.looking is None or (self.looking.done() and is_old):
            self.looking = asyncio.create_task(self.look_anew())
        return await asyncio.shield(self.looking)

    async def look_anew(self) -> Found:
        found = await asyncio.to_thread(self.look)
        self.looked_at = time.monotonic()
        self.say([line for is_well, line in found.values() if not is_well])
        return found

    def say(self, lines: list[str]) -> None:
        """Only what is new: some ask every second."""
        for line in lines:
            if line.partition(":")[0] not in {said.partition(":")[0] for said in self.lines}:
                log.warning("not ready", why=line)
        self.lines = lines


def look(pool_size: int) -> Found:
    of_servers = {
        "database": postgres.findings(pool_size),
        "migrations": tables.findings(),
        "broker": redis.findings(ALL_QUEUES),
    }
    at_work = work.findings(KINDS)
    return {name: server(found) for name, found in of_servers.items()} | {
        one.name.lower(): (one.state == "ok", one.line) for one in at_work
    }


def server(found: Sequence[Finding]) -> tuple[bool, str]:
    """Nothing is found of tables where Postgres does not answer."""
    faults = [one.line for one in found if one.state == "fault"]
    return bool(found) and not faults, next(iter(faults), "Schema: not known")
