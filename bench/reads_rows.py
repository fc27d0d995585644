"""Rows for `bench/reads.py`: weeks of batches with all that the API reads of them, made by Postgres alone.

Batches of 60 runs, one for each org and day of 28 days; those of the first org have 350. Beside them a network with
one batch of 60,000 runs (a fifth of all, if that is less), which 20 orgs read in part, and 20,000 orgs that ask
nothing.
"""

import time
from typing import Any

from senso.queries import call_days
from senso.score import COUNTS

DAYS, PARTNERS, IDLE_ORGS = 28, 100, 20_000
RUNS_EACH, MOST_EACH, OF_NETWORK, READERS, READ_EACH = 60, 350, 60_000, 20, 1_000
UNCOUNTED = 5_000
BATCHES_AT_ONCE = 500
NAMES = list(map(str, COUNTS))
# An id as senso.matrix makes it: it begins with the day.
DATED = """CREATE FUNCTION pg_temp.dated(day date, key text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(extract(epoch FROM day)::bigint * 1000), 12, '0') || '8' || substr(md5(key), 1, 3) || 'a'
        || substr(md5(key), 4, 15))::uuid $$"""
FEW = """
    INSERT INTO partners (id, name, available)
        SELECT md5('partner ' || n)::uuid, 'Partner ' || n, 1000000 FROM generate_series(0, {partners} - 1) n;
    INSERT INTO orgs (id, partner_id, name, created_at)
        SELECT md5('org ' || n)::uuid, md5('partner ' || n % {partners})::uuid,
            (ARRAY['Baker', 'Bank', 'Clinic', 'Garage'])[1 + n % 4] || ' ' || substr(md5('name ' || n), 1, 6), now()
        FROM generate_series(0, {orgs} + {idle} - 1) n;
    INSERT INTO questions (id, text, kind, tags)
        SELECT md5('question ' || n)::uuid, 'Which one is good, number ' || n || '?',
            CASE n % 3 WHEN 0 THEN 'branded' ELSE 'unbranded' END, ARRAY['tag ' || n % 4]
        FROM generate_series(0, 59) n;
    INSERT INTO locations (id, country, region) SELECT md5('location ' || n)::uuid, 'US', 'Region ' || n
        FROM generate_series(0, 1) n;
    INSERT INTO networks (id, partner_id, name) VALUES (md5('network')::uuid, md5('partner 0')::uuid, 'Network');
    INSERT INTO network_orgs (network_id, org_id) SELECT md5('network')::uuid, md5('org ' || n)::uuid
        FROM generate_series(0, {readers} - 1) n;
    INSERT INTO network_questions SELECT md5('network')::uuid, id, 0 FROM questions;
    INSERT INTO org_questions SELECT md5('org ' || n)::uuid, q.id, 0 FROM generate_series(0, {orgs} - 1) n, questions q;
    INSERT INTO org_models SELECT md5('org ' || n)::uuid, m.id FROM generate_series(0, {orgs} - 1) n, asked m;
    INSERT INTO org_locations SELECT md5('org ' || n)::uuid, l.id FROM generate_series(0, {orgs} - 1) n, locations l;
    INSERT INTO name_proposals (org_id, key, name, state, reason)
        SELECT md5('org ' || n)::uuid, 'name ' || m, 'Name ' || m, 'proposed', 'a common word'
        FROM generate_series(0, {orgs} - 1) n, generate_series(1, 5) m;
    INSERT INTO domain_categories (domain, category, decided_at) SELECT 'site-' || n || '.example', 'news', now()
        FROM generate_series(0, 999) n;
    INSERT INTO ledger (idempotency_key, entry, partner_id, credits)
        SELECT 'grant:bench:' || id, 'grant', id, 1000000 FROM partners;
    INSERT INTO tokens (id, name, hash, start, scope, partner_id, created_by, expires_at)
        SELECT md5('token ' || n)::uuid, 'Token ' || n, md5('hash ' || n), 'senso', 'read',
            md5('partner ' || n % {partners})::uuid, 'bench', now() + interval '90 days'
        FROM generate_series(0, 999) n;
    INSERT INTO webhooks (id, partner_id, url, secret, events, created_by)
        SELECT md5('webhook ' || n)::uuid, md5('partner ' || n)::uuid, 'https://app.example.com/hooks', 'none',
            ARRAY['batch.completed'], 'bench'
        FROM generate_series(0, {partners} - 1) n
"""
# `asks`: whose runs it has or reads. The oldest come first, as they were.
PLANNED = """
    CREATE TEMP TABLE planned AS
        SELECT b.*, pg_temp.dated(b.day, 'batch ' || b.n) AS id, pg_temp.dated(b.day, 'batch ' || b.asks) AS asked_by
        FROM (
            SELECT n, 'org' AS kind, md5('org ' || n % {orgs})::uuid AS org_id, NULL::uuid AS network_id, n AS asks,
                (CASE n % {orgs} WHEN 0 THEN {most} ELSE {each} END) AS runs,
                current_date + 1 - {days} + n / {orgs} AS day,
                md5('partner ' || n % {orgs} % {partners})::uuid AS partner_id
            FROM generate_series(0, {batches} - 1) n
            UNION ALL
            SELECT {batches}, 'network', NULL, md5('network')::uuid, {batches}, {network}, current_date - {days},
                md5('partner 0')::uuid
            UNION ALL
            SELECT {batches} + 1 + n, 'network_org', md5('org ' || n)::uuid, md5('network')::uuid, {batches},
                least({read}, {network}), current_date - {days}, md5('partner ' || n % {partners})::uuid
            FROM generate_series(0, {readers} - 1) n
        ) b
"""
BATCHES = """
    INSERT INTO batches (id, kind, org_id, network_id, batch_date, state, planned, remaining, credits_per_evaluation,
        triggered_by, queued_at, started_at, ended_at, finished_by)
    SELECT id, kind, org_id, network_id, day, CASE WHEN n % 50 = 49 THEN 'partial' ELSE 'completed' END, runs, 0, 1,
        'schedule', day + interval '2 hours', day + interval '2 hours', day + interval '3 hours', 'rows'
    FROM planned b WHERE {these}
"""
RUN = "pg_temp.dated(b.day, 'run ' || b.asks || ' ' || m)"
READING = "pg_temp.dated(b.day, 'reading ' || b.n || ' ' || m)"
ASKING = "FROM planned b, generate_series(1, b.runs) m WHERE {these} AND b.kind <> 'network_org'"
READ = "FROM planned b, generate_series(1, b.runs) m WHERE {these} AND b.kind <> 'network'"
RUNS = f"""
    INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id, sample, state, answer_text,
        sent_at, answered_at, error)
    SELECT {RUN}, b.id, coalesce(b.org_id, b.network_id), md5('question ' || m % 60)::uuid,
        (SELECT id FROM asked WHERE place = m % 6), md5('location ' || m % 2)::uuid, m / 60,
        CASE WHEN m % 50 = 0 THEN 'failed' ELSE 'answered' END,
        CASE WHEN m % 50 > 0 THEN repeat('An answer that names a few. ', 20) END, b.day + interval '2 hours',
        b.day + interval '2 hours', CASE WHEN m % 50 = 0 THEN 'unavailable' END {ASKING}
"""
READINGS = f"""
    INSERT INTO evaluations (id, run_id, org_id, batch_id, state, sent_at, ended_at, mentioned, sentiment, rank)
    SELECT {READING}, {RUN}, b.org_id, b.id, CASE WHEN m % 50 = 0 THEN 'failed' ELSE 'done' END,
        b.day + interval '2 hours', b.day + interval '3 hours', m % 2 = 0, CASE WHEN m % 2 = 0 THEN 'positive' END,
        CASE WHEN m % 2 = 0 THEN 1 + m % 5 END {READ}
"""
CITATIONS = f"""
    INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited)
    SELECT {RUN}, url, url, domain, domain, place, true
    FROM planned b, generate_series(1, b.runs) m, generate_series(1, 2) place,
        LATERAL (SELECT 'site-' || (b.n * 7 + m * 3 + place * 13) % 1000 || '.example' AS domain) d,
        LATERAL (SELECT 'https://' || domain || '/' || m || '/' || place AS url) u
    WHERE {{these}} AND b.kind <> 'network_org'
"""
COMPETITORS = f"""
    INSERT INTO competitors (evaluation_id, name) SELECT {READING}, 'Competitor ' || (m * place + b.n) % 300
    FROM planned b, generate_series(1, b.runs) m, generate_series(1, 1 + m % 2) place
    WHERE {{these}} AND b.kind <> 'network' ON CONFLICT DO NOTHING
"""
CLAIMS = f"""
    INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict)
    SELECT {READING}, 1, 'It has claim number ' || m % 80, 'It has claim number ' || m % 80 || ', they say.', 'fact',
        'positive', (ARRAY['supported', 'contradicted', 'not-covered'])[1 + m % 3] {READ} AND m % 2 = 0
"""
# An asking in 20 was tried twice.
CALLS = f"""
    INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, tokens_in, tokens_out,
        cost_microusd, latency_ms, outcome, started_at)
    SELECT purpose, b.id, {RUN}, b.org_id, 1, a.provider, a.name, 500, 80, 900, 1000 + m % 9000,
        CASE call WHEN 0 THEN 'rate limited' WHEN 1 THEN 'answered' ELSE 'read' END,
        b.day + interval '2 hours' + m * interval '10 ms'
    FROM planned b, generate_series(1, b.runs) m JOIN asked a ON a.place = m % 6, generate_series(0, 2) call,
        LATERAL (SELECT CASE call WHEN 2 THEN 'read' ELSE 'ask' END AS purpose) p
    WHERE {{these}} AND (call > 0 OR m % 20 = 0)
        AND CASE b.kind WHEN 'network' THEN call < 2 WHEN 'network_org' THEN call = 2 ELSE true END
"""
METRICS = """
    INSERT INTO metrics (batch_id, name, kind, surface, model, value, numerator, denominator, low, high, method,
        rule_version, answers, questions, effective_n)
    SELECT b.id, name, pool.kind, surface, model, 0.5, 20, 40, 0.4, 0.6, 'wilson', '1', 40, 40, 40
    FROM planned b, unnest(ARRAY{names}) name, unnest(ARRAY['branded', 'unbranded']) AS pool (kind),
        unnest(ARRAY['api', 'consumer']) surface, unnest(ARRAY[NULL, 'model-1']) model
    WHERE {these} AND b.kind <> 'network'
"""
# -1: the hold of a batch; 0: its release; from 1: its charges.
LEDGER = f"""
    INSERT INTO ledger (idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id, created_at)
    SELECT CASE m WHEN -1 THEN 'hold:' || b.id || ':1' WHEN 0 THEN 'release:' || b.id || ':1'
            ELSE 'charge:' || {RUN} || ':' || b.org_id END,
        CASE m WHEN -1 THEN 'hold' WHEN 0 THEN 'release' ELSE 'charge' END, b.partner_id, b.org_id, 'org',
        CASE m WHEN -1 THEN -b.runs WHEN 0 THEN b.runs ELSE -1 END, b.id, CASE WHEN m > 0 THEN {RUN} END,
        b.day + interval '3 hours'
    FROM planned b, generate_series(-1, b.runs) m
    WHERE {{these}} AND b.kind <> 'network' AND (m < 1 OR m % 50 > 0)
"""
EVENTS = """
    INSERT INTO events (batch_id, kind, data, partner_id, created_at)
    SELECT b.id, 'progress', '{{"planned": 60}}', b.partner_id, b.day + m * interval '1 minute'
    FROM planned b, generate_series(1, 10) m WHERE {these}
"""
PUSHES = """
    INSERT INTO pushes (key, batch_id, episode, body, status, created_at, sent_at)
    SELECT 'push:' || b.id || ':1', b.id, 1, '{{}}', 'sent', b.day + interval '3 hours', b.day + interval '3 hours'
    FROM planned b WHERE {these}
"""
DELIVERIES = """
    INSERT INTO deliveries (key, webhook_id, batch_id, event, body, status, tries, response_status, created_at, sent_at)
    SELECT 'webhook:' || b.id, md5('webhook ' || b.n % {partners})::uuid, b.id, 'batch.completed', '{{}}', 'sent', 1,
        200, b.day + interval '3 hours', b.day + interval '3 hours'
    FROM planned b WHERE {these}
"""
# As the tick has, all but the latest.
COUNTED = f"""
    UPDATE counting SET last_call = (SELECT max(id) FROM llm_calls) - {UNCOUNTED},
        next_call = (SELECT max(id) FROM llm_calls) - {UNCOUNTED};
    {call_days.store("(SELECT * FROM llm_calls WHERE id <= (SELECT last_call FROM counting))")}
"""
EACH = (BATCHES, RUNS, READINGS, CITATIONS, COMPETITORS, CLAIMS, CALLS, METRICS, LEDGER, EVENTS, PUSHES, DELIVERIES)
BIG = (
    *("question_runs", "evaluations", "llm_calls", "citations", "competitors", "claims", "metrics", "ledger"),
    *("batches", "events", "pushes", "deliveries", "orgs", "org_questions"),
)


