"""`/webhooks`: addresses that are told when batches end. A token of a partner sees and makes that partner's only."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Body, Id, Page, Shown
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page
from senso.api.problems import invalid
from senso.api.threads import Places
from senso.db import Connection
from senso.errors import NotFound, OutsideError
from senso.outgoing.calls import MOST_CHARACTERS
from senso.reads import webhooks as reads
from senso.records import record
from senso.states import BATCH_EVENTS, DeliveryStatus, HookEvent
from senso.workflows.webhooks import managing

Admin = Annotated[Caller, needs(Scope.ADMIN)]
LOOKUPS = 4  # of hosts at a time: they wait for name servers, and must not hold places of Postgres


class NewWebhook(Body):
    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MOST_CHARACTERS,
            pattern=r"^https?://[!-~]+$",
            description="https:// and a host that is reached over the internet",
            examples=["https://app.example.com/hooks/senso"],
        ),
    ]
    events: Annotated[
        tuple[HookEvent, ...], Field(max_length=len(BATCH_EVENTS), description="unset or empty: all ends of batches")
    ] = ()
    partner_id: Annotated[
        Id | None, Field(description="whose batches it is told of; unset: the token's, which may be all partners'")
    ] = None


class WebhookShown(Shown):
    id: Id
    partner_id: Annotated[Id | None, Field(description="whose batches it is told of; null: all partners'")]
    url: str
    events: list[HookEvent]
    active: Annotated[bool, Field(description="false: it was switched off, because it accepted nothing for two days")]
    created_by: str
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None
    pending: Annotated[int, Field(description="deliveries that wait or are tried again")]
    last_sent_at: Annotated[datetime | None, Field(description="when it last accepted something")]


class WebhookMade(WebhookShown):
    shown_once: ClassVar[frozenset[str]] = frozenset({"secret"})
    secret: Annotated[
        str | None,
        Field(description="by which the receiver checks signatures; null where a repeated request is answered"),
    ]


class WebhookDeleted(Shown):
    id: Id


class DeliveryShown(Shown):
    id: Annotated[str, Field(description="what the receiver gets as webhook-id")]
    event: HookEvent
    batch_id: Id | None
    status: DeliveryStatus
    tries: int
    response_status: Annotated[int | None, Field(description="of the last try; null: there was no answer")]
    error: Annotated[str | None, Field(description="of the last try")]
    created_at: datetime
    next_at: Annotated[datetime | None, Field(description="when it is tried next; null: it has ended")]
    sent_at: datetime | None


class TrialEnqueued(Shown):
    delivery_id: Annotated[str, Field(description="the id of its delivery, which says what came of it")]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=Route)
    lookups = Places(LOOKUPS)

    @router.get("", response_model=Page[WebhookShown])
    async def list_webhooks(
        request: Request, caller: Admin, limit: Limit = USUAL_ROWS, cursor: Cursor = None
    ) -> Response:
        """The oldest first."""
        after = decode(cursor, datetime, UUID)
        found = await context.read(partial(reads.webhooks, partner=caller.partner_id, after=after, most=limit + 1))
        return answer(request, page(found, limit, lambda one: (one.created_at, one.id), WebhookShown.model_validate))

    @router.post("", response_model=WebhookMade, status_code=HTTPStatus.CREATED)
    async def create_webhook(request: Request, caller: Admin, body: NewWebhook, _key: Key = None) -> Response:
        """Makes a webhook, and shows its secret this once. Its host is looked up and must be on the internet."""
        whose = body.partner_id or caller.partner_id
        if not caller.may_see(whose):
            raise NotFound(f"no partner {whose}")
        url = await lookups.run(partial(checked, body.url))
        return await once(context, caller, request, partial(create, caller, url, whose, body.events))

    @router.delete("/{webhook_id}", response_model=WebhookDeleted)
    async def delete_webhook(request: Request, caller: Admin, webhook_id: UUID, _key: Key = None) -> Response:
        """Deletes a webhook, with what waits for it."""
        return await once(context, caller, request, partial(delete, caller, webhook_id))

    @router.get("/{webhook_id}/deliveries", response_model=Page[DeliveryShown])
    async def list_deliveries(
        request: Request, caller: Admin, webhook_id: UUID, limit: Limit = USUAL_ROWS, cursor: Cursor = None
    ) -> Response:
        """What was sent to it, the newest first; kept for 30 days."""
        after = decode(cursor, datetime, str)
        found = await context.read(partial(deliveries, caller, webhook_id, limit + 1, after))
        return answer(request, page(found, limit, lambda one: (one.created_at, one.id), DeliveryShown.model_validate))

    @router.post("/{webhook_id}/test", response_model=TrialEnqueued, status_code=HTTPStatus.ACCEPTED)
    async def try_webhook(request: Request, caller: Admin, webhook_id: UUID, _key: Key = None) -> Response:
        """Sends `webhook.test`, once. Where it is accepted, a webhook that was switched off is on again."""
        return await once(context, caller, request, partial(try_out, caller, webhook_id))

    return router


def checked(url: str) -> str:
    """Raises Problem."""
    try:
        return managing.checked(url)
    except OutsideError as error:
        raise invalid([("body.url", error.reason)]) from None


def create(
    caller: Caller, url: str, whose: UUID | None, events: Sequence[HookEvent], db: Connection
) -> tuple[HTTPStatus, Shown]:
    if HookEvent.TEST in events:
        raise invalid([("body.events", f"{HookEvent.TEST} is sent by /test alone")])
    made = managing.make(db, url, whose, events, caller.actor)
    shown = record(managing.required(db, made.id, caller.partner_id))
    return HTTPStatus.CREATED, WebhookMade.model_validate(shown | {"secret": made.secret})


def delete(caller: Caller, webhook: UUID, db: Connection) -> tuple[HTTPStatus, Shown]:
    managing.delete(db, webhook, caller.partner_id, caller.actor)
    return HTTPStatus.OK, WebhookDeleted(id=webhook)


def deliveries(
    caller: Caller, webhook: UUID, most: int, after: tuple[datetime, str] | None, db: Connection
) -> list[reads.Delivery]:
    """Raises NotFound."""
    managing.required(db, webhook, caller.partner_id)
    return reads.deliveries(db, webhook, most, after)


def try_out(caller: Caller, webhook: UUID, db: Connection) -> tuple[HTTPStatus, Shown]:
    return HTTPStatus.ACCEPTED, TrialEnqueued(delivery_id=managing.test(db, webhook, caller.partner_id, caller.actor))
