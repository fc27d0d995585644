"""Triggers, cancels and retries in the caller's transaction, and what they would do."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from senso.api import seen
from senso.api.access import Caller
from senso.api.batch_bodies import BatchChange, MissingTrigger, NetworkTrigger, Trigger
from senso.api.context import Context
from senso.api.problems import Problem
from senso.api.shown import estimates as shown_estimates
from senso.api.shown.batches import Batch, CancelledBatch, RetriedBatch, TriggeredBatch, TriggeredDay, UnderWay
from senso.db import Connection
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.queries import batches as batch_rows
from senso.queries import selections
from senso.queries.selections import Filters, Matched
from senso.reads import batch_waits, status, stopping
from senso.reads.status import BatchStatus
from senso.records import record
from senso.states import CANCELLABLE, RETRIABLE, BatchKind, BatchState, TriggerOutcome
from senso.workflows.cancelling import cancel_within
from senso.workflows.estimate_sums import Foreseen, summary
from senso.workflows.estimating import TriggerEstimate, estimate_triggers
from senso.workflows.initiator import Initiator
from senso.workflows.membership import trigger_missing_within
from senso.workflows.network_estimates import estimate_missing, estimate_networks
from senso.workflows.retry_estimates import again_of, estimate_retries
from senso.workflows.retrying import WHY_NOT, retry_within
from senso.workflows.trigger import StaysCancelled, Terms, Triggered, trigger_within

ORIGIN = "api"
STAYS = 'batch {} was cancelled; send "reopen": true to open it again'
BEING_ASKED = "network {} is being asked: the end of that opens the batch of org {}; nothing was opened"


def stands(db: Connection, context: Context, batch: UUID) -> BatchStatus:
    """With what it waits for. Raises NotFound."""
    found = status.batches(db, [batch_rows.load(db, batch).id])
    return batch_waits.told(db, found, POLICY, context.facts.readers[0])[0]


def by(caller: Caller, user_id: str | None = None, reason: str = ORIGIN) -> Initiator:
    return Initiator(caller.actor, reason, user_id)


def require_subject(db: Connection, caller: Caller, wanted: Trigger) -> None:
    """Whether the caller may see what is to be triggered. Raises Problem."""
    if isinstance(wanted, NetworkTrigger):
        seen.require_network(db, caller, wanted.network_id)
        return
    seen.require_org(db, caller, wanted.org_id)
    if isinstance(wanted, MissingTrigger):
        seen.require_network_read_by(db, caller, wanted.network_id)


def terms(context: Context, wanted: Trigger) -> Terms:
    return replace(context.terms(), reopen=wanted.reopen)


def open_batch(context: Context, caller: Caller, wanted: Trigger, db: Connection) -> tuple[HTTPStatus, TriggeredBatch]:
    """201 if a batch was opened, else 200. Raises Problem and SensoError."""
    require_subject(db, caller, wanted)
    try:
        found = triggered(db, context, caller, wanted)
    except StaysCancelled as error:
        raise Problem(HTTPStatus.CONFLICT, STAYS.format(error.batch)) from None
    if all(one.outcome is TriggerOutcome.CANCELLED for one in found):
        raise Problem(HTTPStatus.CONFLICT, STAYS.format(found[-1].batch.id))
    return shown_trigger(db, context, found)


def triggered(db: Connection, context: Context, caller: Caller, wanted: Trigger) -> list[Triggered]:
    """Of kind network_org: a batch for each day, the latest last."""
    begins = by(caller, wanted.user_id, wanted.triggered_by or ORIGIN)
    if not isinstance(wanted, MissingTrigger):
        return [trigger_within(db, wanted.subject, begins, terms(context, wanted))]
    found = trigger_missing_within(db, wanted.subject, begins, terms(context, wanted), context.history_days)
    own = [one for one in found if one.batch.kind is BatchKind.NETWORK_ORG or caller.partner_id is None]
    if not own:
        raise Problem(HTTPStatus.CONFLICT, BEING_ASKED.format(wanted.network_id, wanted.org_id))
    return own


def shown_trigger(db: Connection, context: Context, found: Sequence[Triggered]) -> tuple[HTTPStatus, TriggeredBatch]:
    days = [TriggeredDay(id=one.batch.id, date=one.batch.batch_date, outcome=one.outcome) for one in found]
    latest = shown(stands(db, context, found[-1].batch.id))
    is_new = any(one.outcome is TriggerOutcome.OPENED for one in found)
    told = TriggeredBatch(**latest.model_dump(), outcome=found[-1].outcome, days=days)
    return HTTPStatus.CREATED if is_new else HTTPStatus.OK, told


def shown(one: BatchStatus) -> Batch:
    return Batch.model_validate(one)


def foresee(context: Context, caller: Caller, wanted: Trigger, db: Connection) -> shown_estimates.Foreseen:
    """Raises Problem, and what the trigger would raise."""
    require_subject(db, caller, wanted)
    try:
        return shown_foreseen(foreseen(db, context, wanted), caller)
    except StaysCancelled as error:
        raise Problem(HTTPStatus.CONFLICT, STAYS.format(error.batch)) from None


def foreseen(db: Connection, context: Context, wanted: Trigger) -> Foreseen:
    under = terms(context, wanted)
    if isinstance(wanted, NetworkTrigger):
        networks = estimate_networks(db, [wanted.network_id], under, context.history_days)
        return Foreseen([org for one in networks for org in one.orgs], networks)
    if isinstance(wanted, MissingTrigger):
        return Foreseen(estimate_missing(db, wanted.network_id, [wanted.org_id], under, context.history_days))
    return Foreseen(estimate_triggers(db, [wanted.org_id], under))


def shown_foreseen(found: Foreseen, caller: Caller) -> shown_estimates.Foreseen:
    """Without orgs of other partners: what they would pay is theirs."""

    def own(orgs: Sequence[TriggerEstimate]) -> tuple[TriggerEstimate, ...]:
        return tuple(one for one in orgs if caller.partner_id in {None, one.partner.id})

    limited = Foreseen(own(found.orgs), [replace(one, orgs=own(one.orgs)) for one in found.networks])
    told = {"orgs": limited.orgs, "networks": limited.networks} | record(summary(limited))
    return shown_estimates.Foreseen.model_validate(told)


def cancel(
    context: Context, caller: Caller, batch: UUID, wanted: BatchChange, db: Connection
) -> tuple[HTTPStatus, CancelledBatch]:
    seen.require_batch(db, caller, batch)
    done = cancel_within(db, batch, by(caller, wanted.user_id), is_pushed=context.facts.is_pushed)
    going_on = UnderWay.model_validate(stopping.under_way(db, [batch], POLICY.lease_seconds))
    latest = shown(stands(db, context, batch)).model_dump()
    return HTTPStatus.OK, CancelledBatch(**latest, outcome=done.outcome, under_way=going_on)


def foresee_cancel(caller: Caller, batch: UUID, db: Connection) -> shown_estimates.ForeseenCancel:
    """Raises Problem, and what the cancel would raise."""
    seen.require_batch(db, caller, batch)
    (one,) = stopping.stopped(db, [batch])
    if one.state not in {*CANCELLABLE, BatchState.CANCELLED}:
        raise ConfigError(f"batch {batch} has ended as {one.state}: there is nothing to cancel")
    return shown_estimates.ForeseenCancel.model_validate(record(one) | {"released": one.held - one.charged})


def retry(
    context: Context, caller: Caller, batch: UUID, wanted: BatchChange, db: Connection
) -> tuple[HTTPStatus, RetriedBatch]:
    seen.require_batch(db, caller, batch)
    before = batch_rows.load(db, batch)
    again = again_of(db, batch, before.kind, before.planned)
    retry_within(db, batch, by(caller, wanted.user_id))
    latest = shown(stands(db, context, batch)).model_dump()
    return HTTPStatus.OK, RetriedBatch(**latest, outcome=BatchState.QUEUED, **record(again))


def foresee_retry(caller: Caller, batch: UUID, db: Connection) -> shown_estimates.Foreseen:
    """Raises Problem, and ConfigError for a batch in a state that is not retried."""
    seen.require_batch(db, caller, batch)
    return shown_foreseen(Foreseen(*estimate_retries(db, [retriable(db, batch)])), caller)


def retriable(db: Connection, batch: UUID) -> Matched:
    (one,) = selections.matching(db, Filters(batch=batch))
    if one.state not in RETRIABLE:
        raise ConfigError(f"batch {batch} {WHY_NOT[one.state]}")
    return one
