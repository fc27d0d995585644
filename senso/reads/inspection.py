"""Runs, for an operator who looks into a failure; and the models that can be asked."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.queries.fragments import LOCATION
from senso.states import (
    BatchKind,
    BatchState,
    EvaluationState,
    Honoured,
    QuestionKind,
    RunState,
    Searched,
    Surface,
)


@dataclass(frozen=True, slots=True)
class Run:
    """`location`: country/region/city, as far as given. `sample`: from 0; a question may be asked several times.

    `failures`: at most `senso.policy.Policy.most_failures`.
    """

    id: UUID
    number: int
    batch_id: UUID
    question: str
    question_kind: QuestionKind
    model: str
    provider: str
    surface: Surface
    location: str
    sample: int
    state: RunState
    error: str | None
    failures: int
    fence: int


@dataclass(frozen=True, slots=True)
class ListedRun(Run):
    """`evaluation`: the state of its reading; of a failed one if there is one.

    `tries`: calls that were made for it, for any purpose; each may have cost something.
    `cost_microusd`: of those whose cost is known.
    """

    evaluation: EvaluationState | None
    reason: str | None
    next_at: datetime | None
    tries: int
    cost_microusd: int
    calls_of_unknown_cost: int


RUN_COLUMNS = f"""
    r.id, r.number, r.batch_id, q.text AS question, q.kind AS question_kind, m.slug AS model, m.provider, m.surface,
    {LOCATION} AS location, r.sample, r.state, r.error, r.failures, r.fence
"""
RUN_SOURCES = """
    FROM question_runs r JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN locations l ON l.id = r.location_id
"""
# Its reading; of a failed one if there is one. What others read of its answers is theirs.
READING = f"""
    LEFT JOIN LATERAL (SELECT state, error, next_at FROM evaluations e
        WHERE e.run_id = r.id AND e.batch_id = :batch AND e.is_current
        ORDER BY e.state = '{EvaluationState.FAILED}' DESC LIMIT 1) e ON true
"""
# Of a run `r`, before its page is known.
CHOSEN = """r.number > :after AND (CAST(:state AS text) IS NULL OR r.state = :state)
        AND (CAST(:model AS text) IS NULL OR r.model_id = (SELECT id FROM models WHERE slug = :model))"""
# What the batch asked, or read of a network's answers. The page is chosen first, so that calls are counted only for it;
# and all of the batch before that: with an order and a limit there, Postgres may walk all runs by their numbers.
RUNS = text(f"""
    WITH own AS MATERIALIZED (
        SELECT r.id, r.number, r.state FROM question_runs r WHERE r.batch_id = :batch AND {CHOSEN}
        UNION ALL
        SELECT r.id, r.number, r.state FROM question_runs r
        WHERE r.id IN (SELECT run_id FROM evaluations WHERE batch_id = :batch) AND {CHOSEN}
            AND (SELECT kind FROM batches WHERE id = :batch) = '{BatchKind.NETWORK_ORG}'
    ), page AS MATERIALIZED (
        SELECT r.id, e.state AS evaluation, e.error, e.next_at FROM (
            SELECT * FROM own ORDER BY number LIMIT CASE WHEN NOT :failed THEN CAST(:most AS bigint) END) r {READING}
        WHERE NOT :failed OR r.state = '{RunState.FAILED}' OR e.state = '{EvaluationState.FAILED}'
        ORDER BY r.number LIMIT :most
    )
    SELECT {RUN_COLUMNS}, page.evaluation, coalesce(r.error, page.error) AS reason,
        coalesce(r.next_at, page.next_at) AS next_at, calls.tries, calls.cost_microusd,
        calls.unknown_cost AS calls_of_unknown_cost
    {RUN_SOURCES} JOIN page ON page.id = r.id
        LEFT JOIN LATERAL (SELECT count(*) AS tries, coalesce(sum(c.cost_microusd), 0)::bigint AS cost_microusd,
            count(*) FILTER (WHERE c.cost_microusd IS NULL) AS unknown_cost
            FROM llm_calls c WHERE c.run_id = r.id AND c.batch_id = :batch) calls ON true
    ORDER BY r.number
""")


@dataclass(frozen=True, slots=True)
class RunFilters:
    """All that are set must hold. `model`: its slug. `failed`: not answered, or not read."""

    state: RunState | None = None
    model: str | None = None
    failed: bool = False


def runs(
    db: Connection, batch: UUID, filters: RunFilters, *, after: int = 0, most: int | None = None
) -> list[ListedRun]:
    """By number, those above `after`, at most `most`."""
    values = {"batch": batch, "after": after, "most": most}
    values |= {"state": filters.state, "model": filters.model, "failed": filters.failed}
    return each(ListedRun, db.execute(RUNS, values))


@dataclass(frozen=True, slots=True)
class RunAlone(Run):
    """All that the run's own row says, and the batch and org that it belongs to."""

    batch_kind: BatchKind
    batch_date: date
    batch_state: BatchState
    episode: int
    org: str | None
    org_id: UUID | None
    network: str | None
    network_id: UUID | None
    answer_text: str | None
    answered_at: datetime | None
    model_version: str | None
    reported_country: str | None
    searched: Searched | None
    queries: list[str] | None
    location_honoured: Honoured | None
    other_model: str | None
    vendor_id: str | None
    reply: dict[str, Any] | None
    sent_at: datetime | None
    next_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    snapshot_id: UUID | None
    is_latest: bool
    cost_microusd: int
    calls_of_unknown_cost: int


RUN = f"""
    SELECT {RUN_COLUMNS}, b.kind AS batch_kind, b.batch_date, b.state AS batch_state, b.episode, o.name AS org,
        b.org_id, n.name AS network, b.network_id, r.answer_text, r.answered_at, r.model_version,
        r.reported_country, r.searched, r.queries, r.location_honoured, r.other_model, r.vendor_id, r.reply,
        r.sent_at, r.next_at, r.lease_owner, r.lease_until, r.snapshot_id, r.is_latest,
        (SELECT coalesce(sum(cost_microusd), 0)::bigint FROM llm_calls WHERE run_id = r.id) AS cost_microusd,
        (SELECT count(*) FROM llm_calls WHERE run_id = r.id AND cost_microusd IS NULL) AS calls_of_unknown_cost
    {RUN_SOURCES} JOIN batches b ON b.id = r.batch_id LEFT JOIN orgs o ON o.id = b.org_id
        LEFT JOIN networks n ON n.id = b.network_id
"""
RUN_BY_ID = text(RUN + " WHERE r.id = :id")
RUN_BY_NUMBER = text(RUN + " WHERE r.number = :number")


def run(db: Connection, wanted: UUID | int) -> RunAlone | None:
    """By its id, or by the number that lists show and vendors receive."""
    by_id = isinstance(wanted, UUID)
    found = db.execute(RUN_BY_ID, {"id": wanted}) if by_id else db.execute(RUN_BY_NUMBER, {"number": wanted})
    return first(RunAlone, found)


@dataclass(frozen=True, slots=True)
class Model:
    """`name`: the provider's own name for it. Properties as in the table, with `source` and `read_on`."""

    slug: str
    provider: str
    name: str
    surface: Surface
    deadline_seconds: int
    parameters: dict[str, Any] | None
    prices: dict[str, Any] | None
    retirement: dict[str, Any] | None


MODELS = text("""
    SELECT slug, provider, name, surface, deadline_seconds, parameters, prices, retirement FROM models
    ORDER BY surface DESC, slug
""")


def models(db: Connection) -> list[Model]:
    return each(Model, db.execute(MODELS))
