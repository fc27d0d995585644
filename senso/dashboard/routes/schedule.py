"""`/schedule`: which organisations are asked when, by themselves; and pausing one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from senso.api import org_writes, seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Line
from senso.api.paging import Cursor, decode
from senso.api.routes.schedules import now
from senso.dashboard import bars, links, ticks
from senso.dashboard.bars import Part
from senso.dashboard.cutting import ROWS, cut
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.reads import schedule_pages, schedules
from senso.reads.schedule_pages import Beat, Count, Filters, Scheduled
from senso.reads.schedules import Schedule
from senso.weekly import WEEKDAYS, due_date, next_due_date

Reader = Annotated[Caller, needs(Scope.READ)]
Admin = Annotated[Caller, needs(Scope.ADMIN)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEK = range(7)


@dataclass(frozen=True, slots=True)
class Day:
    """Of the coming week; `bar`: its organisations against those of the fullest day."""

    day: date
    weekday: str
    orgs: int
    bar: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Timetable:
    """`inactive`, `asks_nothing`: organisations that are not asked by themselves, by why."""

    beat: Beat | None
    week: Sequence[Day]
    inactive: int
    asks_nothing: int
    rows: Sequence[Scheduled]
    next: str | None


@dataclass(frozen=True, slots=True)
class OfOrg:
    """`name`: of the organisation. `missed`: the day that it would catch up with as soon as it is active; or None."""

    id: UUID
    name: str
    active: bool
    schedule: Schedule
    missed: date | None


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/schedule")
    async def schedule(
        request: Request,
        caller: Reader,
        search: Annotated[Line | None, MAY_BE_EMPTY] = None,
        partner_id: Annotated[UUID | None, MAY_BE_EMPTY] = None,
        weekday: Annotated[Weekday | None, MAY_BE_EMPTY] = None,
        stopped: Annotated[bool | None, MAY_BE_EMPTY] = None,
        cursor: Cursor = None,
    ) -> Response:
        if cleaned := links.without_empty(request):
            return cleaned
        after = decode(cursor, UUID)
        filters = Filters(search or "", partner_id, weekday and WEEKDAYS.index(weekday), stopped)
        found = await context.read(partial(timetable, caller, filters, now(context), after[0] if after else None))
        said = {"search": search, "partner_id": partner_id, "weekday": weekday}
        said |= {"stopped": None if stopped is None else str(stopped).lower()}
        next_one = links.to("/schedule", said | {"cursor": found.next}) if found.next else None
        values = {"found": found, "said": said, "next": next_one, "weekdays": WEEKDAYS}
        return page(request, "schedule.html", values | {"ticks": ticks.told(found.beat)})

    @router.get("/schedule/{org_id}")
    async def org_schedule(request: Request, caller: Reader, org_id: UUID) -> Response:
        found = await context.read_latest(partial(of_org, caller, org_id, now(context)))
        return page(request, "org_schedule.html", {"found": found, "weekdays": WEEKDAYS})

    @router.post("/schedule/{org_id}")
    async def set_active(caller: Admin, org_id: UUID, active: Annotated[bool, Form()]) -> Response:
        """By the same writer as `PUT /orgs/{id}`; what is so already stays as it is."""
        async with context.turn_to_import():
            await context.write(partial(org_writes.put_active, caller, org_id, active))
        return RedirectResponse(f"/schedule/{org_id}", HTTPStatus.SEE_OTHER)

    return router


def timetable(caller: Caller, filters: Filters, at: datetime, after: UUID | None, db: Connection) -> Timetable:
    """Raises Problem."""
    if filters.partner is not None:
        seen.require_partner(db, caller, filters.partner)
    own = Filters(filters.search, filters.partner or caller.partner_id, filters.weekday, filters.stopped)
    beat, counts = schedule_pages.beat(db), schedule_pages.counts(db, own.partner)
    found = schedule_pages.page(db, own, beat, at, after=after, most=ROWS + 1)
    rows, following = cut(found, lambda one: (one.row.org_id,))
    return Timetable(
        beat=beat,
        week=week(counts, at, beat.hour) if beat is not None and beat.hour is not None else [],
        inactive=sum(one.orgs for one in counts if not one.active),
        asks_nothing=sum(one.orgs for one in counts if one.active and not one.asks),
        rows=rows,
        next=following,
    )


def week(counts: Sequence[Count], at: datetime, hour: int) -> list[Day]:
    """The next seven days whose hour is still to come."""
    due = {
        weekday: sum(one.orgs for one in counts if one.weekday == weekday and one.active and one.asks)
        for weekday in WEEK
    }
    begin = next_due_date(WEEK, at, hour)
    assert begin is not None  # noqa: S101  weekdays were given
    days = [begin + timedelta(days=more) for more in WEEK]
    most = max(due.values())
    return [
        Day(day, WEEKDAYS[day.weekday()], due[day.weekday()], bars.bar([("due", "busy", due[day.weekday()])], most))
        for day in days
    ]


def of_org(caller: Caller, org: UUID, at: datetime, db: Connection) -> OfOrg:
    """Raises Problem."""
    known, found = org_writes.described(db, caller, org), schedules.of_org(db, org, at)
    assert found is not None  # noqa: S101  it has just been seen, and no org is deleted
    active, created_at = bool(known.document["active"]), known.document["created_at"]
    missed = None if active or found.hour is None else missed_day(created_at, known.imported_at, at, found)
    return OfOrg(org, str(known.document["name"]), active, found, missed)


def missed_day(created_at: datetime, imported_at: datetime, at: datetime, found: Schedule) -> date | None:
    """Its latest day, if nothing was opened for it: beat catches up with that."""
    assert found.hour is not None  # noqa: S101  the caller has looked
    day = due_date(created_at, at, found.hour)
    was_there = datetime.combine(day, time(found.hour), UTC) >= imported_at
    return day if was_there and (found.last_due_date is None or found.last_due_date < day) else None
