"""The orgs of a network, and the answers to its questions that are not read for them yet.

An answer of a network's batch is read for an org by the org's batch of the same network and date: `planned` of that
batch says how many of the answers it has taken.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.db.typed import each
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue, enqueue_later
from senso.states import (
    CANCELLABLE,
    OPEN_BATCHES,
    UNDONE_EVALUATIONS,
    Action,
    BatchKind,
    BatchState,
    RunState,
    among,
)

# Only what a network has asked to the end is read for its orgs.
WITH_ANSWERS = (BatchState.COMPLETED, BatchState.PARTIAL)
# Also while a later episode asks what failed, and if that one is blocked or cancelled: each end has written a push.
ASKED = f"""({among("n.state", WITH_ANSWERS)} OR (n.episode > 1 AND EXISTS (
        SELECT FROM pushes p WHERE p.batch_id = n.id AND {among("p.body->>'state'", WITH_ANSWERS)})))"""
# The reason in the audit of what this system does by itself for the orgs of a network.
FOLLOWING = "network"
STOPPED = f"""(b.state = '{BatchState.CANCELLED}' AND EXISTS (
        SELECT FROM audit a WHERE a.batch_id = b.id AND a.action = '{Action.CANCEL}'
            AND a.details->>'reason' <> '{FOLLOWING}' AND a.details->>'episode' = b.episode::text))"""
ANSWERS = f"(SELECT count(*) FROM question_runs r WHERE r.batch_id = n.id AND r.state = '{RunState.ANSWERED}')"
ITS_BATCH = f"""b.kind = '{BatchKind.NETWORK_ORG}' AND b.org_id = o.id AND b.network_id = n.network_id
    AND b.batch_date = n.batch_date"""
MISSING = text(f"""
    WITH asked AS MATERIALIZED (
        SELECT n.network_id, n.batch_date, {ANSWERS} AS answers FROM batches n
        WHERE n.kind = '{BatchKind.NETWORK}' AND n.network_id = :network AND n.batch_date BETWEEN :since AND :until
            AND n.pruned_at IS NULL AND {ASKED}
    )
    SELECT o.id AS org_id, n.batch_date AS date, b.id AS batch_id, b.state, b.credits_per_evaluation,
        coalesce({STOPPED}, false) AS stopped,
        n.answers - coalesce(b.planned, 0) AS unread,
        (SELECT count(*) FROM evaluations e
            WHERE e.batch_id = b.id AND {among("e.state", UNDONE_EVALUATIONS)}) AS undone
    FROM asked n CROSS JOIN orgs o LEFT JOIN batches b ON {ITS_BATCH}
    WHERE o.active AND o.id IN (SELECT org_id FROM network_orgs WHERE network_id = :network)
        AND (CAST(:org AS uuid) IS NULL OR o.id = :org)
    ORDER BY o.name, o.id, n.batch_date
""")


@dataclass(frozen=True, slots=True)
class Missing:
    """Answers of one day for one org. `batch_id`, `state`, credits: of its batch for that day, if there is one.

    `stopped`: that batch was cancelled by somebody, not because the org had left. `unread`: answers that no batch has
    taken for it; `undone`: readings that failed or were cancelled.
    """

    org_id: UUID
    date: date
    batch_id: UUID | None
    state: BatchState | None
    stopped: bool
    credits_per_evaluation: int | None
    unread: int
    undone: int


def missing(
    db: Connection, network: UUID, since: date, org: UUID | None = None, *, until: date = date.max
) -> list[Missing]:
    """A row for each active org and each day on which the network has answers, also where nothing is missing."""
    return each(Missing, db.execute(MISSING, {"network": network, "since": since, "until": until, "org": org}))


LATEST = text(f"""
    SELECT n.id FROM batches n
    WHERE n.kind = '{BatchKind.NETWORK}' AND n.network_id = :network AND n.batch_date >= :since
    ORDER BY {among("n.state", OPEN_BATCHES)} DESC, n.batch_date DESC LIMIT 1
""")


def latest(db: Connection, network: UUID, since: date) -> UUID | None:
    """The network's own batch that is queued or running, or else its latest."""
    return db.execute(LATEST, {"network": network, "since": since}).scalar()


MEMBERS = text("""
    SELECT o.id FROM network_orgs m JOIN orgs o ON o.id = m.org_id WHERE m.network_id = :network AND o.active
    ORDER BY o.name, o.id
""")


def active(db: Connection, network: UUID) -> list[UUID]:
    return list(db.execute(MEMBERS, {"network": network}).scalars())


IS_MEMBER = Prepared("SELECT EXISTS (SELECT FROM network_orgs WHERE network_id = :network AND org_id = :org)")


def is_member(db: Connection, network: UUID, org: UUID) -> bool:
    return IS_MEMBER.column(db, {"network": network, "org": org}) == [True]


OF_NETWORK = "ARRAY(SELECT org_id FROM network_orgs WHERE network_id = :network)"
ABLE = Prepared(f"""
    WITH payers AS (
        SELECT p.available, count(*) AS orgs
        FROM orgs o JOIN partners p ON p.id = ANY(ARRAY(SELECT partner_id FROM orgs WHERE id = ANY({OF_NETWORK})))
            AND p.id IS NOT DISTINCT FROM o.partner_id
        WHERE o.id = ANY({OF_NETWORK}) AND o.active
        GROUP BY p.id, p.available
    )
    SELECT coalesce(sum(orgs), 0)::int AS orgs,
        coalesce(sum(least(orgs, coalesce(available / nullif(CAST(:credits AS int), 0), orgs))), 0)::int AS able
    FROM payers
""")


