"""Stored answers that are read again: claiming, saving, and making what was read count.

A claim and its call are as those of a first reading (`senso.queries.evaluations`), in rows of their own: batches, their
counters and credits see nothing of it. What was read lies in its row until the readings of a batch are replaced, all by
one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.bulk import REPORT_CALLS, REPORTED, given
from senso.db.lease import RELEASED, REREADING
from senso.db.statement import Prepared
from senso.db.typed import each
from senso.extraction import Reading
from senso.matrix import keyed_id
from senso.policy import Policy
from senso.queries.evaluation_endings import CLAIM_COLUMNS, READ, reading_row
from senso.queries.evaluations import SELECTED, ReadWork, by_key, read_work
from senso.queries.fragments import REPORT_CALL
from senso.queries.models import Reader, by_reader
from senso.queries.runs import Report
from senso.queries.stopped import BY_READER, holds_call, may_begin
from senso.states import EvaluationState, RereadingState

MAY_BEGIN = may_begin(holds_call(BY_READER.format("providers"), BY_READER.format("models"), "x.org_id"))
IS_DUE = f"x.state = '{RereadingState.PENDING}' AND (x.next_at IS NULL OR x.next_at <= now())"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored answer that may be claimed. `id`: of the reading that was current when it was planned."""

    id: UUID
    reader: int
    characters: int
    has_waited: bool
    partner_id: UUID | None


WAITING = Prepared(f"""
    SELECT x.evaluation_id AS id, x.reader, length(r.answer_text) AS characters, x.next_at IS NOT NULL AS has_waited,
        o.partner_id
    FROM rereadings x JOIN question_runs r ON r.id = x.run_id JOIN orgs o ON o.id = x.org_id
    WHERE x.reevaluation_id = :of AND {IS_DUE} AND {MAY_BEGIN}
    ORDER BY x.run_id LIMIT CAST(:most AS int)
""")


def waiting(db: Link, of: UUID, readers: Sequence[Reader], most: int) -> list[Waiting]:
    return [Waiting(**one) for one in WAITING.rows(db, {"of": of, "most": most} | by_reader(readers))]


CLAIM = Prepared(f"""
    WITH mine AS (
        SELECT x.evaluation_id FROM rereadings x
        WHERE x.reevaluation_id = :of AND x.evaluation_id = ANY(CAST(:ids AS uuid[])) AND {REREADING.claimable("x")}
            AND {MAY_BEGIN}
        FOR NO KEY UPDATE OF x SKIP LOCKED
    ),
    taken AS (
        UPDATE rereadings x SET {REREADING.claimed("x")}, calls = x.calls + 1 FROM mine
        WHERE x.reevaluation_id = :of AND x.evaluation_id = mine.evaluation_id
        RETURNING x.evaluation_id AS id, x.run_id, x.batch_id, x.org_id, x.fence, x.failures, x.reader
    ),
    claimed AS (
        SELECT taken.*, r.batch_id AS asked_by, r.answer_text, r.question_id
        FROM taken JOIN question_runs r ON r.id = ANY(ARRAY(SELECT run_id FROM taken)) AND r.id = taken.run_id
    ),
    called AS (
        INSERT INTO llm_calls (purpose, run_id, org_id, fence, provider, model, prompt_version)
        SELECT 'reread', run_id, org_id, fence, {BY_READER.format("providers")}, {BY_READER.format("models")}, :version
        FROM claimed
        RETURNING id, run_id, org_id, prompt_version
    )
    {SELECTED}
""")


def claim(
    db: Link, of: UUID, ids: Sequence[UUID], owner: str, policy: Policy, *, readers: Sequence[Reader], version: str
) -> list[ReadWork]:
    """With the row of the call that each will make, which costs its org nothing and no batch counts."""
    values = {"of": of, "ids": list(ids), "owner": owner, "lease": policy.lease_seconds, "version": version}
    found = CLAIM.rows(db, values | {"most": policy.most_failures} | by_reader(readers))
    return [read_work(one, readers) for one in found]


