"""The metrics by name: type, labels and help text of each. Names follow the conventions of Prometheus.

A family without samples is shown too, with its help text: what is not known now is still a metric.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Kind = Literal["counter", "gauge", "histogram"]
FAMILIES: Final[dict[Kind, Callable[..., Metric]]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}
OF_MODEL: Final = ("provider", "model")
OF_CALL: Final = (*OF_MODEL, "purpose")


@dataclass(frozen=True, slots=True)
class Declared:
    """`name`: as the samples have it, so a counter ends with _total, and a histogram has _bucket, _count and _sum."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str

    def empty(self) -> Metric:
        return FAMILIES[self.kind](self.name.removesuffix("_total"), self.help, labels=self.labels)


def counter(name: str, labels: tuple[str, ...], said: str) -> Declared:
    return Declared(name, "counter", labels, said)


def gauge(name: str, labels: tuple[str, ...], said: str) -> Declared:
    return Declared(name, "gauge", labels, said)


def histogram(name: str, labels: tuple[str, ...], said: str) -> Declared:
    return Declared(name, "histogram", labels, said)


DECLARED: Final = (
    gauge("senso_up", ("part",), "1 if this part could be read for this scrape, else 0"),
    gauge("senso_look_seconds", ("part",), "How long it took to read this part for this scrape"),
    gauge("senso_batches", ("state",), "Batches that are queued, running or blocked for want of credits"),
    counter("senso_batches_ended_total", ("kind", "state"), "Batches that ended; one that is retried ends again"),
    gauge("senso_runs", ("state",), "Question runs that are planned or being asked"),
    counter("senso_runs_ended_total", ("kind", "state"), "Question runs of batches that ended"),
    gauge("senso_evaluations", ("state",), "Readings of answers that are pending or being extracted"),
    counter("senso_evaluations_ended_total", ("kind", "state"), "Readings of answers of batches that ended"),
    gauge("senso_oldest_waiting_seconds", ("stage",), "How long the one that has waited longest for a stage waits"),
    histogram(
        "senso_workflow_duration_seconds",
        ("workflow",),
        "From the trigger of a batch to its end (completed, partial or failed), by kind of batch",
    ),
    gauge("senso_vendor_jobs", ("provider", "kind", "state"), "Jobs that a vendor works on or is about to get"),
    counter("senso_calls_total", (*OF_CALL, "outcome"), "Paid calls that reported back, and those that never did"),
    counter("senso_call_tokens_total", (*OF_CALL, "type"), "Tokens of calls: in, cached (a part of those in), out"),
    counter("senso_call_cost_dollars_total", (*OF_CALL, "outcome"), "Cost of calls in dollars, as far as it is known"),
    counter("senso_calls_of_unknown_cost_total", (*OF_CALL, "outcome"), "Calls whose cost is not known"),
    histogram("senso_call_duration_seconds", OF_CALL, "Time from the start of a call to its result"),
    gauge("senso_calls_uncounted", (), "Calls that are in no counter yet: without a report, or of an open vendor job"),
    counter("senso_openai_requests_total", ("model", "status"), "Calls of OpenAI's models, by outcome"),
    histogram("senso_openai_request_duration_seconds", ("model",), "Time that calls of OpenAI's models took"),
    gauge("senso_cost_today_dollars", (), "Cost of the calls that began on this day in UTC and are counted"),
    gauge("senso_cost_ceiling_dollars", (), "MAX_DAILY_COST; no sample if it is not set"),
    gauge("senso_cost_stops", ("scope",), "Cost ceilings that were reached today: of all, or of a partner"),
    gauge("senso_pauses", ("scope",), "What an operator has paused"),
    gauge("senso_calls_in_flight", OF_MODEL, "Calls of a model that are under way now"),
    gauge("senso_calls_in_flight_limit", OF_MODEL, "How many calls of a model may be under way now"),
    gauge("senso_limit_requests_used", OF_MODEL, "Requests to a model in the last 60 seconds"),
    gauge("senso_limit_tokens_used", OF_MODEL, "Tokens of a model in the last 60 seconds, reserved ones included"),
    counter("senso_limit_waits_total", OF_MODEL, "How often work had to wait for a limit of a model"),
    counter("senso_limit_wait_seconds_total", OF_MODEL, "How long work has waited for a limit of a model"),
    gauge("senso_breaker_state", (*OF_MODEL, "state"), "1 for the state that the breaker of a model is in, else 0"),
    counter("senso_repairs_total", ("kind",), "What the sweep and the reaper repaired"),
    gauge("senso_queue_messages", ("queue",), "Messages that wait in a queue"),
    gauge("senso_unacked_messages", (), "Messages that a worker has received and not acknowledged"),
    gauge("senso_outbox_messages", ("state",), "Messages not sent yet: due, or to be sent later if nobody does before"),
    gauge("senso_outbox_due_seconds", (), "How long the oldest message of the outbox has been due"),
    gauge("senso_pushes", ("status",), "Results that your application has not got: pending, or given up as failed"),
    gauge("senso_ledger_differences", (), "Differences that the last reconciliation of the ledger found"),
    gauge("senso_reconciliation_age_seconds", (), "Time since the last reconciliation of the ledger"),
    gauge("senso_partner_credits", ("partner", "name"), "Available credits of the 50 metered partners with the fewest"),
    gauge("senso_workers_alive", ("kind",), "Workers with a recent heartbeat, by kind"),
    gauge("senso_workers_started", (), "Workers that started in the last 15 minutes"),
    gauge("senso_worker_resident_memory_bytes", ("worker", "kind"), "Memory of a worker at its last heartbeat"),
    counter("senso_worker_cpu_seconds_total", ("worker", "kind"), "CPU time of a worker since its start"),
    gauge("senso_beat_tick_age_seconds", (), "Time since beat sent a tick"),
    gauge("senso_totals_age_seconds", (), "Time since a control worker last added all that had ended to the counters"),
)


def empty() -> dict[str, Metric]:
    """Every family by name, without samples."""
    return {declared.name: declared.empty() for declared in DECLARED}


def add(found: Mapping[str, Metric], name: str, value: float | None, /, **labels: str) -> None:
    """Adds a sample to the family; none if the value is not known."""
    if value is not None:
        family = found[name]
        family.add_sample(name, labels, value)


def add_histogram(
    found: Mapping[str, Metric],
    name: str,
    counts: Mapping[int, int],
    bounds: tuple[int, ...],
    total_ms: int,
    /,
    **labels: str,
) -> None:
    """`counts`: by place, 0 to the number of bounds. `bounds`: in milliseconds."""
    for le, upto in cumulative(counts, bounds):
        found[name].add_sample(f"{name}_bucket", {**labels, "le": le}, upto)
    found[name].add_sample(f"{name}_count", labels, sum(counts.values()))
    found[name].add_sample(f"{name}_sum", labels, total_ms / 1000)


def cumulative(counts: Mapping[int, int], bounds: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    upto = 0
    for place, bound in enumerate((*map(str, (bound / 1000 for bound in bounds)), "+Inf")):
        upto += counts.get(place, 0)
        yield bound, upto
