"""How long each route that reads takes in a database of many runs, and how much of the tables it reads for that.

Postgres makes the rows (reads_rows.py); `senso api` is asked over HTTP, one request after the other: each GET of
OpenAPI except streams of events, in turn with a token of all partners and with one of a partner, with ids taken at
random, with filters, and on with the cursor of the last answer.

Whole tables read are those that Postgres counts (`seq_scan`) of tables of 100,000 rows and more, while the route was
asked: what its statements did, with the settings of our sessions. Rows are those that were read there or in smaller
tables, or found by an index. Once a second the API also looks for live events, which is in these counts.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import product
import reads_rows
import requests
from machine import heading, save
from printing import MB, line

from senso import db, edge
from senso.settings import use_environment

ASKED, SEED = 40, 21
# Postgres tells what a session has read at most once a second, at the end of a transaction.
FLUSH_SECONDS = 1.2
PERIOD = "since={first}&until={last}"
PART = "kind=branded&surface=api"
# For each route what is asked of it; streams of events have no end.
OF_BATCHES = ("", "?batch_id={batch}", f"?{PERIOD}", f"?{PERIOD}&limit=200")
CASES: dict[str, Sequence[str]] = {
    "/batches": (
        "",
        "?limit=200",
        "?state=partial",
        f"?{PERIOD}",
        "?kind=network",
        "?org_id={org}",
        "?network_id={network}",
        "?partner_id={partner}",
        "?partner_id={partner}&state=failed",
    ),
    "/batches/{batch_id}": ("",),
    "/batches/{batch_id}/runs": ("", "?limit=200", "?state=failed", "?failed=true", "?model={model}"),
    "/runs/{number}": ("",),
    "/models": ("",),
    "/providers": ("", "?days=7", "?days=31"),
    "/pauses": ("",),
    "/orgs": ("", "?limit=200", "?search=garage a", "?search={org_start}", "?search=zz", "?partner_id={partner}"),
    "/orgs/{org_id}": ("",),
    "/orgs/{org_id}/questions": ("",),
    "/orgs/{org_id}/metrics": (*OF_BATCHES, f"?{PERIOD}&name=mention_rate&whole=true"),
    "/orgs/{org_id}/metrics/{name}/answers": (f"?{PART}", f"?{PART}&batch_id={{batch}}"),
    "/orgs/{org_id}/changes": ("", "?since={middle}&until={last}"),
    "/orgs/{org_id}/competitors": OF_BATCHES,
    "/orgs/{org_id}/citations": OF_BATCHES,
    "/orgs/{org_id}/claims": (*OF_BATCHES, f"?{PERIOD}&verdict=contradicted"),
    "/orgs/{org_id}/names": ("",),
    "/partners": ("", "?search=partner 1", "?limit=200"),
    "/partners/{partner_id}/credits": ("",),
    "/partners/{partner_id}/ledger": ("", "?limit=200"),
    "/schedules/{subject}": ("",),
    "/tokens": ("", "?limit=200"),
    "/webhooks": ("", "?limit=200"),
    "/webhooks/{webhook_id}/deliveries": ("", "?limit=200"),
}
OF_ALL = ("/pauses",)  # only for tokens of all partners
# Of a token's partner, or of all: orgs with batches, the first of which has larger ones, and the network.
KNOWN = """
    SELECT b.org_id::text, o.partner_id::text, min(b.id::text), max(b.id::text) FROM batches b
    JOIN orgs o ON o.id = b.org_id WHERE b.kind = 'org' AND (%s::uuid IS NULL OR o.partner_id = %s::uuid)
    GROUP BY 1, 2 ORDER BY 1 LIMIT 500
"""
LARGE = 100_000
COUNTERS = f"""
    SELECT t.relname, CASE WHEN c.reltuples >= {LARGE} THEN t.seq_scan ELSE 0 END,
        (t.seq_tup_read + coalesce(i.read, 0))::bigint
    FROM pg_stat_user_tables t JOIN pg_class c ON c.oid = t.relid
    LEFT JOIN (SELECT relid, sum(idx_tup_read) AS read FROM pg_stat_user_indexes GROUP BY relid) i USING (relid)
    WHERE t.relname = ANY(%s)
