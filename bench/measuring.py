"""Measures the cost of a piece of work, from the first batch queued to the last one ended."""

import os
import time
from dataclasses import dataclass, field

import counters
import processes
from processes import Peak
from product import Product
from stand import Ground, ids

IDLE_SECONDS = 12


@dataclass
class Measured:
    """Figures of one case. CPU is in milliseconds per run, by kind of process; idle CPU in milliseconds per second."""

    case: str
    runs: int
    seconds: float
    load_average: float
    states: dict[str, int]
    finished_by: dict[str, int]
    cpu_ms: dict[str, float]
    idle_cpu_ms: dict[str, float]
    peak_bytes: int
    peak_kinds: dict[str, int]
    redis_peak_bytes: int
    transactions: float
    idle_transactions: float
    log_bytes: float
    redis_commands: float
    redis_top: dict[str, float]
    provider_calls: dict[str, int]
    start_seconds: float
    repairs: dict[str, int]
    twice: int  # calls made more than once for one run and purpose
    statements: float = 0
    statements_top: dict[str, float] = field(default_factory=dict)
    bare: dict[str, float] = field(default_factory=dict)
    textbook: dict[str, float] = field(default_factory=dict)  # empty unless the case uses direct models

    @property
    def rate(self) -> float:
        return self.runs / self.seconds

    @property
    def ours_ms(self) -> float:
        return processes.ours(self.cpu_ms)


SPAN = """SELECT extract(epoch FROM max(ended_at) - min(queued_at))::float, sum(planned)::int
    FROM batches WHERE id = ANY(%s::uuid[])"""
REPAIRS = "SELECT kind, sum(count)::int FROM repairs GROUP BY kind"
TWICE = """SELECT coalesce(sum(n - 1), 0)::int FROM (SELECT count(*) AS n FROM llm_calls
    WHERE batch_id = ANY(%s::uuid[]) AND run_id IS NOT NULL GROUP BY run_id, purpose) AS calls"""
ENDS = "SELECT {0}, count(*) FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY {0}"


def longest(orgs: int) -> float:
    """Seconds after which a benchmark gives up. An org takes 0.7 s on two otherwise idle cores."""
    return 900 + 4 * orgs


def idle(running: Product, of: processes.Roots) -> tuple[processes.Seconds, float]:
    """CPU and transactions per second of an idle product: periodic tasks, heartbeats and events."""
    time.sleep(counters.HAND_IN_SECONDS)
    before, used = counters.counts(running), processes.cpu(of)
    time.sleep(IDLE_SECONDS)
    spent = processes.spent(used, processes.cpu(of))
    counted = counters.counts(running).since(before)
    return {kind: value / IDLE_SECONDS for kind, value in spent.items()}, counted.transactions / IDLE_SECONDS


def measure(ground: Ground) -> Measured:
    """Measures from the first batch queued to the last one ended and pushed. CPU includes pushes, seconds do not."""
    running, work, of = ground.running, ground.work, ground.of
    idle_cpu, idle_transactions = idle(running, of)
    peak, asked = Peak(), ground.calls()
    commands, before, used = counters.redis_commands(running), counters.counts(running), processes.cpu(of)
    with processes.watched(lambda: peak.look(of)):
        triggering = time.process_time()
        batches = running.trigger(ids(work.measured))
        triggering = time.process_time() - triggering
        running.wait(batches, longest(work.orgs))
    spent = processes.spent(used, processes.cpu(of)) | {"trigger": triggering}
    load = os.getloadavg()[0]
    asked = {what: count - asked.get(what, 0) for what, count in ground.calls().items()}
    redis = counters.redis_commands(running) - commands
    batch_ids = [str(batch) for batch in batches]
    ((seconds, runs),) = running.query(SPAN, batch_ids)
    time.sleep(counters.HAND_IN_SECONDS)
    counted = counters.counts(running).since(before)
    extra = idle_transactions * counters.HAND_IN_SECONDS
    return Measured(
        case=work.case.name,
        runs=runs,
        seconds=seconds,
        load_average=load,
        states=dict(running.query(ENDS.format("state"), batch_ids)),
        finished_by=dict(running.query(ENDS.format("finished_by"), batch_ids)),
        cpu_ms={kind: value * 1000 / runs for kind, value in spent.items()},
        idle_cpu_ms={kind: value * 1000 for kind, value in idle_cpu.items()},
        peak_bytes=peak.total,
        peak_kinds=peak.kinds,
        redis_peak_bytes=counters.redis_memory(running),
        transactions=(counted.transactions - extra) / runs,
        idle_transactions=idle_transactions,
        log_bytes=counted.log_bytes / runs,
        redis_commands=sum(redis.values()) / runs,
        redis_top={name: count / runs for name, count in redis.most_common(8)},
        provider_calls=asked,
        start_seconds=running.started_seconds,
        repairs=dict(running.query(REPAIRS)),
        twice=running.query(TWICE, batch_ids)[0][0],
    )
