"""Orders to read stored answers again: opening one, writing its rows in steps, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.states import BatchState, EvaluationState, ReevaluationState, among

# What was read in a batch that is open, or that waits for credits, may still change.
READ_BATCHES = (BatchState.COMPLETED, BatchState.PARTIAL, BatchState.CANCELLED)
COLUMNS = "id, org_id, batch_id, prompt_version, is_compared, since, state, actor, planned, created_at, ended_at"
BATCHES_A_STEP = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """Which stored readings are meant: those of an org, since a day or all, or those of a batch."""

    org_id: UUID | None
    batch_id: UUID | None
    since: date | None = None

    def values(self) -> dict[str, object]:
        return {"org": self.org_id, "batch": self.batch_id, "since": self.since}


@dataclass(frozen=True, slots=True)
class Reevaluation:
    id: UUID
    org_id: UUID | None
    batch_id: UUID | None
    prompt_version: str
    is_compared: bool
    since: date | None
    state: ReevaluationState
    actor: str
    planned: int | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def scope(self) -> Scope:
        return Scope(self.org_id, self.batch_id, self.since)

    @property
    def subject(self) -> str:
        """As the audit names it."""
        return f"org:{self.org_id}" if self.org_id else f"batch:{self.batch_id}"


OF_SUBJECT = "org_id IS NOT DISTINCT FROM CAST(:org AS uuid) AND batch_id IS NOT DISTINCT FROM CAST(:batch AS uuid)"
OPEN = text(f"""
    SELECT {COLUMNS} FROM reevaluations WHERE {OF_SUBJECT} AND state = '{ReevaluationState.OPEN}'
""")
COMPARED = text(f"""
    SELECT {COLUMNS} FROM reevaluations WHERE {OF_SUBJECT}
    ORDER BY created_at DESC, id LIMIT 1
""")
ONE = text(f"SELECT {COLUMNS} FROM reevaluations WHERE id = :id")


def find_open(db: Connection, scope: Scope) -> Reevaluation | None:
    """Of the same org or batch, whatever else it was given."""
    return first(Reevaluation, db.execute(OPEN, scope.values()))


def find_latest(db: Connection, scope: Scope) -> Reevaluation | None:
    return first(Reevaluation, db.execute(COMPARED, scope.values()))


def load(db: Connection, id_: UUID) -> Reevaluation:
    (found,) = each(Reevaluation, db.execute(ONE, {"id": id_}))
    return found


INSERT = text("""
    INSERT INTO reevaluations (id, org_id, batch_id, since, prompt_version, is_compared, actor)
    VALUES (:id, :org, :batch, :since, :version, :compared, :actor)
    ON CONFLICT DO NOTHING RETURNING id
""")


def insert(db: Connection, id_: UUID, scope: Scope, *, version: str, is_compared: bool, actor: str) -> bool:
    """False if another process has opened one of the same subject."""
    values = scope.values() | {"id": id_, "version": version, "compared": is_compared, "actor": actor}
    return db.execute(INSERT, values).first() is not None


# The batches of the subject whose readings may be read again. Ids of batches begin with their date.
BATCHES = f"""
    SELECT b.id FROM batches b
    WHERE (b.org_id = CAST(:org AS uuid) OR b.id = CAST(:batch AS uuid)) AND {among("b.state", READ_BATCHES)}
        AND b.org_id IS NOT NULL AND b.pruned_at IS NULL
        AND (CAST(:since AS date) IS NULL OR b.batch_date >= CAST(:since AS date))
"""
READINGS = f"""
    SELECT e.id, e.run_id, e.org_id, e.batch_id FROM evaluations e
    WHERE e.batch_id = ANY(ARRAY(SELECT id FROM chosen)) AND e.is_current AND e.state = '{EvaluationState.DONE}'
