"""The totals of what has ended, as the metrics show them: their size does not grow with the number of runs."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from senso.db.typed import each, first

CALLS = text("""
    SELECT provider, model, purpose, outcome, calls, tokens_in, tokens_cached, tokens_out, cost_microusd, unknown_cost
    FROM call_totals ORDER BY provider, model, purpose, outcome
""")
CALL_DURATIONS = text("""
    SELECT provider, model, purpose, bucket, calls AS counted, milliseconds FROM call_durations
    ORDER BY provider, model, purpose, bucket
""")
BATCH_DURATIONS = text("SELECT kind, bucket, batches AS counted, milliseconds FROM batch_durations ORDER BY 1, 2")
ENDED = text("SELECT what, kind, state, ended FROM ended_totals ORDER BY what, kind, state")
REPAIRS = text("SELECT kind, repaired FROM repair_totals ORDER BY kind")
COUNTING = text("""
    SELECT uncounted, extract(epoch FROM now() - coalesce(counted_at, began_at))::float AS age_seconds,
        coalesce((SELECT cost_microusd FROM day_costs WHERE day = (now() AT TIME ZONE 'UTC')::date), 0)
            AS cost_today_microusd
    FROM counting
""")


@dataclass(frozen=True, slots=True)
class Calls:
    provider: str
    model: str
    purpose: str
    outcome: str
    calls: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost_microusd: int
    unknown_cost: int


@dataclass(frozen=True, slots=True)
class CallDurations:
    """One bucket: see `senso.tables.totals`."""

    provider: str
    model: str
    purpose: str
    bucket: int
    counted: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class BatchDurations:
    kind: str
    bucket: int
    counted: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Ended:
    what: str
    kind: str
    state: str
    ended: int


@dataclass(frozen=True, slots=True)
class Counting:
    """`age_seconds`: since all was counted that could be. `cost_today_microusd`: of the day in UTC."""

    uncounted: int
    age_seconds: float
    cost_today_microusd: int


@dataclass(frozen=True, slots=True)
class Totals:
    calls: list[Calls]
    call_durations: list[CallDurations]
    batch_durations: list[BatchDurations]
    ended: list[Ended]
    repairs: dict[str, int]
    counting: Counting | None


def totals(db: Connection) -> Totals:
    return Totals(
        each(Calls, db.execute(CALLS)),
        each(CallDurations, db.execute(CALL_DURATIONS)),
        each(BatchDurations, db.execute(BATCH_DURATIONS)),
        each(Ended, db.execute(ENDED)),
        {one.kind: one.repaired for one in db.execute(REPAIRS)},
        first(Counting, db.execute(COUNTING)),
    )
