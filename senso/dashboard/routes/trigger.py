"""`/trigger`: chooses an org or a network, says what its batch would do and cost, and opens or resumes it."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import StringConstraints

from senso.api import batch_orders
from senso.api.access import Caller, Scope, needs
from senso.api.batch_bodies import NetworkTrigger, OrgTrigger
from senso.api.context import Context
from senso.api.problems import invalid
from senso.dashboard import links, once
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import page
from senso.db import Connection
from senso.errors import ConfigError, InsufficientCredits
from senso.reads import directory, status
from senso.states import BatchKind, TriggerOutcome
from senso.workflows.estimate_sums import summary
from senso.workflows.trigger import StaysCancelled

PATH = "/trigger"
REASON = "dashboard"
FOUND = 20
WOULD = {
    TriggerOutcome.OPENED: "A batch of today would be opened.",
    TriggerOutcome.ATTACHED: "Today's batch is under way already: nothing would be opened.",
    TriggerOutcome.RESUMED: "Today's batch was blocked for want of credits and would be tried again.",
    TriggerOutcome.REOPENED: "Today's batch has ended and would be opened again.",
    TriggerOutcome.COMPLETED: "Today's batch is completed already: nothing would be done.",
    TriggerOutcome.PARTIAL: "Today's batch has ended with failures: only a retry of it asks again.",
    TriggerOutcome.FAILED: "Today's batch has failed: only a retry of it asks again.",
    TriggerOutcome.CANCELLED: "Today's batch was cancelled: it is opened again only where you say so.",
}
Triggering = Annotated[Caller, needs(Scope.TRIGGER)]
Id = Annotated[UUID | None, links.MAY_BE_EMPTY]
SentId = Annotated[UUID | None, links.MAY_BE_EMPTY, Form()]
Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), Query()]
Wanted = OrgTrigger | NetworkTrigger


def wanted(org: UUID | None, network: UUID | None, *, reopen: bool, dry_run: bool = False) -> Wanted | None:
    """None: nothing is chosen yet. Raises Problem."""
    if org is not None and network is not None:
        raise invalid([("query.network_id", "is one too many: choose an organisation or a network")])
    given: dict[str, Any] = {"reopen": reopen, "dry_run": dry_run, "triggered_by": REASON}
    if org is not None:
        return OrgTrigger(kind=BatchKind.ORG, org_id=org, **given)
    return None if network is None else NetworkTrigger(kind=BatchKind.NETWORK, network_id=network, **given)


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get(PATH)
    async def form(
        request: Request,
        caller: Triggering,
        q: Search = "",
        org_id: Id = None,
        network_id: Id = None,
        reopen: Annotated[bool, Query()] = False,
    ) -> Response:
        if (elsewhere := links.without_empty(request)) is not None:
            return elsewhere
        chosen = wanted(org_id, network_id, reopen=reopen, dry_run=True)
        if chosen is None:
            return page(request, "trigger.html", await context.read(partial(found, caller, q)))
        told = await context.read(partial(foreseen, context, caller, chosen))
        return page(request, "trigger_one.html", told | {"key": once.new(), "reopen": reopen})

    @router.post(PATH)
    async def trigger(
        caller: Triggering,
        key: once.Key,
        org_id: SentId = None,
        network_id: SentId = None,
        reopen: Annotated[bool, Form()] = False,
    ) -> Response:
        chosen = wanted(org_id, network_id, reopen=reopen)
        if chosen is None:
            raise invalid([("org_id", "is missing: choose an organisation or a network")])
        values = {"org_id": str(org_id), "network_id": str(network_id), "reopen": str(reopen)}
        work = partial(opened, context, caller, chosen)
        return await once.once(context, caller, once.Sent(PATH, key, values), work)

    return router


def opened(context: Context, caller: Caller, chosen: Wanted, db: Connection) -> str:
    """The page of the batch."""
    _, batch = batch_orders.open_batch(context, caller, chosen, db)
    return f"/batches/{batch.id}"


def found(caller: Caller, q: str, db: Connection) -> dict[str, Any]:
    of: dict[str, Any] = {"search": q, "partner": caller.partner_id, "most": FOUND + 1}
    return {
        "q": q,
        "orgs": directory.orgs_after(db, None, **of),
        "networks": directory.networks(db, **of),
        "most": FOUND,
    }


def foreseen(context: Context, caller: Caller, chosen: Wanted, db: Connection) -> dict[str, Any]:
    """What the trigger would do, or why it would be refused."""
    batch_orders.require_subject(db, caller, chosen)
    told: dict[str, Any] = {
        "chosen": chosen,
        "name": name_of(db, chosen),
        "estimate": None,
        "refused": "",
        "stays": None,
    }
    told |= {"outcome": None, "would": "", "batch": None, "does": False, "orgs": ()}
    try:
        estimate = batch_orders.foreseen(db, context, chosen)
    except StaysCancelled as error:
        return told | {"stays": error.batch, "would": WOULD[TriggerOutcome.CANCELLED]}
    except (ConfigError, InsufficientCredits) as error:
        return told | {"refused": str(error)}
    first = (estimate.networks or estimate.orgs)[0]
    own = batch_orders.shown_foreseen(estimate, caller)
    does = first.outcome in {TriggerOutcome.OPENED, TriggerOutcome.RESUMED, TriggerOutcome.REOPENED}
    told |= {"outcome": first.outcome, "would": WOULD[first.outcome], "batch": first.batch, "orgs": own.orgs}
    return told | {"estimate": summary(estimate) if caller.partner_id is None else own, "does": does}


def name_of(db: Connection, chosen: Wanted) -> str:
    if isinstance(chosen, OrgTrigger):
        org = status.org(db, chosen.org_id)
        return org.name if org else str(chosen.org_id)
    return next(one.name for one in directory.networks(db, only=chosen.network_id, most=1))
