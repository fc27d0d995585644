"""How the versions of the reading prompt compare: what each has read lately, and what that cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.numbers.intervals import wilson
from senso.states import EvaluationState, Outcome, Purpose, Sentiment, among

RUNS = 60  # the unit in which costs are told


@dataclass(frozen=True, slots=True)
class Read:
    """Current readings by a version, of answers since a day. `rejected`: of `occurrences`, those that do not count."""

    version: str
    readings: int
    mentioned: int
    positive: int
    negative: int
    neutral: int
    mixed: int
    occurrences: int
    rejected: int
    first_at: datetime
    last_at: datetime


# Ids begin with the day of the run, so that only the rows since then are looked at.
FIRST = "CAST(:first AS uuid)"
READINGS = text(f"""
    SELECT e.prompt_version AS version, count(*) AS readings, count(*) FILTER (WHERE e.mentioned) AS mentioned,
        {", ".join(f"count(*) FILTER (WHERE e.sentiment = '{one}') AS {one}" for one in Sentiment)},
        coalesce(sum(jsonb_array_length(e.occurrences)), 0)::bigint AS occurrences,
        coalesce(sum((SELECT count(*) FROM jsonb_array_elements(e.occurrences) one WHERE NOT (one->>'kept')::bool)), 0)
            ::bigint AS rejected,
        min(e.ended_at) AS first_at, max(e.ended_at) AS last_at
    FROM evaluations e
    WHERE e.id >= {FIRST} AND e.is_current AND e.state = '{EvaluationState.DONE}' AND e.prompt_version IS NOT NULL
    GROUP BY e.prompt_version
""")


# A week may hold millions of readings.
PATIENCE = text("SELECT set_config('statement_timeout', '5min', true)")


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls to read answers of runs since a day; a call that reads for several orgs counts once.

    `shares`: readings that they were for. `unusable`: those whose reply could not be used, or was refused.
    `cost_microusd`: of those of known cost.
    """

    version: str
    calls: int
    shares: int
    runs: int
    unusable: int
    unknown_cost: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost_microusd: int


IS_WHOLE = "(c.shared_id IS NULL OR c.shared_id = c.id)"
CALLS = text(f"""
    SELECT c.prompt_version AS version, count(*) FILTER (WHERE {IS_WHOLE}) AS calls, count(*) AS shares,
        count(DISTINCT c.run_id) AS runs,
        count(*) FILTER (WHERE {IS_WHOLE} AND {among("c.outcome", (Outcome.MALFORMED, Outcome.REFUSED))}) AS unusable,
        count(*) FILTER (WHERE {IS_WHOLE} AND c.cost_microusd IS NULL) AS unknown_cost,
        coalesce(sum(c.tokens_in), 0)::bigint AS tokens_in, coalesce(sum(c.tokens_cached), 0)::bigint AS tokens_cached,
        coalesce(sum(c.tokens_out), 0)::bigint AS tokens_out,
        coalesce(sum(c.cost_microusd), 0)::bigint AS cost_microusd
    FROM llm_calls c
    WHERE c.run_id >= {FIRST} AND {among("c.purpose", (Purpose.READ, Purpose.REREAD))} AND c.prompt_version IS NOT NULL
    GROUP BY c.prompt_version
""")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole with its 95 % interval (Wilson); None: of nothing."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def share(count: int, of: int) -> Share:
    if not of:
        return Share(count, of, None, None, None)
    low, high = wilson(count / of, of)
    return Share(count, of, count / of, low, high)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a version. Tokens and cost: a call; `dollars_per_60_runs`: None where no cost is known."""

    version: str
    readings: int
    first_at: datetime | None
    last_at: datetime | None
    mention_rate: Share
    rejected_occurrences: Share
    sentiment: dict[str, Share]
    calls: int
    unusable_replies: Share
    tokens_in: float | None
    tokens_cached: float | None
    tokens_out: float | None
    dollars_per_60_runs: float | None
    calls_of_unknown_cost: int


def figures(db: Connection, since: date, versions: Sequence[str] = ()) -> list[Figures]:
    """Of all versions that have read something since then, and of those of `versions` that have not."""
    db.execute(PATIENCE)
    first = {"first": UUID(int=int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp() * 1000) << 80)}
    read = {one.version: one for one in each(Read, db.execute(READINGS, first))}
    calls = {one.version: one for one in each(Calls, db.execute(CALLS, first))}
    known = [*versions, *sorted((read.keys() | calls.keys()) - set(versions), reverse=True)]
    return [of_version(name, read.get(name), calls.get(name)) for name in known]


def of_version(name: str, read: Read | None, calls: Calls | None) -> Figures:
    mentioned = read.mentioned if read else 0
    return Figures(
        version=name,
        readings=read.readings if read else 0,
        first_at=read.first_at if read else None,
        last_at=read.last_at if read else None,
        mention_rate=share(mentioned, read.readings if read else 0),
        rejected_occurrences=share(read.rejected, read.occurrences) if read else share(0, 0),
        sentiment={one: share(getattr(read, one) if read else 0, mentioned) for one in Sentiment},
        calls=calls.calls if calls else 0,
        unusable_replies=share(calls.unusable, calls.calls) if calls else share(0, 0),
        tokens_in=a_call(calls, "tokens_in"),
        tokens_cached=a_call(calls, "tokens_cached"),
        tokens_out=a_call(calls, "tokens_out"),
        dollars_per_60_runs=cost(calls),
        calls_of_unknown_cost=calls.unknown_cost if calls else 0,
    )


def a_call(calls: Calls | None, name: str) -> float | None:
    return round(getattr(calls, name) / calls.calls, 1) if calls and calls.calls else None


def cost(calls: Calls | None) -> float | None:
    """An answer may have been called for more than once: all of it is what it cost."""
    if not calls or not calls.runs or calls.unknown_cost == calls.calls:
        return None
    return calls.cost_microusd / calls.runs * RUNS / 1_000_000
