"""Pauses, and what goes on once a stop ends.

A row that a claim left alone because of a stop is not changed: it is planned or pending, and its message is gone.
While it is stopped, neither the tick for due work nor the search for lost messages sends it. `free` sends what one stop
has held and no other one holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.statement import Prepared
from senso.db.typed import each
from senso.queries.fragments import IN_NO_JOB, SENT_AT
from senso.queries.models import Reader, by_reader
from senso.queries.outbox import Pipeline, enqueue_by, intents_of
from senso.queries.stopped import (
    ANY_STOP,
    holds_batch,
    holds_job,
    holds_reading,
    holds_run,
    may_begin,
)
from senso.states import StopScope


@dataclass(frozen=True, slots=True)
class Scope:
    """`subject`: a provider's name, a model's slug or a partner's id; None where everything is meant."""

    scope: StopScope
    subject: str | None = None

    @property
    def said(self) -> str:
        return "everything" if self.subject is None else f"{self.scope} {self.subject}"


ANY = Prepared(f"SELECT {ANY_STOP}")


def any_now(db: Link) -> bool:
    return ANY.column(db, {}) == [True]


KNOWN = text("""
    SELECT 'provider' AS scope, provider AS subject FROM models WHERE provider = :said
    UNION SELECT 'model', slug FROM models WHERE slug = :said
    UNION SELECT 'partner', id::text FROM partners WHERE id::text = :said
""")
NAMES = text("SELECT DISTINCT provider, slug FROM models ORDER BY provider, slug")


def known(db: Connection, said: str) -> list[Scope]:
    """What `said` may mean: a name may be that of a provider and of a model."""
    found = each(Scope, db.execute(KNOWN, {"said": said}))
    return sorted(found, key=lambda one: list(StopScope).index(one.scope))


def names(db: Connection) -> tuple[list[str], list[str]]:
    """Of providers and of models."""
    found = db.execute(NAMES).all()
    return sorted({one.provider for one in found}), sorted({one.slug for one in found})


PAUSE = text("""
    INSERT INTO pauses (scope, subject, paused_by, reason) VALUES (:scope, :subject, :by, :reason)
    ON CONFLICT DO NOTHING RETURNING id
""")
RESUME = text("""
    DELETE FROM pauses WHERE scope = :scope AND subject IS NOT DISTINCT FROM CAST(:subject AS text) RETURNING id
""")


def pause(db: Connection, one: Scope, by: str, reason: str | None) -> bool:
    """False if it is paused already."""
    values = {"scope": one.scope, "subject": one.subject, "by": by, "reason": reason}
    return db.execute(PAUSE, values).first() is not None


def resume(db: Connection, one: Scope) -> bool:
    """False if it is not paused."""
    return db.execute(RESUME, {"scope": one.scope, "subject": one.subject}).first() is not None


def ended_and_no_other(holding: str) -> str:
    """The stop that has ended held it, and no stop in force does."""
    ended = "(VALUES (CAST(:scope AS text), CAST(:subject AS text))) AS stop (scope, subject)"
    return f"EXISTS (SELECT FROM {ended} WHERE {holding}) AND {may_begin(holding)}"


# Jobs that are put off after a failure keep their time.
FREE_JOBS = text(f"""
    UPDATE vendor_jobs SET next_poll_at = now() WHERE id IN (
        SELECT id FROM vendor_jobs s WHERE state = 'submitting' AND maybe_sent_at IS NULL AND lease_owner IS NULL
            AND error IS NULL AND {ended_and_no_other(holds_job("s"))}
        FOR UPDATE SKIP LOCKED)
    RETURNING id
""")
FREE_RUNS = text(f"""
    UPDATE question_runs SET next_at = now(), sent_at = NULL WHERE id IN (
        SELECT id FROM question_runs r WHERE state = 'planned' AND snapshot_id IS NULL
            AND ((sent_at IS NOT NULL AND next_at IS NULL) OR next_at <= greatest(sent_at, now()))
            AND {ended_and_no_other(holds_run("r"))}
        FOR UPDATE SKIP LOCKED)
    RETURNING id
""")
FREE_READINGS = text(f"""
    UPDATE evaluations SET next_at = now(), sent_at = NULL WHERE id IN (
        SELECT e.id FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.state = 'pending' AND r.state = 'answered' AND {IN_NO_JOB}
            AND (({SENT_AT} IS NOT NULL AND e.next_at IS NULL) OR e.next_at <= greatest(e.sent_at, now()))
            AND {ended_and_no_other(holds_reading("e"))}
        FOR UPDATE OF e SKIP LOCKED)
    RETURNING id
""")
# Batches that have not been opened; and others, for what is not handed out and for names that wait to be asked for.
GO_ON = f"FROM batches b WHERE state = 'running' AND {{}} AND {may_begin(holds_batch('b'))}"


def sent_again(pipeline: Pipeline, which: str) -> str:
    parts, ids = ("id", "episode"), "jsonb_build_array(id)"
    return intents_of(pipeline, *parts, ids=ids, batch="id", source=GO_ON.format(which))


OPEN = text(sent_again(Pipeline.START, "remaining IS NULL"))
HAND_OUT = text(sent_again(Pipeline.PREPARE, "remaining > 0"))


def free(db: Connection, ended: Scope, readers: Sequence[Reader]) -> int:
    """Makes due what the stop has held, and publishes after the commit; returns how many jobs, runs and readings."""
    values = {"scope": ended.scope, "subject": ended.subject} | by_reader(readers)
    freed = sum(len(db.execute(one, values).all()) for one in (FREE_JOBS, FREE_RUNS, FREE_READINGS))
    for one in (OPEN, HAND_OUT):
        enqueue_by(db, one, {})
    return freed


# In words, for operators.
TOLD = f"""(
    SELECT scope, subject, paused_at AS since, paused_by AS by, reason, concat(
        CASE scope WHEN '{StopScope.ALL}' THEN 'everything' WHEN '{StopScope.PARTNER}' THEN 'partner '
            || coalesce((SELECT name FROM partners WHERE id::text = subject), subject)
            ELSE scope || ' ' || subject END,
        ' paused by ', paused_by, ' at ', to_char(paused_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), ' UTC',
        ', ' || reason) AS said
    FROM pauses
    UNION ALL
    SELECT CASE WHEN c.partner_id IS NULL THEN '{StopScope.ALL}' ELSE '{StopScope.PARTNER}' END, c.partner_id::text,
        c.reached_at, NULL, NULL, concat(
            'today''s cost of $', to_char(c.spent_microusd / 1e6, 'FM999999990.00'), ' has reached ',
            coalesce('max_daily_cost of partner ' || p.name, 'MAX_DAILY_COST'), ' $',
            to_char(c.ceiling_microusd / 1e6, 'FM999999990.00'), '; goes on at 00:00 UTC or when raised')
    FROM cost_stops c LEFT JOIN partners p ON p.id = c.partner_id WHERE c.lifted_at IS NULL
) AS stop"""


@dataclass(frozen=True, slots=True)
class Stop:
    """`by`: who paused it; None where a ceiling was reached. `said`: in words."""

    scope: StopScope
    subject: str | None
    since: datetime
    by: str | None
    reason: str | None
    said: str


IN_FORCE = text(f"SELECT scope, subject, since, by, reason, said FROM {TOLD} ORDER BY since")


def in_force(db: Connection) -> list[Stop]:
    return each(Stop, db.execute(IN_FORCE))
