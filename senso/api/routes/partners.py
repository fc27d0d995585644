"""`/partners`: who pays, what they have, and the rows of the ledger that led to it."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.idempotency import Key, once
from senso.api.json_bodies import Route
from senso.api.models import Body, Id, Line, Page
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page
from senso.api.shown import partners as shown
from senso.db import Connection
from senso.queries import ledger
from senso.queries.ledger import PartnerCredits
from senso.reads import directory, ledger_pages
from senso.reads.ledger_pages import Entered, Last
from senso.records import record
from senso.workflows.granting import grant

Reader = Annotated[Caller, needs(Scope.READ)]
Admin = Annotated[Caller, needs(Scope.ADMIN)]
Search = Annotated[Line | None, Query(description="a part of the name, or the beginning of the id")]
MOST_CREDITS = 10**15  # as in an import file


def number(value: object) -> object:
    """pydantic alone would take "5" and true for numbers."""
    if isinstance(value, str | bool):
        raise PydanticCustomError("number", "is not a number")
    return value


class NewGrant(Body):
    credits: Annotated[int, BeforeValidator(number), Field(ge=1, le=MOST_CREDITS, examples=[500])]
    ref: Annotated[Line, Field(description="an invoice, say; granted under the same ref only once")]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/partners", tags=["partners"], route_class=Route)

    @router.get("", response_model=Page[shown.PartnerListed])
    async def list_partners(
        request: Request, caller: Reader, search: Search = None, limit: Limit = USUAL_ROWS, cursor: Cursor = None
    ) -> Response:
        """By name. A token of one partner sees that one."""
        after = decode(cursor, UUID)
        last = after[0] if after else None
        found = await context.read(
            partial(directory.partners_after, after=last, search=search or "", only=caller.partner_id, most=limit + 1)
        )
        return answer(request, page(found, limit, lambda one: (one.id,), shown.PartnerListed.model_validate))

    @router.get("/{partner_id}/credits", response_model=shown.PartnerCredits)
    async def show_credits(request: Request, caller: Reader, partner_id: Id) -> Response:
        """What it has, what is held for open batches, and what was granted and charged in all."""
        found = await context.read(partial(credits_of, caller, partner_id))
        return answer(request, shown.PartnerCredits.model_validate(found))

    @router.post("/{partner_id}/credits", response_model=shown.Granted)
    async def grant_credits(
        request: Request, caller: Admin, partner_id: Id, body: NewGrant, _key: Key = None
    ) -> Response:
        """Grants credits, once under a ref: the same grant again changes nothing, another one under it is 409.

        Only for tokens of all partners.
        """
        return await once(context, caller, request, partial(granted, caller, partner_id, body))

    @router.get("/{partner_id}/ledger", response_model=Page[shown.LedgerRow])
    async def list_ledger(
        request: Request, caller: Reader, partner_id: Id, limit: Limit = USUAL_ROWS, cursor: Cursor = None
    ) -> Response:
        """Each grant, hold, charge and release, the newest first, with the balance after it."""
        after = decode(cursor, int, int)
        last = Last(*after) if after else None
        found = await context.read(partial(entered, caller, partner_id, last, limit + 1))
        return answer(request, page(found, limit, lambda one: (one.id, one.before), as_row))

    return router


def credits_of(caller: Caller, partner: UUID, db: Connection) -> PartnerCredits:
    seen.require_partner(db, caller, partner)
    found = ledger.partner_credits(db, partner)
    assert found is not None  # noqa: S101  it has just been seen, and no partner is deleted
    return found


def granted(caller: Caller, partner: UUID, body: NewGrant, db: Connection) -> tuple[HTTPStatus, shown.Granted]:
    seen.require_partner(db, caller, partner)
    seen.require_all_partners(caller)
    made = grant(db, partner, body.credits, body.ref, caller.actor)
    now = record(credits_of(caller, partner, db))
    return HTTPStatus.OK, shown.Granted(**now, grant=shown.Grant.model_validate(made))


def entered(caller: Caller, partner: UUID, last: Last | None, most: int, db: Connection) -> list[Entered]:
    seen.require_partner(db, caller, partner)
    return ledger_pages.page(db, partner, last, most)


def as_row(one: Entered) -> shown.LedgerRow:
    return shown.LedgerRow(**{name: getattr(one, name) for name in shown.LedgerRow.model_fields})