def write(cursor: Any, runs: int) -> float:
    """How many seconds it took. Keys between tables are not looked at: they hold by construction."""
    began, network = time.monotonic(), min(OF_NETWORK, runs // 5)
    batches = max(DAYS, (runs - network - DAYS * (MOST_EACH - RUNS_EACH)) // RUNS_EACH)
    orgs = max(READERS, batches // DAYS)
    words = {"batches": batches, "orgs": orgs, "network": network, "names": NAMES, "partners": PARTNERS}
    words |= {"days": DAYS, "each": RUNS_EACH, "most": MOST_EACH, "read": READ_EACH, "readers": READERS}
    cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '64MB'")
    cursor.execute(DATED)
    cursor.execute(
        "CREATE TEMP TABLE asked AS SELECT row_number() OVER (ORDER BY slug) - 1 AS place, * FROM models LIMIT 6"
    )
    cursor.execute(FEW.format(**words, idle=IDLE_ORGS))
    cursor.execute(PLANNED.format(**words))
    cursor.execute("ANALYZE planned")
    for first in range(0, batches + 1 + READERS, BATCHES_AT_ONCE):
        these = f"b.n BETWEEN {first} AND {first + BATCHES_AT_ONCE - 1}"
        for statement in EACH:
            cursor.execute(statement.format(**words, these=these))
        print(
            f"{min(first + BATCHES_AT_ONCE, batches)} batches of {batches}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    cursor.execute("VACUUM ANALYZE")
    return time.monotonic() - began


def count(cursor: Any) -> None:
    """Once."""
    cursor.execute("SELECT EXISTS (SELECT FROM call_days)")
    if cursor.fetchone() == (False,):
        cursor.execute(COUNTED)
