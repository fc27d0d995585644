"""What a message would ask of models, looked at before the claim, and putting off what may not be asked yet.

Nothing here is a claim: rows may change in between, and a claim that finds less than was allowed is no error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from senso.db import Link
from senso.db.lease import READING, RUN
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.providers import Limits
from senso.queries.evaluations import by_key
from senso.queries.models import Reader, by_reader
from senso.queries.runs import SAVED
from senso.queries.stopped import holds_reading, holds_run, may_begin


@dataclass(frozen=True, slots=True)
class RunToAsk:
    """`has_waited`: it comes before those that ask for the first time."""

    id: UUID
    provider: str
    model: str
    limits: Limits
    has_waited: bool


@dataclass(frozen=True, slots=True)
class AnswerToRead:
    """An answer with readings that may be claimed. `reader`: their place in the list of readers."""

    run_id: UUID
    reader: int
    characters: int
    has_waited: bool


RUNS_TO_ASK = Prepared(f"""
    SELECT r.id, m.provider, m.name AS model, m.rpm, m.tpm, m.max_in_flight, r.next_at IS NOT NULL AS has_waited
    FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.snapshot_id IS NULL AND {RUN.claimable("r")}
        AND {may_begin(holds_run("r"))}
    ORDER BY r.next_at, r.number
""")


def runs_to_ask(db: Link, runs: Sequence[UUID], policy: Policy) -> list[RunToAsk]:
    """Those that may be claimed now; those that have waited first, the longest before the others."""
    found = RUNS_TO_ASK.rows(db, {"ids": list(runs), "most": policy.most_failures})
    return [RunToAsk(limits=limits_in(one), **one) for one in found]


def limits_in(found: dict[str, Any]) -> Limits:
    return Limits(found.pop("rpm"), found.pop("tpm"), found.pop("max_in_flight"))


ANSWERS_TO_READ = Prepared(f"""
    SELECT e.run_id, e.reader, max(length(r.answer_text)) AS characters,
        bool_or(e.next_at IS NOT NULL) AS has_waited
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id
    WHERE e.run_id = ANY(CAST(:runs AS uuid[])) AND r.id = ANY(CAST(:runs AS uuid[])) AND r.state = 'answered'
        AND e.job_id IS NULL AND {READING.claimable("e")} AND {may_begin(holds_reading("e"))}
    GROUP BY e.run_id, e.reader ORDER BY min(e.next_at), e.run_id
""")


def answers_to_read(db: Link, runs: Sequence[UUID], policy: Policy, readers: Sequence[Reader]) -> list[AnswerToRead]:
    """As `runs_to_ask`; an answer comes once for each reader that is to read it."""
    values = {"runs": list(runs), "most": policy.most_failures} | by_reader(readers)
    found = ANSWERS_TO_READ.rows(db, values)
    return [AnswerToRead(**one) for one in found]


# The row is put off, not failed: its try is not counted, and no fence is needed since nobody has claimed it.
PUT_OFF = """
    WITH waiting AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:seconds AS float[]), CAST(:reasons AS text[]))
            AS waiting (id, seconds, reason)
    ),
    idle AS (
        SELECT id FROM {table} t
        WHERE t.{key} = ANY(CAST(:ids AS uuid[])) AND {state} = '{idle}' AND t.{job} IS NULL
            AND (t.next_at IS NULL OR t.next_at <= now())
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE {table} t SET next_at = now() + make_interval(secs => waiting.seconds), error = waiting.reason
    FROM waiting, idle
    WHERE t.id = ANY(ARRAY(SELECT id FROM idle)) AND t.id = idle.id AND t.{key} = waiting.id
    RETURNING t.id
"""
PUT_OFF_RUNS = Prepared(
    PUT_OFF.format(table=RUN.table, key="id", job="snapshot_id", state=looked_up("t.state"), idle=RUN.idle)
)
PUT_OFF_READINGS = Prepared(
    PUT_OFF.format(table=READING.table, key="run_id", job="job_id", state=looked_up("t.state"), idle=READING.idle)
)


@dataclass(frozen=True, slots=True)
class PutOff:
    """`id`: of the run. `reason`: begins with `WAITS_FOR`, by which it is told from an error."""

    id: UUID
    seconds: float
    reason: str


def put_off_runs(db: Link, rows: Sequence[PutOff]) -> None:
    PUT_OFF_RUNS.rows(db, values(rows))


def put_off_readings(db: Link, rows: Sequence[PutOff]) -> None:
    """All open readings of these answers that nobody has claimed."""
    PUT_OFF_READINGS.rows(db, values(rows))


def values(rows: Sequence[PutOff]) -> dict[str, Any]:
    return {
        "ids": [one.id for one in rows],
        "seconds": [one.seconds for one in rows],
        "reasons": [one.reason for one in rows],
    }


SAVE_ANSWERS_AND_WAIT = Prepared(f"""
    WITH {SAVED},
    waiting AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:put_off AS uuid[]), CAST(:seconds AS float[]), CAST(:reasons AS text[]))
            AS waiting (id, seconds, reason)
    )
    UPDATE evaluations e SET next_at = now() + make_interval(secs => waiting.seconds), error = waiting.reason
    FROM saved, waiting
    WHERE e.run_id = ANY(CAST(:ids AS uuid[])) AND e.run_id = saved.id AND e.run_id = waiting.id
        AND {looked_up("e.state")} = 'pending' AND e.job_id IS NULL
    RETURNING e.id
""")


def save_answers_and_wait(db: Link, answers: Sequence[Mapping[str, Any]], rows: Sequence[PutOff]) -> None:
    """As `evaluations.save_answers_and_claim`, but their readings wait."""
    found = values(rows)
    SAVE_ANSWERS_AND_WAIT.rows(db, by_key(answers) | found | {"ids": by_key(answers)["ids"], "put_off": found["ids"]})
