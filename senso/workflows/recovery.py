"""Automatic recovery: work of dead processes, lost messages, due retries, batches that were not finished.

Each function reads rows and sends what is due; concurrent or missed calls do no harm.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from senso import redis_access
from senso.db import Connection, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.policy import POLICY
from senso.queries import deliveries, members, outbox, pushes, runs, sweep, workers
from senso.queries.outbox import Intent, Pipeline, enqueue_later
from senso.queries.workers import Due
from senso.runtime.heartbeat import heartbeat
from senso.workflows import reading_models

log = logger(__name__)
STEADY_SECONDS = 15
# For this long after a process died or Postgres came back, every reap also looks for lost messages.
LOOKING_SECONDS = 120
ROUNDS = 20


class Sender(Protocol):
    """Sends messages: see `senso.tasks.canvas`. `name`: of the task."""

    def send(self, intents: Sequence[Intent]) -> int: ...
    def send_each(self, name: str, ids: Sequence[Any]) -> None: ...
    def send_groups(self, name: str, ids: Sequence[Any]) -> None: ...


def relay(sender: Sender) -> None:
    """The fallback for every publish: sends what is due and unpublished, and overdue pushes and deliveries."""
    with transaction() as db:
        intents = outbox.take_due(db)
    sender.send(intents)
    with transaction() as db:
        overdue, undelivered = pushes.due(db), deliveries.due(db, POLICY)
    if (overdue or undelivered) and not are_waiting(("push",)):
        sender.send_each("push", overdue)
        sender.send_each("deliver", undelivered)


def send_due(sender: Sender) -> None:
    """Sends runs and evaluations whose next try is due."""
    with transaction() as db:
        to_ask, to_extract = workers.due(db, POLICY, reading_models.readers_if_right(db))
        hand_out_more(db, [one.run_id for one in to_ask])
    send_all_due(sender, "read", to_ask)
    send_all_due(sender, "extract", to_extract)


def hand_out_more(db: Connection, due: Sequence[UUID]) -> None:
    """No chord follows the messages of runs that have waited: their places in the window are given on by a row."""
    for batch, remaining in runs.with_unsent(db, due) if due else ():
        enqueue_later(
            db, Pipeline.ASK, batch, remaining, ids=[batch], batch=batch, seconds=POLICY.hand_out_more_seconds
        )


def send_all_due(sender: Sender, name: str, found: Sequence[Due]) -> None:
    """A run that has failed before is sent alone: it may have killed its worker, and would do so with a group."""
    alone = dict.fromkeys(one.run_id for one in found if one.failures)
    sender.send_groups(name, list(dict.fromkeys(one.run_id for one in found if one.run_id not in alone)))
    sender.send_each(name, list(alone))


def reap(sender: Sender, queues: Sequence[str]) -> None:
    """Takes back the work of processes without a heartbeat, and resends it at once. `queues`: the call queues.

    After an outage of Postgres every heartbeat is old: a worker that has just reconnected must not reap.
    """
    if not heartbeat.steady(STEADY_SECONDS):
        return
    with transaction() as db:
        taken = workers.take_back(db, POLICY)
        given_up = workers.give_up(db, POLICY)
        sweep.count_repairs(db, {f"reaped {kind}": count for kind, count in taken.items()} | {"given up": given_up})
        someone_died = workers.died_lately(db)
    if taken:
        log.warning("took back the work of silent workers", **taken)
    if someone_died or not heartbeat.steady(LOOKING_SECONDS):
        find_lost(queues)
    send_due(sender)


def find_lost(queues: Sequence[str]) -> None:
    quiet = quiet_seconds(queues)
    find_all_lost_messages(quiet)
    with transaction() as db:
        sweep.count_repairs(db, sweep.restart_idle(db, quiet))


def find_all_lost_messages(quiet: float) -> dict[str, int]:
    """Repeats the search: when Redis was emptied, thousands of messages are lost at once.

    The tick for due work sends what is found, 500 every two seconds: more than 10,000 a call would only wait there.
    """
    total = Counter[str]()
    for _ in range(ROUNDS):
        with transaction() as db:
            found = sweep.find_lost(db, quiet, POLICY.lost_at_once, reading_models.readers_if_right(db))
            sweep.count_repairs(db, found)
        total.update(found)
        if max(found.values()) < POLICY.lost_at_once:
            break
    return dict(total)


def repair(queues: Sequence[str]) -> None:
    """The sweep, a part of normal operation: repairs what a crash left half-done, and counts the repairs."""
    quiet = quiet_seconds(queues)
    repairs = {kind: count for kind, count in find_all_lost_messages(quiet).items() if count}
    for look in looks(quiet):
        repairs |= counted(look)
    if repairs:
        log.warning("the sweep repaired", **{kind.replace(" ", "_"): count for kind, count in repairs.items()})


Look = Callable[[Connection], dict[str, int]]


def looks(quiet: float) -> tuple[Look, ...]:
    return (
        sweep.expire_leases,
        sweep.recount,
        sweep.finish_left_over,
        lambda db: sweep.restart_idle(db, max(POLICY.idle_seconds, quiet)),
        lambda db: members.open_later(db, POLICY.idle_seconds),
        members.end_of_those_who_left,
    )


def counted(look: Look) -> dict[str, int]:
    """The repairs of one look, in its own transaction."""
    with transaction() as db:
        found = look(db)
        sweep.count_repairs(db, found)
    return {kind: count for kind, count in found.items() if count}


def quiet_seconds(queues: Sequence[str]) -> float:
    return POLICY.quiet_seconds_while_busy if are_waiting(queues) else POLICY.quiet_seconds


def are_waiting(queues: Sequence[str]) -> bool:
    """Whether messages wait there; a message believed lost may be among them. True while Redis is unreachable."""
    try:
        return any(redis_access.waiting(queues).values())
    except SensoError:
        return True
