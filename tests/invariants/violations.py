"""Each way in which a promise may be broken, planted alone: what it is, which check must see it, and how it is made."""

from dataclasses import dataclass

# One row of a table, as everybody may name it.
ONE = "(SELECT ctid FROM {table} WHERE {where} ORDER BY ctid LIMIT 1)"
RUNNING = "(SELECT id FROM batches WHERE state = 'running')"
# A reading that is done, of a batch of direct runs that has ended.
READ = """(SELECT e.run_id FROM evaluations e JOIN question_runs r ON r.id = e.run_id
    JOIN batches b ON b.id = e.batch_id WHERE e.state = 'done' AND b.state = 'completed' AND b.episode = 1
    AND b.kind = 'org' AND r.snapshot_id IS NULL AND r.is_latest ORDER BY e.id DESC LIMIT 1)"""


@dataclass(frozen=True)
class Violation:
    """`check`: what its name ends with. `world`: "ended" where all has ended, "running" where work goes on."""

    story: str
    check: str
    world: str
    statement: str


def change(table: str, where: str, to: str) -> str:
    return f"UPDATE {table} SET {to} WHERE ctid = {ONE.format(table=table, where=where)}"


def remove(table: str, where: str) -> str:
    return f"DELETE FROM {table} WHERE ctid = {ONE.format(table=table, where=where)}"


def again(table: str, columns: str, where: str, **other: str) -> str:
    """A second row like the first, but for what `other` says."""
    taken = ", ".join(other.get(column, column) for column in columns.split(", "))
    row = ONE.format(table=table, where=where)
    return f"INSERT INTO {table} ({columns}) SELECT {taken} FROM {table} WHERE ctid = {row}"


LEDGER = "idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id, created_at"
METRIC = (
    "batch_id, name, kind, surface, model, location, value, numerator, denominator, low, high, method, rule_version, "
)
METRIC += "about, answers, questions, effective_n, these_low, these_high, these_method, tag"
CALL = "purpose, batch_id, run_id, org_id, fence, provider, model, prompt_version, tokens_in, tokens_cached, "
CALL += "tokens_out, cost_microusd, latency_ms, outcome, started_at"
JOB = "id, batch_id, provider, model_id, location_id, external_id, state, fence, next_poll_at, maybe_sent_at, "
JOB += "request_hash, grace_until, deadline, created_at, submitted_at, ended_at"
ELSEWHERE = "(SELECT id FROM partners p WHERE p.id <> partner_id LIMIT 1)"
CHARGED = f"entry = 'charge' AND run_id = {READ}"
ASKED = f"purpose = 'ask' AND outcome = 'answered' AND run_id = {READ}"
AT_WORK = f"batch_id IN {RUNNING} AND snapshot_id IS NULL AND state = 'planned'"
# An answer of a batch at work, whose reading has not begun.
UNREAD = f"batch_id IN {RUNNING} AND state = 'done'"
PENDING = "state = 'pending', ended_at = NULL, lease_owner = NULL, lease_until = NULL"