# The columns of an evaluation that a reading sets, and what belongs to it in other tables.
OF_READING = {name: kind for name, kind in READ.items() if name not in REPORTED and name not in {"id", "fence"}}
LISTS = {"competitors", "claims"}
# By the column of an evaluation: what it gets of `read`, and `former`, what it has, under the name that a reading has.
COLUMNS = {"evidence": "sentiment_evidence"}
SET = {COLUMNS.get(name, name): f"read.{name}" for name in OF_READING if name not in LISTS}
SET["occurrences"] = "nullif(read.occurrences, '[]')"
TYPED = ", ".join(f"{name} {kind}" for name, kind in OF_READING.items() if name not in LISTS)
FORMER = ", ".join(f"'{name}', e.{COLUMNS.get(name, name)}" for name in OF_READING if name not in LISTS)
SAVE = Prepared(f"""
    WITH {given(REPORTED | {"id": "uuid", "fence": "bigint", "reading": "jsonb"})},
    {REPORT_CALLS}
    UPDATE rereadings x SET state = '{RereadingState.DONE}', reading = given.reading, {RELEASED}, next_at = NULL,
        error = NULL, cost_microusd = x.cost_microusd + coalesce(given.cost_microusd, 0)
    FROM given
    WHERE x.reevaluation_id = :of AND x.evaluation_id = ANY(CAST(:ids AS uuid[])) AND x.evaluation_id = given.id
        AND x.fence = given.fence AND {REREADING.held("x")}
    RETURNING x.evaluation_id
""")


def save(db: Link, rows: Sequence[Mapping[str, Any]]) -> list[None]:
    """`rows`: of `row`, of one reevaluation. Where a fence has risen, only the call's cost is saved."""
    SAVE.rows(db, by_key(rows) | {"of": rows[0]["of"]})
    return [None] * len(rows)


def row(of: UUID, work: ReadWork, reading: Reading, report: Report) -> dict[str, Any]:
    found = reading_row(work, reading, report, version=work.version)
    kept = {name: found[name] for name in (*REPORTED, "id", "fence")}
    return kept | {"of": of, "reading": {name: found[name] for name in OF_READING}}


# A failure that counts may be the last one.
PUT_BACK = Prepared(f"""
    WITH {REPORT_CALL}
    UPDATE rereadings SET error = :error, failures = failures + :counted, reader = coalesce(:reader, reader),
        state = CASE WHEN failures + :counted >= :most THEN '{RereadingState.FAILED}'
            ELSE '{RereadingState.PENDING}' END,
        next_at = now() + make_interval(secs => :seconds), {RELEASED},
        cost_microusd = cost_microusd + coalesce(CAST(:cost_microusd AS bigint), 0)
    WHERE reevaluation_id = :of AND evaluation_id = :id AND fence = :fence AND {REREADING.held("rereadings")}
    RETURNING state
""")


def put_back(
    db: Link,
    of: UUID,
    work: ReadWork,
    report: Report,
    error: str,
    *,
    seconds: float,
    counted: bool,
    policy: Policy,
    reader: int | None = None,
) -> None:
    """`reader`: the place of the next try in the list of readers; None: the same one."""
    values = report.values() | {"of": of, "call_id": work.call_id, "id": work.id, "fence": work.fence}
    values |= {"error": error, "seconds": seconds, "counted": int(counted), "reader": reader}
    PUT_BACK.rows(db, values | {"most": policy.most_failures})


FAIL = Prepared(f"""
    WITH {REPORT_CALL}
    UPDATE rereadings SET state = '{RereadingState.FAILED}', error = :error, fence = fence + 1, {RELEASED},
        next_at = NULL, cost_microusd = cost_microusd + coalesce(CAST(:cost_microusd AS bigint), 0)
    WHERE reevaluation_id = :of AND evaluation_id = :id AND fence = :fence AND {REREADING.held("rereadings")}
    RETURNING state
""")


def fail(db: Link, of: UUID, work: ReadWork, report: Report, error: str) -> None:
    values = report.values() | {"of": of, "call_id": work.call_id, "id": work.id, "fence": work.fence}
    FAIL.rows(db, values | {"error": error})


PUT_OFF = Prepared(f"""
    UPDATE rereadings x SET next_at = now() + make_interval(secs => late.seconds), error = late.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:seconds AS float[]), CAST(:reasons AS text[])) AS late (id, seconds, reason)
    WHERE x.reevaluation_id = :of AND x.evaluation_id = late.id AND {IS_DUE}
    RETURNING x.evaluation_id
""")


def put_off(db: Link, of: UUID, ids: Sequence[UUID], seconds: Sequence[float], reasons: Sequence[str]) -> None:
    """What its model's limits do not allow now: nothing has failed."""
    PUT_OFF.rows(db, {"of": of, "ids": list(ids), "seconds": list(seconds), "reasons": list(reasons)})


# For the process that alone works on it: whoever claimed these has ended. Their calls may have been billed.
TAKE_BACK = text(f"""
    UPDATE rereadings SET failures = failures + 1, {RELEASED}, next_at = NULL,
        state = CASE WHEN failures + 1 >= :most THEN '{RereadingState.FAILED}' ELSE '{RereadingState.PENDING}' END,
        error = 'the process that read it ended before it reported back'
    WHERE reevaluation_id = :of AND state = '{RereadingState.READING}' RETURNING evaluation_id
""")


