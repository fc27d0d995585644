"""`/orgs/{id}/metrics` and `/changes`: the numbers, the answers behind one, and what has changed."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from senso.api import seen, well_asked
from senso.api.access import Caller, Scope, needs
from senso.api.chosen_batches import ChosenBatches, Network
from senso.api.context import Context
from senso.api.days import Day
from senso.api.etags import answer
from senso.api.models import Id, Line, Page
from senso.api.paging import USUAL_ROWS, Cursor, Limit, decode, encode, page
from senso.api.problems import Problem
from senso.api.shown import numbers as shown
from senso.db import Connection
from senso.push import metric_json
from senso.reads import comparisons, explanations, findings, metric_pages, numbers, periods
from senso.reads.findings import Chosen
from senso.reads.metric_pages import Filter, Numbered
from senso.score import COUNTS
from senso.states import QuestionKind, Surface

Reader = Annotated[Caller, needs(Scope.READ)]
Kind = Annotated[QuestionKind | None, Query(description="questions that name the organisation, or that do not")]
On = Annotated[Surface | None, Query(description="apps that people use, or APIs")]
Model = Annotated[Line | None, Query(description="the number of this model", examples=["chatgpt"])]
Place = Annotated[Line | None, Query(description="the number of this location", examples=["US", "US/Ohio"])]
Tag = Annotated[Line | None, Query(description="the number of questions with this tag")]


def known(said: str) -> str:
    if said not in COUNTS:
        raise PydanticCustomError("number", "no such number; there are: {names}", {"names": ", ".join(COUNTS)})
    return said


MetricName = TypeAliasType(
    "MetricName", Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "enum": [*COUNTS]})]
)
Names = Annotated[
    list[MetricName] | None,
    Query(max_length=len(COUNTS), description="any of these; unset: all", examples=[["mention_rate"]]),
]
Whole = Annotated[bool, Query(description="only numbers of all models, locations and tags together")]
FIRST = Annotated[Day | None, Query(description="first date of the later period; unset: its last")]
LAST = Annotated[Day | None, Query(description="its last date, included; unset: the newest batch's")]
BEFORE_FIRST = Annotated[Day | None, Query(description="first date of the earlier period; unset: one as long")]
BEFORE_LAST = Annotated[Day | None, Query(description="its last date, included; unset: the last batch's before")]


@dataclass(frozen=True, slots=True)
class Parts:
    kind: QuestionKind | None
    surface: Surface | None
    model: str | None
    location: str | None
    tag: str | None


def parts(kind: Kind = None, surface: On = None, model: Model = None, location: Place = None, tag: Tag = None) -> Parts:
    return Parts(kind, surface, model, location, tag)


def wanted(of: Annotated[Parts, Depends(parts)], name: Names = None, whole: Whole = False) -> Filter:
    return Filter(name, {part: getattr(of, part) for part in metric_pages.PARTS}, whole)


def spans(
    since: FIRST = None,
    until: LAST = None,
    before_since: BEFORE_FIRST = None,
    before_until: BEFORE_LAST = None,
    network_id: Network = None,
) -> periods.Asked:
    return periods.Asked(since, until, before_since, before_until, network_id)


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}", tags=["numbers"])

    @router.get("/metrics", response_model=Page[shown.MetricOfBatch])
    async def list_metrics(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        which: Annotated[Filter, Depends(wanted)],
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """The numbers of one batch, or of the batches of a period, oldest first: a trend."""
        after = decode(cursor, UUID, int)
        found = await context.read(partial(metrics_of, caller, org_id, chosen, which, after, limit + 1))
        return answer(request, page(found, limit, lambda one: (one.batch_id, one.id), as_metric))

    @router.get("/metrics/{name}/answers", response_model=shown.Explanation)
    async def explain_metric(
        request: Request,
        caller: Reader,
        org_id: Id,
        name: Annotated[MetricName, Path(examples=["mention_rate"])],
        of: Annotated[Parts, Depends(parts)],
        batch_id: Annotated[Id | None, Query(description="unset: the newest with numbers")] = None,
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = None,
    ) -> Response:
        """Which answers a number counts, which not and why. `kind` and `surface` where there are several."""
        after = decode(cursor, int)
        first = after[0] if after else 0
        asked = numbers.Asked(name, of.kind, of.surface, of.model, of.location, of.tag, batch_id, first, limit)
        return answer(request, await context.read(partial(explained, caller, org_id, asked)))

    @router.get("/changes", response_model=shown.OrgChanges)
    async def list_changes(
        request: Request, caller: Reader, org_id: Id, asked: Annotated[periods.Asked, Depends(spans)]
    ) -> Response:
        """What has changed between two periods: each number with its interval and a verdict."""
        return answer(request, await context.read(partial(changed, caller, org_id, asked)))

    return router


def metrics_of(
    caller: Caller, org: UUID, chosen: Chosen, which: Filter, after: tuple[UUID, int] | None, most: int, db: Connection
) -> list[Numbered]:
    seen.require_org(db, caller, org)
    with well_asked.query():
        batches = findings.batches(db, org, chosen)
    if after is None:
        return metric_pages.page(db, batches, which, after=0, most=most)
    left = [one for one in batches if one.id >= after[0]]
    same = bool(left) and left[0].id == after[0]
    return metric_pages.page(db, left, which, after=after[1] if same else 0, most=most)


def as_metric(one: Numbered) -> shown.MetricOfBatch:
    about = {name: getattr(one, name) for name in ("batch_id", "date", "batch_kind", "network_id")}
    return shown.MetricOfBatch(**metric_json(one.metric), **about)


def explained(caller: Caller, org: UUID, asked: numbers.Asked, db: Connection) -> shown.Explanation:
    seen.require_org(db, caller, org)
    with well_asked.query():
        batch, metric = numbers.asked_for(db, org, "this organisation", asked, option="{}=")
    found = explanations.explained(db, numbers.wanted(org, batch, metric, asked))
    told = numbers.explanation_json(org, batch, metric, found)
    told["next"] = None if found.next is None else encode(found.next)
    return shown.Explanation(**told, items=[shown.AnswerCounted.model_validate(one) for one in found.listed])


def changed(caller: Caller, org: UUID, asked: periods.Asked, db: Connection) -> shown.OrgChanges:
    seen.require_org(db, caller, org)
    batches = periods.of_one_subject(periods.batches(db, org), asked.network)
    if not batches:
        raise Problem(HTTPStatus.NOT_FOUND, "no batch with numbers yet")
    with well_asked.query():
        for period in periods.spans(asked, [one.date for one in batches]):
            findings.readable(periods.within(batches, period))
        compared = comparisons.compare(db, org, batches, asked)
        return shown.OrgChanges.model_validate(comparisons.comparison_json(compared))
