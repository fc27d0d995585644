"""Stage 2 for models that answer at once: handing runs out, claiming them before the call, saving the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.bulk import REPORT_CALLS, REPORTED, SAVE_CITED, as_json, given, listed
from senso.db.lease import RELEASED, RUN, ended
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.extraction.citations import Citation
from senso.model_versions import other_model
from senso.policy import Policy
from senso.prices import Price
from senso.providers import Answer, Run, Usage
from senso.queries.fragments import FAIL_EVALUATIONS, REPORT_CALL
from senso.queries.models import parameters_in, price_in
from senso.queries.outbox import Pipeline, enqueue_by, intents_of
from senso.queries.stopped import holds_run, may_begin
from senso.registry import PROVIDERS
from senso.states import BatchKind, Honoured, Outcome, Searched

SEARCHED = {True: Searched.YES, False: Searched.NO, None: Searched.UNKNOWN}


@dataclass(frozen=True, slots=True)
class AskWork:
    """A claimed run. Every later write names the fence; `call_id` is the call's row, written before the call.

    `is_counted`: its batch is a network batch, which has no readings and counts down its runs.
    """

    id: UUID
    batch_id: UUID
    fence: int
    failures: int
    call_id: int
    provider: str
    run: Run
    price: Price | None
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Report:
    """How a paid call ended: for its row in llm_calls."""

    outcome: Outcome
    usage: Usage
    cost_microusd: int | None
    latency_ms: int
    shared_id: int | None = None  # of a share of a call that read for several orgs: the row of the first

    def values(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "tokens_in": self.usage.tokens_in,
            "tokens_cached": self.usage.tokens_cached,
            "tokens_written": self.usage.tokens_written,
            "tokens_out": self.usage.tokens_out,
            "tokens_thinking": self.usage.tokens_thinking,
            "cost_microusd": self.cost_microusd,
            "latency_ms": self.latency_ms,
            "shared_id": self.shared_id,
        }


# Picks runs without a message, up to the window; those that are stopped wait outside of it. If publishing the outbox
# row fails, the relay sends it. Those that wait for a later try are in no queue and take no place in it, but of one
# model no more than a window is begun: what waits for a scarce model must hold up no other, and a large batch must not
# stand in its line with all that it has.
HAND_OUT = text(f"""
    WITH begun AS MATERIALIZED (
        SELECT model_id, count(*) AS runs, count(*) FILTER (WHERE next_at IS NULL OR next_at <= now()) AS in_queues
        FROM question_runs r WHERE batch_id = :batch AND sent_at IS NOT NULL AND snapshot_id IS NULL
            AND state IN ('planned', 'asking') AND {may_begin(holds_run("r"))}
        GROUP BY model_id
    ),
    left_over AS MATERIALIZED (
        SELECT r.id, row_number() OVER (PARTITION BY r.model_id ORDER BY r.number) + coalesce(begun.runs, 0) AS place
        FROM question_runs r JOIN models m ON m.id = r.model_id LEFT JOIN begun ON begun.model_id = r.model_id
        WHERE r.batch_id = :batch AND r.state = 'planned' AND r.sent_at IS NULL AND r.next_at IS NULL
            AND m.provider <> ALL(:snapshot_providers) AND {may_begin(holds_run("r"))}
    ),
    picked AS (
        SELECT r.id FROM question_runs r
        WHERE r.id = ANY(ARRAY(SELECT id FROM left_over WHERE place <= :window))
            AND r.state = 'planned' AND r.sent_at IS NULL AND r.next_at IS NULL
        ORDER BY r.number
        LIMIT greatest(0, :window - (SELECT coalesce(sum(in_queues), 0) FROM begun))
        FOR UPDATE OF r SKIP LOCKED
    ),
    sent AS (UPDATE question_runs r SET sent_at = now() FROM picked WHERE r.id = picked.id RETURNING r.id, r.number)
    {
    intents_of(
        Pipeline.READ,
        *(":batch", ":episode", "min(number)"),
        ids="jsonb_agg(id ORDER BY number)",
        batch="CAST(:batch AS uuid)",
        source="FROM sent HAVING count(*) > 0",
    )
}
""")


def hand_out(db: Connection, batch: UUID, episode: int, snapshot_providers: Sequence[str], window: int) -> int:
    """Returns the number of messages: 1, or 0 if no run waits or `window` runs are already handed out."""
    values = {
        "batch": str(batch),
        "episode": str(episode),
        "snapshot_providers": list(snapshot_providers),
        "window": window,
    }
    return enqueue_by(db, HAND_OUT, values)


# Batches of runs that are sent once more, while others of the same batch were never sent.
WITH_UNSENT = text("""
    SELECT DISTINCT b.id, b.remaining FROM question_runs r JOIN batches b ON b.id = r.batch_id
    WHERE r.id = ANY(CAST(:runs AS uuid[])) AND b.state = 'running' AND EXISTS (
        SELECT FROM question_runs o WHERE o.batch_id = b.id AND o.state = 'planned' AND o.sent_at IS NULL
            AND o.next_at IS NULL AND o.snapshot_id IS NULL
    )
