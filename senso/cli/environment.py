"""What a command needs: servers that run or are started, a migrated schema, quiet logs."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from senso import db, log, schema, sentry
from senso.cli.program import keep_home
from senso.embedded import servers
from senso.embedded.home import Home
from senso.errors import ConfigError, Unreachable
from senso.settings import Settings, moved_clock, settings, use_environment
from senso.settings.texts import cleaned
from senso.typed_ids import id_in, short_text


@contextmanager
def connected(*, migrate: bool = False, part: str = "cli") -> Iterator[Settings]:
    """Uses the configured servers, or the embedded ones while the block runs. Embedded ones are always migrated.

    `part`: under which errors are reported to Sentry.
    """
    log.configure_when_needed(settings().log_format, logging.WARNING)
    read = settings()
    if read.sentry_dsn is not None:
        sentry.start(part, read.sentry_dsn, read.environment)
    require_both(read)
    if read.database_url is not None:
        if migrate:
            require_good_servers()
        ready(migrate=migrate)
        yield read
        return
    with embedded(read.senso_home) as started:
        yield started


def require_both(read: Settings) -> None:
    """Raises ConfigError."""
    if (read.database_url is None) != (read.redis_url is None):
        missing = "REDIS_URL" if read.redis_url is None else "DATABASE_URL"
        raise ConfigError(f"{missing} is not set; set both, or none for the embedded servers")


@contextmanager
def unprepared() -> Iterator[Settings]:
    """For a backup and a restore: Postgres as it is, whatever its schema. Redis is not needed."""
    log.configure_when_needed(settings().log_format, logging.WARNING)
    read = settings()
    if read.database_url is not None:
        yield read
        return
    require_both(read)
    keep_home()
    with servers(read.senso_home) as urls:
        try:
            yield use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
        finally:
            db.engine().dispose()


@contextmanager
def embedded(home: Path) -> Iterator[Settings]:
    keep_home()
    with servers(home) as urls:
        read = use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
        try:
            ready(migrate=True)
            yield read
        finally:
            db.engine().dispose()


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """For commands that start workers and beat. Raises ConfigError if another process has done so in this home.

    Two would use the same beat file and the same node names. The kernel releases the lock however its owner ends.
    """
    folder = Home.prepared(home)
    lock = folder.lock("up.lock")
    if lock is None:
        whose = f"process {pid}" if (pid := told_pid(folder)) else "another process"
        raise ConfigError(
            f"senso is up already in {folder.path}: {whose}; stop that one, or set SENSO_HOME to another folder"
        )
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    try:
        yield
    finally:
        os.close(lock)


def told_pid(folder: Home) -> str:
    """The pid of the lock's owner; empty if it has not written it yet."""
    with suppress(OSError, UnicodeDecodeError):
        return (folder.path / "up.lock").read_text()[:20].strip()
    return ""


def ready(*, migrate: bool) -> None:
    if migrate and not schema.is_head():
        from senso import migrations  # noqa: PLC0415  Alembic takes a quarter of a second to import

        migrations.migrate()
    elif not migrate:
        schema.require_head()
    say_moved_clock()


def say_moved_clock() -> None:
    """Warns that SENSO_CLOCK is set: a user who forgot it would open batches, and pay for answers, for another day."""
    said = moved_clock()
    if said:
        print(f"senso: {said}", file=sys.stderr)  # noqa: T201  one line, however narrow the terminal is


def require_good_servers() -> None:
    """Raises ConfigError or Unreachable. For commands that migrate or start workers; others only check the schema.

    For Redis, only wrong settings are faults: tables can be created before it is reachable.
    """
    from senso.checks import postgres, redis, require  # noqa: PLC0415  most commands need none of it
    from senso.worker.queues import ALL_QUEUES  # noqa: PLC0415

    require(
        [
            *postgres.findings(settings().database_pool_size),
            *(one for one in redis.findings(ALL_QUEUES) if one.reachable),
        ]
    )


def require_redis() -> None:
    """Raises ConfigError or Unreachable. Called before a command accepts work that only messages can start."""
    from senso.checks import redis, require  # noqa: PLC0415  commands that only read need no Redis
    from senso.worker.queues import ALL_QUEUES  # noqa: PLC0415

    require(redis.findings(ALL_QUEUES))


LONGEST_SHOWN = 60


def uuid(text: str, what: str) -> UUID:
    found = id_in(text)
    if found is None:
        article = "an" if what[0] in "aeiou" else "a"
        raise ConfigError(f"{text[:LONGEST_SHOWN]!r} is not the id of {article} {what}: ids are UUIDs")
    return found


def short(option: str, text: str) -> str:
    """Raises ConfigError as `short_text` raises ValueError."""
    try:
        return short_text(text)
    except ValueError as error:
        instead = "; give it a word, or leave the option out" if not cleaned(text) else ""
        raise ConfigError(f"{option}: {error}{instead}") from None


__all__ = ["Unreachable", "alone", "connected", "embedded", "ready", "require_redis", "short", "unprepared", "uuid"]
