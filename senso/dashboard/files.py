"""Style sheet, scripts and icon. Their URL has a hash of their content, so browsers keep them until they change."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from senso.api.problems import Problem

FOLDER = Path(__file__).parent / "assets"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    kind: str
    hash: str


@cache
def assets() -> dict[str, Asset]:
    """By name. Read once: a process serves what it started with."""
    found = ((one.name, one.read_bytes(), KINDS.get(one.suffix)) for one in FOLDER.iterdir())
    return {name: Asset(content, kind, sha256(content).hexdigest()[:12]) for name, content, kind in found if kind}


def url(name: str) -> str:
    """Raises KeyError where there is no such asset, which is a fault of the template."""
    return f"/assets/{assets()[name].hash}/{name}"


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/assets/{hash}/{name}")
    async def asset(hash: str, name: str) -> Response:  # noqa: A002  as in the path
        found = assets().get(name)
        if found is None or found.hash != hash:
            raise Problem(HTTPStatus.NOT_FOUND, "no such file of the dashboard")
        return Response(found.content, media_type=found.kind, headers={"Cache-Control": KEPT})

    return router