""")


def with_unsent(db: Connection, runs: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Each such batch and how much remains of it."""
    return [(one.id, one.remaining) for one in db.execute(WITH_UNSENT, {"runs": list(runs)})]


# Claim before paying: one statement, committed before the call, moves the row, raises its fence and inserts the call's
# row. A run that is stopped is left as it is. SKIP LOCKED: another worker is claiming it, and waiting for it could
# deadlock. `sent_at` is empty if its message had been given up for lost, and came all the same.
CLAIM = Prepared(f"""
    WITH mine AS (
        SELECT id FROM question_runs
        WHERE id = ANY(CAST(:ids AS uuid[])) AND snapshot_id IS NULL AND {RUN.claimable("question_runs")}
            AND {may_begin(holds_run("question_runs"))}
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE question_runs r SET {RUN.claimed("r")}, sent_at = coalesce(r.sent_at, now())
        FROM mine WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = mine.id
        RETURNING r.*
    ),
    work AS (
        SELECT c.id, c.batch_id, c.number, c.fence, c.failures, m.provider, m.name AS model,
            m.parameters::text, m.prices::text, q.text AS question, l.country, l.region, l.city, b.org_id,
            b.kind = '{BatchKind.NETWORK}' AS is_counted
        FROM claimed c JOIN models m ON m.id = c.model_id JOIN locations l ON l.id = c.location_id
            JOIN questions q ON q.id = ANY(ARRAY(SELECT question_id FROM claimed)) AND q.id = c.question_id
            JOIN batches b ON b.id = ANY(ARRAY(SELECT batch_id FROM claimed)) AND b.id = c.batch_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model)
        SELECT 'ask', work.batch_id, work.id, work.org_id, work.fence, work.provider, work.model FROM work
        RETURNING id, run_id
    )
    SELECT work.*, called.id AS call_id FROM work JOIN called ON called.run_id = work.id ORDER BY work.number
""")


def claim(db: Link, runs: Sequence[UUID], owner: str, policy: Policy) -> list[AskWork]:
    """Leaves out runs that are done, claimed by another worker, not due yet, stopped or no longer wanted."""
    values = {"ids": list(runs), "owner": owner, "lease": policy.lease_seconds, "most": policy.most_failures}
    return list(map(ask_work, CLAIM.rows(db, values)))


def ask_work(found: Mapping[str, Any]) -> AskWork:
    where = found["country"], found["region"], found["city"]
    asked = Run(found["number"], found["question"], found["model"], *where, parameters_in(found["parameters"]))
    return AskWork(
        id=found["id"],
        batch_id=found["batch_id"],
        fence=found["fence"],
        failures=found["failures"],
        call_id=found["call_id"],
        provider=found["provider"],
        run=asked,
        price=price_in(found["prices"]),
        is_counted=found["is_counted"],
    )


ANSWERED = REPORTED | {
    "id": "uuid",
    "fence": "bigint",
    "text": "text",
    "model_version": "text",
    "country": "text",
    "searched": "text",
    "queries": "jsonb",
    "honoured": "text",
    "other_model": "text",
    "vendor_id": "text",
    "reply": "jsonb",
    "citations": "jsonb",
}
# The reaper may have taken a run back from a worker that was only slow. Until another worker claims it, the fence is
# unchanged, and the answer, which was paid for, is saved.
SAVED = f"""
    {given(ANSWERED)},
    {REPORT_CALLS},
    saved AS (
        UPDATE question_runs r SET state = 'answered', answer_text = given.text, model_version = given.model_version,
            reported_country = given.country, searched = given.searched, queries = given.queries,
            location_honoured = given.honoured, other_model = given.other_model,
            vendor_id = given.vendor_id, reply = given.reply, tokens_in = given.tokens_in,
            tokens_out = given.tokens_out, cost_microusd = given.cost_microusd, {RELEASED}, next_at = NULL,
            error = NULL, answered_at = now()
        FROM given
        WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = given.id AND r.fence = given.fence
            AND {RUN.held("r")}
        RETURNING r.id, r.batch_id, r.question_id, given.text, given.citations
    ),
    {SAVE_CITED}
"""


