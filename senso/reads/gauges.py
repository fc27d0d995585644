"""What is open at this moment, as the metrics show it. Only open rows are read, by the indexes of open rows."""

from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from senso.db.keys import Key
from senso.db.lease import IS_ALIVE
from senso.db.typed import each
from senso.policy import Policy
from senso.queries.outbox import KEYS, RELAYED_SECONDS, Pipeline
from senso.states import (
    OPEN_BATCHES,
    OPEN_EVALUATIONS,
    OPEN_JOBS,
    OPEN_RUNS,
    BatchState,
    EvaluationState,
    PushStatus,
    RunState,
    among,
)

# Partners in the metrics: those with the fewest credits.
MOST_PARTNERS = 50
# Workers in the metrics, those with the most memory: each restart makes another, and Prometheus keeps all it has seen.
MOST_WORKERS = 200


def age(moment: str) -> str:
    """Seconds, 0 without a moment."""
    return f"coalesce(greatest(0, extract(epoch FROM now() - {moment})), 0)::float"


@dataclass(frozen=True, slots=True)
class Open:
    """`oldest_seconds`: how long the one that has waited longest waits."""

    state: str
    count: int
    oldest_seconds: float


BATCHES = text(f"""
    SELECT state, count(*) AS count, {age("min(queued_at)")} AS oldest_seconds FROM batches
    WHERE {among("state", OPEN_BATCHES)} GROUP BY state
    UNION ALL
    SELECT '{BatchState.BLOCKED}', count(*), {age("min(ended_at)")} FROM batches
    WHERE state = '{BatchState.BLOCKED}'
""")
# A question waits from the start of its batch.
RUNS = text(f"""
    WITH open AS MATERIALIZED (
        SELECT batch_id, state, count(*) AS count FROM question_runs WHERE {among("state", OPEN_RUNS)} GROUP BY 1, 2
    )
    SELECT open.state, sum(open.count)::bigint AS count, {age("min(b.started_at)")} AS oldest_seconds
    FROM open JOIN batches b ON b.id = open.batch_id GROUP BY open.state
""")
# An answer waits from when it was handed out to be read.
EVALUATIONS = text(f"""
    SELECT state, count(*) AS count, {age("min(sent_at)")} AS oldest_seconds FROM evaluations
    WHERE {among("state", OPEN_EVALUATIONS)} GROUP BY state
""")
PUSHES = text(f"""
    SELECT '{PushStatus.PENDING}' AS state, count(*) AS count, {age("min(created_at)")} AS oldest_seconds
    FROM pushes WHERE status = '{PushStatus.PENDING}'
    UNION ALL
    SELECT '{PushStatus.FAILED}', count(*), {age("min(created_at)")} FROM pushes WHERE status = '{PushStatus.FAILED}'
""")
# Messages that are due, and those that the relay would send later: until then the fast path may.
OUTBOX = text(f"""
    SELECT CASE WHEN not_before <= now() THEN 'due' ELSE 'later' END AS state, count(*) AS count,
        {age("min(not_before)")} AS oldest_seconds
    FROM outbox WHERE published_at IS NULL GROUP BY 1
""")


def due_since(key: Key) -> str:
    """When the message for a batch was written."""
    return f"""(SELECT min(o.not_before) FROM outbox o WHERE o.key = {key.sql("b.id", "b.episode")})
        - interval '{RELAYED_SECONDS} seconds'"""


# A batch is opened after its admission; it is scored and charged, in one transaction, once all is read.
STEPS = text(f"""
    SELECT {age("least(queued.since, running.unopened_since)")} AS matrix, {age("running.read_since")} AS score
    FROM (SELECT min(queued_at) AS since FROM batches WHERE state = '{BatchState.QUEUED}') AS queued,
        (SELECT min(started_at) FILTER (WHERE remaining IS NULL) AS unopened_since,
            min({due_since(KEYS[Pipeline.FINISH])}) FILTER (WHERE remaining = 0) AS read_since
        FROM batches b WHERE state = '{BatchState.RUNNING}') AS running
""")


