"""Live events of a batch, of a partner, of all, as server-sent events; `senso.api.live` has what is behind them."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.live.streaming import Start, Stream, Streaming, primary, start
from senso.db import Connection
from senso.errors import NotFound
from senso.reads import live
from senso.reads.directory import is_partner

EXAMPLE = """retry: 2000
id: 41

event: progress
data: {"id": "019ad0b4-...", "state": "running", "planned": 60, "remaining": 12, "evaluated": 48, "failed": 0, ...}
id: 42

"""
STREAM: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK.value: {
        "description": "Events as they happen. `id` goes into `Last-Event-ID` of the request after this one.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}
ENDED: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NO_CONTENT.value: {"description": "The batch has ended, and the client has its last event."}
}
Reader = Annotated[Caller, needs(Scope.READ)]
LastId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=live.HIGHEST, description="go on after this event; 0: all that are kept"),
]


def routes(context: Context) -> APIRouter:
    # Not EventSourceResponse: a route of that class has to be a generator, with tasks of FastAPI's for each stream.
    router = APIRouter(tags=["live"], default_response_class=StreamingResponse)

    @router.get("/batches/{batch_id}/events", responses=STREAM | ENDED)
    async def batch_events(caller: Reader, batch_id: UUID, last_id: LastId = None) -> Response:
        """How a batch stands: now, and whenever that changes, at most four times a second, until it has ended."""
        return await stream(context, caller, live.Scope(batch=batch_id), last_id)

    @router.get("/partners/{partner_id}/events", responses=STREAM)
    async def partner_events(caller: Reader, partner_id: UUID, last_id: LastId = None) -> Response:
        """What happens to a partner's batches from now on."""
        return await stream(context, caller, live.Scope(partner=partner_id), last_id)

    @router.get("/events", responses=STREAM)
    async def all_events(caller: Reader, last_id: LastId = None) -> Response:
        """What happens to all batches from now on, and to breakers of models; for a partner's token: to its batches."""
        return await stream(context, caller, live.Scope(partner=caller.partner_id), last_id)

    return router


async def stream(context: Context, caller: Caller, scope: live.Scope, last_id: int | None) -> Response:
    """Raises NotFound, and Problem if the token has too many streams."""
    context.streams.take(caller)
    left, opened = partial(context.streams.leave, caller), Stream(context.live, context.places, scope, caller)
    try:
        begun = await primary(context.places, partial(begin, caller, scope, last_id))
    except BaseException:
        left()
        raise
    if begun is None:
        left()
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Streaming(opened.texts(begun), left)


def begin(caller: Caller, scope: live.Scope, last_id: int | None, db: Connection) -> Start | None:
    """Raises NotFound also for what belongs to another partner."""
    if scope.batch is not None:
        owner = live.owner(db, scope.batch)
        if owner is None or not caller.may_see(owner):
            raise NotFound(f"no batch {scope.batch}")
    if scope.partner is not None and (not caller.may_see(scope.partner) or not is_partner(db, scope.partner)):
        raise NotFound(f"no partner {scope.partner}")
    return start(db, scope, last_id, is_of_all=caller.partner_id is None)
