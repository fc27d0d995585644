"""`/pause`, `/resume`: of everything, a provider, a model or a partner; what will wait is said first."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Line
from senso.api.routes.stops import subject_for
from senso.dashboard import links
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.queries import stops
from senso.queries.stops import Scope as Subject
from senso.reads import held
from senso.reads.directory import partners_after
from senso.reads.held import Held
from senso.states import StopScope
from senso.workflows import stopping

Operator = Annotated[Caller, needs(Scope.OPERATE)]
Name = Annotated[Line | None, MAY_BE_EMPTY]
NameGiven = Annotated[Line | None, MAY_BE_EMPTY, Form()]
Reason = Annotated[Line | None, MAY_BE_EMPTY, Form()]


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/pause")
    async def pause_form(request: Request, caller: Operator, scope: StopScope, name: Name = None) -> Response:
        subject, waits, said, is_paused = await context.read_latest(partial(to_pause, caller, scope, name))
        values = {"subject": subject, "held": waits, "said": said, "is_paused": is_paused, "back": page_of(subject)}
        return page(request, "pause.html", values)

    @router.post("/pause")
    async def pause(
        caller: Operator, scope: Annotated[StopScope, Form()], name: NameGiven = None, reason: Reason = None
    ) -> Response:
        """Paused already, it stays as it is."""
        subject = await context.write(partial(paused, caller, scope, name, reason))
        return RedirectResponse(page_of(subject), HTTPStatus.SEE_OTHER)

    @router.post("/resume")
    async def resume(caller: Operator, scope: Annotated[StopScope, Form()], name: NameGiven = None) -> Response:
        """Not paused, nothing happens."""
        done = await context.write(partial(resumed, caller, scope, name))
        freed = {"freed": done.freed} if done.changed else {}
        return RedirectResponse(links.to(page_of(done.subject), freed), HTTPStatus.SEE_OTHER)

    return router


def to_pause(caller: Caller, scope: StopScope, name: str | None, db: Connection) -> tuple[Subject, Held, str, bool]:
    """And what it is called, and whether it is paused. Raises Problem and NotFound."""
    subject = subject_for(db, caller, scope, name)
    is_paused = any(
        (one.scope, one.subject) == (subject.scope, subject.subject) and one.by for one in stops.in_force(db)
    )
    return subject, held.held(db, subject.scope, subject.subject), said_of(db, subject), is_paused


def said_of(db: Connection, subject: Subject) -> str:
    if subject.scope is StopScope.PARTNER and subject.subject is not None:
        return f"partner {partners_after(db, None, only=UUID(subject.subject))[0].name}"
    return subject.said


def paused(caller: Caller, scope: StopScope, name: str | None, reason: str | None, db: Connection) -> Subject:
    """Raises Problem and NotFound."""
    return stopping.pause_within(db, subject_for(db, caller, scope, name), caller.actor, reason).subject


def resumed(caller: Caller, scope: StopScope, name: str | None, db: Connection) -> stopping.Done:
    """Raises Problem and NotFound."""
    return stopping.resume_within(db, subject_for(db, caller, scope, name), caller.actor)


def page_of(subject: Subject) -> str:
    return f"/partners/{subject.subject}" if subject.scope is StopScope.PARTNER else "/providers"
