"""I1, I2 and I5: a batch is unique, ends, and ends only once."""

from senso.queries.invariants.base import HELD, IN_SCOPE, OPEN, WORK, Check

# Ids as matrix.dated_id makes them: 48 bits of the day's milliseconds, then a hash of the natural key; UUID version 8.
HASH = "sha256(convert_to({key}, 'UTF8'))"
HASHED = f"encode({HASH}, 'hex')"
DATED = """(lpad(to_hex((extract(epoch FROM b.batch_date) * 1000)::bigint), 12, '0') || '8' || substr(h, 14, 3)
    || substr('89ab', ((strpos('0123456789abcdef', substr(h, 17, 1)) - 1) & 3) + 1, 1) || substr(h, 18, 15))::uuid"""


def key(*parts: str) -> str:
    return " || chr(31) || ".join(parts)


BATCH = key("'batch'", "b.kind", "coalesce(b.org_id::text, 'None')", "coalesce(b.network_id::text, 'None')")
RUN = key("'run'", "b.id", "r.question_id", "r.model_id", "r.location_id", "r.sample")
EVALUATION = key("'evaluation'", "e.run_id", "e.org_id", "e.version")
BATCH_KEY, RUN_KEY, EVALUATION_KEY = (HASHED.format(key=said) for said in (BATCH, RUN, EVALUATION))


def strange(row: str, said: str, like: str) -> str:
    """Whether the id does not match its key, or not the day of `like`: compares bytes, at a fifth of `DATED`'s cost."""
    return f"""(substring(uuid_send({row}.id) FROM 10) <> substring({HASH.format(key=said)} FROM 10 FOR 7)
        OR substring(uuid_send({row}.id) FROM 1 FOR 6) <> substring(uuid_send({like}) FROM 1 FOR 6))"""


# A timestamp is the start of its transaction, which may then have waited for an earlier transaction to end.
SLACK = "interval '1 minute'"
# A batch whose answers are read in files has more time.
LONGEST_BATCH = """CASE WHEN EXISTS (SELECT FROM vendor_jobs j WHERE j.batch_id = b.id AND j.kind = 'readings')
    THEN interval '31 hours' ELSE interval '7 hours' END"""
SOON = f"(coalesce(b.ended_at, now()) + {SLACK})"
# When the batch was opened for the first time: the same transaction writes the audit row.
FIRST_MOMENT = f"(coalesce((SELECT min(a.at) FROM audit a WHERE a.batch_id = b.id), b.queued_at) - {SLACK})"
# Batches with that timestamp as a column: looked up once per batch, not once per row of it.
DATED_BATCHES = f"(SELECT b.*, {FIRST_MOMENT} AS first_moment FROM batches b OFFSET 0) b"


def payload(reopen: str, kind: str = "b.kind", reader: str | None = None) -> str:
    """As workflows.trigger.payload_hash makes it. `reader`: the org that reads the answers of a network."""
    asking = "coalesce(b.network_id, b.org_id)"
    more = "" if reader is None else f', "org_id": "\' || {reader} || \'"'
    said = (
        f"""'{{"kind": "' || {kind} || '", "' || {kind} || '_id": "' || {asking} || '", "reopen": {reopen}{more}}}'"""
    )
    return f"encode(sha256(convert_to({said}, 'UTF8')), 'hex')"


# What an org lacks was asked for while its network was being asked.
ASKED_FOR_A_MEMBER = f"""EXISTS (
    SELECT FROM (SELECT org_id FROM network_orgs n WHERE n.network_id = b.network_id
        UNION SELECT org_id FROM batches x WHERE x.network_id = b.network_id AND x.kind = 'network_org') m
    WHERE t.payload_hash = {payload("false", "'network_org'", "m.org_id")})"""
# The audit rows of a batch's triggers, retries and reopenings; each has the timestamp of the transaction it records.
OPENINGS = """
    SELECT count(*) FILTER (WHERE a.action IN ('retry', 'reevaluate') OR a.details->>'outcome' = 'reopened') AS again,
        bool_or(a.at = b.queued_at) AS is_dated, count(*) AS written,
        bool_or((a.details->>'credits_per_evaluation')::int <> b.credits_per_evaluation) AS is_dearer
    FROM audit a WHERE a.batch_id = b.id AND a.action IN ('trigger', 'retry', 'reevaluate')
"""
ANOTHER = "a row was made or changed by something other than this product"
RESTORE = "compare with the audit (senso show BATCH --audit) and with a backup"

