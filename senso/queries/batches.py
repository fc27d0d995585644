"""Opening, admitting, ending and loading a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.statement import Prepared
from senso.db.typed import typed
from senso.errors import NotFound
from senso.matrix import Subject
from senso.queries.outbox import Pipeline, enqueue_by, intents_of
from senso.queries.stopped import holds_batch, may_begin
from senso.states import BatchKind, BatchState, FinishedBy, JobKind, JobState


@dataclass(frozen=True, slots=True)
class Batch:
    id: UUID
    kind: BatchKind
    org_id: UUID | None
    network_id: UUID | None
    batch_date: date
    state: BatchState
    episode: int
    planned: int | None
    remaining: int | None
    reserved: int  # readings beyond `planned` that the hold of this episode suffices for
    credits_per_evaluation: int
    overdue: bool
    finished_by: FinishedBy | None
    error: str | None
    note: str | None
    pruned_at: datetime | None

    @property
    def subject(self) -> Subject:
        return Subject(self.kind, self.org_id, self.network_id)


COLUMNS = """id, kind, org_id, network_id, batch_date, state, episode, planned, remaining,
    CASE WHEN reserved_in = episode THEN reserved ELSE 0 END AS reserved, credits_per_evaluation,
    coalesce(deadline < now(), false) AS overdue, finished_by, error, note, pruned_at"""

ONE = Prepared(f"SELECT {COLUMNS} FROM batches WHERE id = :id")
ONE_LOCKED = Prepared(f"SELECT {COLUMNS} FROM batches WHERE id = :id FOR NO KEY UPDATE")


HAND_OUT_LOCK = Prepared("SELECT pg_advisory_xact_lock(hashtextextended('hand out:' || :id, 0))")


def lock_handing_out(db: Connection, batch: UUID) -> None:
    """Serializes handing out per batch. Not by the row's lock: handing out locks runs, which come before batches."""
    HAND_OUT_LOCK.rows(db, {"id": str(batch)})


def load(db: Connection, batch: UUID, *, lock: bool = False) -> Batch:
    found = (ONE_LOCKED if lock else ONE).one(db, {"id": batch})
    if found is None:
        raise NotFound(f"no batch {batch}; senso status lists the latest")
    return typed(Batch, found)


INSERT = text("""
    INSERT INTO batches (id, kind, org_id, network_id, batch_date, credits_per_evaluation, triggered_by, user_id)
    VALUES (:id, :kind, :org_id, :network_id, :batch_date, :credits, :triggered_by, :user_id)
    ON CONFLICT DO NOTHING
    RETURNING id
""")


def insert(
    db: Connection, subject: Subject, day: date, *, credits_each: int, triggered_by: str, user_id: str | None = None
) -> tuple[UUID, bool]:
    """The id of that day's batch, and whether this call made it. The unique key lets only one of many callers do so."""
    made = subject.batch_on(day)
    values = {
        "id": made,
        "kind": subject.kind,
        "org_id": subject.org_id,
        "network_id": subject.network_id,
        "batch_date": day,
        "credits": credits_each,
        "triggered_by": triggered_by,
        "user_id": user_id,
    }
    return made, db.execute(INSERT, values).first() is not None


# A new episode keeps what is done; what failed is planned again when the batch opens, after the episode's own hold.
QUEUE_AGAIN = text("""
    UPDATE batches
    SET state = 'queued', episode = episode + :step, queued_at = now(), error = NULL, note = NULL,
        started_at = NULL, ended_at = NULL, finished_by = NULL, remaining = NULL, deadline = NULL
    WHERE id = :id AND state = ANY(:states) AND pruned_at IS NULL
    RETURNING episode
""")


def queue_again(db: Connection, batch: UUID, states: Sequence[BatchState], *, new_episode: bool) -> bool:
    """False if the batch is in none of the states, because another transaction was faster, or if it was pruned."""
    values = {"id": batch, "states": list(states), "step": int(new_episode)}
    return db.execute(QUEUE_AGAIN, values).first() is not None