"""
Counters = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Asker:
    """A token, and ids of what it may see."""

    name: str
    token: str
    partners: Sequence[str]
    batches: Sequence[tuple[str, str]]  # an org and a batch of it
    runs: Sequence[int]
    network: str
    network_batch: str
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def values(self, today: date) -> dict[str, Any]:
        org, batch = self.dice.choice(self.batches)
        partner = self.dice.choice(self.partners)
        known = {"org": org, "org_id": org, "batch": batch, "subject": f"org:{org}", "org_start": org[:6]}
        # A batch in four is that of the network.
        known |= {"batch_id": self.dice.choice([batch, batch, batch, self.network_batch]), "network": self.network}
        known |= {"partner": partner, "partner_id": partner, "number": self.dice.choice(self.runs)}
        known |= {"name": "mention_rate", "model": "chatgpt"}
        days = {"first": reads_rows.DAYS, "middle": reads_rows.DAYS // 2, "last": 0}
        return known | {name: today - timedelta(days=ago) for name, ago in days.items()}


@dataclass
class Told:
    """Of one route. `by_case`: milliseconds of each query string."""

    ms: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    by_case: dict[str, list[float]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def add(self, case: str, ms: float, size: int) -> None:
        self.ms.append(ms)
        self.size.append(size)
        self.by_case.setdefault(case, []).append(ms)

    def figures(self) -> dict[str, Any]:
        slowest = max(self.by_case, key=lambda one: median(self.by_case[one]))
        return {
            "p50_ms": median(self.ms),
            "p95_ms": quantiles(self.ms, n=20)[-1],
            "most_ms": max(self.ms),
            "bytes": round(median(self.size)),
            "most_bytes": max(self.size),
            "slowest": {"query": slowest, "median_ms": median(self.by_case[slowest])},
            "wrong": self.wrong,
        }


def main() -> int:
    return measure("reads", str(__doc__), routes_of_the_api)


Measure = Callable[[Any, str, argparse.Namespace], dict[str, Any]]


def measure(name: str, about: str, of: Measure) -> int:
    """`of`: what is measured, with a cursor and the address of `senso api`; by path."""
    given = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--runs", type=int, default=500_000, help="default 500000")
    given.add_argument("--asked", type=int, default=ASKED, help=f"default {ASKED}: requests to each route")
    given.add_argument("--route", help="only routes whose path contains this")
    given.add_argument("--folder", type=Path, help="keeps the servers' data there, and uses what is there already")
    read, said = given.parse_args(), heading()
    print(said, flush=True)
    product.forget_environment()
    with tempfile.TemporaryDirectory() as other:
        folder = read.folder or Path(other)
        folder.mkdir(exist_ok=True)
        with product.embedded(folder) as urls:
            use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
            edge.supply()
            found = measured(urls.database_url, folder, read, of)
            db.engine().dispose()
    report(name, said, found)
    save(name, found)
    return 1 if any(one["wrong"] or one["scans"] for one in found["routes"].values()) else 0


def measured(url: str, folder: Path, read: argparse.Namespace, of: Measure) -> dict[str, Any]:
    from senso.migrations import migrate  # noqa: PLC0415  reads the settings

    migrate()
    with product.opened(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT EXISTS (SELECT FROM batches)")
        wrote = 0.0 if cursor.fetchone() == (True,) else reads_rows.write(cursor, read.runs)
        reads_rows.count(cursor)
        rows = {table: one(cursor, f"SELECT count(*) FROM {table}") for table in reads_rows.BIG}
        size = one(cursor, "SELECT pg_database_size(current_database())")
        with serving(folder) as (address, _):
            routes = of(cursor, address, read)
    return {"rows": rows, "disk_bytes": size, "write_seconds": wrote, "routes": routes}


def routes_of_the_api(cursor: Any, root: str, read: argparse.Namespace) -> dict[str, Any]:
    address = f"{root}/api/v1"
    chosen = [path for path in paths_of(address) if not read.route or read.route in path]
    askers = [asker(cursor, None), asker(cursor, id_of("partner 0"))]
    return {path: told(cursor, Asking(address, path, CASES[path], askers), read.asked) for path in chosen}


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int]]:
    port = product.free_port()
    os.environ |= {"PORT": str(port), "API_REQUESTS_PER_MINUTE": "1000000"}
    try:
        with product.child("api", ["-m", "senso.cli", "api"], folder) as process:
            deadline = time.monotonic() + product.READY_SECONDS
            while time.monotonic() < deadline:
                with suppress(requests.ConnectionError):
                    requests.get(f"http://127.0.0.1:{port}/health", timeout=10)
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}", process.pid
    finally:
        for name in ("PORT", "API_REQUESTS_PER_MINUTE"):
            del os.environ[name]


def paths_of(address: str) -> list[str]:
    """Those of CASES, in their order, which must be all that OpenAPI has, except streams."""
    root, prefix = address.removesuffix("/api/v1"), "/api/v1"
    described = requests.get(f"{root}/openapi.json", timeout=30).json()["paths"]
    there = {
        path.removeprefix(prefix)
        for path, operations in described.items()
        if path.startswith(prefix) and "get" in operations and not path.endswith("/events")
    }
    if there != set(CASES):
        raise SystemExit(f"CASES lacks {there - set(CASES)} or has what there is not: {set(CASES) - there}")
    return list(CASES)


def one(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    (found,) = cursor.fetchone()
    return int(found)


def asker(cursor: Any, partner: str | None) -> Asker:
    cursor.execute(KNOWN, (partner, partner))
    known = cursor.fetchall()
    cursor.execute("SELECT md5('network')::uuid::text, (SELECT id::text FROM batches WHERE kind = 'network')")
    network, network_batch = cursor.fetchone()
    batches = [(org, batch) for org, _, first, last in known for batch in (first, last)]
    cursor.execute(
        "SELECT number FROM question_runs WHERE batch_id = ANY(%s::uuid[]) ORDER BY number LIMIT 5000",
        ([batch for _, batch in batches] + [network_batch],),
    )
    runs = [number for (number,) in cursor.fetchall()]
    partners = sorted({one for _, one, _, _ in known})
    return Asker(partner or "all", token_of(partner), partners, batches, runs, network, network_batch)


def token_of(partner: str | None) -> str:
    from senso.db import transaction  # noqa: PLC0415
    from senso.states import Scope  # noqa: PLC0415
    from senso.workflows.tokens import Wanted, create  # noqa: PLC0415

    with transaction() as link:
        wanted = Wanted("bench", Scope.ADMIN, UUID(partner) if partner else None, days=1)
        return create(link, wanted, "bench")[1]


def told(cursor: Any, asking: "Asking", times: int) -> dict[str, Any]:
    """`scans`: whole tables read, by table. `rows`: read in tables with many rows, for each request."""
    before = counters(cursor)
    with asking.session:
        found = Told()
        for number in range(times):
            asking.ask(number, found)
        time.sleep(FLUSH_SECONDS)
        asking.ask(0, Told())
    after = counters(cursor)
    scans = {name: after[name][0] - before[name][0] for name in after if after[name][0] > before[name][0]}
    rows = sum(after[name][1] - before[name][1] for name in after) / (times + 1)
    figures = found.figures() | {"scans": scans, "rows": rows}
    print_route(asking.path, figures)
    return figures


@dataclass
class Asking:
    """Of one route. `next`: for a query string and a token, what was asked last and the cursor that it gave."""

    address: str
    path: str
    cases: Sequence[str]
    askers: Sequence[Asker]
    session: requests.Session = field(default_factory=requests.Session)
    next: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def ask(self, number: int, into: Told) -> None:
        """In turn each query string with each token; where the last answer had a cursor, then the page after it."""
        case = self.cases[number // len(self.askers) % len(self.cases)]
        who = self.askers[0 if self.path in OF_ALL else number % len(self.askers)]
        asked, cursor = self.next.pop((case, who.name), None) or (self.path_of(case, who), "")
        began = time.perf_counter()
        answer = self.session.get(
            self.address + asked,
            params={"cursor": cursor} if cursor else None,
            headers=who.headers,
            timeout=60,
            allow_redirects=False,
        )
        into.add(case, 1000 * (time.perf_counter() - began), len(answer.content))
        if answer.status_code != requests.codes.ok:
            into.wrong[asked] = f"{answer.status_code} {answer.text[:200]}"
        elif not cursor and (following := next_of(answer)):
            self.next[case, who.name] = asked, following

    def path_of(self, case: str, who: Asker) -> str:
        return (self.path + case).format(**who.values(datetime.now(UTC).date()), webhook_id=webhook_of(who))


def next_of(answer: requests.Response) -> str | None:
    """The cursor of the page after it. A page for people has none."""
    is_page = answer.headers["content-type"].startswith("text/html")
    return None if is_page else answer.json().get("next")


def webhook_of(who: Asker) -> str:
    number = 0 if who.name != "all" else who.dice.randrange(reads_rows.PARTNERS)
    return id_of(f"webhook {number}")


def id_of(words: str) -> str:
    """As the rows are given theirs."""
    return str(UUID(md5(words.encode(), usedforsecurity=False).hexdigest()))


def counters(cursor: Any) -> Counters:
    cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
    cursor.execute(COUNTERS, (list(reads_rows.BIG),))
    return {name: (scans, rows) for name, scans, rows in cursor.fetchall()}


def print_route(path: str, found: Mapping[str, Any]) -> None:
    scans = ", ".join(f"{name} {count}" for name, count in found["scans"].items()) or "no"
    slow = found["slowest"]
    more = f"{slow['median_ms']:8.0f} {slow['query']}"
    print(
        f"{path:<42} {found['p50_ms']:8.1f} {found['p95_ms']:8.1f} {found['most_bytes']:8} {found['rows']:9.0f} "
        f"{scans:<12} {more}",
        flush=True,
    )
    for asked, said in list(found["wrong"].items())[:2]:
        print(f"    {asked}: {said}", flush=True)


def report(name: str, said: str, found: dict[str, Any]) -> None:
    print(f"\n== {name}: {said} ==")
    line("rows", "", ", ".join(f"{count:,} {table}" for table, count in found["rows"].items()))
    line("disk", f"{found['disk_bytes'] / MB:.0f} MB", f"written in {found['write_seconds']:.0f} s")
    print(f"{'route':<42} {'p50 ms':>8} {'p95 ms':>8} {'bytes':>8} {'rows':>9} {'scans':<12} slowest query, median ms")
    for path, one in found["routes"].items():
        print_route(path, one)


if __name__ == "__main__":
    raise SystemExit(main())
