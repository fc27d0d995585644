"""Stages 4 and 5: what a batch found, its metrics, and its end.

A plan is made once per connection, perhaps for the first batch of all. OFFSET 0, ARRAY(...), CASE and "+ 0" make
Postgres look rows up by key; otherwise it would read whole tables and indexes, which is faster while they are small.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.bulk import as_json
from senso.db.statement import Prepared
from senso.db.typed import each, typed
from senso.encryption import opened_websites
from senso.extraction.citations import Citation
from senso.extraction.judging import BY_RULE, MISSED_BY_RULE, SAMPLED
from senso.queries import domains
from senso.queries.batches import Batch
from senso.queries.fragments import LOCATION, answering_model
from senso.score import Metric
from senso.states import (
    BatchKind,
    Category,
    Entry,
    EvaluationState,
    QuestionKind,
    RunState,
    Sentiment,
    Surface,
)


@dataclass(frozen=True, slots=True)
class Found:
    """One answer that was read, with the sources that it cites."""

    run_id: UUID
    question_id: UUID
    question_kind: QuestionKind
    surface: Surface
    model: str
    location: str
    mentioned: bool
    sentiment: Sentiment | None
    rank: int | None
    competitors: tuple[str, ...]
    citations: tuple[Citation, ...]
    made_up: bool
    by_fallback: bool
    sampled: bool = False
    missed: bool = False
    share_of_text: float | None = None
    share_of_entries: float | None = None
    verdicts: tuple[str, ...] = ()  # of the claims that were held against facts
    tags: tuple[str, ...] = ()  # of the question, as they are now


# The sandbox, which stands in for the providers, reports itself as the model that answered or read.
MADE_UP = "strpos(concat_ws(' ', r.model_version, e.model_version), 'senso-sandbox/') > 0"
# The call for the org's names had failed, so the answer was read with only the org's name and domains.
BY_FALLBACK = """e.marks @> '[{"kind": "fallback-names"}]'"""
# None of the org's names occurs in the answer: no model was asked, or one was as a sample, and perhaps said otherwise.
READ_BY_RULE = f"""e.marks @> '[{{"kind": "{BY_RULE}"}}]'"""
SAMPLE = f"""e.marks @> '[{{"kind": "{SAMPLED}"}}]'"""
MISSED = f"""({SAMPLE} AND e.marks @> '[{{"kind": "{MISSED_BY_RULE}"}}]')"""
# What the numbers of a batch rest on, counted in its readings that are done.
BASIS = {"answers": "count(*)"} | {
    name: f"count(*) FILTER (WHERE {condition})"
    for name, condition in {
        "made_up": MADE_UP,
        "by_fallback": BY_FALLBACK,
        "by_rule": READ_BY_RULE,
        "sampled": SAMPLE,
        "missed": MISSED,
    }.items()
}
MODEL = answering_model("m", "r")
# Citations are lists of lists: a JSON object for each would cost Postgres twice as much as the rest of the statement.
# Of a run `r` with its question's kind, its reading `e`, its model `m` and its location `l`.
OF_FOUND = f"""
    r.id AS run_id, r.question_id, r.question_kind, r.tags, m.surface, {MODEL} AS model, {LOCATION} AS location,
    e.mentioned, e.sentiment, e.rank, {MADE_UP} AS made_up, {BY_FALLBACK} AS by_fallback, {SAMPLE} AS sampled,
    {MISSED} AS missed, e.share_of_text, e.share_of_entries,
    ARRAY(SELECT verdict FROM claims c WHERE c.evaluation_id = e.id AND c.verdict IS NOT NULL) AS verdicts,
    ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id + 0) AS competitors,
    ARRAY(SELECT ARRAY[url, canonical_url, host, registrable_domain, title, position::text,
            category]
        FROM citations c WHERE c.run_id = r.id AND c.cited ORDER BY position) AS citations
"""
FOUND = Prepared(f"""
    SELECT {OF_FOUND}
    FROM evaluations e CROSS JOIN LATERAL (
            SELECT r.*, (SELECT kind FROM questions q WHERE q.id = r.question_id) AS question_kind,
                (SELECT tags FROM questions q WHERE q.id = r.question_id) AS tags
            FROM question_runs r WHERE r.id = e.run_id OFFSET 0
        ) r
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    WHERE e.batch_id = :batch
        AND CASE WHEN e.is_current AND e.org_id = :org THEN e.state END = '{EvaluationState.DONE}'
    ORDER BY r.number