"""
# A process that is killed leaves the mark at the last batch whose rows are committed.
PLAN = text(f"""
    WITH mark AS (
        SELECT planned_upto FROM reevaluations
        WHERE id = :id AND planned IS NULL AND state = '{ReevaluationState.OPEN}' FOR NO KEY UPDATE
    ),
    chosen AS MATERIALIZED (
        {BATCHES} AND EXISTS (SELECT FROM mark) AND b.id > coalesce((SELECT planned_upto FROM mark), :first)
        ORDER BY b.id LIMIT {BATCHES_A_STEP}
    ),
    written AS (
        INSERT INTO rereadings (reevaluation_id, evaluation_id, run_id, org_id, batch_id)
        SELECT :id, found.* FROM ({READINGS}) found ON CONFLICT DO NOTHING
    ),
    marked AS (
        UPDATE reevaluations SET planned_upto = (SELECT id FROM chosen ORDER BY id DESC LIMIT 1)
        WHERE id = :id AND EXISTS (SELECT FROM chosen)
    )
    SELECT count(*) FROM chosen
""")
PLANNED = text("""
    UPDATE reevaluations SET planned = (SELECT count(*) FROM rereadings WHERE reevaluation_id = :id)
    WHERE id = :id AND planned IS NULL
""")


def plan_some(db: Connection, of: Reevaluation) -> bool:
    """Writes the rows of the next batches. False once there are none left, and then all are counted."""
    values = of.scope.values() | {"id": of.id, "first": UUID(int=0)}
    if db.execute(PLAN, values).scalar_one():
        return True
    db.execute(PLANNED, {"id": of.id})
    return False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be read again. `characters`: of all the answers."""

    batches: int
    answers: int
    characters: int


FORESEEN = text(f"""
    WITH chosen AS MATERIALIZED ({BATCHES})
    SELECT count(DISTINCT found.batch_id) AS batches, count(*) AS answers,
        coalesce(sum(length(r.answer_text)), 0) AS characters
    FROM ({READINGS}) found JOIN question_runs r ON r.id = found.run_id
""")


def foreseen(db: Connection, scope: Scope) -> Foreseen:
    found = db.execute(FORESEEN, scope.values()).mappings().one()
    return Foreseen(**found)


END = text(f"""
    UPDATE reevaluations SET state = :state, ended_at = now()
    WHERE id = :id AND state = '{ReevaluationState.OPEN}' RETURNING id
""")


def end(db: Connection, id_: UUID, state: ReevaluationState) -> bool:
    """False if it has ended already."""
    return db.execute(END, {"id": id_, "state": state}).first() is not None


APPLY = text(f"""
    UPDATE reevaluations SET state = '{ReevaluationState.OPEN}', is_compared = false, ended_at = NULL
    WHERE id = :id AND state = '{ReevaluationState.COMPARED}' RETURNING id
""")


def apply_compared(db: Connection, id_: UUID) -> bool:
    """Opens what was only compared, so that it counts: nothing of it is read again."""
    return db.execute(APPLY, {"id": id_}).first() is not None


LATEST = text(f"SELECT {COLUMNS} FROM reevaluations ORDER BY created_at DESC, id LIMIT :most")


def latest(db: Connection, most: int) -> Sequence[Reevaluation]:
    return each(Reevaluation, db.execute(LATEST, {"most": most}))


EXISTS_ORG = text("SELECT EXISTS (SELECT FROM orgs WHERE id = :id)")
KIND_OF_BATCH = text("SELECT kind FROM batches WHERE id = :id")


def is_org(db: Connection, id_: UUID) -> bool:
    return bool(db.execute(EXISTS_ORG, {"id": id_}).scalar_one())


def kind_of_batch(db: Connection, id_: UUID) -> str | None:
    """None: there is no such batch."""
    return db.execute(KIND_OF_BATCH, {"id": id_}).scalar()


# Of a session: Postgres ends it with the connection, however its process ends.
LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('reevaluation:' || :id, 0))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('reevaluation:' || :id, 0))")


def lock(db: Connection, id_: UUID) -> bool:
    """Whether this session alone works on it from now on."""
    return bool(db.execute(LOCK, {"id": str(id_)}).scalar_one())


def unlock(db: Connection, id_: UUID) -> None:
    db.execute(UNLOCK, {"id": str(id_)})
