"""100,000 queued batches: whether anything grows while they wait, and what admission costs among them.

The rows are those of a night's schedule, written in bulk: orgs like the warm-up org, each with one question for one
model, opened and published. MAX_RUNNING_BATCHES keeps its default.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import mean, median
from typing import Any
from uuid import UUID, uuid5

import counters
import processes
from machine import heading, save
from printing import MB, line
from product import opened
from stand import Ground, Options, add_options, ground, options_of
from watch import Look, Watch, cpu_shares, figures
from work import CASES, Work

from senso.matrix import batch_id

BETWEEN_LOOKS = 5.0
MINUTE = 60.0
LOGGED_SECONDS = 10.0
ADMIT = "WITH room AS"  # the first words of the admitting statement
AT_ONCE = 5_000
HOUR = 2  # of the timetable
CREDITS = 100

# Orgs due on the schedule's current day and already claimed: the periodic task for due orgs has nothing left to do.
WRITE = """
    WITH given AS (
        SELECT * FROM unnest(%(orgs)s::uuid[], %(batches)s::uuid[], %(partners)s::uuid[]) AS g (org, batch, partner)
    ),
    payers AS (
        INSERT INTO partners (id, name, available) SELECT DISTINCT partner, 'Queued', %(credits)s::bigint FROM given
        ON CONFLICT DO NOTHING RETURNING id
    ),
    granted AS (
        INSERT INTO ledger (idempotency_key, entry, partner_id, credits)
        SELECT 'grant:bench:' || id, 'grant', id, %(credits)s FROM payers
    ),
    made AS (
        INSERT INTO orgs (id, partner_id, name, competitors, created_at)
        SELECT g.org, g.partner, o.name, o.competitors, %(day)s::timestamptz FROM given g, orgs o WHERE o.id = %(like)s
    ),
    websites AS (
        INSERT INTO org_websites (org_id, url, position)
        SELECT g.org, w.url, w.position FROM given g, org_websites w WHERE w.org_id = %(like)s
    ),
    questions AS (
        INSERT INTO org_questions (org_id, question_id)
        SELECT g.org, q.question_id FROM given g,
            (SELECT question_id FROM org_questions WHERE org_id = %(like)s ORDER BY position LIMIT 1) q
    ),
    models AS (
        INSERT INTO org_models (org_id, model_id) SELECT g.org, m.id FROM given g, models m WHERE m.slug = %(model)s
    ),
    locations AS (
        INSERT INTO org_locations (org_id, location_id)
        SELECT g.org, l.location_id FROM given g, org_locations l WHERE l.org_id = %(like)s
    ),
    names AS (
        INSERT INTO name_variations (org_id, names, fingerprint, is_fallback, expires_at)
        SELECT g.org, n.names, n.fingerprint, n.is_fallback, n.expires_at FROM given g, name_variations n
        WHERE n.org_id = %(like)s
    ),
    opened AS (
        INSERT INTO batches (id, kind, org_id, batch_date, credits_per_evaluation, triggered_by)
        SELECT batch, 'org', org, %(day)s::date, 1, 'schedule' FROM given
    ),
    claimed AS (
        INSERT INTO schedule_runs (subject, due_date, batch_id) SELECT 'org:' || org, %(day)s::date, batch FROM given
    ),
    said AS (
        INSERT INTO audit (action, actor, subject, batch_id, details)
        SELECT 'trigger', 'beat', 'org:' || org, batch, '{"outcome": "opened", "reason": "schedule"}' FROM given
    )
    INSERT INTO outbox (key, pipeline, ids, batch_id, published_at)
    SELECT 'admit:' || batch || ':1', 'admit', '[]', batch, now() FROM given