# A batch whose answers lie in a file at a vendor, perhaps for a day, takes no place of those that work.
WAITS_FOR_FILE = f"j.kind = '{JobKind.READINGS}' AND j.state = '{JobState.RUNNING}'"
# Admission is serialized: otherwise two ticks would fill the same free places. MATERIALIZED chooses the rows once: a
# subquery that is run again for each row would skip the rows it has locked and take others, beyond its limit. The inner
# limit is known to the planner; with an unknown limit it would sort all queued batches.
ADMIT = text(f"""
    WITH room AS (
        SELECT greatest(0, :most - count(*)) AS places FROM batches b WHERE state = 'running' AND NOT EXISTS (
            SELECT FROM vendor_jobs j WHERE j.batch_id = b.id AND {WAITS_FOR_FILE})
    ),
    next AS MATERIALIZED (
        SELECT id FROM batches
        WHERE state = 'queued' AND id = ANY(ARRAY(
            SELECT id FROM batches q WHERE state = 'queued' AND {may_begin(holds_batch("q"))}
            ORDER BY queued_at LIMIT :most
        ))
        ORDER BY queued_at LIMIT (SELECT places FROM room) FOR NO KEY UPDATE SKIP LOCKED
    ),
    admitted AS (
        UPDATE batches SET state = 'running', started_at = coalesce(started_at, now())
        WHERE id IN (SELECT id FROM next)
        RETURNING id, episode
    )
    {
    intents_of(
        Pipeline.START,
        *("id", "episode"),
        ids="jsonb_build_array(id)",
        batch="id",
        source="FROM admitted",
    )
}
""")
ADMISSION_LOCK = Prepared("SELECT pg_try_advisory_xact_lock(7230155)")


def admit(db: Connection, most: int) -> None:
    """Moves queued batches to running, and enqueues their start, while fewer than `most` run."""
    if ADMISSION_LOCK.column(db, {}) == [True]:
        enqueue_by(db, ADMIT, {"most": most})


MAY_BEGIN = Prepared(f"SELECT {may_begin(holds_batch('b'))} FROM batches b WHERE id = :id")


def may_begin_now(db: Connection, batch: UUID) -> bool:
    """False while its partner, or everything, is stopped."""
    return MAY_BEGIN.column(db, {"id": batch}) == [True]


OPENED = Prepared("""
    UPDATE batches SET planned = coalesce(planned, 0) + CAST(:new AS integer),
        remaining = CAST(:new AS integer) + CAST(:again AS integer),
        deadline = now() + make_interval(secs => :seconds),
        reserved = CASE WHEN CAST(:reserved AS integer) > 0 THEN CAST(:reserved AS integer) ELSE reserved END,
        reserved_in = CASE WHEN CAST(:reserved AS integer) > 0 THEN episode ELSE reserved_in END
    WHERE id = :id
""")


def opened(
    db: Connection, batch: UUID, new: int, deadline_seconds: float, *, again: int = 0, reserved: int = 0
) -> None:
    """`new`: work that is planned for the first time; `again`: work of an earlier episode.

    `reserved`: further work that the hold suffices for.
    """
    values = {"id": batch, "new": new, "again": again, "reserved": reserved, "seconds": deadline_seconds}
    OPENED.rows(db, values)


EXTENDED = Prepared("""
    UPDATE batches SET planned = planned + CAST(:more AS integer), remaining = remaining + CAST(:more AS integer),
        reserved = reserved - CAST(:more AS integer)
    WHERE id = :id
""")


def extended(db: Connection, batch: UUID, more: int) -> None:
    """`more`: of what is reserved, planned now. The caller has locked the batch."""
    EXTENDED.rows(db, {"id": batch, "more": more})


END = Prepared("""
    UPDATE batches SET state = :state, error = :error, ended_at = now(), finished_by = :by,
        remaining = CASE WHEN planned IS NULL THEN NULL ELSE 0 END
    WHERE id = :id
""")


def end(
    db: Connection, batch: UUID, state: BatchState, *, error: str | None = None, by: FinishedBy | None = None
) -> None:
    END.rows(db, {"id": batch, "state": state, "error": error, "by": by})


NOTE = Prepared("""
    UPDATE batches SET note = concat_ws('; ', note, :note) WHERE id = :id AND strpos(coalesce(note, ''), :note) = 0
""")


def note(db: Connection | Link, batch: UUID, said: str) -> None:
    """Adds to what is noted of the batch, once."""
    NOTE.rows(db, {"id": batch, "note": said})
