"""Tokens on pages, and how sessions end."""

import re
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter

from senso.db import transaction
from senso.queries import sessions
from senso.states import Scope

WRONG = "senso_" + "0" * 64


def test_a_token_is_made_once_and_shown_once(api, browse, make):
    browsing, partner = browse(), make.partner()
    key = re.search(r'name="key" value="([^"]+)"', browsing.get("/tokens").text)[1]
    form = {"name": "reporting", "scope": "read", "partner_id": partner, "days": 3, "key": key}

    first, again = (browsing.post("/tokens", form) for _ in range(2))
    other = browsing.post("/tokens", form | {"days": 4})

    token = re.search(r"senso_[0-9a-f]{64}", first.text)[0]
    assert first.headers["cache-control"] == "no-store"
    assert api.ask("GET", f"/partners/{partner}/credits", token).status_code == 200
    assert (again.status_code, token in again.text, "was sent before" in again.text) == (200, False, True)
    assert other.status_code == 422
    assert make.one("SELECT count(*) FROM tokens WHERE name = 'reporting'") == 1
    assert token not in browsing.get("/tokens").text
    assert make.one("SELECT count(*) FROM audit WHERE action = 'create token' AND partner_id = :p", p=partner) == 1


def test_a_token_is_made_of_no_more_than_one_has(browse, make):
    own = make.partner()
    browsing = browse(Scope.ADMIN, own)
    form = {"name": "x", "scope": "read", "days": 3, "key": uuid4()}

    assert browsing.post("/tokens", form | {"partner_id": make.partner()}).status_code == 404
    assert browsing.post("/tokens", form | {"days": 367}).status_code == 422
    assert browsing.post("/tokens", form).status_code == 200
    assert make.one("SELECT partner_id FROM tokens WHERE name = 'x'") == own


def test_a_token_that_is_revoked_ends_its_sessions_and_the_login_says_why(browse, make):
    admin, token = browse(), make.token(Scope.READ)
    reader = browse()
    assert reader.post("/login", {"token": token}).status_code == 303
    of = make.one("SELECT id FROM tokens WHERE start = :start", start=token[:12])

    for _ in range(2):
        assert admin.post(f"/tokens/{of}/revoke").headers["location"] == "/tokens"

    ended = reader.get("/partners")
    assert ended.headers["location"] == "/login?next=/partners&ended=true"
    assert "has ended" in reader.get(ended.headers["location"]).text
    assert "was revoked" in reader.post("/login", {"token": token}).text
    assert make.one("SELECT count(*) FROM sessions WHERE token_id = :id", id=of) == 0
    assert make.one("SELECT count(*) FROM audit WHERE action = 'revoke token'") == 1
    assert admin.post(f"/tokens/{uuid4()}/revoke").status_code == 404


def test_an_expired_token_is_said_to_be_one(api, make):
    token = make.token(Scope.READ)
    make.sql("UPDATE tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'")

    answer = requests.post(f"{api.url}/login", {"token": token}, headers={"Origin": api.url}, timeout=60)

    assert (answer.status_code, "has expired" in answer.text) == (401, True)


def test_one_logs_out_everywhere(api, browse, make):
    token = make.token(Scope.READ)
    browsers = [browse() for _ in range(2)]
    for one in browsers:
        one.post("/login", {"token": token})
    assert "2 sessions are open" in browsers[0].get("/session").text

    answer = browsers[0].post("/session/end")

    assert answer.headers["location"] == "/login"
    assert [one.get("/session").status_code for one in browsers] == [303, 303]
    assert api.ask("GET", "/partners", token).status_code == 200


def test_sessions_that_have_expired_are_forgotten(browse, make):
    browse()
    make.sql("UPDATE sessions SET expires_at = now() - interval '1 second'")
    kept = browse()

    with transaction() as db:
        sessions.forget(db)

    assert make.one("SELECT count(*) FROM sessions") == 1
    assert kept.get("/session").status_code == 200


class From(HTTPAdapter):
    """Sends from another address of this machine, whose failures are counted apart."""

    def init_poolmanager(self, *given, **options):
        super().init_poolmanager(*given, source_address=("127.0.0.3", 0), **options)


def test_failed_logins_are_held_up_together_with_those_of_programs(api, make):
    session = requests.Session()
    session.mount("http://", From())
    headers = {"Origin": api.url}

    def login(token):
        return session.post(f"{api.url}/login", {"token": token}, headers=headers, timeout=60, allow_redirects=False)

    by_program = {"Authorization": f"Bearer {WRONG}"}
    for _ in range(8):
        assert session.get(f"{api.url}/api/v1/partners", headers=by_program, timeout=60).status_code == 401
    answers = [login(WRONG).status_code for _ in range(4)]
    held_up = login(make.token())

    assert answers == [401, 401, 401, 429]
    assert held_up.status_code == 429
    assert int(held_up.headers["Retry-After"]) >= 1
    assert "send it again later" in held_up.text
