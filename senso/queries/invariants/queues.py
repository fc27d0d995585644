"""I7 and I8: every message that is due is sent, and no work stays idle while a worker is alive."""

from senso.db.lease import IS_ALIVE
from senso.queries.fragments import IN_NO_JOB, SENT_AT
from senso.queries.invariants.base import HELD, Check
from senso.queries.members import ANSWERS, ITS_BATCH, WITH_ANSWERS
from senso.queries.stopped import ANY_STOP, holds_batch, holds_job, holds_run, may_begin, may_hold_reading
from senso.states import among

LOOK = "senso doctor says whether beat and workers live; the sweep sends it again within a minute"
SOMEBODY_LIVES = f"EXISTS (SELECT FROM workers w WHERE w.{IS_ALIVE})"
# The outbox still has their rows.
RECENT = """b.queued_at > now() - interval '2 days' AND coalesce(b.ended_at, now()) > now() - interval '2 days'"""
IDLE = "work waits although a worker lives: it will not be done before its batch's deadline"
# Keys of what is sent to webhooks: of an end of a batch, or of a test, which is of no batch.
UUID = "[0-9a-f-]{36}"
OF_WEBHOOKS = f"^deliver:webhook:{UUID}:({UUID}:[0-9]+:[a-z]+|test:[0-9T]+)$"

