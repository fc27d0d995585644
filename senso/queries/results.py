"""Stages 4 and 5: what a batch found, its numbers, and its end."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, insert, text

from senso.db import rows
from senso.extraction.citations import Citation
from senso.models import Metric as MetricRow
from senso.score import Metric

LOCATION = "concat_ws('/', l.country, l.region, l.city)"


@dataclass(frozen=True, slots=True)
class Found:
    """One answer that was read, with the sources that it cites."""

    run_id: UUID
    question_id: UUID
    question_kind: Literal["branded", "unbranded"]
    surface: Literal["consumer", "api"]
    model: str
    location: str
    mentioned: bool
    sentiment: str | None
    rank: int | None
    competitors: tuple[str, ...]
    citations: tuple[Citation, ...]


FOUND = text(f"""
    SELECT r.id AS run_id, r.question_id, q.kind AS question_kind, m.surface, m.slug AS model, {LOCATION} AS location,
        e.mentioned, e.sentiment, e.rank,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id) AS competitors,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('url', url, 'canonical_url', canonical_url, 'host', host,
                'registrable_domain', registrable_domain, 'title', title, 'position', position, 'cited', cited)
                ORDER BY position), '[]')
            FROM citations c WHERE c.run_id = r.id AND c.cited) AS citations
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    WHERE e.batch_id = :batch AND e.state = 'done' AND e.is_current
    ORDER BY r.number
""")


def found(db: Connection, batch: UUID) -> list[Found]:
    return [Found(**one | plural(one)) for one in rows(db.execute(FOUND, {"batch": batch}))]


def plural(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "competitors": tuple(one["competitors"]),
        "citations": tuple(Citation(**citation) for citation in one["citations"]),
    }


WEBSITES = text("SELECT url FROM org_websites WHERE org_id = :org ORDER BY position, url")


def websites(db: Connection, org: UUID) -> tuple[str, ...]:
    return tuple(db.execute(WEBSITES, {"org": org}).scalars())


FORGET_METRICS = text("DELETE FROM metrics WHERE batch_id = :batch")


def save_metrics(db: Connection, batch: UUID, metrics: Iterable[Metric]) -> None:
    """A later episode has read more: its numbers replace those of the one before."""
    db.execute(FORGET_METRICS, {"batch": batch})
    listed = [asdict(metric) | {"batch_id": batch} for metric in metrics]
    if listed:
        db.execute(insert(MetricRow), listed)


# What is still open when a batch ends. Fences rise, so that what arrives late changes nothing.
CLOSE_RUNS = text("""
    UPDATE question_runs SET state = :state, error = :reason, fence = fence + 1, lease_owner = NULL, lease_until = NULL,
        next_at = NULL
    WHERE batch_id = :batch AND state IN ('planned', 'asking')
""")
CLOSE_EVALUATIONS = text("""
    UPDATE evaluations SET state = :state, error = :reason, fence = fence + 1, lease_owner = NULL, lease_until = NULL,
        next_at = NULL, ended_at = now()
    WHERE batch_id = :batch AND state IN ('pending', 'extracting')
""")
CLOSE_SNAPSHOTS = text("""
    UPDATE snapshots SET state = 'cancelled', error = :reason, fence = fence + 1, ended_at = now(), lease_owner = NULL,
        lease_until = NULL, cancel_due_at = CASE WHEN coalesce(external_id, request_hash) IS NOT NULL THEN now() END
    WHERE batch_id = :batch AND state IN ('submitting', 'running')
    RETURNING cancel_due_at
""")


def close_open_work(db: Connection, batch: UUID, state: str, reason: str) -> bool:
    """Whether jobs at a vendor are left to be cancelled there. Called before the batch's row is locked."""
    values = {"batch": batch, "state": state, "reason": reason}
    left = any(db.execute(CLOSE_SNAPSHOTS, values).scalars().all())
    db.execute(CLOSE_RUNS, values)
    db.execute(CLOSE_EVALUATIONS, values)
    return left


# The newest answer to a question of a model at a place; yesterday's batch that ends late does not take it back.
FORMER_LATEST = text("""
    UPDATE question_runs old SET is_latest = false
    FROM question_runs new, batches ob, batches nb
    WHERE new.batch_id = :batch AND new.state = 'answered' AND nb.id = new.batch_id AND ob.id = old.batch_id
        AND old.is_latest AND old.id <> new.id AND ob.batch_date <= nb.batch_date
        AND (old.subject_id, old.question_id, old.model_id, old.location_id, old.sample)
            = (new.subject_id, new.question_id, new.model_id, new.location_id, new.sample)
""")
LATEST = text("""
    UPDATE question_runs new SET is_latest = true
    WHERE new.batch_id = :batch AND new.state = 'answered' AND NOT new.is_latest AND NOT EXISTS (
        SELECT FROM question_runs other WHERE other.is_latest
            AND (other.subject_id, other.question_id, other.model_id, other.location_id, other.sample)
                = (new.subject_id, new.question_id, new.model_id, new.location_id, new.sample)
    )
""")
LOCK_SUBJECT = text("SELECT id FROM orgs WHERE id = :org FOR NO KEY UPDATE")


def move_latest(db: Connection, batch: UUID, org: UUID) -> None:
    """One batch of a subject at a time, or two that end together would each see the other's answers as former."""
    db.execute(LOCK_SUBJECT, {"org": org})
    db.execute(FORMER_LATEST, {"batch": batch})
    db.execute(LATEST, {"batch": batch})


COUNTS = text("""
    SELECT count(*) AS planned, count(*) FILTER (WHERE r.state = 'answered') AS answered,
        count(*) FILTER (WHERE e.state = 'done') AS evaluated, count(*) FILTER (WHERE e.state = 'failed') AS failed,
        count(*) FILTER (WHERE e.state = 'cancelled') AS cancelled
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id WHERE e.batch_id = :batch
""")


def counts(db: Connection, batch: UUID) -> dict[str, int]:
    return dict(db.execute(COUNTS, {"batch": batch}).mappings().one())


COST = text("""
    SELECT (SELECT coalesce(sum(cost_microusd), 0)::bigint FROM llm_calls WHERE batch_id = :batch) AS cost_microusd,
        (SELECT coalesce(-sum(credits), 0)::bigint FROM ledger WHERE batch_id = :batch AND entry = 'charge') AS charged
""")


def cost(db: Connection, batch: UUID) -> dict[str, int]:
    return dict(db.execute(COST, {"batch": batch}).mappings().one())


REASONS = text("""
    SELECT error, count(*) AS runs FROM evaluations WHERE batch_id = :batch AND state = 'failed'
    GROUP BY error ORDER BY count(*) DESC, error LIMIT 5
""")


def failure_reasons(db: Connection, batch: UUID) -> list[dict[str, Any]]:
    return rows(db.execute(REASONS, {"batch": batch}))


METRICS = text("""
    SELECT name, kind, surface, model, location, value, numerator, denominator, low, high, method, rule_version
    FROM metrics WHERE batch_id = :batch ORDER BY id
""")


def metrics(db: Connection, batch: UUID) -> list[Metric]:
    return [Metric(**one) for one in rows(db.execute(METRICS, {"batch": batch}))]