@dataclass(frozen=True, slots=True)
class Able:
    """How many active orgs a network has, and for how many of them their partners' credits suffice."""

    orgs: int
    able: int


def able_to_pay(db: Connection, network: UUID, credits_wanted: int) -> Able:
    """Holds nothing: each org's own batch does so when it opens."""
    (found,) = ABLE.rows(db, {"network": network, "credits": credits_wanted})
    return Able(**found)


# Batches `b` that read the answers of the batch :asked_by of a network.
OF_READERS = f"""b.kind = '{BatchKind.NETWORK_ORG}' AND b.state = '{BatchState.RUNNING}'
        AND b.network_id = (SELECT network_id FROM batches WHERE id = :asked_by)
        AND b.batch_date = (SELECT batch_date FROM batches WHERE id = :asked_by)"""
READERS = Prepared(f"SELECT b.id FROM batches b WHERE {OF_READERS}")


def readers(db: Connection, asked_by: UUID) -> list[UUID]:
    """Running batches that read the answers of this batch of a network."""
    return sorted(READERS.column(db, {"asked_by": asked_by}))


ASKED_BY = Prepared(f"""
    SELECT n.id FROM batches n WHERE n.kind = '{BatchKind.NETWORK}' AND n.network_id = :network AND n.batch_date = :day
""")


def asked_by(db: Connection, batch: Batch) -> UUID | None:
    """The batch of the network whose answers the batch of an org reads."""
    found = ASKED_BY.column(db, {"network": batch.network_id, "day": batch.batch_date})
    return next(iter(found), None)


UNREAD = Prepared(f"""
    SELECT r.id FROM question_runs r
    WHERE r.batch_id = :asked_by AND r.state = '{RunState.ANSWERED}' AND NOT EXISTS (
        SELECT FROM evaluations e WHERE e.run_id = r.id AND e.org_id = :org OFFSET 0)
    ORDER BY r.number + 0
""")


def unread(db: Connection, asked_by: UUID, org: UUID) -> list[UUID]:
    """Runs whose answers no batch has taken for the org."""
    return UNREAD.column(db, {"asked_by": asked_by, "org": org})


# Of batches of a network that ended in the last day: the message that opens its orgs' batches was lost, or a batch was
# at work when the network got further answers. An org that joined later is left to whoever asks for its history.
UNOPENED = text(f"""
    SELECT n.id, n.episode FROM batches n
    WHERE n.kind = '{BatchKind.NETWORK}' AND {among("n.state", WITH_ANSWERS)}
        AND n.ended_at BETWEEN now() - interval '1 day' AND now() - make_interval(secs => :quiet) AND EXISTS (
            SELECT FROM network_orgs m JOIN orgs o ON o.id = m.org_id LEFT JOIN batches b ON {ITS_BATCH}
            WHERE m.network_id = n.network_id AND m.joined_at < n.ended_at AND o.active AND (b.id IS NULL OR (
                {among("b.state", (*WITH_ANSWERS, BatchState.FAILED))} AND b.planned < {ANSWERS})))
""")


def open_later(db: Connection, quiet_seconds: float) -> dict[str, int]:
    """Has the batches opened that the orgs of a network should have had by now."""
    found = db.execute(UNOPENED, {"quiet": quiet_seconds}).all()
    for batch in found:
        enqueue_later(db, Pipeline.MEMBERS, batch.id, batch.episode, ids=[batch.id], batch=batch.id, seconds=0)
    return {"unread networks": len(found)}


LEFT = text(f"""
    SELECT b.id, b.episode FROM batches b
    WHERE b.kind = '{BatchKind.NETWORK_ORG}' AND {among("b.state", CANCELLABLE)} AND NOT EXISTS (
        SELECT FROM network_orgs m WHERE m.network_id = b.network_id AND m.org_id = b.org_id)
    ORDER BY b.id
""")


def end_of_those_who_left(db: Connection) -> dict[str, int]:
    """Has the batches cancelled of orgs that are no longer in the network."""
    found = db.execute(LEFT).all()
    for batch in found:
        enqueue(db, Pipeline.LEAVE, batch.id, batch.episode, ids=[batch.id], batch=batch.id)
    return {"batches of orgs that left": len(found)}


# Names are still being asked for, or the batch is still being opened.
ANY_NOT_READY = Prepared(f"""
    SELECT EXISTS (
        SELECT FROM batches b WHERE {OF_READERS} AND b.started_at > now() - make_interval(secs => :patience)
            AND (b.remaining IS NULL OR EXISTS (
                SELECT FROM evaluations e WHERE e.batch_id = b.id AND {looked_up("e.state")} = 'pending'
                    AND e.sent_at IS NULL AND e.next_at IS NULL OFFSET 0))
    )
""")


def any_not_ready(db: Connection, asked_by: UUID, patience_seconds: float) -> bool:
    """Whether a batch that reads the same answers has begun lately and cannot read yet."""
    return ANY_NOT_READY.column(db, {"asked_by": asked_by, "patience": patience_seconds}) == [True]