# Of a network's batch, of which nothing else says that this episode was opened. Without work left it ends unopened.
ANSWERED_NOW = """(b.kind = 'network' AND EXISTS (
                SELECT FROM question_runs r WHERE r.batch_id = b.id AND r.answered_at >= b.started_at))"""

CHECKS = (
    Check(
        "I1",
        "a batch, a run and an evaluation are what their ids say",
        f"{ANOTHER}: a second batch of one subject and date could be paid for",
        RESTORE,
        f"""
        SELECT 'batch' AS what, b.id FROM batches b, LATERAL (SELECT {BATCH_KEY} AS h) k
        WHERE {IN_SCOPE} AND b.id <> {DATED}
        UNION ALL
        SELECT 'run', r.id FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE {IN_SCOPE} AND {strange("r", RUN, "b.id")}
        UNION ALL
        SELECT 'evaluation', e.id FROM evaluations e JOIN batches b ON b.id = e.batch_id
        WHERE {IN_SCOPE} AND {strange("e", EVALUATION, "e.run_id")}
        """,
    ),
    Check(
        "I1",
        "what opened a batch leads to the batch of its subject and date",
        f"{ANOTHER}: the same trigger could open, and pay for, another batch",
        RESTORE,
        f"""
        SELECT 'schedule' AS what, s.subject AS id FROM schedule_runs s JOIN batches b ON b.id = s.batch_id
        WHERE {IN_SCOPE} AND (s.subject <> 'org:' || b.org_id OR s.due_date > b.batch_date)
        UNION ALL
        SELECT 'trigger', t.idempotency_key FROM triggers t JOIN batches b ON b.id = t.batch_id
        WHERE {IN_SCOPE} AND b.kind <> 'network_org' AND (t.created_at > now() + {SLACK}
            OR t.created_at < {FIRST_MOMENT} OR CASE
                WHEN t.payload_hash IN ({payload("false")}, {payload("true")}) THEN false
                WHEN b.kind = 'network' THEN NOT {ASKED_FOR_A_MEMBER} ELSE true END)
        UNION ALL
        SELECT 'run', r.id::text FROM question_runs r JOIN batches b ON b.id = r.batch_id
            LEFT JOIN vendor_jobs s ON s.id = r.snapshot_id
            LEFT JOIN (SELECT DISTINCT batch_id, model_id, location_id FROM vendor_jobs) j
                ON (j.batch_id, j.model_id, j.location_id) = (r.batch_id, r.model_id, r.location_id)
        WHERE {IN_SCOPE} AND (r.subject_id <> coalesce(b.network_id, b.org_id)
            OR (r.batch_id, r.model_id, r.location_id) <> (s.batch_id, s.model_id, s.location_id)
            OR (r.state IN ('asking', 'answered') AND r.snapshot_id IS NULL AND j.batch_id IS NOT NULL))
        """,
    ),
    Check(
        "I1",
        "a batch is as its audit says: opened then, so many times, at that price",
        f"{ANOTHER}: it would be charged at another price, or opened once more",
        RESTORE,
        f"""
        SELECT b.id AS batch, b.episode, b.queued_at, b.credits_per_evaluation, o.again FROM batches b,
            LATERAL ({OPENINGS}) o
        WHERE {IN_SCOPE} AND o.written > 0 AND (b.episode <> 1 + o.again OR NOT o.is_dated OR o.is_dearer)
        """,
    ),
    Check(
        "I2",
        "nothing is open once its batch has ended",
        "work that nobody waits for is left, and could still be paid for",
        "senso cancel BATCH, then senso retry BATCH; report it",
        f"""
        SELECT 'run' AS what, r.id, r.state, b.id AS batch, b.state AS batch_state
        FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE r.state IN ('planned', 'asking') AND b.state NOT IN {OPEN}
        UNION ALL
        SELECT 'evaluation', e.id, e.state, b.id, b.state FROM evaluations e JOIN batches b ON b.id = e.batch_id
        WHERE e.state IN ('pending', 'extracting') AND b.state NOT IN {OPEN}
        UNION ALL
        SELECT 'job', s.id, s.state, b.id, b.state FROM vendor_jobs s JOIN batches b ON b.id = s.batch_id
        WHERE s.state IN ('submitting', 'running') AND b.state NOT IN {OPEN}
            -- A job that reads is ended a moment later where no answer came that it could read.
            AND NOT (s.kind = 'readings' AND s.maybe_sent_at IS NULL AND b.ended_at > now() - interval '5 minutes')
        """,
    ),
    Check(
        "I2",
        "whatever is open has a deadline, and none is past it",
        "a batch that will not end by itself: are beat and the control worker alive?",
        "senso doctor; senso cancel BATCH ends it now and charges what was read",
        f"""
        SELECT b.id AS batch, b.state, b.deadline FROM batches b
        WHERE b.state = 'running' AND (b.deadline < now() - interval '5 minutes'
            OR (b.deadline IS NULL AND (b.remaining IS NOT NULL OR b.started_at < now() - interval '10 minutes')))
        UNION ALL
        SELECT s.batch_id, s.state, s.deadline FROM vendor_jobs s
        WHERE s.state IN ('submitting', 'running') AND s.deadline < now()
            - CASE s.kind WHEN 'readings' THEN interval '2 hours' ELSE interval '5 minutes' END
        UNION ALL
        SELECT b.id, b.state, b.deadline FROM batches b
        WHERE {IN_SCOPE} AND ({HELD} OR {ANSWERED_NOW})
            AND coalesce(b.deadline, 'infinity') NOT BETWEEN b.started_at AND b.started_at + {LONGEST_BATCH}
        """,
    ),
    Check(
        "I2",
        "the moments of a batch, its runs and its readings follow each other",
        f"{ANOTHER}, or a clock jumped",
        RESTORE,
        f"""
        SELECT 'batch' AS what, b.id FROM batches b
        WHERE {IN_SCOPE} AND ((b.ended_at IS NULL) <> (b.state IN {OPEN})
            OR (b.started_at IS NULL AND (b.state IN ('running', 'blocked') OR b.finished_by IS NOT NULL
                OR b.deadline IS NOT NULL))
            OR b.queued_at > b.started_at + {SLACK} OR b.started_at > b.ended_at + {SLACK}
            OR greatest(b.queued_at, b.started_at, b.ended_at) > now() + {SLACK}
            OR (b.state NOT IN ('queued') AND b.started_at - b.queued_at > interval '3 days'))
        UNION ALL
        SELECT 'run', r.id FROM question_runs r JOIN {DATED_BATCHES} ON b.id = r.batch_id
        WHERE {IN_SCOPE} AND ((r.state = 'answered') <> (r.answered_at IS NOT NULL AND r.answer_text IS NOT NULL)
            OR r.answered_at > {SOON} OR (r.state = 'failed' AND r.error IS NULL)
            OR (r.state NOT IN ('planned', 'asking') AND (r.lease_owner IS NOT NULL OR r.lease_until IS NOT NULL
                OR r.next_at IS NOT NULL))
            OR (r.lease_owner IS NULL) <> (r.lease_until IS NULL) OR (r.state = 'planned' AND r.lease_owner IS NOT NULL)
            OR (r.state = 'asking' AND r.lease_owner IS NULL AND r.snapshot_id IS NULL)
            -- A run that was taken back from a slow owner, who then saved, has no such moment.
            OR (r.sent_at IS NULL AND r.state = 'answered' AND r.failures = 0)
            OR r.sent_at > {SOON} OR r.sent_at < b.first_moment OR r.answered_at < b.first_moment
            OR r.lease_until > now() + interval '1 hour')
        UNION ALL
        SELECT 'evaluation', e.id FROM evaluations e JOIN {DATED_BATCHES} ON b.id = e.batch_id
        WHERE {IN_SCOPE} AND ((e.ended_at IS NULL) <> (e.state IN ('pending', 'extracting'))
            OR e.ended_at > {SOON} OR e.sent_at > {SOON}
            OR e.sent_at < b.first_moment OR e.ended_at < b.first_moment OR (e.state = 'done' AND e.mentioned IS NULL)
            OR (e.state IN ('failed', 'cancelled') AND e.error IS NULL)
            OR (e.state NOT IN ('pending', 'extracting') AND (e.lease_owner IS NOT NULL OR e.lease_until IS NOT NULL
                OR e.next_at IS NOT NULL))
            OR (e.state = 'extracting' AND (e.lease_owner IS NULL OR e.lease_until IS NULL))
            OR e.lease_until > now() + interval '1 hour')
        UNION ALL
        SELECT 'job', s.id FROM vendor_jobs s JOIN batches b ON b.id = s.batch_id
        WHERE {IN_SCOPE} AND ((s.ended_at IS NULL) <> (s.state IN ('submitting', 'running'))
            OR ((s.state IN ('running', 'collected')) AND (s.external_id IS NULL OR s.submitted_at IS NULL
                OR s.maybe_sent_at IS NULL OR s.submitted_at <> s.maybe_sent_at OR s.request_hash IS NULL))
            OR s.submitted_at < s.created_at OR s.submitted_at > coalesce(s.ended_at, now()) + {SLACK}
            OR s.ended_at > now() + {SLACK}
            OR s.created_at < b.queued_at AND b.episode = 1 OR s.created_at > {SOON}
            OR (s.external_id IS NOT NULL AND coalesce(s.grace_until, 'infinity')
                NOT BETWEEN s.maybe_sent_at AND s.maybe_sent_at + interval '10 minutes')
            OR (s.ended_at IS NOT NULL AND coalesce(s.next_poll_at, 'infinity')
                NOT BETWEEN s.created_at AND s.ended_at + interval '10 minutes')
            OR s.deadline < s.created_at OR s.deadline > s.created_at
                + CASE s.kind WHEN 'readings' THEN interval '21 hours' ELSE interval '7 hours' END
            OR (s.state NOT IN ('submitting', 'running') AND s.lease_owner IS NOT NULL)
            OR (s.cancelled_at IS NOT NULL AND s.state IN ('submitting', 'running', 'collected')))
        """,
    ),
    Check(
        "I2",
        "a run and its reading stand for the same: answered and read, or failed together",
        "an answer is lost to its org, or one was read that is not there",
        "senso show RUN; senso retry BATCH reads what is there again",
        f"""
        SELECT e.id AS evaluation, e.state, r.id AS run, r.state AS run_state
        FROM question_runs r JOIN batches b ON b.id = r.batch_id
            LEFT JOIN evaluations e ON e.run_id = r.id AND e.is_current AND e.batch_id = r.batch_id
        WHERE {IN_SCOPE} AND ((e.state IN ('done', 'extracting') AND r.state <> 'answered')
            OR (e.state = 'pending' AND r.state IN ('failed', 'cancelled'))
            OR (b.kind = 'org' AND e.org_id IS DISTINCT FROM b.org_id))
        UNION ALL
        SELECT e.id, e.state, r.id, r.state
        FROM evaluations e JOIN batches b ON b.id = e.batch_id LEFT JOIN question_runs r ON r.id = e.run_id
        WHERE {IN_SCOPE} AND e.batch_id IS DISTINCT FROM r.batch_id AND (b.kind = 'org' OR r.id IS NULL
            OR (e.is_current AND r.state <> 'answered'))
        """,
    ),
    Check(
        "I2",
        "a batch ends as what its readings say, and says by what",
        "its state is wrong, and with it what the operator and the application are told",
        RESTORE,
        f"""
        SELECT b.id AS batch, b.state, c.done, c.rows FROM batches b, {WORK} c
        WHERE {IN_SCOPE} AND (
            (b.state = 'completed' AND (c.done <> c.rows OR c.done = 0))
            OR (b.state = 'partial' AND (c.done = 0 OR c.done = c.rows))
            OR (b.state = 'failed' AND (c.done > 0 OR (b.planned IS NULL AND b.error ~ 'credits? needed')))
            OR (b.state = 'blocked' AND b.error IS NULL)
            OR (b.state = 'cancelled' AND (b.error IS NULL OR (c.rows > 0 AND c.done = c.rows)))
            OR (b.state = 'queued' AND b.episode = 1 AND c.rows > 0)
            OR (b.state IN ('completed', 'partial', 'failed') AND b.planned IS NOT NULL) <> (b.finished_by IS NOT NULL)
            OR (b.episode < 1) OR (b.state IN ('partial', 'failed') AND b.error IS NULL))
        """,
    ),
    Check(
        "I5",
        "a batch ends once per episode, and each end is handed over once",
        "the application was told twice, or will never be told",
        "senso show BATCH --audit; senso retry BATCH makes another push",
        f"""
        SELECT b.id AS batch, b.episode, b.state, p.key FROM batches b
            LEFT JOIN pushes p ON p.key = 'push:' || b.id || ':' || b.episode
        WHERE {IN_SCOPE} AND b.planned IS NOT NULL AND (
            (p.key IS NULL AND b.state IN ('completed', 'partial', 'failed'))
            OR (p.key IS NULL AND b.state = 'cancelled' AND b.started_at IS NOT NULL AND EXISTS (
                SELECT FROM evaluations e WHERE e.batch_id = b.id AND e.state = 'done' AND e.ended_at >= b.queued_at))
            OR (p.key IS NOT NULL AND b.state IN {OPEN}))
        UNION ALL
        SELECT p.batch_id, p.episode, b.state, p.key FROM pushes p JOIN batches b ON b.id = p.batch_id,
            jsonb_to_record(p.body) AS t (batch_id uuid, episode int, org_id uuid, date date, state text)
        WHERE {IN_SCOPE} AND (p.key <> 'push:' || p.batch_id || ':' || p.episode OR p.episode > b.episode
            OR t.batch_id <> p.batch_id OR t.episode <> p.episode
            OR t.org_id IS DISTINCT FROM b.org_id OR t.date <> b.batch_date
            OR (p.episode = b.episode AND t.state <> b.state)
            OR (p.episode = b.episode AND p.created_at <> b.ended_at)
            OR (p.episode < b.episode AND b.kind <> 'network' AND NOT EXISTS (SELECT FROM ledger l
                WHERE l.batch_id = b.id AND l.entry = 'release' AND l.created_at = p.created_at)
                AND NOT EXISTS (SELECT FROM audit a
                    WHERE a.batch_id = b.id AND a.action = 'reevaluate' AND a.at = p.created_at)))
        UNION ALL
        SELECT DISTINCT b.id, b.episode, b.state, NULL FROM ledger l JOIN batches b ON b.id = l.batch_id
        WHERE {IN_SCOPE} AND l.entry = 'charge' AND NOT EXISTS (
            SELECT FROM pushes p WHERE p.batch_id = b.id AND p.created_at = l.created_at)
        """,
    ),
    Check(
        "I5",
        "a push arrives, or says why not",
        "the application has not got what was paid for",
        "senso status BATCH says what the application answered; is APPLICATION_API_URL right?",
        """
        SELECT p.batch_id AS batch, p.key, p.status, p.tries, p.next_at, p.error FROM pushes p
        WHERE (p.status = 'pending' AND (p.created_at < now() - interval '3 days'
                OR (coalesce(p.next_at, p.created_at) < now() - interval '10 minutes'
                    AND coalesce(p.lease_until, p.created_at) < now() - interval '10 minutes')
                OR p.next_at > now() + interval '2 hours' OR p.next_at IS NULL OR p.sent_at IS NOT NULL))
            OR (p.status = 'sent') <> (p.sent_at IS NOT NULL) OR (p.status = 'sent' AND p.tries = 0)
            OR p.sent_at < p.created_at OR p.sent_at > now() + interval '1 minute'
            OR p.lease_until > now() + interval '1 hour'
            OR (p.status = 'failed' AND (p.error IS NULL OR coalesce(p.next_at, 'infinity')
                NOT BETWEEN p.created_at AND p.created_at + interval '3 days'))
            OR (p.status = 'sent' AND coalesce(p.next_at, 'infinity')
                NOT BETWEEN p.created_at AND p.sent_at + interval '2 hours')
        """,
    ),
)
