"""How long a scrape of `senso metrics` takes in a database of many runs, and how fast what ended is counted.

The rows are made by INSERT ... SELECT generate_series: batches of 60 runs that have ended, each run with a reading and
two calls, and beside them as much open work as MAX_RUNNING_BATCHES lets in. Answers are one word, since no scrape reads
one. A million runs need about 1.3 GB of disk, and as much again for the log of the server while they are written.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg2
import requests
from machine import heading, save
from printing import MB, line

from senso import edge
from senso.embedded import servers
from senso.embedded.server import free_port
from senso.settings import use_environment

RUNS_EACH = 60
RUNNING, QUEUED = 500, 5_000
ORGS = 2_000
BATCHES_AT_ONCE = 5_000
ROUNDS = 50
BIG = ("question_runs", "evaluations", "llm_calls", "batches", "ledger", "outbox")
# Numbers of batches, from :first to :last; those from :open on are at work, and those from :queued on wait.
BATCHES = """
    INSERT INTO batches (id, kind, org_id, batch_date, state, planned, remaining, credits_per_evaluation, triggered_by,
        queued_at, started_at, ended_at)
    SELECT md5('batch ' || n)::uuid, 'org', md5('org ' || n % {orgs})::uuid, current_date - n / {orgs},
        CASE WHEN n >= {queued} THEN 'queued' WHEN n >= {open} THEN 'running' ELSE 'completed' END, 60,
        CASE WHEN n >= {open} THEN 60 ELSE 0 END, 1, 'bench', now() - interval '5 minutes',
        now() - interval '4 minutes', CASE WHEN n < {open} THEN now() - n % 3600 * interval '1 second' END
    FROM generate_series({first}, {last} - 1) AS n
"""
EACH = "FROM generate_series({first}, least({last}, {queued}) - 1) AS n, generate_series(1, 60) AS place"
RUN = "md5('run ' || n || ' ' || place)::uuid"
RUNS = f"""
    INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id, sample, state, answer_text,
        sent_at, answered_at)
    SELECT {RUN}, md5('batch ' || n)::uuid, md5('org ' || n % {{orgs}})::uuid, md5('question ' || place / 6)::uuid,
        md5('model ' || place % 3)::uuid, md5('location ' || place % 2)::uuid, place,
        CASE WHEN n < {{open}} THEN 'answered' WHEN place % 4 = 0 THEN 'planned' WHEN place % 4 = 1 THEN 'asking'
            ELSE 'answered' END, 'answer', now(), now() {EACH}
"""
EVALUATIONS = f"""
    INSERT INTO evaluations (id, run_id, org_id, batch_id, state, sent_at, ended_at)
    SELECT md5('evaluation ' || n || ' ' || place)::uuid, {RUN}, md5('org ' || n % {{orgs}})::uuid,
        md5('batch ' || n)::uuid, CASE WHEN n < {{open}} THEN 'done' ELSE 'pending' END, now(),
        CASE WHEN n < {{open}} THEN now() END {EACH}
"""
CALLS = f"""
    INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, tokens_in, tokens_cached,
        tokens_out, cost_microusd, latency_ms, outcome)
    SELECT purpose, md5('batch ' || n)::uuid, {RUN}, md5('org ' || n % {{orgs}})::uuid, 1,
        (ARRAY['openai', 'brightdata', 'gemini'])[1 + place % 3], 'model ' || place % 12, 500, 100, 80, 900,
        100 + n * 7919 % 60000, CASE WHEN n >= {{open}} THEN NULL WHEN n % 40 = 0 THEN 'rate limited'
            WHEN purpose = 'ask' THEN 'answered' ELSE 'read' END
    {EACH}, unnest(ARRAY['ask', 'read']) AS purpose
"""
JOBS = """
    INSERT INTO vendor_jobs (id, batch_id, kind, provider, model_id, location_id, state, next_poll_at, deadline)
    SELECT md5('job ' || n)::uuid, md5('batch ' || n)::uuid, 'questions', 'brightdata', md5('model')::uuid,
        md5('location')::uuid, 'running', now(), now() + interval '1 hour' FROM generate_series(1, 2000) AS n
