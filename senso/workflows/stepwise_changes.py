"""A cancel or a retry of all batches that match filters, some of them at a time: what a page does, request by request.

The change has the id that its form was given: sent twice, it begins once. What matched when it began is dealt with
once: a batch that ends or is queued later is no part of it. docs/decisions/0045.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from senso.db import Connection, looking, transaction
from senso.errors import ConfigError, NotFound
from senso.queries import bulk_changes, selections, triggers
from senso.queries.bulk_changes import Begun
from senso.queries.selections import Filters, Matched
from senso.states import Action, BatchKind, BatchState
from senso.workflows.bulk_changes import BulkChange, Cancelling, Retrying, Step, StepOutcome, end
from senso.workflows.initiator import Initiator

STEPS_AT_ONCE = 100
SECONDS = 4.0  # after which a request begins no further step
NOTHING = "no batch matches; nothing was done"
OTHER = "this form was sent before for something else; open its page again"


def said(filters: Filters, *, reopen: bool) -> dict[str, Any]:
    """As it is recorded."""
    found = {
        "state": sorted(filters.states),
        "kind": filters.kind,
        "since": filters.first_day and filters.first_day.isoformat(),
        "until": filters.last_day and filters.last_day.isoformat(),
        "org_id": filters.org and str(filters.org),
        "network_id": filters.network and str(filters.network),
        "partner_id": filters.partner and str(filters.partner),
        "reason": filters.reason,
        "reopen": reopen,
    }
    return {name: value for name, value in found.items() if value} | {"in_steps": True}


def filters_of(begun: Begun) -> Filters:
    known = begun.filters
    return Filters(
        states=tuple(map(BatchState, known.get("state", ()))),
        reason=known.get("reason"),
        partner=id_of(known, "partner_id"),
        org=id_of(known, "org_id"),
        kind=BatchKind(known["kind"]) if "kind" in known else None,
        network=id_of(known, "network_id"),
        first_day=date.fromisoformat(known["since"]) if "since" in known else None,
        last_day=date.fromisoformat(known["until"]) if "until" in known else None,
        as_of=begun.at,
    )


def id_of(known: Mapping[str, Any], name: str) -> UUID | None:
    return UUID(known[name]) if name in known else None


def begin(bulk: UUID, action: Action, filters: Filters, by: Initiator, *, reopen: bool) -> None:
    """Writes that it begins, and changes no batch. Raises NotFound where none matches, ConfigError for another id."""
    wanted = said(filters, reopen=reopen)
    with transaction() as db:
        bulk_changes.lock_begin(db, bulk)
        before = bulk_changes.begun(db, bulk)
        if before is not None:
            if (before.action, before.filters) != (action, wanted):
                raise ConfigError(OTHER)
            return
        if not selections.matching(db, filters, 1):
            raise NotFound(NOTHING)
        triggers.audit(db, action, by.actor, bulk=str(bulk), filters=wanted)


def left(db: Connection, begun: Begun) -> list[Matched]:
    """What is not dealt with yet, the oldest first."""
    done = bulk_changes.dealt_with(db, begun.id)
    return [one for one in selections.matching(db, filters_of(begun)) if one.id not in done]


def go_on(begun: Begun, by: Initiator, *, is_pushed: bool) -> None:
    """At most STEPS_AT_ONCE batches, each in a transaction of its own; then writes which were left as they are."""
    with looking() as db:
        waiting = left(db, begun)
    change = BulkChange(begun.id, begun.action, replace(by, bulk=begun.id), filters_of(begun), tuple(waiting))
    steps = worked_off(change, waiting, is_pushed=is_pushed, reopen=bool(begun.filters.get("reopen")))
    write_left(change, steps)
    if len(steps) == len(waiting):
        end(change, Counter(str(one.outcome) for one in steps))


def worked_off(change: BulkChange, waiting: list[Matched], *, is_pushed: bool, reopen: bool) -> list[Step]:
    retrying = change.action is Action.RETRY
    step = Retrying(change, reopen).step if retrying else Cancelling(change, is_pushed).step
    until, steps = time.monotonic() + SECONDS, []
    for one in waiting[:STEPS_AT_ONCE]:
        steps.append(step(one))
        if time.monotonic() > until:
            break
    return steps


def write_left(change: BulkChange, steps: list[Step]) -> None:
    changed = {StepOutcome.DONE, StepOutcome.DONE_BEFORE}
    kept = [
        {"batch": str(one.batch), "outcome": one.outcome, "why": one.why} for one in steps if one.outcome not in changed
    ]
    if kept:
        with transaction() as db:
            triggers.audit(db, change.action, change.by.actor, bulk=str(change.id), left=kept)