""")


def found(db: Connection, batch: UUID, org: UUID) -> list[Found]:
    """What the batch has read for the org."""
    return as_found(db, FOUND.rows(db, {"batch": batch, "org": org}))


def as_found(db: Connection, rows: Sequence[dict[str, Any]]) -> list[Found]:
    """Of rows with the columns of `OF_FOUND`."""
    known = domains.categories(db, {page[DOMAIN] for one in rows for page in one["citations"] if not page[CATEGORY]})
    return [typed(Found, one | plural(one, known)) for one in rows]


DOMAIN, CATEGORY = 3, 6  # places in a list of `citations`


def plural(one: dict[str, Any], known: Mapping[str, Category]) -> dict[str, Any]:
    """`known`: of domains that the table does not have."""
    return {
        **{name: tuple(one[name]) for name in ("competitors", "verdicts", "tags")},
        "citations": tuple(citation(*page, known=known) for page in one["citations"]),
    }


def citation(
    url: str,
    canonical: str,
    host: str,
    domain: str,
    title: str | None,
    position: str,
    category: str | None,
    *,
    known: Mapping[str, Category],
) -> Citation:
    of_domain = Category(category) if category else known.get(domain)
    return Citation(url, canonical, host, domain, title, int(position), cited=True, category=of_domain)


WEBSITES = Prepared("SELECT url FROM org_websites WHERE org_id = :org ORDER BY position, url")


def websites(db: Connection, org: UUID) -> tuple[str, ...]:
    """Raises ConfigError if they are encrypted under a key that is not set."""
    return opened_websites(org, WEBSITES.column(db, {"org": org}))


FORGET_METRICS = Prepared("DELETE FROM metrics WHERE batch_id = :batch")
OF_METRIC = ", ".join(one.name for one in fields(Metric))
SAVE_METRICS = Prepared(f"""
    INSERT INTO metrics (batch_id, {OF_METRIC})
    SELECT :batch, {OF_METRIC} FROM jsonb_populate_recordset(CAST(NULL AS metrics), CAST(:metrics AS jsonb))
""")


def save_metrics(db: Connection, batch: UUID, metrics: Iterable[Metric]) -> None:
    """Replaces the metrics of an earlier episode: a later one has read more."""
    FORGET_METRICS.rows(db, {"batch": batch})
    SAVE_METRICS.rows(db, {"batch": batch, "metrics": as_json([metric.values() for metric in metrics])})


# `is_latest`: the newest answer per question, model and location; an earlier day's batch that ends late does not win.
# The unique index holds within the statement, too: a new answer is marked once the array of those that were the latest
# is known, and so no longer are.
LATEST = Prepared(f"""
    WITH former AS (
        UPDATE question_runs SET is_latest = false
        WHERE id = ANY(ARRAY(
            SELECT old.id FROM question_runs new CROSS JOIN LATERAL (
                SELECT other.id, (SELECT batch_date FROM batches WHERE id = other.batch_id) FROM question_runs other
                WHERE other.is_latest AND other.id <> new.id
                    AND (other.subject_id, other.question_id, other.model_id, other.location_id, other.sample)
                        = (new.subject_id, new.question_id, new.model_id, new.location_id, new.sample)
                OFFSET 0
            ) old
            WHERE new.batch_id = :batch AND new.state = '{RunState.ANSWERED}'
                AND old.batch_date <= (SELECT batch_date FROM batches WHERE id = :batch)
        ))
        RETURNING id
    )
    UPDATE question_runs new SET is_latest = true
    WHERE new.batch_id = :batch AND new.state = '{RunState.ANSWERED}' AND NOT new.is_latest AND NOT EXISTS (
        SELECT FROM question_runs other WHERE other.is_latest AND other.id <> ALL(ARRAY(SELECT id FROM former))
            AND (other.subject_id, other.question_id, other.model_id, other.location_id, other.sample)
                = (new.subject_id, new.question_id, new.model_id, new.location_id, new.sample)
        OFFSET 0
    )
""")
LOCK_ORG = Prepared("SELECT id FROM orgs WHERE id = :subject FOR NO KEY UPDATE")
LOCK_NETWORK = Prepared("SELECT id FROM networks WHERE id = :subject FOR NO KEY UPDATE")


def move_latest(db: Connection, batch: Batch) -> None:
    """Locks the subject: two of its batches that end together would each take the other's answers for older ones."""
    if batch.kind is BatchKind.NETWORK_ORG:  # it has asked nothing
        return
    (LOCK_NETWORK if batch.network_id else LOCK_ORG).rows(db, {"subject": batch.subject.asking_id})
    LATEST.rows(db, {"batch": batch.id})


COST = Prepared(f"""
    SELECT (SELECT coalesce(sum(cost_microusd), 0)::bigint FROM llm_calls WHERE batch_id = :batch) AS cost_microusd,
        (SELECT coalesce(-sum(credits), 0)::bigint FROM ledger
            WHERE batch_id = :batch AND entry = '{Entry.CHARGE}') AS charged
""")


@dataclass(frozen=True, slots=True)
class Cost:
    """`charged`: credits."""

    cost_microusd: int
    charged: int


def cost(db: Connection, batch: UUID) -> Cost:
    (found,) = COST.rows(db, {"batch": batch})
    return Cost(**found)


REASONS = f"""
    SELECT error, count(*) AS runs FROM {{}} WHERE batch_id = :batch AND state = '{EvaluationState.FAILED}'
    GROUP BY error ORDER BY count(*) DESC, error LIMIT 5
"""
OF_READINGS, OF_RUNS = (Prepared(REASONS.format(table)) for table in ("evaluations", "question_runs"))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why evaluations failed, or the runs of a network's batch, and how many failed for this reason."""

    error: str | None
    runs: int


def failure_reasons(db: Connection, batch: Batch) -> list[Reason]:
    """The most frequent ones first."""
    return [Reason(**one) for one in (OF_READINGS if batch.org_id else OF_RUNS).rows(db, {"batch": batch.id})]


METRICS = text(f"SELECT {OF_METRIC} FROM metrics WHERE batch_id = :batch ORDER BY id")


def metrics(db: Connection, batch: UUID) -> list[Metric]:
    return each(Metric, db.execute(METRICS, {"batch": batch}))