ENDED = (
    (
        "a batch of another day",
        "are what their ids say",
        change("batches", "state = 'completed'", "batch_date = batch_date - 2"),
    ),
    (
        "a run of another question",
        "are what their ids say",
        change(
            "question_runs",
            f"id = {READ}",
            "question_id = (SELECT q.id FROM questions q WHERE q.id NOT IN "
            "(SELECT o.question_id FROM question_runs o WHERE o.subject_id = question_runs.subject_id) LIMIT 1)",
        ),
    ),
    (
        "a key that was said with something else",
        "of its subject and date",
        change("triggers", "true", "payload_hash = 'x'"),
    ),
    (
        "a price other than the one in the batch's audit",
        "as its audit says: opened then, so many times, at that price",
        change("batches", "state = 'completed'", "credits_per_evaluation = 2"),
    ),
    (
        "a run that is planned in a batch that has ended",
        "open once its batch has ended",
        change("question_runs", "state = 'failed'", "state = 'planned'"),
    ),
    (
        "a job that is left submitting",
        "open once its batch has ended",
        change("vendor_jobs", "true", "state = 'submitting'"),
    ),
    (
        "an answer of tomorrow",
        "follow each other",
        change("question_runs", f"id = {READ}", "answered_at = answered_at + interval '1 day'"),
    ),
    (
        "a reading of a run that failed",
        "answered and read, or failed together",
        change("question_runs", f"id = {READ}", "state = 'failed', error = 'x'"),
    ),
    (
        "a run without a reading",
        "answered and read, or failed together",
        change("evaluations", f"run_id = {READ}", "is_current = false"),
    ),
    (
        "a failed batch that says it is complete",
        "as what its readings say, and says by what",
        change("batches", "state = 'failed'", "state = 'completed'"),
    ),
    (
        "two charges for one answer",
        "charged once, and nothing else is",
        again("ledger", LEDGER, CHARGED, idempotency_key="idempotency_key || ' again'"),
    ),
    ("no charge for an answer", "charged once, and nothing else is", remove("ledger", CHARGED)),
    (
        "a charge for nothing",
        "charged once, and nothing else is",
        change("evaluations", f"run_id = {READ}", "state = 'failed', error = 'x'"),
    ),
    (
        "five credits for one answer",
        "to the partner whose credits were held",
        change("ledger", CHARGED, "credits = -5"),
    ),
    (
        "a charge to another partner",
        "to the partner whose credits were held",
        change("ledger", CHARGED, f"partner_id = {ELSEWHERE}"),
    ),
    (
        "a charge without a batch",
        "to the partner whose credits were held",
        change("ledger", CHARGED, "batch_id = NULL"),
    ),
    (
        "a charge as of a network",
        "to the partner whose credits were held",
        change("ledger", CHARGED, "kind = 'network'"),
    ),
    (
        "a release that comes late",
        "and releases it when it ends",
        change("ledger", "entry = 'release'", "created_at = created_at + interval '1 minute'"),
    ),
    (
        "a batch that was pruned on the day on which it ended",
        "and was charged as it was read",
        change("batches", "state = 'completed' AND kind = 'org'", "pruned_at = now(), kept = '{\"evaluated\": 0}'"),
    ),
    (
        "a release twice",
        "of one batch, one partner and one amount",
        again("ledger", LEDGER, "entry = 'release'", idempotency_key="idempotency_key || ' again'"),
    ),
    (
        "a hold that is never released",
        "of one batch, one partner and one amount",
        remove("ledger", "entry = 'release'"),
    ),
    (
        "a hold that is smaller than what was planned",
        "of one batch, one partner and one amount",
        (
            "UPDATE ledger SET credits = credits - sign(credits) WHERE entry IN ('hold', 'release') AND batch_id = "
            "(SELECT id FROM batches WHERE state = 'completed' AND episode = 1 ORDER BY id LIMIT 1)"
        ),
    ),
    (
        "credits that moved by themselves",
        "grants, holds, charges and releases",
        again("ledger", LEDGER, CHARGED, idempotency_key="'gift:' || run_id", entry="'grant'"),
    ),
    (
        "a balance that is not the sum",
        "never was below zero",
        change("partners", "available IS NOT NULL", "available = available + 1"),
    ),
    (
        "an answer too many in what was planned",
        "are counted in the rows",
        change("batches", "state = 'completed'", "planned = planned + 1"),
    ),
    (
        "the latest answer lost",
        "newest one, and one alone",
        change("question_runs", f"id = {READ}", "is_latest = false"),
    ),
    ("another numerator", "inside its interval", change("metrics", "value IS NOT NULL", "numerator = numerator + 1")),
    (
        "another interval of the same questions",
        "inside its interval",
        change("metrics", "these_low IS NOT NULL", "these_low = value + 1"),
    ),
    (
        "another denominator",
        "in the readings of its slice",
        change("metrics", "name = 'mention_rate'", "denominator = denominator + 1"),
    ),
    (
        "another share of text",
        "in the readings of its slice",
        change("metrics", "name = 'share_of_text'", "numerator = numerator + 1"),
    ),
    ("another outcome", "add up to the whole", change("metrics", "name = 'neither'", "numerator = numerator + 1")),
    (
        "another kind of cited page",
        "add up to the whole",
        change("metrics", "name = 'citation_share_news'", "numerator = numerator + 1"),
    ),
    (
        "a number of a tag of no question",
        "are among those of its pool",
        again(
            "metrics",
            METRIC,
            "name = 'mention_rate' AND model IS NULL AND location IS NULL",
            tag="'x'",
            denominator="denominator + 1",
        ),
    ),
    ("a number too few", "has every number once", remove("metrics", "true")),
    ("a number that was not pushed", "are the numbers that are kept", change("metrics", "true", "rule_version = 'x'")),
    (
        "a number that was pushed alone",
        "are the numbers that are kept",
        change(
            "pushes",
            # Of a batch with one episode: an earlier push is not what the application shows.
            "jsonb_array_length(body->'metrics') > 0 AND batch_id IN (SELECT id FROM batches WHERE episode = 1)",
            "body = body #- '{metrics,0}'",
        ),
    ),
    (
        "a push with other credits",
        "charged, spent and counted",
        change(
            "pushes",
            "(batch_id, episode) IN (SELECT id, episode FROM batches)",
            "body = jsonb_set(body, '{charged}', '99')",
        ),
    ),
    ("an end that is told to nobody", "each end is handed over once", remove("pushes", "body->>'state' = 'completed'")),
    (
        "an end that is told twice",
        "each end is handed over once",
        (
            "INSERT INTO pushes (key, batch_id, episode, body, status, created_at) "
            "SELECT key || ' again', batch_id, episode, body, 'failed', created_at FROM pushes LIMIT 1"
        ),
    ),
    (
        "a push that is pending for a day",
        "a push arrives, or says why not",
        change("pushes", "status = 'sent'", "status = 'pending', sent_at = NULL, next_at = now() - interval '1 day'"),
    ),
    ("an answer that was bought twice", "is not bought again", again("llm_calls", CALL, ASKED, fence="fence + 1")),
    ("an answer without any call", "the call that it was bought by", remove("llm_calls", ASKED)),
    ("a call of another model", "the call that it was bought by", change("llm_calls", ASKED, "model = 'gpt-5.4-nano'")),
    ("a call under a claim that nobody made", "and with nothing else", change("llm_calls", ASKED, "fence = fence + 2")),
    (
        "a call before its batch was opened",
        "by a claim of its own",
        change("llm_calls", ASKED, "started_at = started_at - interval '1 day'"),
    ),
    (
        "a call of a job of another place",
        "by a claim of its own",
        change(
            "llm_calls",
            "job_id IS NOT NULL",
            "job_id = (SELECT j.id FROM vendor_jobs j WHERE j.id <> job_id ORDER BY j.id LIMIT 1)",
        ),
    ),
    (
        "a call that reads a stored answer again and that nobody claimed",
        "by a claim of its own",
        change("llm_calls", "purpose = 'reread'", "fence = fence + 7"),
    ),
    (
        "a stored answer that was read again, whose call is gone",
        "a stored answer again has one call",
        remove("llm_calls", "purpose = 'reread'"),
    ),
    (
        "a stored answer that was read again by a call of before the order",
        "a stored answer again has one call",
        change("llm_calls", "purpose = 'reread'", "started_at = started_at - interval '1 day'"),
    ),
    ("two calls under one claim", "and with nothing else", again("llm_calls", CALL, ASKED, outcome="'unavailable'")),
    ("a fence that fell", "and with nothing else", change("question_runs", f"id = {READ}", "fence = fence - 1")),
    (
        "three calls that did not report back",
        "or to a job that was cancelled",
        (
            f"INSERT INTO llm_calls ({CALL}) SELECT purpose, batch_id, run_id, org_id, fence + n, provider, model, "
            "prompt_version, NULL, NULL, NULL, NULL, NULL, NULL, started_at FROM llm_calls, generate_series(1, 3) n "
            f"WHERE {ASKED}"
        ),
    ),
    (
        "a call that cost more than its tokens",
        "the price of its tokens",
        change("llm_calls", ASKED, "cost_microusd = cost_microusd + 7"),
    ),
    (
        "a record that brought nothing and cost something",
        "the price of its tokens",
        change("llm_calls", "outcome = 'failed' AND job_id IS NOT NULL", "cost_microusd = 7"),
    ),
    (
        "a question that ended as a reading",
        "by a claim of its own",
        change("llm_calls", "purpose = 'ask' AND outcome = 'malformed'", "outcome = 'read'"),
    ),
    (
        "names that were asked for five times",
        "as often as tries failed",
        (
            f"INSERT INTO llm_calls ({CALL}) SELECT purpose, batch_id, run_id, org_id, fence, provider, model, "
            "prompt_version, NULL, NULL, NULL, 0, 1, 'unavailable', started_at FROM llm_calls, generate_series(1, 4) n "
            "WHERE id = (SELECT min(id) FROM llm_calls WHERE purpose = 'names')"
        ),
    ),
    (
        "a job that was submitted twice",
        "was submitted once",
        again("vendor_jobs", JOB, "state = 'collected'", id="gen_random_uuid()", external_id="external_id || ' again'"),
    ),
    (
        "an intent of an hour ago",
        "the outbox drains",
        change("outbox", "true", "published_at = NULL, not_before = now() - interval '1 hour'"),
    ),
)

