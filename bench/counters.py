"""The counters that Postgres and Redis keep, and the settings in force."""

import importlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from product import Product, query
from redis import Redis

# Postgres backends report their counters within a second while busy, or after ten seconds idle.
HAND_IN_SECONDS = 11
# Continuation lines of a statement begin with a tab.
STATEMENT = re.compile(r"duration: ([\d.]+) ms  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)")
POSTGRES_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_connections")
CELERY_SETTINGS = (
    "worker_send_task_events",
    "task_send_sent_event",
    "task_acks_late",
    "task_reject_on_worker_lost",
    "worker_prefetch_multiplier",
    "worker_disable_prefetch",
    "broker_pool_limit",
)


@dataclass(frozen=True)
class Counts:
    transactions: int
    log_bytes: int  # write-ahead log
    redis_commands: int

    def since(self, before: "Counts") -> "Counts":
        return Counts(
            self.transactions - before.transactions,
            self.log_bytes - before.log_bytes,
            self.redis_commands - before.redis_commands,
        )


TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'senso'"
LOG_BYTES = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"


def counts(running: Product) -> Counts:
    url = running.urls.database_url
    with Redis.from_url(running.urls.redis_url) as redis:
        commands = int(redis.info("stats")["total_commands_processed"])
    return Counts(query(url, TRANSACTIONS)[0][0], query(url, LOG_BYTES)[0][0], commands)


def redis_commands(running: Product) -> Counter[str]:
    with Redis.from_url(running.urls.redis_url) as redis:
        found = redis.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): int(one["calls"]) for name, one in found.items()})


def redis_memory(running: Product, what: str = "used_memory_peak") -> int:
    with Redis.from_url(running.urls.redis_url) as redis:
        return int(redis.info("memory")[what])


@contextmanager
def statements(running: Product) -> Iterator[list[tuple[str, float]]]:
    """Collects each statement run during the block, with its first words and milliseconds, from Postgres's log.

    The embedded Postgres has no pg_stat_statements. Logging slows statements that take much less than a millisecond.
    """
    log, found = running.folder / "home" / "postgres.log", list[tuple[str, float]]()
    set_logging(running, "0")
    start = log.stat().st_size
    try:
        yield found
        time.sleep(1)
    finally:
        set_logging(running, "-1")
    found.extend(logged(log, start))


def set_logging(running: Product, value: str) -> None:
    query(running.urls.database_url, f"ALTER SYSTEM SET log_min_duration_statement = {value}")
    query(running.urls.database_url, "SELECT pg_reload_conf()")
    time.sleep(0.5)


def logged(log: Path, start: int) -> Iterator[tuple[str, float]]:
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode(errors="replace")
    for found in STATEMENT.finditer(text):
        words = " ".join(found[2][:300].split())[:64]
        yield words.partition(" (")[0] if words.startswith("EXECUTE ") else words, float(found[1])


def settings_in_force(running: Product) -> dict[str, Any]:
    url = running.urls.database_url
    postgres = {name: query(url, f"SHOW {name}")[0][0] for name in POSTGRES_SETTINGS}
    celery = importlib.import_module("senso.worker.configuration")
    read = importlib.import_module("senso.settings").settings()
    ours = {
        "calls_in_flight": read.calls_in_flight,
        "use_chords": read.use_chords,
        "max_running_batches": read.max_running_batches,
        "log_format": read.log_format,
        "checks of readings": "on (always)",
        "fences and claims": "on (always)",
    }
    return postgres | {name: getattr(celery, name) for name in CELERY_SETTINGS} | ours
