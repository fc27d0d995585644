"""`/orgs`: the organisations that are watched, and the page of one with its numbers."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.chosen_batches import ChosenBatches
from senso.api.context import Context
from senso.api.models import Id, Line
from senso.api.paging import Cursor, decode, encode
from senso.api.routes.numbers import Parts, parts
from senso.dashboard.links import to
from senso.dashboard.orgs import answers, overview, place_maps, words
from senso.dashboard.orgs.differences import differences
from senso.dashboard.orgs.links import Links, filtering
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.errors import ConfigError, NotFound
from senso.reads import change_words, directory, schedules
from senso.reads.directory import Org
from senso.reports import wording

Reader = Annotated[Caller, needs(Scope.READ)]
Search = Annotated[Line | None, Query()]
Slicing = Annotated[Parts, Depends(parts)]
ROWS = 50
# What the templates of numbers say with.
SAYING: dict[str, Any] = {"wording": wording, "words": words, "change_words": change_words, "place_maps": place_maps}
PARTS = {"changes": answers.changes_part, "answers": answers.answers_part}


@dataclass(frozen=True, slots=True)
class Listed:
    """`next_times`: by org; those that nothing asks by itself are left out. `partner`: the filter's, by its name."""

    orgs: list[Org]
    next_times: dict[UUID, datetime]
    partner: str | None


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs", route_class=filtering(context))

    @router.get("")
    async def list_orgs(
        request: Request,
        caller: Reader,
        search: Search = None,
        partner_id: Id | None = None,
        active: bool | None = None,
        cursor: Cursor = None,
    ) -> Response:
        after = decode(cursor, UUID)
        work = partial(listed, caller, search or "", partner_id, active, after[0] if after else None)
        found = await context.read(work)
        said = {"search": search, "partner_id": partner_id, "active": None if active is None else str(active).lower()}
        last = encode(found.orgs[ROWS - 1].id) if len(found.orgs) > ROWS else None
        following = to("/orgs", said | {"cursor": last}) if last else None
        return page(request, "orgs.html", {"found": found, "rows": ROWS, "filter": said, "next": following})

    @router.get("/{org_id}")
    async def show_org(request: Request, caller: Reader, org_id: Id, chosen: ChosenBatches, of: Slicing) -> Response:
        found = await context.read(partial(overview.overview, caller, org_id, chosen, of))
        values = {"head": found.head, "links": found.links, "told": found.told, "of": of, "refused": ""} | SAYING
        if found.told is not None and found.told.comparison is not None:
            values["changes"] = differences(found.told.comparison)
        return page(request, "org.html", values)

    @router.get("/{org_id}/parts/{part}")
    async def show_part(
        request: Request, caller: Reader, org_id: Id, part: str, chosen: ChosenBatches, of: Slicing
    ) -> Response:
        """What a large page comes without: `changes`, or `answers`."""
        if part not in PARTS:
            raise NotFound(f"no part {part[:40]!r}; there are: {', '.join(PARTS)}")
        found = await context.read(partial(part_of, caller, org_id, chosen, of, part))
        return page(request, f"org_{part}_part.html", found | SAYING)

    return router


def listed(
    caller: Caller, search: str, partner: UUID | None, active: bool | None, after: UUID | None, db: Connection
) -> Listed:
    """Raises Problem for a partner that the caller may not see."""
    name = None
    if partner is not None:
        seen.require_partner(db, caller, partner)
        name = directory.partners_after(db, None, only=partner)[0].name
    found = directory.orgs_after(
        db, after, search=search, partner=partner or caller.partner_id, active=active, most=ROWS + 1
    )
    hour, now = schedules.due_hour(db), words.now()
    due = [one for one in found if one.weekday is not None and hour is not None]
    times = {one.id: schedules.next_time(one.created_at, hour, now) for one in due} if hour is not None else {}
    return Listed(found, times, name)


def part_of(caller: Caller, org: UUID, chosen: ChosenBatches, of: Parts, part: str, db: Connection) -> dict[str, Any]:
    """Raises Problem and NotFound."""
    try:
        found = PARTS[part](caller, org, chosen, of, db)
    except ConfigError as error:  # too many answers
        return {"refused": str(error), "changes": None, "answers": None}
    links = Links(org, None if found.about.is_newest else found.about.batch.id)
    changes = differences(found.comparison) if found.comparison else None
    refused = answers.not_compared(found.about) if part == "changes" else ""
    return {"refused": refused, "links": links, "where": found.where, "changes": changes, "answers": found.answers}
