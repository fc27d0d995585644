"""`/batches/change`: acts on all batches that match the filters of the list: a dry run, then steps, then what came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.batch_orders import by
from senso.api.context import Context
from senso.api.days import Day
from senso.api.models import Id
from senso.api.problems import Problem, invalid
from senso.dashboard import links, once
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.dashboard.routes import batches
from senso.dashboard.routes.batches import Words
from senso.db import Connection, looking
from senso.matrix import day_of
from senso.policy import POLICY
from senso.queries import bulk_changes, selections
from senso.queries.bulk_changes import Begun
from senso.queries.selections import Matched
from senso.reads import actors, batch_list, bulk_results, stopping
from senso.reads.batch_list import BatchFilters
from senso.states import CANCELLABLE, RETRIABLE, Action, BatchKind, BatchState
from senso.workflows import stepwise_changes
from senso.workflows.estimate_sums import Foreseen, summary
from senso.workflows.retry_estimates import estimate_retries

Operator = Annotated[Caller, needs(Scope.OPERATE)]
MOST_MATCHED = 20_000
# What these would cost is estimated; of more, the page says that it is of the first ones.
MOST_FORESEEN = 50
MOST_NAMED = 20
REASON = "dashboard"
CHANGES = (Action.RETRY, Action.CANCEL)
WHICH = "say which batches: filter the list first, such as by state"


@dataclass(frozen=True, slots=True)
class Change:
    """What is wanted. `reopen`: of a retry, cancelled batches too."""

    action: Action
    wanted: BatchFilters
    reopen: bool

    def values(self) -> dict[str, Any]:
        return batches.values(self.wanted) | {"action": self.action, "reopen": self.reopen}

    def applies(self, one: Matched) -> bool:
        if self.action is Action.CANCEL:
            return one.state in CANCELLABLE
        return one.state in RETRIABLE and (self.reopen or one.state is not BatchState.CANCELLED)


def change_of(action: Action, wanted: BatchFilters, *, reopen: bool) -> Change:
    """Raises Problem."""
    if action not in CHANGES:
        raise invalid([("action", f"must be one of {', '.join(CHANGES)}")])
    if not any(batches.values(wanted).values()):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, WHICH)
    if batches.bounded(wanted) != wanted:
        raise invalid([("since", "is missing: a reason is looked for in batches since a day")])
    return Change(action, wanted, reopen)


def asked(action: Action, wanted: batches.Wanted, reopen: Annotated[bool, Query()] = False) -> Change:
    return change_of(action, wanted, reopen=reopen)


Date = Annotated[Day | None, links.MAY_BE_EMPTY, Form()]
SentId = Annotated[UUID | None, links.MAY_BE_EMPTY, Form()]


def sent(
    action: Annotated[Action, Form()],
    state: Annotated[list[BatchState] | None, Form(max_length=len(BatchState))] = None,
    kind: Annotated[BatchKind | None, links.MAY_BE_EMPTY, Form()] = None,
    since: Date = None,
    until: Date = None,
    org_id: SentId = None,
    network_id: SentId = None,
    partner_id: SentId = None,
    reason: Annotated[Words | None, links.MAY_BE_EMPTY, Form()] = None,
    reopen: Annotated[bool, Form()] = False,
) -> Change:
    wanted = batches.filters(state, kind, since, until, org_id, network_id, partner_id, reason)
    return change_of(action, wanted, reopen=reopen)


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix=batches.PATH, route_class=page_route(context))
    add_dry_run(router, context)
    add_change(router, context)
    return router


def add_dry_run(router: APIRouter, context: Context) -> None:
    @router.get("/change")
    async def dry_run(request: Request, caller: Operator, change: Annotated[Change, Depends(asked)]) -> Response:
        found = await context.read(partial(foreseen, caller, change))
        more = {"change": change, "key": once.new(), "back": batches.address(change.wanted)}
        more["with_cancelled"] = links.to(f"{batches.PATH}/change", change.values() | {"reopen": True})
        return page(request, "batch_change.html", found | more)


def add_change(router: APIRouter, context: Context) -> None:
    @router.post("/change")
    async def begin(caller: Operator, change: Annotated[Change, Depends(sent)], key: once.Key) -> Response:
        await context.read(partial(require_seen, caller, change.wanted))
        await context.places.run(partial(begun, caller, change, key))
        return await gone_on(context, caller, key)

    @router.post("/changes/{bulk}")
    async def go_on(caller: Operator, bulk: Id) -> Response:
        return await gone_on(context, caller, bulk)

    @router.get("/changes/{bulk}")
    async def result(request: Request, caller: Annotated[Caller, needs(Scope.READ)], bulk: Id) -> Response:
        return page(request, "batch_changed.html", await context.read_latest(partial(results, caller, bulk)))


def begun(caller: Caller, change: Change, key: UUID) -> None:
    filters = batches.matching(change.wanted, caller)
    stepwise_changes.begin(key, change.action, filters, by(caller, reason=REASON), reopen=change.reopen)


async def gone_on(context: Context, caller: Caller, bulk: UUID) -> Response:
    def work() -> None:
        with looking() as db:
            found = require_begun(db, caller, bulk)
        stepwise_changes.go_on(found, by(caller, reason=REASON), is_pushed=context.facts.is_pushed)

    await context.places.run(work)
    return RedirectResponse(f"{batches.PATH}/changes/{bulk}", HTTPStatus.SEE_OTHER)


def require_seen(caller: Caller, wanted: BatchFilters, db: Connection) -> None:
    """As the list. Raises Problem."""
    if wanted.org is not None:
        seen.require_org(db, caller, wanted.org)
    if wanted.network is not None:
        seen.require_network_read_by(db, caller, wanted.network)
    if wanted.partner is not None:
        seen.require_partner(db, caller, wanted.partner)


def require_begun(db: Connection, caller: Caller, bulk: UUID) -> Begun:
    """One that a page has begun. Raises Problem."""
    found = bulk_changes.begun(db, bulk)
    known = found.filters if found else {}
    owner = UUID(known["partner_id"]) if "partner_id" in known else None
    if found is None or "in_steps" not in known or not caller.may_see(owner):
        raise Problem(HTTPStatus.NOT_FOUND, f"no change of many batches {bulk}")
    return found


def foreseen(caller: Caller, change: Change, db: Connection) -> dict[str, Any]:
    """What would be done, cost and end. Writes nothing."""
    require_seen(caller, change.wanted, db)
    matched = selections.matching(db, batches.matching(change.wanted, caller), MOST_MATCHED)
    chosen = [one for one in matched if change.applies(one)]
    left = Counter(one.state for one in matched if not change.applies(one))
    told = {"matched": len(matched), "chosen": chosen, "left": left, "most": MOST_FORESEEN, "first": None, "ends": None}
    told |= {"named": named(db, chosen[:MOST_NAMED])}
    if change.action is Action.CANCEL:
        return told | ends(db, chosen)
    first = chosen[:MOST_FORESEEN]
    return told | {"first": first, "estimate": summary(Foreseen(*estimate_retries(db, first)))}


def named(db: Connection, chosen: Sequence[Matched]) -> list[tuple[Matched, date, str]]:
    """Each with its day and what it is of."""
    subjects = batch_list.subjects(db, (one.id for one in chosen))
    return [(one, day_of(one.id), subjects[one.id]) for one in chosen]


def ends(db: Connection, chosen: list[Matched]) -> dict[str, Any]:
    first = [one.id for one in chosen[:MOST_FORESEEN]]
    return {
        "first": first,
        "ends": stopping.stopped(db, first),
        "under_way": stopping.under_way(db, first, POLICY.lease_seconds),
    }


def results(caller: Caller, bulk: UUID, db: Connection) -> dict[str, Any]:
    found = require_begun(db, caller, bulk)
    return {
        "change": found,
        "actor": actors.told_to(db, found.actor, caller.partner_id),
        "counts": bulk_results.counts(db, bulk),
        "dealt": bulk_results.dealt_with(db, bulk),
        "most": bulk_results.MOST,
        "left": len(stepwise_changes.left(db, found)),
        "at_once": stepwise_changes.STEPS_AT_ONCE,
        "action": f"{batches.PATH}/changes/{bulk}",
        "may_operate": caller.scope.contains(Scope.OPERATE),
        "back": links.to(batches.PATH, {k: v for k, v in found.filters.items() if k not in {"reopen", "in_steps"}}),
    }