CHECKS = (
    Check(
        "I7",
        "the outbox drains",
        "a message that was intended is not sent: the relay does not run, or Redis refuses it",
        LOOK,
        f"""
        SELECT o.id, o.key, o.not_before, o.published_at FROM outbox o
        WHERE (o.published_at IS NULL AND o.not_before < now() - interval '60 seconds')
            OR (o.published_at IS NULL AND o.not_before > now() + interval '10 minutes')
            OR o.published_at NOT BETWEEN o.not_before - interval '20 minutes' AND o.not_before + interval '6 hours'
            OR o.published_at > now() + interval '1 minute'
        UNION ALL
        SELECT o.id, o.key, o.not_before, o.published_at FROM outbox o
            LEFT JOIN vendor_jobs s ON s.id::text = split_part(o.key, ':', 2)
        WHERE (CAST(:since AS timestamptz) IS NULL OR coalesce(o.published_at, now()) >= :since)
            AND o.key !~ '^alarm:[0-9]+$' AND o.key !~ '{OF_WEBHOOKS}'
            AND (o.key !~ '^[a-z ]+(:[0-9a-f-]{{36}}(:[0-9]+)*)?$' OR (o.key LIKE '%:%' AND (o.batch_id IS NULL
            OR coalesce(s.batch_id::text, split_part(o.key, ':', 2)) <> o.batch_id::text)))
        UNION ALL
        SELECT NULL, i.key, b.ended_at, NULL FROM batches b, LATERAL (
            SELECT stage || ':' || b.id || ':' || e AS key
            FROM generate_series(1, b.episode) AS e, unnest(ARRAY['start', 'prepare']) AS stage
            WHERE EXISTS (SELECT FROM ledger h WHERE h.idempotency_key = 'hold:' || b.id || ':' || e)
                OR (b.kind = 'network' AND e = b.episode AND b.deadline IS NOT NULL)
            UNION ALL
            SELECT 'members:' || b.id || ':' || b.episode
            WHERE b.kind = 'network' AND b.state IN ('completed', 'partial')
            UNION ALL
            SELECT 'finish:' || b.id || ':' || b.episode WHERE b.state = 'completed' AND {HELD}
            UNION ALL
            SELECT p.key FROM pushes p WHERE p.batch_id = b.id AND p.status <> 'not configured'
        ) i
        WHERE {RECENT} AND NOT EXISTS (SELECT FROM outbox o WHERE o.key = i.key)
        UNION ALL
        SELECT NULL, i.pipeline || ' ' || i.id, b.ended_at, NULL FROM batches b JOIN vendor_jobs s ON s.batch_id = b.id
            AND s.kind = 'questions', LATERAL (
            SELECT 'submit' AS pipeline, s.id::text AS id
            UNION ALL
            (SELECT 'extract', r.id::text FROM question_runs r
            WHERE r.snapshot_id = s.id AND s.state = 'collected' AND b.kind <> 'network' AND r.state = 'answered'
            LIMIT 1)
        ) i
        WHERE {RECENT} AND NOT EXISTS (
            SELECT FROM outbox o WHERE o.batch_id = b.id AND o.pipeline = i.pipeline AND o.ids ? i.id)
        """,
    ),
    Check(
        "I7",
        "what was sent for is begun",
        "a message was lost, or nobody takes from its queue",
        LOOK,
        f"""
        SELECT 'run' AS what, r.id, r.sent_at FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE b.state = 'running' AND r.state = 'planned' AND r.snapshot_id IS NULL
            AND (r.sent_at < now() - interval '20 minutes' OR r.sent_at > now() + interval '1 minute')
            AND (r.next_at IS NULL OR r.next_at <= r.sent_at) AND {may_begin(holds_run("r"))}
        UNION ALL
        SELECT 'reading', e.id, e.sent_at FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.state = 'pending' AND r.state = 'answered' AND (e.next_at IS NULL OR e.next_at <= e.sent_at)
            AND {IN_NO_JOB} AND ({SENT_AT} < now() - interval '20 minutes'
                OR e.sent_at > now() + interval '1 minute') AND {may_begin(may_hold_reading("e"))}
        """,
    ),
    Check(
        "I8",
        "what is due is taken",
        IDLE,
        LOOK,
        f"""
        SELECT 'run' AS what, r.id, r.next_at FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE b.state = 'running' AND r.state = 'planned' AND {SOMEBODY_LIVES}
            AND (r.next_at < now() - interval '60 seconds' OR r.next_at > now() + interval '1 hour')
            AND (r.sent_at IS NULL OR r.sent_at < r.next_at) AND {may_begin(holds_run("r"))}
        UNION ALL
        SELECT 'reading', e.id, e.next_at FROM evaluations e JOIN batches b ON b.id = e.batch_id
            JOIN question_runs r ON r.id = e.run_id
        WHERE b.state = 'running' AND e.state = 'pending' AND r.state = 'answered' AND {SOMEBODY_LIVES}
            AND {IN_NO_JOB} AND (e.next_at < now() - interval '60 seconds' OR e.next_at > now() + interval '1 hour')
            AND (e.sent_at IS NULL OR e.sent_at < e.next_at) AND {may_begin(may_hold_reading("e"))}
        UNION ALL
        SELECT 'claim that ran out', r.id, r.lease_until FROM question_runs r
        WHERE r.state = 'asking' AND r.lease_until < now() - interval '3 minutes' AND {SOMEBODY_LIVES}
        UNION ALL
        SELECT 'claim that ran out', e.id, e.lease_until FROM evaluations e
        WHERE e.state = 'extracting' AND e.lease_until < now() - interval '3 minutes' AND {SOMEBODY_LIVES}
        """,
    ),
    Check(
        "I8",
        "a job at a vendor is looked at",
        "answers that were paid for lie at the vendor",
        LOOK,
        f"""
        SELECT s.id AS job, s.state, s.next_poll_at FROM vendor_jobs s
        WHERE s.state IN ('submitting', 'running') AND {SOMEBODY_LIVES}
            AND (s.next_poll_at IS NULL OR s.next_poll_at < now() - interval '2 minutes'
                OR s.next_poll_at > now() + interval '30 minutes')
            -- One that waits for a place at its vendor is due as long as it waits.
            AND NOT (s.kind = 'questions' AND s.state = 'submitting' AND s.place_at IS NULL AND s.maybe_sent_at IS NULL)
            AND (s.lease_until IS NULL OR s.lease_until < now())
            AND (s.state = 'running' OR s.maybe_sent_at IS NOT NULL OR {may_begin(holds_job("s"))})
        UNION ALL
        SELECT s.id, s.state, s.cancel_due_at FROM vendor_jobs s
        WHERE s.cancel_due_at < now() - interval '1 day' AND s.cancelled_at IS NULL
        """,
    ),
    Check(
        "I8",
        "a process that says it lives does so now",
        "a heartbeat from the future makes a dead process look alive, and its work is not taken back",
        "are the clocks of machines and database right?",
        """
        SELECT w.id, w.started_at, w.heartbeat_at, w.ended_at FROM workers w
        WHERE w.heartbeat_at > now() + interval '1 minute' OR w.started_at > now() + interval '1 minute'
            OR (w.started_at > w.heartbeat_at AND w.ended_at IS NULL) OR w.ended_at > now() + interval '1 minute'
        """,
    ),
    Check(
        "I8",
        "a batch that could run does",
        "a queued batch is not admitted although there is room, or a running one is not opened",
        LOOK,
        f"""
        SELECT b.id AS batch, b.state, b.queued_at FROM batches b
        WHERE {SOMEBODY_LIVES} AND {may_begin(holds_batch("b"))}
            AND ((b.state = 'queued' AND (b.queued_at < now() - interval '2 minutes'
                AND (SELECT count(*) FROM batches o WHERE o.state = 'running') < :running))
            OR (b.state = 'running' AND b.started_at < now() - interval '5 minutes' AND b.remaining IS NULL)
            OR (b.state = 'running' AND b.remaining = 0 AND b.started_at < now() - interval '5 minutes'
                AND NOT EXISTS (SELECT FROM evaluations e WHERE e.batch_id = b.id
                    AND e.ended_at > now() - interval '3 minutes')
                AND NOT EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND b.kind = 'network'
                    AND r.answered_at > now() - interval '3 minutes')))
        """,
    ),
    Check(
        "I8",
        "what a network answered is read for its orgs",
        "an org of a network gets no numbers although its answers are there",
        f"{LOOK}; senso trigger missing NETWORK reads what is missing",
        f"""
        SELECT n.id AS batch, o.id AS org, b.id AS its_batch FROM batches n
            JOIN network_orgs m ON m.network_id = n.network_id JOIN orgs o ON o.id = m.org_id
            LEFT JOIN batches b ON {ITS_BATCH}
        WHERE n.kind = 'network' AND {among("n.state", WITH_ANSWERS)} AND {SOMEBODY_LIVES} AND o.active
            AND n.ended_at BETWEEN now() - interval '1 day' AND now() - interval '10 minutes'
            AND m.joined_at < n.ended_at AND (b.id IS NULL OR (
                {among("b.state", (*WITH_ANSWERS, "failed"))} AND b.ended_at < now() - interval '10 minutes'
                AND b.planned < {ANSWERS}))
        UNION ALL
        SELECT r.batch_id, e.org_id, b.id FROM batches b JOIN evaluations e ON e.batch_id = b.id
            JOIN question_runs r ON r.id = e.run_id
        WHERE b.state = 'running' AND b.started_at < now() - interval '20 minutes' AND {SOMEBODY_LIVES}
            AND e.state = 'pending' AND e.sent_at IS NULL AND e.next_at IS NULL AND {IN_NO_JOB}
            AND r.batch_id <> e.batch_id AND NOT {ANY_STOP}
        """,
    ),
)