"""


def write(here: Ground, count: int) -> None:
    like = here.work.warming_up[0].id
    day = (datetime.now(UTC) - timedelta(hours=HOUR)).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    left, shared = iter(range(count)), {"like": str(like), "model": here.work.models[0], "credits": CREDITS}
    with opened(here.stand.urls.database_url) as connection, connection.cursor() as cursor:
        while numbers := list(islice(left, AT_ONCE)):
            cursor.execute(WRITE, shared | rows(like, numbers, day))
        cursor.execute("ANALYZE")  # as autovacuum would have done before there were so many rows


def rows(like: UUID, numbers: Sequence[int], day: datetime) -> dict[str, Any]:
    """One partner per two orgs, as in the sandbox's world."""
    orgs = [uuid5(like, f"org {number}") for number in numbers]
    return {
        "orgs": list(map(str, orgs)),
        "batches": [str(batch_id("org", org, None, day.date())) for org in orgs],
        "partners": [str(uuid5(like, f"partner {number // 2}")) for number in numbers],
        "day": day,
    }


def admissions(here: Ground) -> dict[str, float]:
    """Milliseconds of the admitting statement according to Postgres's log, over LOGGED_SECONDS."""
    with counters.statements(here.running) as made:
        time.sleep(LOGGED_SECONDS)
    took = [milliseconds for words, milliseconds in made if words.startswith(ADMIT)]
    return {"statements": len(took), "median_ms": median(took or [0]), "most_ms": max(took, default=0)}


def minute(looks: Sequence[Look]) -> dict[str, Any]:
    first, last = looks[0], looks[-1]
    return {
        "from_seconds": first.at,
        "queued": last.queued,
        "ended_per_second": (last.ended - first.ended) / (last.at - first.at),
        "cpu": cpu_shares(first, last),
        "pss_mb": {kind: mean(one.memory.get(kind, 0) for one in looks) / MB for kind in last.memory},
        "redis_mb": mean(one.redis_bytes for one in looks) / MB,
        "waiting": {queue: mean(one.waiting[queue] for one in looks) for queue in last.waiting},
    }


def print_minutes(first: dict[str, Any], last: dict[str, Any], admitted: Sequence[dict[str, float]]) -> None:
    print(f"\n{'':<28} {'first minute':>12} {'last minute':>12}")
    compare("batches still queued", first["queued"], last["queued"])
    compare("batches ended a second", first["ended_per_second"], last["ended_per_second"])
    for kind in first["cpu"]:
        compare(f"CPU of {kind}, cores", first["cpu"][kind], last["cpu"][kind], digits=3)
    compare("PSS of all MB", processes.ours(first["pss_mb"]), processes.ours(last["pss_mb"]))
    for kind in first["pss_mb"]:
        compare(f"  {kind}", first["pss_mb"][kind], last["pss_mb"][kind])
    compare("Redis' own memory MB", first["redis_mb"], last["redis_mb"], digits=2)
    for queue in first["waiting"]:
        compare(f"messages in {queue}", first["waiting"][queue], last["waiting"][queue])
    for when, one in zip(("before the first", "after the last"), admitted, strict=True):
        line("admit, ms a statement", f"{one['median_ms']:.1f}", f"most {one['most_ms']:.1f}, {when} minute")


def compare(name: str, first: float, last: float, digits: int = 1) -> None:
    print(f"{name:<28} {first:>12.{digits}f} {last:>12.{digits}f}")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=1))
    given.add_argument("--batches", type=int, default=100_000)
    given.add_argument("--minutes", type=float, default=5.0, help="default 5; at least 2")
    read = given.parse_args()
    options, said = options_of(read), heading()
    print(said, flush=True)
    with ground(Work(CASES["direct"], options.orgs), options) as here:
        began = time.monotonic()
        write(here, read.batches)
        print(f"{read.batches} batches queued in {time.monotonic() - began:.0f} s", flush=True)
        admitted = [admissions(here)]
        watch = Watch(here)
        with processes.watched(watch.tell, BETWEEN_LOOKS):
            time.sleep(read.minutes * MINUTE)
        admitted.append(admissions(here))
        checked = here.doctor()
    end = watch.looks[-1].at
    first, last = minute(watch.within(0, MINUTE)), minute(watch.within(end - MINUTE, end))
    print(f"\n== queued: {said} ==")
    print_minutes(first, last, admitted)
    print(f"\n{checked}")
    kept = {"first": first, "last": last, "admit": admitted, "doctor": checked, "looks": figures(watch.looks)}
    save("queued", {"options": asdict(options), "batches": read.batches, **kept})


if __name__ == "__main__":
    main()