@dataclass(frozen=True, slots=True)
class Jobs:
    provider: str
    kind: str
    state: str
    count: int


JOBS = text(f"""
    SELECT provider, kind, state, count(*) AS count FROM vendor_jobs WHERE {among("state", OPEN_JOBS)} GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
""")


@dataclass(frozen=True, slots=True)
class Partner:
    id: str
    name: str
    credits: int


PARTNERS = text(f"""
    SELECT id::text AS id, name, available AS credits FROM partners WHERE available IS NOT NULL
    ORDER BY available, id LIMIT {MOST_PARTNERS}
""")


@dataclass(frozen=True, slots=True)
class Worker:
    id: str
    queues: list[str]
    rss_bytes: int | None
    cpu_seconds: float | None


WORKERS = text(f"""
    SELECT id, queues, rss_bytes, cpu_seconds FROM workers WHERE {IS_ALIVE}
    ORDER BY rss_bytes DESC NULLS LAST, id LIMIT {MOST_WORKERS}
""")
STARTED = text("SELECT count(*) FROM workers WHERE started_at > now() - interval '15 minutes'")
BEAT = text("SELECT extract(epoch FROM now() - max(ticked_at))::float FROM beats")


@dataclass(frozen=True, slots=True)
class Model:
    provider: str
    name: str


MODELS = text("SELECT DISTINCT provider, name FROM models ORDER BY 1, 2")


@dataclass(frozen=True, slots=True)
class Gauges:
    """`waiting`: seconds by stage. `beat_seconds`: since beat sent a tick; None if it never has."""

    batches: list[Open]
    runs: list[Open]
    evaluations: list[Open]
    pushes: list[Open]
    outbox: list[Open]
    waiting: dict[str, float]
    jobs: list[Jobs]
    partners: list[Partner]
    workers: list[Worker]
    started: int
    beat_seconds: float | None
    models: list[Model]


# A compiled plan or a second process costs more than any of these statements; a scrape waits for none for long.
SETTLE = text("""
    SELECT set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
        set_config('statement_timeout', '5s', true), set_config('lock_timeout', '2s', true)
""")


def gauges(db: Connection, policy: Policy) -> Gauges:
    """Sets limits for what else is read in the transaction."""
    db.execute(SETTLE)
    batches, runs, evaluations, pushes, outbox = (
        opened(db, one) for one in (BATCHES, RUNS, EVALUATIONS, PUSHES, OUTBOX)
    )
    waiting = by_stage(db, runs, evaluations, pushes)
    return Gauges(
        batches,
        runs,
        evaluations,
        pushes,
        outbox,
        waiting,
        jobs=each(Jobs, db.execute(JOBS)),
        partners=each(Partner, db.execute(PARTNERS)),
        workers=each(Worker, db.execute(WORKERS, {"silent": policy.silent_seconds})),
        started=int(db.execute(STARTED).scalar_one()),
        beat_seconds=db.execute(BEAT).scalar(),
        models=each(Model, db.execute(MODELS)),
    )


def waiting(db: Connection) -> dict[str, float]:
    """By stage, how long in seconds what has waited longest waits. Sets limits as `gauges` does."""
    db.execute(SETTLE)
    return by_stage(db, *(opened(db, one) for one in (RUNS, EVALUATIONS, PUSHES)))


def by_stage(db: Connection, runs: list[Open], evaluations: list[Open], pushes: list[Open]) -> dict[str, float]:
    steps = db.execute(STEPS).mappings().one()
    return {
        "matrix": steps["matrix"],
        "ask": oldest(runs, RunState.PLANNED),
        "extract": oldest(evaluations, EvaluationState.PENDING),
        "score": steps["score"],
        "charge": steps["score"],
        "push": oldest(pushes, PushStatus.PENDING),
    }


def opened(db: Connection, statement: TextClause) -> list[Open]:
    return each(Open, db.execute(statement))


def oldest(found: list[Open], state: str) -> float:
    return max((one.oldest_seconds for one in found if one.state == state), default=0)
