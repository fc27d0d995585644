"""What has ended, as metrics."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from prometheus_client.core import Metric

from senso.metrics.families import add, add_histogram
from senso.queries.totals import BATCH_BUCKETS, CALL_BUCKETS
from senso.reads.totals import Calls, Totals

OPENAI = "openai"
MICRO = 1_000_000


class Bucket(Protocol):
    @property
    def bucket(self) -> int: ...
    @property
    def counted(self) -> int: ...
    @property
    def milliseconds(self) -> int: ...


Labels = tuple[tuple[str, str], ...]


def tell(found: Mapping[str, Metric], totals: Totals) -> None:
    for call in totals.calls:
        tell_call(found, call)
    tell_openai(found, totals.calls)
    tell_durations(found, totals)
    for one in totals.ended:
        add(found, f"senso_{one.what}_ended_total", one.ended, kind=one.kind, state=one.state)
    for kind, repaired in totals.repairs.items():
        add(found, "senso_repairs_total", repaired, kind=kind)
    if totals.counting is not None:
        add(found, "senso_calls_uncounted", totals.counting.uncounted)
        add(found, "senso_totals_age_seconds", totals.counting.age_seconds)
        add(found, "senso_cost_today_dollars", totals.counting.cost_today_microusd / MICRO)


def tell_call(found: Mapping[str, Metric], call: Calls) -> None:
    of = {"provider": call.provider, "model": call.model, "purpose": call.purpose}
    add(found, "senso_calls_total", call.calls, **of, outcome=call.outcome)
    add(found, "senso_call_cost_dollars_total", call.cost_microusd / MICRO, **of, outcome=call.outcome)
    add(found, "senso_calls_of_unknown_cost_total", call.unknown_cost, **of, outcome=call.outcome)


def tell_openai(found: Mapping[str, Metric], calls: Iterable[Calls]) -> None:
    """And the tokens, which are sums over outcomes too."""
    requests: dict[tuple[str, str], int] = defaultdict(int)
    tokens: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for call in calls:
        for kind, count in (("in", call.tokens_in), ("cached", call.tokens_cached), ("out", call.tokens_out)):
            tokens[call.provider, call.model, call.purpose, kind] += count
        if call.provider == OPENAI:
            requests[call.model, call.outcome] += call.calls
    for (provider, model, purpose, kind), count in tokens.items():
        add(found, "senso_call_tokens_total", count, provider=provider, model=model, purpose=purpose, type=kind)
    for (model, outcome), count in requests.items():
        add(found, "senso_openai_requests_total", count, model=model, status=outcome)


def tell_durations(found: Mapping[str, Metric], totals: Totals) -> None:
    calls = [
        ((("provider", one.provider), ("model", one.model), ("purpose", one.purpose)), one)
        for one in totals.call_durations
    ]
    openai = [((("model", one.model),), one) for one in totals.call_durations if one.provider == OPENAI]
    batches = [((("workflow", one.kind),), one) for one in totals.batch_durations]
    tell_histogram(found, "senso_call_duration_seconds", CALL_BUCKETS, calls)
    tell_histogram(found, "senso_openai_request_duration_seconds", CALL_BUCKETS, openai)
    tell_histogram(found, "senso_workflow_duration_seconds", BATCH_BUCKETS, batches)


def tell_histogram(
    found: Mapping[str, Metric], name: str, bounds: tuple[int, ...], buckets: Iterable[tuple[Labels, Bucket]]
) -> None:
    counts: dict[Labels, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    milliseconds: dict[Labels, int] = defaultdict(int)
    for labels, one in buckets:
        counts[labels][one.bucket] += one.counted
        milliseconds[labels] += one.milliseconds
    for labels, by_place in counts.items():
        add_histogram(found, name, by_place, bounds, milliseconds[labels], **dict(labels))
