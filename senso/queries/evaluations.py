"""Stage 3: claiming an answer to read, and saving what was read."""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.extraction import Reading, Watched
from senso.queries.fragments import COUNT_DOWN, REPORT_CALL
from senso.queries.runs import LEASE_SECONDS, MAX_FAILURES, Report


@dataclass(frozen=True, slots=True)
class ReadWork:
    """A claimed evaluation with all that its reading needs."""

    id: UUID
    run_id: UUID
    batch_id: UUID
    fence: int
    failures: int
    call_id: int
    answer: str
    question: str
    org: Watched


CLAIM = text("""
    WITH claimed AS (
        UPDATE evaluations e SET state = 'extracting', fence = e.fence + 1, lease_owner = :owner,
            failures = e.failures + CASE WHEN e.state = 'extracting' THEN 1 ELSE 0 END,
            lease_until = now() + make_interval(secs => :lease), next_at = NULL
        FROM question_runs r
        WHERE e.run_id = :run AND r.id = e.run_id AND r.state = 'answered' AND e.failures < :most AND (
            (e.state = 'pending' AND (e.next_at IS NULL OR e.next_at <= now()))
            OR (e.state = 'extracting' AND e.lease_until < now())
        )
        RETURNING e.id, e.run_id, e.org_id, e.batch_id, e.fence, e.failures, r.answer_text, r.question_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, prompt_version)
        SELECT 'read', batch_id, run_id, org_id, fence, 'openai', :model, :prompt_version FROM claimed
        RETURNING id, org_id
    )
    SELECT c.id, c.run_id, c.batch_id, c.fence, c.failures, called.id AS call_id, c.answer_text, q.text AS question,
        o.name, o.competitors, coalesce(n.names, '[]') AS names,
        ARRAY(SELECT url FROM org_websites w WHERE w.org_id = o.id ORDER BY position, url) AS websites
    FROM claimed c JOIN called ON called.org_id = c.org_id JOIN questions q ON q.id = c.question_id
        JOIN orgs o ON o.id = c.org_id LEFT JOIN name_variations n ON n.org_id = o.id
""")


def claim(db: Connection, run: UUID, owner: str, *, model: str, prompt_version: str) -> ReadWork | None:
    """None: read already, another copy has it, it is not due yet, or nobody wants it any more."""
    values = {"run": run, "owner": owner, "lease": LEASE_SECONDS, "most": MAX_FAILURES}
    found = db.execute(CLAIM, values | {"model": model, "prompt_version": prompt_version}).mappings().one_or_none()
    if found is None:
        return None
    org = Watched(
        name=found["name"],
        variations=tuple(found["names"]) or (found["name"],),
        websites=tuple(found["websites"]),
        competitors=tuple(found["competitors"]),
    )
    return ReadWork(
        id=found["id"],
        run_id=found["run_id"],
        batch_id=found["batch_id"],
        fence=found["fence"],
        failures=found["failures"],
        call_id=found["call_id"],
        answer=found["answer_text"],
        question=found["question"],
        org=org,
    )


SAVE = text(f"""
    WITH {REPORT_CALL},
    ended AS (
        UPDATE evaluations e SET state = 'done', mentioned = :mentioned, mention_text = :mention_text,
            sentiment = :sentiment, rank = :rank, share_of_text = :share_of_text, marks = CAST(:marks AS jsonb),
            extractor = :extractor, prompt_version = :prompt_version, model_version = :model_version,
            lease_owner = NULL, lease_until = NULL, next_at = NULL, error = NULL, ended_at = now()
        WHERE e.id = :id AND e.fence = :fence AND e.state IN ('extracting', 'pending')
        RETURNING e.id, e.batch_id
    ),
    named AS (
        INSERT INTO competitors (evaluation_id, name)
        SELECT ended.id, name FROM ended, unnest(CAST(:competitors AS text[])) AS name
        ON CONFLICT DO NOTHING
    ),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""")


def save(db: Connection, work: ReadWork, reading: Reading, report: Report, *, extractor: str, version: str) -> None:
    """Changes no row when the fence has risen since; the call is costed all the same."""
    values = report.values() | {
        "call_id": work.call_id,
        "id": work.id,
        "fence": work.fence,
        "mentioned": reading.mentioned,
        "mention_text": reading.mention_text,
        "sentiment": reading.sentiment,
        "rank": reading.rank,
        "share_of_text": reading.share_of_text,
        "marks": json.dumps([asdict(mark) for mark in reading.marks]),
        "competitors": list(reading.competitors),
        "extractor": extractor,
        "prompt_version": version,
        "model_version": reading.completion.model_version,
    }
    db.execute(SAVE, values)


PUT_BACK = text(f"""
    WITH {REPORT_CALL}
    UPDATE evaluations SET state = 'pending', failures = failures + :counted, error = :error,
        next_at = now() + make_interval(secs => :seconds), lease_owner = NULL, lease_until = NULL
    WHERE id = :id AND fence = :fence AND state = 'extracting'
    RETURNING id
""")


def put_back(
    db: Connection, work: ReadWork, report: Report, error: str, *, seconds: float, counts_as_failure: bool
) -> None:
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence}
    db.execute(PUT_BACK, values | {"error": error, "seconds": seconds, "counted": int(counts_as_failure)})


FAIL = text(f"""
    WITH {REPORT_CALL},
    ended AS (
        UPDATE evaluations e SET state = 'failed', error = :error, fence = e.fence + 1, ended_at = now(),
            lease_owner = NULL, lease_until = NULL, next_at = NULL
        WHERE e.id = :id AND e.fence = :fence AND e.state IN ('extracting', 'pending')
        RETURNING e.batch_id
    ),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""")


def fail(db: Connection, work: ReadWork, report: Report, error: str) -> None:
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence}
    db.execute(FAIL, values | {"error": error})
