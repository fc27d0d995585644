"""How long `senso ledger --reconcile` takes in a database of many runs: all of it, what a day has added, one partner.

The rows are made by Postgres alone: 60 runs a batch, a batch an org and day, of 28 days, all of them read and charged.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import product
from machine import heading, save
from printing import line

from senso import db, edge
from senso.migrations import migrate
from senso.settings import use_environment
from senso.workflows import reconciling
from senso.workflows.reconciling import Order

RUNS_EACH, DAYS = 60, 28
BATCH = "md5('batch' || {n})::uuid"
RUN = "md5('run' || {n} || ' ' || {m})::uuid"
ORG = "md5('org' || mod({n}, {orgs}))::uuid"
PARTNERS = """INSERT INTO partners (id, name, available)
    SELECT md5('partner' || n)::uuid, 'Partner', 0 FROM generate_series(0, 99) n"""
ORGS = """INSERT INTO orgs (id, partner_id, name, created_at)
    SELECT md5('org' || n)::uuid, md5('partner' || mod(n, 100))::uuid, 'Org', now()
    FROM generate_series(0, {orgs} - 1) n"""
QUESTIONS = """INSERT INTO questions (id, text, kind)
    SELECT md5('question' || m)::uuid, 'Which?', 'unbranded' FROM generate_series(1, 60) m"""
LOCATION = "INSERT INTO locations (id, country) VALUES (md5('location')::uuid, 'ZZ')"
BATCHES = """INSERT INTO batches (id, kind, org_id, batch_date, state, planned, remaining, credits_per_evaluation,
        triggered_by, queued_at, started_at, ended_at)
    SELECT {batch}, 'org', {org}, current_date - n / {orgs}, 'completed', 60, 0, 1, 'schedule', at, at,
        at + interval '1 hour'
    FROM generate_series(0, {batches} - 1) n,
        LATERAL (SELECT now() - interval '2 hours' - make_interval(days => n / {orgs}) AS at) moment"""
RUNS = """INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id, state, answer_text)
    SELECT {run}, {batch}, {org}, md5('question' || m)::uuid, (SELECT id FROM models ORDER BY slug LIMIT 1),
        md5('location')::uuid, 'answered', repeat('An answer. ', 20)
    FROM generate_series(0, {batches} - 1) n, generate_series(1, 60) m"""
READINGS = """INSERT INTO evaluations (id, run_id, org_id, batch_id, state, ended_at)
    SELECT md5('reading' || n || ' ' || m)::uuid, {run}, {org}, {batch}, 'done',
        now() - interval '90 minutes' - make_interval(days => n / {orgs})
    FROM generate_series(0, {batches} - 1) n, generate_series(1, 60) m"""
GRANTS = """INSERT INTO ledger (idempotency_key, entry, partner_id, credits)
    SELECT 'grant:' || id, 'grant', id, {batches} * 60 FROM partners"""
# -1: the hold of a batch; 0: its release; from 1: its charges. The oldest first, as they come.
MOVED = """INSERT INTO ledger (idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id, created_at)
    SELECT CASE m WHEN -1 THEN 'hold:' || b.id || ':1' WHEN 0 THEN 'release:' || b.id || ':1'
            ELSE 'charge:' || {run} || ':' || o.id END,
        CASE m WHEN -1 THEN 'hold' WHEN 0 THEN 'release' ELSE 'charge' END, o.partner_id, o.id, 'org',
        CASE m WHEN -1 THEN -60 WHEN 0 THEN 60 ELSE -1 END, b.id, CASE WHEN m > 0 THEN {run} END,
        CASE m WHEN -1 THEN b.started_at ELSE b.ended_at END
    FROM generate_series({batches} - 1, 0, -1) n JOIN batches b ON b.id = {batch} JOIN orgs o ON o.id = b.org_id,
        generate_series(-1, 60) m"""
SUMS = "UPDATE partners p SET available = (SELECT sum(credits) FROM ledger l WHERE l.partner_id = p.id)"
MADE = (PARTNERS, ORGS, QUESTIONS, LOCATION, BATCHES, RUNS, READINGS, GRANTS, MOVED, SUMS)


def make(runs: int) -> None:
    batches = runs // RUNS_EACH
    orgs = max(1, batches // DAYS)
    words = {"batches": batches, "orgs": orgs, "batch": BATCH.format(n="n"), "run": RUN.format(n="n", m="m")}
    words["org"] = ORG.format(n="n", orgs=orgs)
    with db.transaction() as link:
        link.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on")
        link.exec_driver_sql("SET LOCAL plan_cache_mode = auto; SET LOCAL work_mem = '256MB'")
        for statement in MADE:
            link.exec_driver_sql(statement.format(**words))
        link.exec_driver_sql("ANALYZE")


def timed(order: Order) -> dict[str, Any]:
    began = time.perf_counter()
    found = reconciling.reconcile(order)
    took, seen = time.perf_counter() - began, found.looked_at
    return {"seconds": took, "batches": seen.batches, "charges": seen.charges, "differences": found.count}


def measure(url: str) -> dict[str, dict[str, Any]]:
    partner = UUID(str(product.query(url, "SELECT partner_id FROM orgs ORDER BY id LIMIT 1")[0][0]))
    minute = datetime.now(UTC) - timedelta(minutes=1)
    orders = {
        "everything": Order("bench", everything=True),
        "everything again": Order("bench", everything=True),
        "since the last": Order("bench"),
        "since the last again": Order("bench"),
        "nothing new": Order("bench", since=minute),
        "one partner, everything": Order("bench", everything=True, partner=partner),
    }
    return {name: timed(order) for name, order in orders.items()}


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--runs", type=int, default=100_000, help="default 100000")
    read = given.parse_args()
    said = heading()
    print(said, flush=True)
    product.forget_environment()
    with product.temporary_folder() as folder, product.embedded(folder) as urls:
        use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
        edge.supply()
        migrate()
        began = time.monotonic()
        make(read.runs)
        print(f"{read.runs} runs there after {time.monotonic() - began:.0f} s", flush=True)
        found = measure(urls.database_url)
        db.engine().dispose()
    print(f"\n== reconciling {read.runs} runs: {said} ==")
    for name, one in found.items():
        more = f"{one['batches']} batches, {one['charges']} charges, {one['differences']} differences"
        line(f"{name}, s", f"{one['seconds']:.2f}", more)
    save("reconciling", {"runs": read.runs, **found})


if __name__ == "__main__":
    main()
