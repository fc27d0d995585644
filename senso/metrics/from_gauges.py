"""What is open at this moment, as metrics."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import Metric

from senso.limits.standings import Standing
from senso.metrics.families import add
from senso.reads.gauges import Gauges, Open, Worker
from senso.reads.stops import Stops
from senso.states import OPEN_BATCHES, OPEN_EVALUATIONS, OPEN_RUNS, BatchState, BreakerState, PushStatus
from senso.worker.queues import KINDS

DUE, LATER = "due", "later"


def tell(found: Mapping[str, Metric], gauges: Gauges) -> None:
    tell_open(found, gauges)
    for stage, seconds in gauges.waiting.items():
        add(found, "senso_oldest_waiting_seconds", seconds, stage=stage)
    due = max((one.oldest_seconds for one in gauges.outbox if one.state == DUE), default=0)
    add(found, "senso_outbox_due_seconds", due)
    for job in gauges.jobs:
        add(found, "senso_vendor_jobs", job.count, provider=job.provider, kind=job.kind, state=job.state)
    for partner in gauges.partners:
        add(found, "senso_partner_credits", partner.credits, partner=partner.id, name=partner.name)
    tell_workers(found, gauges.workers)
    add(found, "senso_workers_started", gauges.started)
    add(found, "senso_beat_tick_age_seconds", gauges.beat_seconds)


def tell_open(found: Mapping[str, Metric], gauges: Gauges) -> None:
    """States without rows are 0, so that an alert can tell none from not known."""
    for name, label, states, rows in (
        ("senso_batches", "state", (*OPEN_BATCHES, BatchState.BLOCKED), gauges.batches),
        ("senso_runs", "state", OPEN_RUNS, gauges.runs),
        ("senso_evaluations", "state", OPEN_EVALUATIONS, gauges.evaluations),
        ("senso_outbox_messages", "state", (DUE, LATER), gauges.outbox),
        ("senso_pushes", "status", (PushStatus.PENDING, PushStatus.FAILED), gauges.pushes),
    ):
        for state, count in counts(states, rows).items():
            add(found, name, count, **{label: state})


def counts(states: Iterable[str], rows: Sequence[Open]) -> dict[str, int]:
    return dict.fromkeys(map(str, states), 0) | {one.state: one.count for one in rows}


def tell_workers(found: Mapping[str, Metric], workers: Sequence[Worker]) -> None:
    alive = Counter(map(kind_of, workers))
    for kind in KINDS:
        add(found, "senso_workers_alive", alive[kind], kind=kind)
    for one in workers:
        add(found, "senso_worker_resident_memory_bytes", one.rss_bytes, worker=one.id, kind=kind_of(one))
        add(found, "senso_worker_cpu_seconds_total", one.cpu_seconds, worker=one.id, kind=kind_of(one))


def kind_of(worker: Worker) -> str:
    """The kind whose queues it consumes; "other" while it starts, and for one that somebody gave its own queues."""
    return next((kind for kind, queues in KINDS.items() if set(queues) <= set(worker.queues)), "other")


def tell_stops(found: Mapping[str, Metric], stops: Stops) -> None:
    for scope in ("all", "provider", "model", "partner"):
        add(found, "senso_pauses", stops.pauses.get(scope, 0), scope=scope)
    for scope in ("all", "partner"):
        add(found, "senso_cost_stops", stops.ceilings.get(scope, 0), scope=scope)
    add(found, "senso_ledger_differences", stops.differences)
    add(found, "senso_reconciliation_age_seconds", stops.age_seconds)


def tell_messages(found: Mapping[str, Metric], waiting: Mapping[str, int], unacknowledged: int) -> None:
    for queue, count in waiting.items():
        add(found, "senso_queue_messages", count, queue=queue)
    add(found, "senso_unacked_messages", unacknowledged)


def tell_limits(found: Mapping[str, Metric], standings: Sequence[Standing]) -> None:
    for one in standings:
        of = {"provider": one.provider, "model": one.model}
        add(found, "senso_calls_in_flight", one.in_flight, **of)
        add(found, "senso_calls_in_flight_limit", one.in_flight_limit, **of)
        add(found, "senso_limit_requests_used", one.requests_used, **of)
        add(found, "senso_limit_tokens_used", one.tokens_used, **of)
        add(found, "senso_limit_waits_total", one.waits, **of)
        add(found, "senso_limit_wait_seconds_total", one.waited_ms / 1000, **of)
        for state in BreakerState:
            add(found, "senso_breaker_state", int(one.breaker == state), **of, state=state)
