"""Vendor jobs: a job collects the answers to several runs. What a job is to the program, and how it is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from senso.db import Link
from senso.db.lease import RELEASED
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.prices import Price, price_of
from senso.providers import Run
from senso.states import EvaluationState, JobState


@dataclass(frozen=True, slots=True)
class JobWork:
    id: UUID
    batch_id: UUID
    provider: str
    model: str
    price: Price | None
    fence: int
    failures: int
    external_id: str | None
    maybe_sent_at: datetime | None
    request_hash: str | None
    grace_over: bool
    late_seconds: float  # after its deadline; negative before it
    age_seconds: float
    run_ids: tuple[UUID, ...]
    runs: tuple[Run, ...]

    @property
    def overdue(self) -> bool:
        return self.late_seconds > 0

    @property
    def in_doubt(self) -> bool:
        return self.maybe_sent_at is not None and self.external_id is None

    def asked(self, number: int) -> tuple[UUID, Run]:
        """The run of that number, with its id."""
        return next(pair for pair in zip(self.run_ids, self.runs, strict=True) if pair[1].number == number)


RUNS = Prepared(f"""
    WITH asked AS (
        SELECT * FROM question_runs r
        WHERE r.snapshot_id = ANY(CAST(:ids AS uuid[])) AND {looked_up("r.state")} IN ('planned', 'asking')
    )
    SELECT r.snapshot_id, r.id, r.number, q.text AS question, m.name AS model, l.country, l.region, l.city
    FROM asked r JOIN questions q ON q.id = ANY(ARRAY(SELECT question_id FROM asked)) AND q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    ORDER BY r.number
""")
COLUMNS = """s.id, s.batch_id, s.provider, (SELECT name FROM models WHERE models.id = s.model_id) AS model,
    (SELECT prices FROM models WHERE models.id = s.model_id) AS price, s.fence, s.failures, s.external_id,
    s.maybe_sent_at, s.request_hash, coalesce(s.grace_until < now(), true) AS grace_over,
    extract(epoch FROM now() - s.deadline)::float AS late_seconds,
    extract(epoch FROM now() - coalesce(s.submitted_at, s.created_at))::float AS age_seconds"""


def with_runs(db: Link, found: Sequence[Mapping[str, Any]]) -> list[JobWork]:
    asked: dict[UUID, list[Mapping[str, Any]]] = {one["id"]: [] for one in found}
    for run in RUNS.rows(db, {"ids": list(asked)}) if asked else ():
        asked[run["snapshot_id"]].append(run)
    return [work_of(one, asked[one["id"]]) for one in found]


def work_of(found: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]) -> JobWork:
    runs = tuple(Run(r["number"], r["question"], r["model"], r["country"], r["region"], r["city"]) for r in listed)
    known = {**found, "price": price_of(found["price"])}
    return JobWork(run_ids=tuple(r["id"] for r in listed), runs=runs, **known)


# What a job that has ended did not read is read by calls.
CLOSE = Prepared(f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[])) AS given(id, fence)
    ),
    closed AS (
        UPDATE vendor_jobs s SET state = :state, error = :error, ended_at = now(), {RELEASED},
            cancel_due_at = CASE WHEN :abandoned THEN now() END,
            maybe_sent_at = CASE WHEN :abandoned OR s.external_id IS NOT NULL THEN s.maybe_sent_at END,
            request_hash = CASE WHEN :abandoned OR s.external_id IS NOT NULL THEN s.request_hash END
        FROM given
        WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.id = given.id AND s.fence = given.fence
            AND {looked_up("s.state")} IN ('submitting', 'running')
        RETURNING s.id
    ),
    unread AS (
        UPDATE evaluations e SET job_id = NULL, next_at = now(), sent_at = NULL FROM closed
        WHERE e.job_id = ANY(CAST(:ids AS uuid[])) AND e.job_id = closed.id
            AND {looked_up("e.state")} = '{EvaluationState.PENDING}'
    )
    SELECT id FROM closed
""")


def close_all(
    db: Link, works: Sequence[JobWork], state: JobState, error: str | None = None, *, abandoned: bool = False
) -> list[JobWork]:
    """Those that no other worker has closed. `abandoned`: the vendor may have the jobs, to be cancelled there."""
    values = {"state": state, "error": error, "abandoned": abandoned}
    closed = set(CLOSE.column(db, values | fences(works)))
    return [work for work in works if work.id in closed]


def close(db: Link, work: JobWork, state: JobState, error: str | None = None, *, abandoned: bool = False) -> bool:
    return bool(close_all(db, [work], state, error, abandoned=abandoned))


def fences(works: Sequence[JobWork]) -> dict[str, Any]:
    """Ids and fences, sorted, so that two statements that touch the same rows do not deadlock."""
    ordered = sorted(works, key=lambda work: work.id)
    return {"ids": [work.id for work in ordered], "fences": [work.fence for work in ordered]}