GOING_ON = (
    (
        "a batch past its deadline",
        "none is past it",
        change("batches", "state = 'running'", "deadline = now() - interval '1 hour'"),
    ),
    (
        "a batch without a deadline",
        "none is past it",
        change("batches", "state = 'running' AND remaining IS NOT NULL", "deadline = NULL"),
    ),
    (
        "a job past its deadline that is submitting for ever",
        "none is past it",
        change(
            "vendor_jobs",
            "state = 'running'",
            "state = 'submitting', external_id = NULL, deadline = now() - interval '1 hour'",
        ),
    ),
    (
        "a charge in a batch that runs",
        "charged once, and nothing else is",
        (
            "INSERT INTO ledger (idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id) "
            "SELECT 'charge:' || e.run_id || ':' || e.org_id, 'charge', o.partner_id, e.org_id, 'org', -1, e.batch_id, "
            "e.run_id "
            f"FROM evaluations e JOIN orgs o ON o.id = e.org_id WHERE e.batch_id IN {RUNNING} LIMIT 1"
        ),
    ),
    ("no hold at all", "and releases it when it ends", remove("ledger", f"entry = 'hold' AND batch_id IN {RUNNING}")),
    (
        "a hold that is too small",
        "and releases it when it ends",
        change("ledger", f"entry = 'hold' AND batch_id IN {RUNNING}", "credits = credits + 1"),
    ),
    (
        "a release before the end",
        "and releases it when it ends",
        again(
            "ledger",
            LEDGER,
            f"entry = 'hold' AND batch_id IN {RUNNING}",
            entry="'release'",
            credits="-credits",
            idempotency_key="replace(idempotency_key, 'hold:', 'release:')",
        ),
    ),
    (
        "a batch that counts one too many",
        "are counted in the rows",
        change("batches", "state = 'running' AND remaining > 0", "remaining = remaining + 1"),
    ),
    (
        "an answer that is the latest before its batch has ended",
        "newest one, and one alone",
        change("question_runs", f"batch_id IN {RUNNING} AND state = 'answered'", "is_latest = true"),
    ),
    (
        "a push of a batch that runs",
        "each end is handed over once",
        (
            "INSERT INTO pushes (key, batch_id, episode, body, status) SELECT 'push:' || id || ':1', id, 1, "
            f"jsonb_build_object('batch_id', id, 'episode', 1), 'failed' FROM batches WHERE id IN {RUNNING} LIMIT 1"
        ),
    ),
    (
        "a run that was sent and lost an hour ago",
        "what was sent for is begun",
        change("question_runs", AT_WORK, "sent_at = now() - interval '1 hour'"),
    ),
    (
        "a reading that was sent and lost an hour ago",
        "what was sent for is begun",
        change("evaluations", UNREAD, f"{PENDING}, sent_at = now() - interval '1 hour'"),
    ),
    (
        "a run that is due for 90 seconds",
        "what is due is taken",
        change("question_runs", AT_WORK, "next_at = now() - interval '90 seconds', sent_at = NULL"),
    ),
    (
        "a reading that is due for 90 seconds",
        "what is due is taken",
        change("evaluations", UNREAD, f"{PENDING}, next_at = now() - interval '90 seconds', sent_at = NULL"),
    ),
    (
        "a claim that ran out",
        "what is due is taken",
        change(
            "question_runs",
            f"batch_id IN {RUNNING} AND state = 'asking' AND lease_until IS NOT NULL",
            "lease_until = now() - interval '10 minutes'",
        ),
    ),
    (
        "a job that nobody looks at",
        "a job at a vendor is looked at",
        change("vendor_jobs", "state = 'running'", "next_poll_at = now() - interval '10 minutes', lease_until = NULL"),
    ),
    (
        "a heartbeat from the future",
        "says it lives does so now",
        change("workers", "true", "heartbeat_at = now() + interval '1 hour'"),
    ),
    (
        "an org of a network without a batch",
        "answered is read for its orgs",
        (
            "WITH network AS (UPDATE batches SET ended_at = ended_at - interval '30 minutes' WHERE id = (SELECT id "
            "FROM batches WHERE kind = 'network' AND state = 'completed' AND ended_at > now() - interval '10 minutes' "
            "ORDER BY id DESC LIMIT 1) RETURNING network_id, ended_at) INSERT INTO network_orgs (network_id, org_id, "
            "joined_at) SELECT network_id, o.id, ended_at - interval '1 hour' FROM network, orgs o WHERE o.id NOT IN ("
            "SELECT m.org_id FROM network_orgs m WHERE m.network_id = network.network_id) LIMIT 1"
        ),
    ),
    (
        "a batch that is queued for a day",
        "a batch that could run does",
        change("batches", "state = 'queued'", "queued_at = now() - interval '1 day'"),
    ),
)

VIOLATIONS = tuple(Violation(story, check, "ended", statement) for story, check, statement in ENDED)
VIOLATIONS += tuple(Violation(story, check, "running", statement) for story, check, statement in GOING_ON)
