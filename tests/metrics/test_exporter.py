"""`senso metrics` over real HTTP: a scrape, its health, servers that are away or frozen, and many who ask at once."""

import asyncio
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
import requests
from api_process import serving
from ground import NOWHERE, addresses, use_database
from test_database_servers import QUOTED, made, started

from senso.api.exporter import OneAtATime
from senso.checks.api import of_metrics
from senso.db import engine
from senso.metrics.looks import Look
from senso.migrations import migrate

AWAY_SECONDS = 1.5  # one second, and what a busy machine adds to it


@pytest.fixture(scope="module")
def running_exporter(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    with serving(tmp_path_factory.mktemp("metrics"), given, "metrics") as found:
        yield found


@pytest.fixture
def exporter(database, running_exporter):
    return running_exporter


def seconds_of(exporter):
    began = time.monotonic()
    assert exporter.get("/metrics").status_code == 200
    return time.monotonic() - began


@contextmanager
def used(url):
    """The database of this process, too."""
    before = os.environ["DATABASE_URL"]
    use_database(url)
    yield
    engine().dispose()
    use_database(before)


def ups(exporter):
    text = exporter.get("/metrics").text
    return {part: f'senso_up{{part="{part}"}} 1.0' in text for part in ("postgres", "redis")}


def becomes(exporter, expected, seconds=20):
    deadline = time.monotonic() + seconds
    while (found := ups(exporter)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected


WELL = {"postgres": True, "redis": True}


def test_a_scrape_is_text_that_prometheus_reads(exporter, make):
    make.queued()
    becomes(exporter, WELL)

    answer = exporter.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'senso_batches{state="queued"} 1.0\n' in answer.text
    assert "# HELP senso_batches Batches that are queued" in answer.text


def test_it_has_a_health_and_nothing_else(exporter):
    assert exporter.get("/health").json() == {"status": "ok"}
    assert requests.head(f"{exporter.url}/metrics", timeout=9).status_code == 200
    assert exporter.get("/").status_code == 404
    assert requests.post(f"{exporter.url}/metrics", timeout=9).status_code == 405


def test_it_starts_answers_and_stops_while_postgres_is_silent_and_redis_away(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        postgres = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/senso"
        given = {"DATABASE_URL": postgres, "REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}
        with serving(tmp_path, addresses(NOWHERE) | given, "metrics") as exporter:
            answer = exporter.get("/metrics")
            exporter.process.send_signal(signal.SIGTERM)
            assert exporter.process.wait(10) == 0
            log = exporter.log

    assert answer.status_code == 200
    assert 'senso_up{part="postgres"} 0.0\n' in answer.text
    assert 'senso_up{part="redis"} 0.0\n' in answer.text
    assert "a part of the metrics is missing" in log
    assert "hunter2" not in log + answer.text
    assert "Traceback" not in log


def test_it_tells_within_a_second_that_postgres_stopped_and_is_back_with_it(urls, tmp_path):
    server = made(tmp_path / "pg")
    with started(server):
        url = f"postgresql://senso:{QUOTED}@127.0.0.1:{server.port}/senso"
        given = addresses(NOWHERE) | {"DATABASE_URL": url}
        with used(url), serving(tmp_path, given, "metrics") as exporter:
            migrate()
            becomes(exporter, WELL)

            os.kill(server.pid, signal.SIGSTOP)
            frozen = seconds_of(exporter)
            os.kill(server.pid, signal.SIGCONT)
            server.stop()
            server.await_end()
            stopped = seconds_of(exporter)
            after = ups(exporter)
            server.spawn()
            server.await_ready(same_port=True)
            becomes(exporter, WELL)
            log = exporter.log

    assert after == {"postgres": False, "redis": True}
    assert max(frozen, stopped) < AWAY_SECONDS
    assert "Traceback" not in log


def test_whoever_asks_meanwhile_gets_the_same_scrape():
    made_texts, go_on = [], Event()

    def make_text():
        made_texts.append(go_on.wait(20))
        return b"text"

    async def ask():
        scrape = OneAtATime(make_text)
        asked = [asyncio.ensure_future(scrape.now()) for _ in range(8)]
        await asyncio.sleep(0.05)
        asked[0].cancel()
        go_on.set()
        return await asyncio.gather(*asked[1:]), await scrape.now()

    assert asyncio.run(ask()) == ([b"text"] * 7, b"text")
    assert made_texts == [True, True]


def test_a_part_that_hangs_is_not_asked_twice():
    began, go_on = [], Event()

    def hang():
        began.append(1)
        go_on.wait(20)
        return "found"

    look = Look("postgres", hang)
    assert look.within(look.start(), time.monotonic() + 0.05) is None
    assert look.within(look.start(), time.monotonic() + 0.05) is None
    go_on.set()

    assert look.within(look.start(), time.monotonic() + 20).value == "found"
    assert len(began) <= 2


def test_its_health_is_what_doctor_looks_at(exporter):
    port = int(exporter.url.rpartition(":")[2])

    assert of_metrics("127.0.0.1", port).line == f"metrics: answers on port {port}"
    assert of_metrics("127.0.0.1", 9).state == "fault"


def test_forty_scrapes_at_once_are_all_answered(exporter):
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: exporter.get("/metrics").status_code, range(40)))

    assert answers == [200] * 40
