"""Batches are triggered, retried and cancelled, each after what it would do was looked at."""

import json
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from senso.api import batch_orders
from senso.api.access import Caller, Scope
from senso.api.batch_bodies import BatchChange, MissingTrigger, NetworkTrigger, OrgTrigger, Trigger
from senso.api.context import Context
from senso.api.idempotency import REPLAYED, keyed
from senso.api.models import Shown
from senso.api.problems import Problem, invalid
from senso.api.shown.batches import CancelledBatch, RetriedBatch, TriggeredBatch
from senso.api.shown.estimates import Foreseen, ForeseenCancel
from senso.db import Connection
from senso.mcp.arguments import Arguments, BatchId
from senso.mcp.outside import Quoting
from senso.mcp.tool import Hints, reading, writing
from senso.states import BatchKind

ORIGIN = "mcp"
MOST_ORGS = 50
CONFIRMED = "confirmed:"
UNCONFIRMED = (
    "nothing was opened: say `confirmation` as foresee_batch gives it, once a person has agreed to the cost, "
    "or an `idempotency_key` of your own"
)
OTHERWISE = (
    "nothing was opened: what it would do is not what was confirmed, since it has changed; "
    "look again with foresee_batch"
)
KEY = r"^[\x21-\x7e]+$"
# Credits that were charged do not come back.
SPENDS = Hints(reads_only=False, destroys=True, same_again=True, asks_outside=True)
RETRIES = Hints(reads_only=False, destroys=True, same_again=False, asks_outside=True)
CANCELS = Hints(reads_only=False, destroys=True, same_again=True, asks_outside=True)


class Subject(Arguments):
    """Of an organisation alone: its batch of today. Of a network alone: the network's. Of both: what the org lacks."""

    org_id: Annotated[UUID | None, Field(description="today's batch of this organisation")] = None
    network_id: Annotated[
        UUID | None,
        Field(description="today's batch of this network; with org_id: what that org lacks of its answers"),
    ] = None
    reopen: Annotated[bool, Field(description="also if today's batch was cancelled")] = False

    @property
    def order(self) -> Trigger:
        """Raises Problem."""
        more: dict[str, Any] = {"reopen": self.reopen, "triggered_by": ORIGIN}
        if self.org_id is not None and self.network_id is not None:
            return MissingTrigger(kind=BatchKind.NETWORK_ORG, network_id=self.network_id, org_id=self.org_id, **more)
        if self.org_id is not None:
            return OrgTrigger(kind=BatchKind.ORG, org_id=self.org_id, **more)
        if self.network_id is not None:
            return NetworkTrigger(kind=BatchKind.NETWORK, network_id=self.network_id, **more)
        raise invalid([("org_id", "say an org_id, a network_id, or both")])


class WhichTrigger(Subject):
    confirmation: Annotated[
        str | None, Field(max_length=64, pattern=KEY, description="as foresee_batch gives it for the same subject")
    ] = None
    idempotency_key: Annotated[
        str | None,
        Field(min_length=1, max_length=255, pattern=KEY, description="the same key within a day: it is done once"),
    ] = None

    @property
    def key(self) -> str:
        """Raises Problem."""
        if self.idempotency_key is None and self.confirmation is None:
            raise invalid([("confirmation", UNCONFIRMED)])
        return self.idempotency_key or f"{CONFIRMED}{self.confirmation}"


class WhichChange(Arguments):
    batch_id: BatchId
    dry_run: Annotated[bool, Field(description="only what it would do; send false to do it")] = True


class ForeseenBatch(Foreseen):
    """`confirmation`: what trigger_batch takes. `orgs_left_out`: more than are listed; the totals are of all."""

    confirmation: str
    orgs_left_out: int


class Triggered(Quoting, TriggeredBatch):
    """`repeated`: the same call was made before, and this is what it was answered then; nothing was done now."""

    repeated: bool


class Cancel(Quoting):
    """`foreseen`: what it would do; `batch`: as it stands after it was done."""

    dry_run: bool
    foreseen: ForeseenCancel | None = None
    batch: CancelledBatch | None = None


class Retry(Quoting):
    """`foreseen`: what it would do; `batch`: as it stands after it was done."""

    dry_run: bool
    foreseen: Foreseen | None = None
    batch: RetriedBatch | None = None