def take_back(db: Connection, of: UUID, policy: Policy) -> int:
    return len(db.execute(TAKE_BACK, {"of": of, "most": policy.most_failures}).all())


@dataclass(frozen=True, slots=True)
class Progress:
    """`due`: those that wait and could be claimed now, were nothing stopped. `next_seconds`: until the next one is due.

    `reason`: why the last of those that wait does so.
    """

    read: int
    failed: int
    waiting: int
    reading: int
    due: int
    next_seconds: float | None
    reason: str | None
    applied: int
    calls: int
    cost_microusd: int


PROGRESS = Prepared(f"""
    SELECT count(*) FILTER (WHERE state = '{RereadingState.DONE}') AS read,
        count(*) FILTER (WHERE state = '{RereadingState.FAILED}') AS failed,
        count(*) FILTER (WHERE state = '{RereadingState.PENDING}') AS waiting,
        count(*) FILTER (WHERE state = '{RereadingState.READING}') AS reading,
        count(*) FILTER (WHERE {IS_DUE}) AS due,
        extract(epoch FROM min(next_at) FILTER (WHERE state = '{RereadingState.PENDING}') - now())::float
            AS next_seconds,
        max(error) FILTER (WHERE state = '{RereadingState.PENDING}' AND next_at > now()) AS reason,
        count(applied_as) AS applied, coalesce(sum(calls), 0)::bigint AS calls,
        coalesce(sum(cost_microusd), 0)::bigint AS cost_microusd
    FROM rereadings x WHERE reevaluation_id = :of
""")
OPEN = Prepared(f"""
    SELECT count(*) FILTER (WHERE state = '{RereadingState.READING}') AS reading, count(*) AS open,
        count(*) FILTER (WHERE {IS_DUE}) AS due,
        extract(epoch FROM min(next_at) FILTER (WHERE state = '{RereadingState.PENDING}') - now())::float
            AS next_seconds
    FROM rereadings x
    WHERE reevaluation_id = :of AND state IN ('{RereadingState.PENDING}', '{RereadingState.READING}')
""")


def progress(db: Link, of: UUID) -> Progress:
    (found,) = PROGRESS.rows(db, {"of": of})
    return Progress(**found)


@dataclass(frozen=True, slots=True)
class Left:
    """Of those that are not read yet. `next_seconds`: until one that was put off is due."""

    open: int
    reading: int
    due: int
    next_seconds: float | None


def left(db: Link, of: UUID) -> Left:
    (found,) = OPEN.rows(db, {"of": of})
    return Left(**found)


FAILURES = text(f"""
    SELECT error, count(*) AS answers FROM rereadings WHERE reevaluation_id = :of AND state = '{RereadingState.FAILED}'
    GROUP BY error ORDER BY count(*) DESC, error LIMIT 5
""")


@dataclass(frozen=True, slots=True)
class Failure:
    error: str | None
    answers: int


def failures(db: Connection, of: UUID) -> list[Failure]:
    """The most frequent reasons first."""
    return each(Failure, db.execute(FAILURES, {"of": of}))


UNAPPLIED = text(f"""
    SELECT DISTINCT batch_id FROM rereadings
    WHERE reevaluation_id = :of AND state = '{RereadingState.DONE}' AND applied_as IS NULL ORDER BY batch_id
""")


def unapplied(db: Connection, of: UUID) -> list[UUID]:
    """Batches with something that was read again and does not count yet."""
    return list(db.execute(UNAPPLIED, {"of": of}).scalars())


# Whatever reading is current by now, for instance after another reevaluation, gives way.
REPLACED = text(f"""
    SELECT x.evaluation_id, e.id, e.run_id, e.org_id,
        (SELECT max(v.version) FROM evaluations v WHERE v.run_id = e.run_id AND v.org_id = e.org_id) AS version
    FROM rereadings x JOIN evaluations e ON e.run_id = x.run_id AND e.org_id = x.org_id
    WHERE x.reevaluation_id = :of AND x.batch_id = :batch AND x.state = '{RereadingState.DONE}'
        AND x.applied_as IS NULL AND e.is_current AND e.state = '{EvaluationState.DONE}'
    ORDER BY e.id FOR NO KEY UPDATE OF e
""")
SUPERSEDE = text("UPDATE evaluations SET is_current = false WHERE id = ANY(CAST(:former AS uuid[]))")
# The claim, its call and its end stay those by which the answer was first read and charged.
KEPT = "run_id, org_id, batch_id, job_id, state, sent_at, fence, failures, reader, ended_at"
REPLACE = text(f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:former AS uuid[]), CAST(:planned AS uuid[]),
            CAST(:versions AS int[])) AS given (id, former, planned, version)
    ),
    made AS (
        INSERT INTO evaluations (id, version, is_current, {KEPT}, {", ".join(SET)})
        SELECT given.id, given.version, true, {", ".join(f"e.{name}" for name in KEPT.split(", "))},
            {", ".join(SET.values())}
        FROM given JOIN evaluations e ON e.id = given.former
            JOIN rereadings x ON x.reevaluation_id = :of AND x.evaluation_id = given.planned,
            jsonb_to_record(x.reading) AS read ({TYPED})
        RETURNING id
    )
    UPDATE rereadings x SET applied_as = given.id FROM given JOIN made ON made.id = given.id
    WHERE x.reevaluation_id = :of AND x.evaluation_id = given.planned
