"""`/jump`: from an id, the beginning of one, a run's number or a part of a name to its page."""

import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import LARGEST
from senso.api.routes.runs import told_to
from senso.dashboard.navigation import named
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.dashboard.sessions import is_fragment
from senso.db import Connection
from senso.reads import jumps
from senso.settings.texts import cleaned
from senso.typed_ids import id_in

MOST: Final = 8
LONGEST: Final = 255
NUMBER: Final = re.compile(r"#?([0-9]{1,19})")
# Four digits leave one batch in 65,536; ids of one day begin alike for longer, and the newest are shown.
BEGINNING: Final = re.compile(r"[0-9a-f][0-9a-f-]{3,35}", re.IGNORECASE)
URLS: Final = {"batch": "/batches/", "org": "/orgs/", "partner": "/partners/"}
Wanted = Annotated[str, Query(max_length=LONGEST)]


@dataclass(frozen=True, slots=True)
class Target:
    """`kind`: what it is, in a word."""

    kind: str
    name: str
    detail: str
    url: str


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/jump")
    async def jump(
        request: Request,
        caller: Annotated[Caller, needs(Scope.READ)],
        q: Wanted = "",
        *,
        is_opened: Annotated[bool, Query(alias="open")] = False,
    ) -> Response:
        """`open`: goes to the first that is found, as Enter asks for."""
        wanted = cleaned(q)
        found = await context.read(partial(targets, caller, wanted))
        if is_opened and found and wanted:
            return RedirectResponse(found[0].url, HTTPStatus.SEE_OTHER)
        template = "jump_found.html" if is_fragment(request.headers) else "jump.html"
        return page(request, template, {"q": wanted, "found": found})

    return router


def targets(caller: Caller, wanted: str, db: Connection) -> list[Target]:
    """What the caller may see only; the surest first."""
    pages = [Target("page", place.name, f"g {place.key}" if place.key else "", place.url) for place in named(wanted)]
    if not wanted:
        return pages
    rows = batches(caller, wanted, db) + jumps.named(db, shortest_id(wanted), caller.partner_id, MOST)
    return run(caller, wanted, db) + pages + [shown(one) for one in rows]


def run(caller: Caller, wanted: str, db: Connection) -> list[Target]:
    form = NUMBER.fullmatch(wanted)
    if not form or int(form[1]) > LARGEST:
        return []
    found = told_to(caller, int(form[1]), db)
    return [Target("run", f"Run {form[1]}", found.run.question, f"/runs/{form[1]}")] if found else []


def batches(caller: Caller, wanted: str, db: Connection) -> list[jumps.Found]:
    bounds = bounds_of(wanted)
    return jumps.batches(db, *bounds, caller.partner_id, MOST) if bounds else []


def bounds_of(wanted: str) -> tuple[UUID, UUID] | None:
    """The lowest and the highest id that begins so."""
    whole = id_in(wanted)
    digits = whole.hex if whole else wanted.replace("-", "")
    if not whole and (not BEGINNING.fullmatch(wanted) or len(digits) > jumps.HEX_DIGITS):
        return None
    return UUID(digits.ljust(jumps.HEX_DIGITS, "0")), UUID(digits.ljust(jumps.HEX_DIGITS, "f"))


def shortest_id(wanted: str) -> str:
    """An id as Postgres writes it, whatever was pasted around it."""
    return str(id_in(wanted) or wanted)


def shown(found: jumps.Found) -> Target:
    return Target(found.kind, found.name, found.detail or str(found.id), f"{URLS[found.kind]}{found.id}")
