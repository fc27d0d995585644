"""Opens an order to read stored answers again, or goes on with one that was interrupted."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID, uuid4

from senso import supplied
from senso.db import Connection, DBAPIError, connect, looking, transaction
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.prices import assumed_usage, cost_microusd
from senso.queries import reevaluations as rows
from senso.queries import rereadings, triggers
from senso.queries.models import Model
from senso.queries.reevaluations import Foreseen, Reevaluation, Scope
from senso.queries.triggers import Concerns
from senso.reads import owners
from senso.runtime.saving import retry_on_deadlock
from senso.states import Action, BatchKind, Purpose, ReevaluationState
from senso.workflows import prompt_versions, reading_models


@dataclass(frozen=True, slots=True)
class Order:
    """What a command asks for. `version`: of the prompt."""

    scope: Scope
    version: str
    is_compared: bool
    actor: str


def scope_of(db: Connection, subject: UUID, since: date | None) -> Scope:
    """`subject`: of an org or a batch. Raises NotFound, or ConfigError for a batch that has read nothing itself."""
    if rows.is_org(db, subject):
        return Scope(subject, None, since)
    kind = rows.kind_of_batch(db, subject)
    if kind is None:
        raise NotFound(f"no org and no batch {subject}; senso orgs and senso status list them")
    if kind == BatchKind.NETWORK:
        raise ConfigError(f"batch {subject} only asked for its network; name an org of it, or an org's batch")
    if since is not None:
        raise ConfigError("--since is for an org: a batch is of one day")
    return Scope(None, subject)


@dataclass(frozen=True, slots=True)
class Estimate(Foreseen):
    """`cost_microusd`: about; None: the price of the model is not known."""

    model: Model
    cost_microusd: int | None


def foresee(scope: Scope) -> Estimate:
    with looking() as db:
        found = rows.foreseen(db, scope)
        model = reading_models.readers(db)[0].model
    each = cost_microusd(model.price, assumed_usage(Purpose.REREAD, model.price, by_job=False))
    cost = None if each is None else each * found.answers
    return Estimate(found.batches, found.answers, found.characters, model, cost)


def begin(order: Order) -> tuple[Reevaluation, bool]:
    """The order, and whether an open one is gone on with. Raises ConfigError where another one is open."""
    prompt_versions.require_known(order.version)
    return retry_on_deadlock(partial(begin_within, order=order))


def begin_within(db: Connection, order: Order) -> tuple[Reevaluation, bool]:
    made = uuid4()
    new = rows.insert(db, made, order.scope, version=order.version, is_compared=order.is_compared, actor=order.actor)
    if new:
        found = rows.load(db, made)
        tell(db, found, order.actor, "opened")
        return found, False
    open_one = rows.find_open(db, order.scope)
    if open_one is None:  # it has ended since
        raise ConfigError("the one that was open has just ended; say it again")
    require_same(open_one, order)
    return open_one, True


def require_same(found: Reevaluation, order: Order) -> None:
    wanted = (order.version, order.is_compared, order.scope.since)
    if (found.prompt_version, found.is_compared, found.since) != wanted:
        raise ConfigError(
            f"one is open that was begun with{options(found)} on {found.created_at:%Y-%m-%d}: go on with it by the "
            "same options, or end it with --cancel"
        )


def options(found: Reevaluation) -> str:
    since = f" --since {found.since}" if found.since else ""
    return f" --prompt {found.prompt_version}{' --compare' if found.is_compared else ''}{since}"


def tell(db: Connection, found: Reevaluation, actor: str, outcome: str) -> None:
    """In the audit, without a batch: that is for what changes its numbers."""
    triggers.audit(
        db,
        Action.REEVALUATE,
        actor,
        Concerns(None if found.batch_id is None else owners.of_batch(db, found.batch_id), found.org_id),
        subject=found.subject,
        outcome=outcome,
        reevaluation=found.id,
        prompt=found.prompt_version,
        compare=found.is_compared,
        since=found.since,
    )


def plan(of: Reevaluation) -> Reevaluation:
    """Writes its rows, a few batches a transaction."""
    while retry_on_deadlock(partial(rows.plan_some, of=of)):
        pass
    with transaction() as db:
        return rows.load(db, of.id)


def cancel(scope: Scope, actor: str) -> Reevaluation:
    """Ends the open one. What was read of it counts for nothing. Raises NotFound if none is open."""

    def change(db: Connection) -> Reevaluation:
        found = rows.find_open(db, scope)
        if found is None or not rows.end(db, found.id, ReevaluationState.CANCELLED):
            raise NotFound("none is open: there is nothing to end")
        tell(db, found, actor, "cancelled")
        return rows.load(db, found.id)

    return retry_on_deadlock(change)


def apply_compared(scope: Scope, actor: str) -> Reevaluation:
    """Opens the latest one, which was only compared, so that what it read counts. Raises ConfigError."""

    def change(db: Connection) -> Reevaluation:
        found = rows.find_latest(db, scope)
        if found is None or found.state is not ReevaluationState.COMPARED or not rows.apply_compared(db, found.id):
            raise ConfigError("the latest one was not a comparison that has ended: read with --compare first")
        opened = rows.load(db, found.id)
        tell(db, opened, actor, "applied")
        return opened

    return retry_on_deadlock(change)


@contextmanager
def alone(of: Reevaluation) -> Iterator[None]:
    """While the block runs, no other process works on it: a lock of a session, which ends with its process.

    What a process that was killed had in hand is taken back. Raises ConfigError if another one is at it.
    """
    own = connect(supplied.database().url, pool_size=1)
    try:
        with own.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
            if not rows.lock(session, of.id):
                raise ConfigError("another process is at work on it: wait until it has ended")
            with transaction() as db:
                rereadings.take_back(db, of.id, POLICY)
            yield
            with suppress(DBAPIError):  # the server was restarted meanwhile, and the lock ended then
                rows.unlock(session, of.id)
    finally:
        own.dispose()
