"""What beat calls. A tick looks at rows and sends what is due; two at once, or one too few, do no harm."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from senso import redis_server
from senso.db import Connection, transaction
from senso.errors import SensoError
from senso.log import logger
from senso.matrix import DUE_HOUR, batch_id, due_date, is_due
from senso.policy import POLICY
from senso.queries import batches, outbox, pushes, schedule, submissions, sweep, triggers, vendor_jobs, workers
from senso.queries.schedule import Candidate
from senso.queries.vendor_jobs import SnapshotWork
from senso.queries.workers import Due
from senso.settings import clock, settings
from senso.states import BatchKind
from senso.tasks.abandon import cancel_due
from senso.tasks.collect import look_at
from senso.tasks.pipelines import send, send_each, send_handfuls
from senso.tasks.process import heart
from senso.tasks.queues import CALL_QUEUES
from senso.tasks.ticking import tick
from senso.tasks.trigger import By, Terms, trigger_within

log = logger(__name__)
LOOKERS = 16
polling = threading.Lock()
STEADY_SECONDS = 15
# For so long after a process died or Postgres came back, messages that ended with it are looked for at every look.
LOOKING_SECONDS = 120
ROUNDS = 20


@tick("admit")
def admit(**_: object) -> None:
    with transaction() as db:
        batches.admit(db, settings().max_running_batches)


@tick("relay")
def relay(**_: object) -> None:
    """The safety net of every publish: sends what is due and still unpublished."""
    with transaction() as db:
        intents = outbox.take_due(db)
    send(intents)
    with transaction() as db:
        overdue = pushes.due(db)
    if overdue and not are_waiting(("push",)):
        send_each("push", overdue)


@tick("due")
def due(**_: object) -> None:
    """Runs and evaluations whose time for another try has come."""
    with transaction() as db:
        to_ask, to_read = workers.due(db, POLICY)
    send_due("read", to_ask)
    send_due("extract", to_read)


def send_due(name: str, found: Sequence[Due]) -> None:
    """What has failed before goes by itself: a worker may have died of it, and would die of the same handful again."""
    send_handfuls(name, [one.run_id for one in found if not one.failures])
    send_each(name, [one.run_id for one in found if one.failures])


@tick("poll")
def poll(**_: object) -> None:
    """Looks at every job that is due, many at a time; each has its own transaction. One poll at a time in a process."""
    if not polling.acquire(blocking=False):
        return
    try:
        look_at_due()
    finally:
        polling.release()


def look_at_due() -> None:
    with transaction() as db:
        found = vendor_jobs.due(db, POLICY.looks_at_once)
        unsent = submissions.unsubmitted(db, POLICY)
        for work in submissions.hopeless(db, POLICY):
            give_up_submission(db, work)
    send_each("submit_snapshot", unsent)
    if found:
        with ThreadPoolExecutor(min(LOOKERS, len(found)), "look") as pool:
            list(pool.map(look_safely, found))
    cancel_due()


def give_up_submission(db: Connection, work: SnapshotWork) -> None:
    reason, cost = f"{work.provider}: the job could not be submitted", None if work.in_doubt else 0
    vendor_jobs.fail(db, work, reason, cost_microusd=cost, abandoned=work.in_doubt)


def look_safely(work: Any) -> None:
    """One job that cannot be looked at must not keep the others waiting."""
    try:
        look_at(work)
    except Exception as error:  # noqa: BLE001  said in the docstring
        log.warning("a look failed", snapshot=str(work.id), error=type(error).__name__)


@tick("reap")
def reap(**_: object) -> None:
    """Takes back the work of processes that have fallen silent, and sends it again at once.

    After Postgres was away every heartbeat is old: who has just come back himself does not judge others.
    """
    if not heart.steady(STEADY_SECONDS):
        return
    with transaction() as db:
        taken = workers.take_back(db, POLICY)
        given_up = workers.give_up(db, POLICY)
        sweep.count_repairs(db, {f"reaped {kind}": count for kind, count in taken.items()} | {"given up": given_up})
        someone_died = workers.died_lately(db)
    if taken:
        log.warning("took back the work of silent workers", **taken)
    if someone_died or not heart.steady(LOOKING_SECONDS):
        find_lost()
    due()


def find_lost() -> None:
    quiet = quiet_seconds()
    find_all_lost(quiet)
    with transaction() as db:
        sweep.count_repairs(db, sweep.restart_idle(db, quiet))


def find_all_lost(quiet: float) -> dict[str, int]:
    """After Redis was emptied thousands are lost at once. What is found goes out with the tick that sends what is due,
    500 each two seconds, so that more than 10,000 a look would only wait there."""
    total = Counter[str]()
    for _ in range(ROUNDS):
        with transaction() as db:
            found = sweep.find_lost(db, quiet, POLICY.lost_at_once)
            sweep.count_repairs(db, found)
        total.update(found)
        if max(found.values()) < POLICY.lost_at_once:
            break
    return dict(total)


@tick("sweep")
def sweep_all(**_: object) -> None:
    """Part of the normal path: picks up whatever a crash left between two lines, and counts it."""
    repairs = {kind: count for kind, count in find_all_lost(quiet_seconds()).items() if count}
    for look in (
        sweep.expire_leases,
        sweep.recount,
        sweep.finish_left_over,
        lambda db: sweep.restart_idle(db, max(POLICY.idle_seconds, quiet_seconds())),
    ):
        with transaction() as db:
            found = look(db)
            sweep.count_repairs(db, found)
        repairs |= {kind: count for kind, count in found.items() if count}
    with transaction() as db:
        sweep.expire_blocked(db, clock().date())
        outbox.prune(db)
    if repairs:
        log.warning("the sweep repaired", **{kind.replace(" ", "_"): count for kind, count in repairs.items()})
    relay()
    due()


def quiet_seconds() -> float:
    return POLICY.quiet_seconds_while_busy if are_waiting(CALL_QUEUES) else POLICY.quiet_seconds


def are_waiting(queues: tuple[str, ...]) -> bool:
    """Whether messages wait there, among which may be the one that is missed. While Redis is away they may."""
    try:
        return any(redis_server.waiting(queues).values())
    except SensoError:
        return True


@tick("due_orgs")
def due_orgs(hour: int = DUE_HOUR, **_: object) -> None:
    """Each active org on its weekday, from `hour` UTC; a day that was missed is caught up once."""
    now, each = clock(), settings().credits_per_evaluation
    with transaction() as db:
        found = schedule.candidates(db, (now - timedelta(hours=hour)).date())
    for org in found:
        open_due(org, now, hour, Terms(now.date(), each))


def open_due(org: Candidate, now: datetime, hour: int, under: Terms) -> None:
    """The claim commits with the batch: neither is there without the other."""
    if not is_due(org.created_at, org.imported_at, now, hour):
        return
    due_on = due_date(org.created_at, now, hour)
    try:
        with transaction() as db:
            if not schedule.claim(db, org.org_id, due_on):
                return
            schedule.bind(db, org.org_id, due_on, batch_due(db, org.org_id, under))
    except SensoError as error:
        log.warning("a due org could not be triggered", org=str(org.org_id), error=str(error))


def batch_due(db: Connection, org: UUID, under: Terms) -> UUID:
    """The batch of today that somebody cancelled was this day's: whoever wants it again says so."""
    today = batch_id(BatchKind.ORG, org, None, under.today)
    if triggers.cancelled(db, [today]):
        return today
    return trigger_within(db, org, By("beat", "schedule"), under).batch.id
