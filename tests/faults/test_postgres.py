"""Postgres dies again and again, has no connection left, or keeps a row locked."""

import os
import random
import time
from contextlib import suppress
from urllib.parse import urlsplit

import psycopg2
import pytest
from ground import run_sql


def test_postgres_killed_again_and_again(start, told):
    product = start(orgs=24, answer_seconds=4)
    batches = product.trigger()
    product.wait_for_flight(60)
    dice, outages = random.Random(19), []

    until = time.monotonic() + 60
    while time.monotonic() < until:
        product.down(product.servers.postgres)
        time.sleep(dice.uniform(0, 2))
        product.up(product.servers.postgres)
        before = product.calls_made()
        outages.append(
            product.until(
                lambda b=before: product.calls_made() > b or not product.open(batches), 200, "nobody asked again"
            )
        )
        time.sleep(dice.uniform(3, 12))
    product.end(batches, 300)

    row = told(product, 19, struck=f"{len(outages)} × kill -9 of Postgres in 60 s", load="960 runs",
        recovery=max(outages), note="10 min in the row")  # fmt: skip
    assert product.states() == {"completed": 24}
    assert row["broken"] == []
    assert row["twice"] == 0


RELOAD = "SELECT pg_reload_conf()"
END_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
# By what is said of it: how it begins and how it ends. The first as while another server is promoted; then a restore
# that has not come to the tables yet, and one that lets nobody in.
MOMENTS = {
    "read-only": (
        ["ALTER SYSTEM SET default_transaction_read_only = on", RELOAD],
        ["ALTER SYSTEM RESET default_transaction_read_only", RELOAD],
    ),
    "without its tables": (["ALTER SCHEMA public RENAME TO away"], ["ALTER SCHEMA away RENAME TO public"]),
    "connections refused to all users": (
        ["ALTER DATABASE {database} ALLOW_CONNECTIONS false", END_ALL],
        ["ALTER DATABASE {database} ALLOW_CONNECTIONS true"],
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_postgres_that_takes_nothing_for_longer_than_a_call(start, told, moment):
    product = start(orgs=1, answer_seconds=3, reading_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(20)
    begins, ends = MOMENTS[moment]

    as_administrator(product, begins)
    time.sleep(17)
    as_administrator(product, ends)
    made = product.calls_made()
    recovery = product.until(lambda: product.calls_made() > made or not product.open(batches), 60, "nobody went on")
    ended = product.end(batches)

    row = told(product, 19, struck=f"{moment} for 17 s, 20 calls in flight", load="40 runs", recovery=recovery,
        note=f"all ended after {ended:.0f} s")  # fmt: skip
    assert product.states() == {"completed": 1}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert len(product.sandbox.calls("openai.responses")) == 40  # each run once


def as_administrator(product, statements) -> None:
    """In the product's own database where it is about a schema, and from outside where it is shut."""
    database = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    inside = any("SCHEMA" in one for one in statements)
    url = product.servers.url_of(database if inside else "postgres").replace("+psycopg2", "")
    run_sql(url, *(one.format(database=database) for one in statements))


def test_postgres_without_a_free_connection(start, told):
    product = start(orgs=8, answer_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(40)

    taken = take_all(product)
    time.sleep(20)
    for connection in taken:
        connection.close()
    recovery = product.end(batches)

    row = told(product, 20, struck=f"{len(taken)} sessions of others, none left, for 20 s", load="320 runs",
        recovery=recovery)  # fmt: skip
    assert len(taken) > 50
    assert product.states() == {"completed": 8}
    assert row["broken"] == []
    assert row["twice"] == 0


def take_all(product) -> list:
    url = product.servers.url_of("postgres").replace("+psycopg2", "")
    taken = []
    with suppress(psycopg2.OperationalError):
        while len(taken) < 300:
            taken.append(psycopg2.connect(url))
    return taken


def test_a_locked_row_holds_up_its_own_batch_alone(start, told):
    product = start(orgs=4, answer_seconds=2)
    batches = product.trigger()
    product.until(lambda: product.make.one("SELECT count(*) FROM question_runs") == 160, 60, "not every batch opened")
    locker = psycopg2.connect(os.environ["DATABASE_URL"].replace("+psycopg2", ""))
    with locker, locker.cursor() as cursor:
        cursor.execute("SELECT 1 FROM batches WHERE id = %s FOR UPDATE", [str(batches[0])])
        others = product.until(lambda: product.open(batches) == 1, 60, "other batches did not move on")
        time.sleep(max(0, 40 - others))
        still = product.open(batches)
    locker.close()
    recovery = product.end(batches)

    row = told(product, 20, struck="a batch's row locked for 40 s", load="160 runs", recovery=recovery,
        note=f"the others ended after {others:.0f} s")  # fmt: skip
    assert still == 1
    assert product.states() == {"completed": 4}
    assert row["broken"] == []
    assert row["twice"] == 0
