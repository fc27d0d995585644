"""Saves the answers that vendor jobs have brought, and has them read."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from senso.db import Connection, Link
from senso.db.bulk import SAVE_CITED, as_json, given, listed
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.extraction.citations import Citation
from senso.providers import Answer
from senso.queries.fragments import COUNT_DOWN, counted_runs
from senso.queries.outbox import Pipeline, enqueue
from senso.queries.runs import answered
from senso.queries.vendor_jobs import JobWork

COLLECTED = {
    "id": "uuid",
    "text": "text",
    "model_version": "text",
    "country": "text",
    "searched": "text",
    "queries": "jsonb",
    "honoured": "text",
    "other_model": "text",
    "vendor_id": "text",
    "reply": "jsonb",
    "cost_microusd": "bigint",
    "latency_ms": "int",
    "citations": "jsonb",
}
SAVE_ANSWERS = Prepared(f"""
    WITH {given(COLLECTED)},
    saved AS (
        UPDATE question_runs r SET state = 'answered', answer_text = given.text, model_version = given.model_version,
            reported_country = given.country, searched = given.searched, queries = given.queries,
            location_honoured = given.honoured, other_model = given.other_model,
            vendor_id = given.vendor_id, reply = given.reply, cost_microusd = given.cost_microusd,
            error = NULL, answered_at = now()
        FROM given
        WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = given.id AND {looked_up("r.state")} = 'asking'
        RETURNING r.id, r.batch_id, r.fence, r.cost_microusd, given.latency_ms,
            given.citations
    ),
    ended AS ({counted_runs("saved")}),
    {COUNT_DOWN},
    reported AS (
        UPDATE llm_calls c SET outcome = 'answered', cost_microusd = saved.cost_microusd, latency_ms = saved.latency_ms
        FROM saved WHERE c.run_id = ANY(CAST(:ids AS uuid[])) AND c.run_id = saved.id AND c.fence = saved.fence
            AND c.purpose = 'ask'
    ),
    {SAVE_CITED}
    UPDATE evaluations e SET sent_at = now() FROM saved
    WHERE e.run_id = ANY(CAST(:ids AS uuid[])) AND e.run_id = saved.id AND {looked_up("e.state")} = 'pending'
        AND e.job_id IS NULL
    RETURNING e.run_id
""")


def collected(
    work: JobWork, answer: Answer, citations: Sequence[Citation], *, cost_microusd: int | None
) -> dict[str, Any]:
    """A row of COLLECTED."""
    run, asked = work.asked(answer.number)
    return {
        "id": run,
        **answered(work.provider, asked, answer),
        "cost_microusd": cost_microusd,
        "latency_ms": round(work.age_seconds * 1000),
        "citations": listed(citations),
    }


def save_answers(db: Link, answers: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """`answers`: of `collected`, all of one batch. Returns the runs whose answers are now to be read."""
    ids = [one["id"] for one in answers]
    to_read = set(SAVE_ANSWERS.column(db, {"given": as_json(answers), "ids": ids}))
    return [run for run in ids if run in to_read]


def read_answers(db: Connection, works: Sequence[JobWork], runs: Sequence[UUID], window: int) -> None:
    """Enqueues the reading of answers of jobs of one batch, `window` per chord, while other jobs still run."""
    first = works[0]
    for start in range(0, len(runs), window):
        enqueue(db, Pipeline.EXTRACT, first.id, start, ids=runs[start : start + window], batch=first.batch_id)