def foresee_batch(context: Context, caller: Caller, asked: Subject, db: Connection) -> ForeseenBatch:
    """What a trigger would do, before it is done: runs, calls, cost in micro-dollars, credits, whether they suffice.

    Nothing is written. Show a person what it costs, then give `confirmation` to trigger_batch.
    """
    found = batch_orders.foresee(context, caller, asked.order, db)
    shown, left = fewer(found)
    return ForeseenBatch(**dict(shown), confirmation=mark(context, asked, found), orgs_left_out=left)


def trigger_batch(context: Context, caller: Caller, asked: WhichTrigger, db: Connection) -> Triggered:
    """Open or resume today's batch. It asks AI assistants and spends credits, which do not come back.

    Ask a person first. Takes the confirmation of foresee_batch, and is refused where what it would do has changed
    since; or an idempotency_key. The same call again opens nothing and charges nothing.
    """
    done = keyed(Opening(context, caller, asked), caller.token_id, asked.key, digest(asked), db)
    return Triggered.model_validate(json.loads(bytes(done.body)) | {"repeated": REPLAYED in done.headers})


@dataclass(frozen=True, slots=True)
class Opening:
    context: Context
    caller: Caller
    asked: WhichTrigger

    def __call__(self, db: Connection) -> tuple[HTTPStatus, Shown | None]:
        """Raises Problem where it is not what was confirmed."""
        if self.asked.confirmation is not None:
            with db.begin_nested():  # what is foreseen is read-only until its end
                found = batch_orders.foresee(self.context, self.caller, self.asked.order, db)
            if mark(self.context, self.asked, found) != self.asked.confirmation:
                raise Problem(HTTPStatus.CONFLICT, OTHERWISE)
        return batch_orders.open_batch(self.context, self.caller, self.asked.order, db)


def digest(asked: WhichTrigger) -> str:
    return sha256(f"{ORIGIN} trigger_batch {asked.model_dump_json()}".encode()).hexdigest()


def mark(context: Context, asked: Subject, found: Foreseen) -> str:
    """Of what a trigger would do on this day and what it would be paid with; not of its cost, which is an estimate."""
    of = (str(context.terms().today), str(asked.org_id), str(asked.network_id), asked.reopen)
    orgs = sorted((str(one.org_id), one.outcome, one.runs, one.evaluations, one.credits) for one in found.orgs)
    networks = [(str(one.network_id), one.outcome, one.runs) for one in found.networks]
    return sha256(json.dumps([of, orgs, networks]).encode()).hexdigest()[:32]


def fewer(found: Foreseen) -> tuple[Foreseen, int]:
    """With so many organisations as are read; and how many are left out."""
    networks = [one.model_copy(update={"orgs": []}) for one in found.networks]
    orgs = found.orgs[:MOST_ORGS]
    return found.model_copy(update={"orgs": orgs, "networks": networks}), len(found.orgs) - len(orgs)


def cancel_batch(context: Context, caller: Caller, asked: WhichChange, db: Connection) -> Cancel:
    """End a batch that is open: what was read is charged, the rest of its hold is released. Twice changes nothing.

    Without dry_run false, only what it would do.
    """
    if asked.dry_run:
        return Cancel(dry_run=True, foreseen=batch_orders.foresee_cancel(caller, asked.batch_id, db))
    _, done = batch_orders.cancel(context, caller, asked.batch_id, BatchChange(), db)
    return Cancel(dry_run=False, batch=done)


def retry_batch(context: Context, caller: Caller, asked: WhichChange, db: Connection) -> Retry:
    """Queue a batch again, as its next episode, for what failed or was cancelled. It spends credits for what is read.

    Without dry_run false, only what it would do and cost. A batch that is open is refused.
    """
    if asked.dry_run:
        return Retry(dry_run=True, foreseen=fewer(batch_orders.foresee_retry(caller, asked.batch_id, db))[0])
    _, done = batch_orders.retry(context, caller, asked.batch_id, BatchChange(), db)
    return Retry(dry_run=False, batch=done)


TOOLS = (
    reading(foresee_batch, Subject, ForeseenBatch, Scope.TRIGGER),
    writing(trigger_batch, WhichTrigger, Triggered, Scope.TRIGGER, SPENDS),
    writing(retry_batch, WhichChange, Retry, Scope.OPERATE, RETRIES),
    writing(cancel_batch, WhichChange, Cancel, Scope.OPERATE, CANCELS),
)
