"""`/orgs/{id}/competitors`, `/citations` and `/claims`: what the answers of some batches say."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from senso.api import chosen_batches, seen, well_asked
from senso.api.access import Caller, Scope, needs
from senso.api.chosen_batches import ChosenBatches
from senso.api.context import Context
from senso.api.etags import answer
from senso.api.models import Id, Page, Shown
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, page, wrong
from senso.api.routes.numbers import Kind, Model, On, Place
from senso.api.shown import numbers as shown
from senso.db import Connection
from senso.reads import claim_pages, findings
from senso.reads.claim_pages import Claim, Last
from senso.reads.findings import Chosen, Cited, Named, Part
from senso.reads.periods import Dated
from senso.states import Category, Polarity, Verdict

Reader = Annotated[Caller, needs(Scope.READ)]
Judged = Annotated[Verdict | None, Query(description="by the facts on file of the organisation")]
Mood = Annotated[Polarity | None, Query(description="what it means for the organisation")]
Whose = Annotated[Category | None, Query(description="what kind of site")]
MARK = re.compile("[0-9a-f]{32}")
S = TypeVar("S", bound=Shown)
R = TypeVar("R", Named, Cited)


def part(kind: Kind = None, surface: On = None, model: Model = None, location: Place = None) -> Part:
    return Part(kind, surface, model, location)


OfPart = Annotated[Part, Depends(part)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}", tags=["numbers"])

    @router.get("/competitors", response_model=shown.OfBatches[shown.CompetitorCounted])
    async def list_competitors(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        of: OfPart,
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """Who else the answers name, each under one name, by kind and surface; the most named first."""
        found = await context.read(partial(counted, caller, org_id, chosen, of, findings.competitors))
        return answer(request, told(found, limit, cursor, shown.CompetitorCounted))

    @router.get("/citations", response_model=shown.OfBatches[shown.DomainCounted])
    async def list_citations(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        of: OfPart,
        category: Whose = None,
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """Which domains the answers cite, and whose they are, by kind and surface; the most cited first."""
        found = await context.read(partial(counted, caller, org_id, chosen, of, partial(cited, category)))
        return answer(request, told(found, limit, cursor, shown.DomainCounted))

    @router.get("/claims", response_model=shown.OfBatches[shown.ClaimCounted])
    async def list_claims(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        verdict: Judged = None,
        polarity: Mood = None,
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """What the answers claim about the organisation: contradicted first, then the most frequent."""
        after = last_claim(cursor)
        work = partial(claims_of, caller, org_id, chosen, verdict, polarity, after, limit + 1)
        found = await context.read(work)
        return answer(request, in_batches(found, page(found.rows, limit, lambda one: one.key, as_claim)))

    return router


@dataclass(frozen=True, slots=True)
class Found:
    org: UUID
    batches: Sequence[Dated]
    rows: Sequence[Any]


def counted(
    caller: Caller,
    org: UUID,
    chosen: Chosen,
    of: Part,
    count: Callable[[Connection, UUID, Sequence[UUID], Part], list[R]],
    db: Connection,
) -> Found:
    batches, ids = readable(db, caller, org, chosen)
    return Found(org, batches, sorted(count(db, org, ids, of), key=order))


def cited(category: Category | None, db: Connection, org: UUID, ids: Sequence[UUID], of: Part) -> list[Cited]:
    found = findings.citations(db, org, ids, of)
    return [one for one in found if category in {None, one.category}]


def claims_of(
    caller: Caller,
    org: UUID,
    chosen: Chosen,
    verdict: Verdict | None,
    polarity: Polarity | None,
    after: Last,
    most: int,
    db: Connection,
) -> Found:
    batches, ids = readable(db, caller, org, chosen)
    rows = claim_pages.page(db, org, ids, verdict=verdict, polarity=polarity, after=after, most=most)
    return Found(org, batches, rows)


def readable(db: Connection, caller: Caller, org: UUID, chosen: Chosen) -> tuple[list[Dated], list[UUID]]:
    """Raises Problem and NotFound."""
    seen.require_org(db, caller, org)
    with well_asked.query():
        batches = findings.batches(db, org, chosen)
        return batches, findings.readable(batches)


def last_claim(cursor: str | None) -> Last:
    """Raises Problem."""
    found = Last(*(decode(cursor, int, int, int, str) or ()))
    if found.mark is not None and not MARK.fullmatch(found.mark):
        raise wrong()
    return found


def as_claim(one: Claim) -> shown.ClaimCounted:
    return shown.ClaimCounted(**{name: getattr(one, name) for name in shown.ClaimCounted.model_fields})


Order = tuple[str, str, int, str, str]


def order(one: Named | Cited) -> Order:
    """Ascending. The name is cut, since a cursor has a length; its hash tells names apart that begin alike."""
    name, more = (one.name, "") if isinstance(one, Named) else (one.domain, f"{one.type} {one.category}")
    return one.kind, one.surface, -one.answers, name[:40], sha256(f"{name} {more}".encode()).hexdigest()[:16]


def told(found: Found, limit: int, cursor: str | None, model: type[S]) -> shown.OfBatches[S]:
    after = decode(cursor, str, str, int, str, str)
    rows = [one for one in found.rows if after is None or order(one) > after]
    return in_batches(found, page(rows, limit, order, model.model_validate))


def in_batches(found: Found, of: Page[S]) -> shown.OfBatches[S]:
    batches = [chosen_batches.shown(one) for one in found.batches]
    return shown.OfBatches(items=of.items, next=of.next, org_id=found.org, batches=batches)
