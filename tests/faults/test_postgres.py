"""Postgres dies again and again, takes nothing, has no connection left, or keeps a row locked."""

import os
import random
import time
from contextlib import suppress
from urllib.parse import urlsplit

import psycopg2
import pytest
from ground import run_sql
from load import HEAVY
from rows import RESULTS

MOST_SPARSE = 5  # kills, also where the machine is slow


def test_postgres_killed_again_and_again(fault):
    with fault(19, "kill -9 of Postgres again and again for 60 s", runs=HEAVY, answer_seconds=4) as it:
        dice, outages = random.Random(19), []
        until = time.monotonic() + 60
        while time.monotonic() < until or len(outages) < MOST_SPARSE:
            outages.append(outage(it, dice.uniform(0, 2)))
            time.sleep(dice.uniform(3, 12))
        it.recovered(max(outages))
        it.row.note = "10 min in the row"

    assert it.row.twice == 0


def outage(it, seconds: float) -> float:
    """Until a question is asked again. Each strikes calls and open batches."""
    calls = it.product.wait_for_flight(60)
    it.strikes(kills=1, calls=calls, batches=it.product.open(), connections=it.product.connections())
    it.product.down(it.product.servers.postgres)
    time.sleep(seconds)
    it.product.up(it.product.servers.postgres)
    return it.product.next_ask(200)


RELOAD = "SELECT pg_reload_conf()"
END_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
# Number, how long, how it begins and how it ends. The first as while another server is promoted; then a restore that
# has not come to the tables yet, and one that lets nobody in.
MOMENTS = {
    "read-only": (
        38,
        20,
        ["ALTER SYSTEM SET default_transaction_read_only = on", RELOAD],
        ["ALTER SYSTEM RESET default_transaction_read_only", RELOAD],
    ),
    "without its tables": (
        40,
        17,
        ["ALTER SCHEMA public RENAME TO away"],
        ["ALTER SCHEMA away RENAME TO public"],
    ),
    "connections refused to all users": (
        41,
        17,
        ["ALTER DATABASE {database} ALLOW_CONNECTIONS false", END_ALL],
        ["ALTER DATABASE {database} ALLOW_CONNECTIONS true"],
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_postgres_that_takes_nothing_for_longer_than_a_call(fault, moment):
    number, seconds, begins, ends = MOMENTS[moment]
    with fault(number, f"Postgres {moment} for {seconds} s", answer_seconds=3, reading_seconds=3) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, batches=it.product.open(), connections=it.product.connections())
        as_administrator(it.product, begins)
        time.sleep(seconds)
        as_administrator(it.product, ends)
        it.recovered(it.product.next_ask())

    assert it.row.twice == 0


def as_administrator(product, statements) -> None:
    """In the product's own database where it is about a schema, and from outside where it is shut."""
    database = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    inside = any("SCHEMA" in one for one in statements)
    url = product.servers.plain_url_of(database if inside else "postgres")
    run_sql(url, *(one.format(database=database) for one in statements))


def test_postgres_without_a_free_connection(fault):
    """Others have all that are free; then the product loses its own, and the others take these too."""
    with fault(20, "Postgres without a free connection for 20 s", runs=HEAVY, answer_seconds=3) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, connections=it.product.connections() - 1)
        log = it.product.servers.postgres.log
        start = log.stat().st_size
        taken = starve(it.product)
        time.sleep(20)
        for connection in taken:
            connection.close()
        it.recovered(it.product.next_ask())
        it.hit(refusals=log.read_bytes()[start:].count(b"FATAL:  sorry, too many clients"))
        it.row.note = f"{len(taken)} sessions of others"

    assert len(taken) > 50
    assert it.row.twice == 0


def starve(product) -> list:
    """Ends in a moment at which the product has not one connection."""
    database = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    taken = take_all(product)
    cursor = taken[0].cursor()
    for _ in range(50):
        cursor.execute(END_ALL.format(database=database))
        if cursor.fetchone() == (0,):
            return taken
        taken += take_all(product)
    pytest.fail("the product kept a connection")


def take_all(product) -> list:
    url = product.servers.plain_url_of("postgres")
    taken = []
    with suppress(psycopg2.OperationalError):
        while len(taken) < 300:
            connection = psycopg2.connect(url)
            connection.autocommit = True
            taken.append(connection)
    return taken


def test_a_locked_row_holds_up_its_own_batch_alone(fault):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    remains = "SELECT id FROM batches WHERE state = 'running' AND remaining BETWEEN 1 AND 200 LIMIT 1"
    read = "SELECT count(*) FROM evaluations WHERE state = 'done' AND batch_id <> :id"
    with fault(20, "a batch's row locked for 40 s", runs=HEAVY, answer_seconds=2) as it:
        it.product.until(lambda: it.product.make.sql(remains), 60, "no batch was half way")
        (batch,) = it.product.make.sql(remains)
        with psycopg2.connect(os.environ["DATABASE_URL"].replace("+psycopg2", "")) as locker:
            locker.cursor().execute("SELECT 1 FROM batches WHERE id = %s FOR UPDATE", [str(batch["id"])])
            it.strikes(rows=1)
            before, until, sessions = it.product.make.one(read, **batch), time.monotonic() + 40, []

            def is_over() -> bool:
                sessions.append(it.product.make.one(waiting))  # none waits for longer than its limit
                return time.monotonic() > until

            it.product.until(is_over, 60, "time stood still")
            it.hit(sessions=max(sessions))
            others, held_up = it.product.make.one(read, **batch) - before, it.product.make.state(batch["id"])["state"]
        locker.close()
        over = "SELECT count(*) FROM batches WHERE id = :id AND ended_at IS NOT NULL"  # behind what waits by now
        it.recovered(it.product.until(lambda: it.product.make.one(over, **batch), 180, "it never ended"))
        it.row.note = f"{others} answers of other batches were read meanwhile"

    assert held_up == "running"
    assert others >= (1000 if RESULTS else 50)
    assert it.row.twice == 0
