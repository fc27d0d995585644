"""Whether it lives, whether it is ready, and what every response has."""

import asyncio
import signal
import socket
import threading
import time

import pytest
import requests
from api_process import serving
from ground import NOWHERE, addresses, admin, new_database, run_sql
from redis_servers import redis_process

from senso.api.health import Readiness
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

HERE = socket.gethostname()
EVENT = {"name": "org.process", "data": {"org_id": "00000000-0000-4000-8000-000000000001"}}


@pytest.fixture
def at_work(make):
    """They beat for a minute: servers take long to start on a busy machine."""
    beat = "INSERT INTO workers (id, queues, heartbeat_at) VALUES (:id, :queues, now() + interval '1 minute')"
    for queues in (CALL_QUEUES, CONTROL_QUEUES):
        make.sql(beat, id=f"{HERE}:1:{queues[0]}", queues=[*queues])
    make.sql("INSERT INTO beats (id, ticked_at) VALUES (:id, now() + interval '1 minute')", id=f"{HERE}:1:1")


def becomes(api, checks, status):
    """What was found is kept for two seconds."""
    deadline = time.monotonic() + 10
    while (answer := api.get("/ready")).json()["checks"] != checks and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (answer.json()["checks"], answer.status_code) == (checks, status)
    return answer


WELL = dict.fromkeys(("database", "migrations", "broker", "workers", "beat", "keys"), "ok")


def test_it_is_ready_when_all_is_there_and_work_goes_on(api, at_work):
    assert becomes(api, WELL, 200).json()["status"] == "ready"


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("DELETE FROM beats", ["beat"]),
        ("UPDATE beats SET ticked_at = now() - interval '1 minute'", ["beat"]),
        ("UPDATE workers SET heartbeat_at = now() - interval '1 minute'", ["workers"]),
        ("DELETE FROM workers WHERE id LIKE '%control'", ["workers"]),
    ],
)
def test_it_is_not_ready_when_work_stands_still(api, at_work, make, change, missing):
    becomes(api, WELL, 200)
    make.sql(change)

    assert becomes(api, WELL | dict.fromkeys(missing, "not ok"), 503).json()["status"] == "not ready"


def test_it_is_not_ready_for_tables_of_another_version_and_says_why_only_in_its_log(api, at_work, make, database):
    becomes(api, WELL, 200)
    (revision,) = (row["version_num"] for row in make.sql("SELECT version_num FROM alembic_version"))
    try:
        make.sql("UPDATE alembic_version SET version_num = '9999'")
        answer = becomes(api, WELL | {"migrations": "not ok"}, 503)
    finally:
        make.sql("UPDATE alembic_version SET version_num = :revision", revision=revision)

    assert "9999" not in answer.text
    assert "9999, which this version does not know" in api.log


def test_it_lives_while_its_database_is_away(urls, tmp_path):
    closed = "ALTER DATABASE api_away ALLOW_CONNECTIONS false"
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'api_away'"
    with new_database(urls, "api_away") as url, serving(tmp_path, addresses(NOWHERE) | {"DATABASE_URL": url}) as api:
        assert api.send(EVENT).status_code == 404

        run_sql(admin(url), closed, ended)

        becomes(api, {name: "ok" if name == "broker" else "not ok" for name in WELL}, 503)
        assert api.get("/health").json() == {"status": "ok"}
        refused = api.send(EVENT)

    assert refused.status_code == 503
    assert refused.json()["detail"] == "the database does not take them at this moment; send them again"


def test_a_redis_that_is_frozen_delays_events_and_is_what_is_not_ready(database, make, at_work, tmp_path):
    org = make.org()
    with redis_process(tmp_path / "redis") as (redis, port):
        given = addresses(NOWHERE) | {"DATABASE_URL": database, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        with serving(tmp_path, given) as api:
            becomes(api, WELL, 200)
            redis.send_signal(signal.SIGSTOP)
            sent = api.send({"name": "org.process", "data": {"org_id": str(org.id)}})
            becomes(api, WELL | dict.fromkeys(("broker", "workers", "beat"), "not ok"), 503)
            api.process.send_signal(signal.SIGTERM)
            assert api.process.wait(20) == 0

    assert sent.status_code == 200
    assert make.one("SELECT count(*) FROM batches") == 1
    assert "Traceback" not in api.log


def test_all_who_ask_at_a_time_are_told_what_one_look_found():
    looks = []

    def look():
        looks.append(1)
        time.sleep(0.2)
        return {"database": (True, "")}

    async def ask():
        readiness = Readiness({("database",): look})
        return await asyncio.gather(*(readiness.now() for _ in range(50)))

    assert len(asyncio.run(ask())) == 50
    assert len(looks) == 1


def test_what_gives_no_answer_is_not_ok_and_is_not_looked_at_twice():
    looks, thawed = [], threading.Event()

    def frozen():
        looks.append(1)
        thawed.wait(10)
        return {"database": (True, ""), "migrations": (True, "")}

    async def ask():
        readiness = Readiness(
            {("database", "migrations"): frozen, ("broker",): lambda: {"broker": (True, "")}}, seconds=0.1
        )
        found = [await readiness.now() for _ in range(3)]
        thawed.set()
        await readiness.looking
        return [*found, await readiness.now()]

    *before, after = asyncio.run(ask())

    no_answer = {name: (False, f"{name.capitalize()}: no answer within 0.1 s") for name in ("database", "migrations")}
    assert before == [no_answer | {"broker": (True, "")}] * 3
    assert after == dict.fromkeys(("database", "migrations", "broker"), (True, ""))
    assert len(looks) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_who_calls_as_inngest_does_is_told_in_one_line_what_replaces_it(api, method):
    answer = requests.request(method, f"{api.url}/api/inngest", json={}, timeout=5)

    assert answer.status_code == 410
    assert "POST /e/{event_key}" in answer.json()["detail"]
    assert "\n" not in answer.text


def test_what_cannot_be_decrypted_makes_it_not_ready(api, make, at_work):
    becomes(api, WELL, 200)
    org = make.org().id
    make.sql("INSERT INTO org_websites (org_id, url, position) VALUES (:org, 'sealed:0a1b2c3d:x', 9)", org=org)

    becomes(api, WELL | {"keys": "not ok"}, 503)


def test_a_path_that_is_asked_by_another_method_says_by_which_it_may_be(api, make):
    answer = api.ask("PATCH", "/batches", make.token())

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("POST", "/health", 405),
        ("OPTIONS", "/health", 405),
        ("GET", "/e/key", 405),
        ("OPTIONS", "/e/key", 405),
        ("TRACE", "/e/key", 405),
        ("NONSENSE", "/e/key", 405),
        ("GET", "/nothing", 404),
        ("GET", "/health/", 404),
        ("GET", "/docs", 200),
        ("GET", "/redoc", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/metrics", 404),
        ("GET", "/%2e%2e/etc/passwd", 404),
    ],
)
def test_every_response_has_its_headers_and_tells_of_no_program(api, method, path, status):
    answer = requests.request(method, api.url + path, timeout=5, allow_redirects=False)

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    is_reference = path in {"/docs", "/openapi.json"}  # the same for everybody, and may be kept
    assert answer.headers["cache-control"] == ("no-cache" if is_reference else "no-store")
    assert not {"server", "location", "access-control-allow-origin"} & {name.lower() for name in answer.headers}
    assert ("allow" in answer.headers) == (status == 405)
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