def answering_model(provider: str, run: Run, answer: Answer) -> str | None:
    """The model that answered instead of the one that was asked, as far as the provider says."""
    return other_model(run.model, answer.model_version) if PROVIDERS[provider].tells_model else None


def is_asked_model(work: "AskWork", answer: Answer) -> bool:
    """Whether the price of the model that was asked holds for the answer."""
    return answering_model(work.provider, work.run, answer) is None


def answered(provider: str, run: Run, answer: Answer) -> dict[str, Any]:
    """What is stored of an answer, besides its sources."""
    other = answering_model(provider, run, answer)
    return {
        "text": answer.text,
        "model_version": answer.model_version,
        "other_model": other,
        "country": answer.country,
        "searched": SEARCHED[answer.searched],
        "queries": list(answer.queries) or None,
        "honoured": honoured(run.country, answer.country),
        "vendor_id": answer.vendor_id,
        "reply": answer.reply,
    }


def honoured(requested: str, reported: str | None) -> Honoured:
    """Whether the vendor asked where it was told to."""
    if not reported:
        return Honoured.UNKNOWN
    return Honoured.YES if reported.upper() == requested.upper() else Honoured.NO


def answer_row(work: AskWork, answer: Answer, citations: Sequence[Citation], report: Report) -> dict[str, Any]:
    """A row of ANSWERED, and `is_counted` of its run."""
    return report.values() | {
        "call_id": work.call_id,
        "id": work.id,
        "fence": work.fence,
        "is_counted": work.is_counted,
        **answered(work.provider, work.run, answer),
        "citations": listed(citations),
    }


PUT_BACK = Prepared(f"WITH {REPORT_CALL} {RUN.put_back()}")


def put_back(db: Link, work: AskWork, report: Report, error: str, *, seconds: float, counts_as_failure: bool) -> None:
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence}
    PUT_BACK.rows(db, values | {"error": error, "seconds": seconds, "counted": int(counts_as_failure)})


FAIL = Prepared(f"""
    WITH {REPORT_CALL},
    failed AS (
        UPDATE question_runs r SET state = 'failed', error = :error, {ended("r")},
            reply = coalesce(CAST(:reply AS jsonb), r.reply), cost_microusd = coalesce(:cost_microusd, r.cost_microusd)
        WHERE r.id = :id AND r.fence = :fence AND {RUN.held("r")}
        RETURNING r.id, r.batch_id
    ),
    {FAIL_EVALUATIONS}
    SELECT remaining FROM counted
""")


# What a batch would still ask of a provider, or of one of its models, is not asked: each call would be refused.
STOP = Prepared(f"""
    WITH unasked AS (
        SELECT r.id FROM question_runs r JOIN models m ON m.id = r.model_id
        WHERE r.batch_id = :batch AND {looked_up("r.state")} = 'planned' AND r.snapshot_id IS NULL
            AND m.provider = :provider AND (CAST(:model AS text) IS NULL OR m.name = :model)
        FOR UPDATE OF r SKIP LOCKED
    ),
    failed AS (
        UPDATE question_runs r SET state = 'failed', error = :error, {ended("r")}
        WHERE r.id = ANY(ARRAY(SELECT id FROM unasked))
        RETURNING r.id, r.batch_id
    ),
    {FAIL_EVALUATIONS}
    SELECT count(*) AS stopped FROM failed
""")


def stop(db: Link, work: AskWork, error: str, *, model_alone: bool) -> int:
    """Fails what the batch of `work` has not asked yet of its provider, or of its model alone; returns how many."""
    values = {"batch": work.batch_id, "provider": work.provider, "model": work.run.model if model_alone else None}
    (found,) = STOP.rows(db, values | {"error": error})
    return int(found["stopped"])


def fail(db: Link, work: AskWork, report: Report, error: str, *, reply: Mapping[str, Any] | None = None) -> None:
    """`reply`: what came, where it is kept although it could not be read."""
    values = (
        {"reply": None if reply is None else as_json(reply)}
        | report.values()
        | {"call_id": work.call_id, "id": work.id, "fence": work.fence}
    )
    FAIL.rows(db, values | {"error": error})