"""
SMALL = """
    INSERT INTO partners (id, name, available) SELECT md5('partner ' || n)::uuid, 'Partner ' || n, n
        FROM generate_series(1, 1000) AS n;
    INSERT INTO outbox (key, pipeline, ids, published_at) SELECT 'bench ' || n, 'ask', '[]', now()
        FROM generate_series(1, 100000) AS n;
    INSERT INTO outbox (key, pipeline, ids) SELECT 'bench due ' || n, 'ask', '[]' FROM generate_series(1, 1000) AS n;
    INSERT INTO pushes (key, batch_id, episode, body, status, created_at)
        SELECT 'bench ' || n, md5('batch ' || n)::uuid, 1, '{}', CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'sent' END,
        now() FROM generate_series(1, 100000) AS n;
    UPDATE counting SET last_call = 0, last_repair = 0, began_at = now() - interval '1 year'
"""


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--runs", type=int, default=500_000, help="default 500000")
    given.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}: scrapes")
    given.add_argument("--folder", type=Path, help="where the servers keep their data; default: a temporary folder")
    read, said = given.parse_args(), heading()
    print(said, flush=True)
    with tempfile.TemporaryDirectory(dir=read.folder) as folder, servers(Path(folder) / "home") as urls:
        edge.supply()
        use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
        found = measured(urls.database_url, Path(folder), read.runs, read.rounds)
    report(said, found)
    save("scrape", found)


def measured(url: str, folder: Path, runs: int, rounds: int) -> dict[str, Any]:
    from senso.migrations import migrate  # noqa: PLC0415  reads the settings

    migrate()
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        wrote = write(cursor, runs)
        counted = count(cursor)
        cursor.execute("VACUUM ANALYZE")
        with exporter(folder) as (address, pid):
            before = scans(cursor)
            scrapes, used = [scrape(address)], cpu(cursor, pid)
            scrapes += [scrape(address) for _ in range(rounds)]
            each = {name: 1000 * (now - used[name]) / rounds for name, now in cpu(cursor, pid).items()}
            more = {
                "rss_bytes": rss(pid),
                "cpu_ms": each,
                "scans": {name: now - before[name] for name, now in scans(cursor).items()},
            }
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone() or (0,)
        rows = {table: one(cursor, f"SELECT count(*) FROM {table}") for table in BIG}
    connection.close()
    return {"runs": runs, "rows": rows, "disk_bytes": size, "write_seconds": wrote, **counted, **more, **told(scrapes)}


def write(cursor: Any, runs: int) -> float:
    """Keys between tables are not looked at: they would take most of the time, and hold by construction."""
    began, ended = time.monotonic(), runs // RUNS_EACH
    values = {"orgs": ORGS, "open": ended, "queued": ended + RUNNING}
    cursor.execute("SET session_replication_role = replica; SET statement_timeout = 0; SET synchronous_commit = off")
    for first in range(0, ended + RUNNING + QUEUED, BATCHES_AT_ONCE):
        last = min(first + BATCHES_AT_ONCE, ended + RUNNING + QUEUED)
        for statement in (BATCHES, RUNS, EVALUATIONS, CALLS):
            cursor.execute(statement.format(first=first, last=last, **values))
        print(f"{min(last, ended) * RUNS_EACH} runs there after {time.monotonic() - began:.0f} s", flush=True)
    cursor.execute(JOBS)
    cursor.execute(SMALL)
    cursor.execute("ANALYZE")
    return time.monotonic() - began


def count(cursor: Any) -> dict[str, float]:
    """Until all is counted, as the tick does it; then one more time, with nothing to count."""
    from senso.db import transaction  # noqa: PLC0415
    from senso.queries import totals  # noqa: PLC0415

    with transaction() as db:
        totals.count(db)  # sees how far the ids go
    began, used = time.monotonic(), sessions(cursor)
    more = True
    while more:
        with transaction() as db:
            more = totals.count(db)
    took, used, began = time.monotonic() - began, sessions(cursor) - used, time.monotonic()
    with transaction() as db:
        totals.count(db)
    calls = one(cursor, "SELECT sum(calls) FROM call_totals")
    empty = time.monotonic() - began
    of_counting = {"count_seconds": took, "count_cpu_seconds": used, "empty_count_seconds": empty}
    return {**of_counting, "counted_calls": float(calls)}


def one(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    (found,) = cursor.fetchone()
    return int(found)


@contextmanager
def exporter(folder: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    given = {**os.environ, "METRICS_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "senso.cli", "metrics"], env=given, cwd=folder)
    try:
        yield f"http://127.0.0.1:{port}/metrics", process.pid
    finally:
        process.terminate()
        process.wait()


def scrape(address: str) -> tuple[float, str]:
    """Seconds, and the text. The first waits until the exporter is there."""
    deadline = time.monotonic() + 60
    while True:
        began = time.perf_counter()
        try:
            answer = requests.get(address, timeout=10)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            continue
        return time.perf_counter() - began, answer.text


def scans(cursor: Any) -> dict[str, int]:
    """Whole tables read from their first row to their last, by table."""
    cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
    cursor.execute("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)", (list(BIG),))
    return dict(cursor.fetchall())


def cpu(cursor: Any, exporter_pid: int) -> dict[str, float]:
    """Seconds that the exporter and its session have used: on a machine that is busy, wall time says little."""
    return {"exporter": seconds(exporter_pid), "postgres": sessions(cursor)}


def sessions(cursor: Any) -> float:
    """CPU seconds of the sessions of senso; that of this cursor has another name."""
    cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'senso'")
    return sum(seconds(pid) for (pid,) in cursor.fetchall())


def seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def rss(pid: int) -> int:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024  # type: ignore[index]


def told(scrapes: list[tuple[float, str]]) -> dict[str, Any]:
    (first, _), warm = scrapes[0], sorted(seconds for seconds, _ in scrapes[1:])
    text = scrapes[-1][1]
    looks = {part: float(took) for part, took in re.findall(r'senso_look_seconds\{part="(\w+)"\} (\S+)', text)}
    series = sum(not one.startswith("#") for one in text.splitlines())
    ms = {"first_ms": first, "median_ms": median(warm), "p95_ms": quantiles(warm, n=20)[-1], "most_ms": warm[-1]}
    up = 'senso_up{part="postgres"} 1.0' in text
    return {**{name: 1000 * seconds for name, seconds in ms.items()}, "looks": looks, "series": series, "up": up}


def report(said: str, found: dict[str, Any]) -> None:
    print(f"\n== scrape: {said} ==")
    rows = ", ".join(f"{count:,} {table}" for table, count in found["rows"].items())
    line("rows", "", rows)
    line("disk", f"{found['disk_bytes'] / MB:.0f} MB", f"written in {found['write_seconds']:.0f} s")
    rate = found["counted_calls"] / found["count_seconds"]
    each = 1e6 * found["count_cpu_seconds"] / found["counted_calls"]
    rest = f"{found['counted_calls']:,.0f} calls: {rate:,.0f} a second, {each:.0f} µs of CPU each, with their batches"
    rest += f"; with none {found['empty_count_seconds']:.3f} s"
    line("counted", f"{found['count_seconds']:.1f} s", rest)
    spread = f"first {found['first_ms']:.0f}, 95 % {found['p95_ms']:.0f}, most {found['most_ms']:.0f}"
    line("scrape, ms", f"{found['median_ms']:.1f}", f"{spread}; {found['series']} samples; up {found['up']}")
    used = ", ".join(f"{name} {ms:.1f}" for name, ms in found["cpu_ms"].items())
    line("CPU of a scrape, ms", f"{sum(found['cpu_ms'].values()):.1f}", used)
    parts = ", ".join(f"{part} {seconds * 1000:.1f} ms" for part, seconds in found["looks"].items())
    line("of which", "", f"{parts}; exporter {found['rss_bytes'] / MB:.0f} MB")
    line("whole tables read", str(sum(found["scans"].values())), str({n: c for n, c in found["scans"].items() if c}))


if __name__ == "__main__":
    main()
