"""The server: ids of requests, slow clients, long bodies, faults of ours, and its end."""

import asyncio
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import pytest
import requests
from api_process import serving
from fastapi import FastAPI, Request
from ground import NOWHERE, addresses
from sqlalchemy import text

from senso.api import connections
from senso.api.body_limits import BodyLimits
from senso.api.observing import Observing
from senso.api.problems import Problem, of_ours
from senso.api.server import Server, configuration
from senso.api.threads import Places
from senso.db import transaction

SLOW = 0.3


@contextmanager
def in_thread(application):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(configuration(application))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def impatient(monkeypatch):
    """An application that reads its body, and fails at /fault; its clients have no time."""
    monkeypatch.setattr(connections, "MOST_SECONDS", SLOW)
    made = FastAPI()

    @made.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    @made.get("/fault")
    async def fail() -> None:
        raise ValueError("hunter2")

    made.add_exception_handler(Problem, of_ours)
    made.add_middleware(BodyLimits, most_bytes=1000, most_seconds=SLOW)
    made.add_middleware(Observing)
    with in_thread(made) as url:
        yield url


def said_to(url, *parts, pause=SLOW / 3):
    """Sends the parts with pauses, and returns all that comes back until the connection ends."""
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=pause)) as client:
        answer = b""
        with suppress(ConnectionResetError):  # who is slow is answered, and then cut off
            for part in parts:
                client.sendall(part)
                with suppress(TimeoutError):
                    received = client.recv(65_536)
                    answer += received
                    if not received:
                        return answer
            client.settimeout(10)
            while received := client.recv(65_536):
                answer += received
        return answer


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


def test_a_connection_without_a_request_is_ended(impatient):
    assert said_to(impatient) == b""


def test_a_head_that_comes_letter_by_letter_is_not_waited_for(impatient):
    assert said_to(impatient, *(HEAD[place : place + 1] for place in range(20))) == b""


def test_a_second_head_that_comes_letter_by_letter_is_not_waited_for_either(impatient):
    answer = said_to(impatient, HEAD + b"x" * 10, *(HEAD[place : place + 1] for place in range(20)))

    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_body_that_comes_letter_by_letter_is_answered_408(impatient):
    answer = said_to(impatient, HEAD, *[b"x"] * 9)

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"the body was not sent within 0.3 s" in answer


def test_a_body_without_end_is_answered_413_and_its_connection_ended(impatient):
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"

    answer = said_to(impatient, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 30)

    assert answer.startswith(b"HTTP/1.1 413")


def test_a_request_in_time_is_answered(impatient):
    answers = [requests.post(impatient, data=b"x" * 1000, timeout=5) for _ in range(3)]

    assert [answer.json() for answer in answers] == [1000] * 3


def test_what_is_no_http_is_refused_and_not_logged(api):
    log_before = api.log

    assert said_to(api.url, b"\x16\x03\x01\x02\x00\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request")
    assert said_to(api.url, b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000).startswith(b"HTTP/1.1 400")
    assert api.log == log_before


def test_a_fault_of_ours_is_answered_without_what_happened(impatient, caplog):
    answer = requests.get(f"{impatient}/fault", headers={"X-Request-ID": "abc"}, timeout=5)

    assert answer.status_code == 500
    assert answer.json()["detail"] == "internal error; the log says more, under request id abc"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64])
def test_a_request_keeps_the_id_that_it_came_with(api, given):
    answer = api.get("/nowhere", headers={"X-Request-ID": given})

    assert answer.headers["x-request-id"] == given
    (line,) = api.logged(given)
    assert (line["event"], line["status"], line["level"]) == ("request", 404, "info")


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "é"])
def test_an_id_that_is_no_word_is_replaced(api, given):
    answer = api.get("/health", headers={"X-Request-ID": given.encode()})

    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_is_too_long_is_refused(api, chunked):
    body = (bytes(1_000_000) for _ in range(10)) if chunked else bytes(10_000_000)

    answer = api.post(body)

    assert answer.status_code == 413
    assert answer.json()["detail"] == "the body is longer than 1000000 bytes"


def test_a_compressed_body_is_refused(api):
    assert api.post(b"x", headers={"Content-Encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_answers_what_it_has_in_hand_and_ends_well(database, make, tmp_path, number):
    event = {"name": "org.process", "id": "slow", "data": {"org_id": str(make.org().id)}}
    with serving(tmp_path, addresses(NOWHERE) | {"DATABASE_URL": database}) as api, ThreadPoolExecutor(1) as pool:
        with transaction() as db:
            db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('trigger:event:slow', 0))"))
            answer = pool.submit(api.send, event)
            until(lambda: make.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1)
            api.process.send_signal(number)
            until(lambda: refuses_connections(api.url))

        assert answer.result(20).status_code == 200
        assert api.process.wait(20) == 0
        with pytest.raises(requests.ConnectionError):
            api.get("/health")

    assert make.one("SELECT count(*) FROM batches") == 1
    assert "Traceback" not in api.log


def test_a_database_that_answers_nothing_keeps_neither_requests_nor_the_process(database, make, tmp_path):
    event = {"name": "org.process", "id": "hung", "data": {"org_id": str(make.org().id)}}
    patient = "?options=-c%20lock_timeout%3D0%20-c%20statement_timeout%3D0"
    given = addresses(NOWHERE) | {"DATABASE_URL": database + patient, "DATABASE_POOL_SIZE": "2"}
    with serving(tmp_path, given) as api, ThreadPoolExecutor(3) as pool, transaction() as db:
        db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('trigger:event:hung', 0))"))
        answers = [pool.submit(api.send, event) for _ in range(3)]
        until(lambda: make.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1)
        checks = api.get("/ready").json()["checks"]
        api.process.send_signal(signal.SIGTERM)
        told = [answer.result(30) for answer in answers]

        assert api.process.wait(20) == 0

    assert (checks["database"], checks["migrations"]) == ("ok", "ok")
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in told} == {(503, "5")}
    assert told[0].headers["content-type"] == "application/problem+json"
    assert "the database did not take them in time" in told[0].json()["detail"]
    assert "Traceback" not in api.log


def test_work_that_hangs_is_not_waited_for_and_keeps_its_place():
    thawed = threading.Event()

    async def ask():
        places, told = Places(1, seconds=0.1), []
        for work in (thawed.wait, int):
            try:
                await places.run(work)
            except Problem as problem:
                told.append((problem.status, problem.response().headers["retry-after"]))
        thawed.set()
        return [*told, await places.run(int)]

    assert asyncio.run(ask()) == [(503, "5"), (503, "5"), 0]


def refuses_connections(url):
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.socket()) as client:
        return client.connect_ex((host, int(port))) != 0


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
