"""The periodic tasks. Each reads rows and sends what is due; concurrent or missed runs do no harm."""

import threading

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import batches, deliveries, outbox, sessions
from senso.settings import clock, settings
from senso.tasks import canvas
from senso.tasks.periodic_task import periodic
from senso.weekly import DUE_HOUR
from senso.worker.queues import CALL_QUEUES
from senso.workflows import breakers, ceilings, domains, pruning, reconciling, recovery, scheduling, totals
from senso.workflows.vendor_jobs import polling
from senso.workflows.webhooks import announcing

polling_now = threading.Lock()
PRUNING_SECONDS = 5


@periodic("admit")
def admit(**_: object) -> None:
    with transaction() as db:
        batches.admit(db, settings().max_running_batches)


@periodic("relay")
def relay(**_: object) -> None:
    recovery.relay(canvas)


@periodic("due")
def due(**_: object) -> None:
    ceilings.lift_all(settings().max_daily_microusd)
    recovery.send_due(canvas)
    breakers.record()


@periodic("poll")
def poll(**_: object) -> None:
    """One poll at a time in a process."""
    if polling_now.acquire(blocking=False):
        try:
            polling.poll_rounds(canvas)
        finally:
            polling_now.release()


@periodic("reap")
def reap(**_: object) -> None:
    recovery.reap(canvas, CALL_QUEUES)


@periodic("sweep")
def sweep_all(**_: object) -> None:
    ceilings.adopt()
    recovery.repair(CALL_QUEUES)
    with transaction() as db:
        announcing.expire_blocked(db, clock().date(), settings().network_history_days)
        outbox.prune(db)
        deliveries.prune(db, POLICY)
        sessions.forget(db)
    recovery.relay(canvas)
    recovery.send_due(canvas)


@periodic("prune")
def prune(**_: object) -> None:
    """A few seconds of it; the next tick goes on."""
    days = settings().prune_after
    if days is not None:
        pruning.prune(pruning.limits(days, clock().date(), settings().network_history_days), PRUNING_SECONDS)


@periodic("count")
def count(**_: object) -> None:
    totals.count()
    totals.keep_backlog()


@periodic("classify")
def classify(**_: object) -> None:
    """A message for one call, made by a call worker; how often this tick comes bounds what it may cost."""
    if domains.any_waiting():
        canvas.send_all([canvas.task("classify_domains")])


@periodic("due_orgs")
def due_orgs(hour: int = DUE_HOUR, **_: object) -> None:
    scheduling.open_due_orgs(clock(), hour, settings().credits_per_evaluation)


@periodic("reconcile")
def reconcile(hour: int = reconciling.HOUR, **_: object) -> None:
    """Once a day, from `hour` UTC."""
    now = clock()
    if now.hour >= hour:
        reconciling.reconcile_daily(now.date())