""")
NAMED = text("""
    INSERT INTO competitors (evaluation_id, name)
    SELECT x.applied_as, name
    FROM rereadings x
        CROSS JOIN jsonb_array_elements_text(x.reading->'competitors') WITH ORDINALITY AS one (name, place)
    WHERE x.reevaluation_id = :of AND x.batch_id = :batch AND x.applied_as = ANY(CAST(:ids AS uuid[]))
    ORDER BY x.applied_as, place ON CONFLICT DO NOTHING
""")
CLAIMED = text(f"""
    INSERT INTO claims (evaluation_id, position, {", ".join(CLAIM_COLUMNS)})
    SELECT x.applied_as, place, {", ".join(f"one ->> '{name}'" for name in CLAIM_COLUMNS)}
    FROM rereadings x CROSS JOIN jsonb_array_elements(x.reading->'claims') WITH ORDINALITY AS one (one, place)
    WHERE x.reevaluation_id = :of AND x.batch_id = :batch AND x.applied_as = ANY(CAST(:ids AS uuid[]))
    ON CONFLICT DO NOTHING
""")


def replace(db: Connection, of: UUID, batch: UUID) -> int:
    """Makes what was read again the current readings of the batch; those before stay as former versions."""
    found = db.execute(REPLACED, {"of": of, "batch": batch}).mappings().all()
    if not found:
        return 0
    versions = [one["version"] + 1 for one in found]
    ids = [
        keyed_id(one["run_id"].int >> 80, "evaluation", one["run_id"], one["org_id"], version)
        for one, version in zip(found, versions, strict=True)
    ]
    former, planned = [one["id"] for one in found], [one["evaluation_id"] for one in found]
    db.execute(SUPERSEDE, {"former": former})
    values = {"of": of, "ids": ids, "former": former, "planned": planned, "versions": versions}
    db.execute(REPLACE, values)
    for statement in (NAMED, CLAIMED):
        db.execute(statement, {"of": of, "batch": batch, "ids": ids})
    return len(found)


# The end of an episode that asked for nothing, held nothing and charges nothing.
AS_EPISODE = text("""
    UPDATE batches SET episode = episode + 1, queued_at = now(), started_at = now(), ended_at = now(), deadline = NULL,
        note = NULL, counted_ended_at = CASE WHEN counted_ended_at = ended_at THEN now() ELSE counted_ended_at END
    WHERE id = :batch
""")


def end_as_episode(db: Connection, batch: UUID) -> None:
    """Called with the batch's row locked."""
    db.execute(AS_EPISODE, {"batch": batch})


@dataclass(frozen=True, slots=True)
class Pair:
    """A reading as it was when this was planned, and as it was read again."""

    evaluation_id: UUID
    number: int
    batch_id: UUID
    former: Mapping[str, Any]
    reading: Mapping[str, Any]


PAIRS = text(f"""
    SELECT x.evaluation_id, r.number, x.batch_id, x.reading,
        jsonb_build_object({FORMER}, 'competitors', ARRAY(
            SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id), 'claims', ARRAY(
            SELECT jsonb_build_object('verdict', c.verdict) FROM claims c WHERE c.evaluation_id = e.id)) AS former
    FROM rereadings x JOIN evaluations e ON e.id = x.evaluation_id JOIN question_runs r ON r.id = x.run_id
    WHERE x.reevaluation_id = :of AND x.state = '{RereadingState.DONE}' AND x.evaluation_id > :after
    ORDER BY x.evaluation_id LIMIT :most
""")
PAGE = 500
FIRST = UUID(int=0)


def pairs(db: Connection, of: UUID) -> Iterator[Pair]:
    """All of them, by id, a page at a time."""
    after: UUID | None = FIRST
    while after is not None:
        page = each(Pair, db.execute(PAIRS, {"of": of, "after": after, "most": PAGE}))
        yield from page
        after = page[-1].evaluation_id if len(page) == PAGE else None
