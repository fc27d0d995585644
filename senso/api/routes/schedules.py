"""`/schedules/{subject}`: when an organisation is asked by itself."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.problems import Problem
from senso.api.shown.orgs import Schedule
from senso.db import Connection
from senso.reads import schedules
from senso.typed_ids import id_in
from senso.weekly import WEEKDAYS

Reader = Annotated[Caller, needs(Scope.READ)]
Subject = Annotated[str, Path(max_length=60, description="an organisation: its id, also with org: before it")]
PREFIX = "org:"


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/schedules", tags=["organisations"])

    @router.get("/{subject}", response_model=Schedule)
    async def show_schedule(request: Request, caller: Reader, subject: Subject) -> Response:
        """The next five times, in UTC; or why there are none.

        An organisation is asked once a week, on the weekday of its `created_at`, while it is active: both are set by
        `PUT /orgs/{id}`.
        """
        return answer(request, await context.read(partial(shown, context, caller, subject)))

    return router


def shown(context: Context, caller: Caller, subject: str, db: Connection) -> Schedule:
    org = org_in(subject)
    seen.require_org(db, caller, org)
    return as_shown(schedules.of_org(db, org, now(context)))


def now(context: Context) -> datetime:
    """On the day that is taken to be today."""
    return datetime.combine(context.terms().today, datetime.now(UTC).time(), UTC)


def as_shown(found: schedules.Schedule | None) -> Schedule:
    assert found is not None  # noqa: S101  it has just been seen, and no org is deleted
    return Schedule(
        org_id=found.org_id,
        weekday=WEEKDAYS[found.weekday],
        hour=found.hour,
        time_zone="UTC",
        stopped_by=found.stopped_by,
        next=found.next,
        last_due_date=found.last_due_date,
        last_batch_id=found.last_batch_id,
    )


def org_in(subject: str) -> UUID:
    """Raises Problem."""
    found = id_in(subject.removeprefix(PREFIX))
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "no such schedule; organisations have one, by their id")
    return found
