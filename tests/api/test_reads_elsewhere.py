"""DATABASE_READ_URL: what is read comes from there, and who may ask is decided where tokens are revoked."""

from uuid import uuid4

import requests
from api_process import serving
from ground import NOWHERE, addresses, new_database, use_database

from senso.checks import reads
from senso.settings import settings


def test_reads_go_to_the_other_postgres_and_tokens_are_looked_up_in_the_first(urls, database, make, tmp_path):
    with new_database(urls, "api_reads") as follower:
        make.token()  # the only one that the follower has
        use_database(database)
        token = make.token()
        given = addresses(NOWHERE) | {"DATABASE_URL": database, "DATABASE_READ_URL": follower}
        with serving(tmp_path, given) as api:
            listed = api.ask("GET", "/tokens", token)
            made = api.ask("POST", "/tokens", token, json={"name": "x", "scope": "read"})

    (one,) = listed.json()["items"]
    assert not token.startswith(one["start"])
    assert made.status_code == 201
    assert make.one("SELECT count(*) FROM tokens") == 2


def test_the_page_of_what_was_just_triggered_is_there_before_a_replica_has_it(urls, database, make, tmp_path):
    with new_database(urls, "api_reads") as follower:
        use_database(database)
        sent, session = {"org_id": str(make.org().id), "key": str(uuid4())}, requests.Session()
        given = addresses(NOWHERE) | {"DATABASE_URL": database, "DATABASE_READ_URL": follower}
        with serving(tmp_path, given) as api:
            session.headers["Origin"] = api.url
            session.post(f"{api.url}/login", {"token": make.token()}, timeout=60, allow_redirects=False)
            page = session.post(f"{api.url}/trigger", sent, timeout=60)

    assert page.status_code == 200
    assert page.url == f"{api.url}/batches/{make.one('SELECT id FROM batches')}"


def test_doctor_says_whether_it_answers(database, environment):
    assert reads.findings() == []
    for url, state, said in (
        (database, "ok", "answers"),
        ("postgresql://senso@127.0.0.1:9/senso", "fault", "refused"),
    ):
        environment.setenv("DATABASE_READ_URL", url)
        settings.cache_clear()
        (found,) = reads.findings()

        assert (found.state, found.reachable) == (state, state == "ok")
        assert said in found.said
