"""Tokens over HTTP: who is let in, for what, and what of a token is ever shown."""

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from senso.states import Scope

NEW = {"name": "reporting", "scope": "read"}


def ids(answer):
    return [one["id"] for one in answer.json()["items"]]


def test_a_token_is_shown_once_and_only_its_hash_is_kept(api, make):
    admin = make.token()

    answer = api.ask("POST", "/tokens", admin, json=NEW)

    made = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"senso_[0-9a-f]{64}", made["token"])
    assert (made["name"], made["scope"], made["partner_id"]) == ("reporting", "read", None)
    listed = api.ask("GET", "/tokens", admin)
    assert made["token"] not in listed.text
    assert made["id"] in ids(listed)
    assert not make.sql("SELECT 1 FROM tokens t WHERE strpos(t::text, :token) > 0", token=made["token"])
    assert made["token"] not in api.log
    (audited,) = make.sql("SELECT actor, details FROM audit WHERE action = 'create token' AND actor <> 'test'")
    assert audited["actor"].startswith("token test (")
    assert made["token"] not in str(audited)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "this needs a token"),
        ("", "this needs a token"),
        ("senso_", "this is no token of senso"),
        ("x" * 8000, "this is no token of senso"),
        ("senso_" + "0" * 64, "there is no such token"),
    ],
)
def test_without_a_token_nothing_is_answered(api, sent, said):
    for path in ("/tokens", "/nothing", "/"):
        answer = api.ask("GET", path, sent)

        assert answer.status_code == 401, path
        assert answer.json()["detail"].startswith(said)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="senso"')


def test_a_token_in_the_address_opens_nothing(api, make):
    token = make.token()

    assert api.ask("GET", f"/tokens?token={token}", None).status_code == 401
    assert token not in api.log


def test_a_token_that_is_revoked_or_has_expired_opens_nothing_from_then_on(api, make):
    admin, other = make.token(), make.token()
    (found,) = (one for one in api.ask("GET", "/tokens", admin).json()["items"] if other.startswith(one["start"]))
    assert api.ask("GET", "/tokens", other).status_code == 200

    assert api.ask("DELETE", f"/tokens/{found['id']}", admin).json()["revoked_at"]
    assert api.ask("GET", "/tokens", other).json()["detail"] == "this token was revoked; make another one"

    make.sql("UPDATE tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'")
    assert api.ask("GET", "/tokens", admin).json()["detail"] == "this token has expired; make another one"


@pytest.mark.parametrize("scope", [Scope.READ, Scope.TRIGGER, Scope.OPERATE])
def test_a_token_of_a_lesser_scope_is_refused_before_its_body_is_looked_at(api, make, scope):
    token = make.token(scope)

    for method, path in (("GET", "/tokens"), ("POST", "/tokens"), ("DELETE", f"/tokens/{uuid4()}")):
        answer = api.ask(method, path, token, json={"nonsense": 1})

        assert answer.status_code == 403
        assert answer.json()["detail"] == f"this needs a token of scope admin, and this one has {scope}"
        assert 'error="insufficient_scope", scope="admin"' in answer.headers["WWW-Authenticate"]


def test_a_partners_admin_sees_and_makes_tokens_of_its_partner_only(api, make):
    mine, theirs = make.partner(), make.partner()
    admin, other = make.token(Scope.ADMIN, mine), make.token(Scope.ADMIN, theirs)
    (hidden,) = ids(api.ask("GET", "/tokens", other))

    assert len(ids(api.ask("GET", "/tokens", admin))) == 1
    assert api.ask("POST", "/tokens", admin, json=NEW).json()["partner_id"] == str(mine)
    for partner in (theirs, uuid4()):
        answer = api.ask("POST", "/tokens", admin, json=NEW | {"partner_id": str(partner)})
        assert (answer.status_code, answer.json()["detail"]) == (404, f"no partner {partner}")
    for token in (hidden, str(uuid4())):
        answer = api.ask("DELETE", f"/tokens/{token}", admin)
        assert (answer.status_code, answer.json()["detail"]) == (404, f"no token {token}")
    assert make.one("SELECT count(*) FROM tokens WHERE partner_id = :p", p=theirs) == 1


def test_a_partner_has_so_many_tokens_and_no_more(api, make):
    partner = make.partner()
    admin = make.token(Scope.ADMIN, partner)
    make.sql(
        "INSERT INTO tokens (id, name, hash, start, scope, partner_id, created_by, expires_at) "
        "SELECT gen_random_uuid(), 'x', md5(n::text) || md5(n::text), 'senso_', 'read', :partner, 'test', "
        "now() + interval '1 day' FROM generate_series(1, 99) n",
        partner=partner,
    )

    refused = api.ask("POST", "/tokens", admin, json={"name": "one more", "scope": "read"})
    make.sql("UPDATE tokens SET revoked_at = now() WHERE name = 'x'")
    made = api.ask("POST", "/tokens", admin, json={"name": "one more", "scope": "read"})

    assert (refused.status_code, made.status_code) == (409, 201), refused.text
    assert "100 valid tokens" in refused.json()["detail"]


def test_what_is_wrong_in_a_body_is_named_with_its_place(api, make):
    token = make.token()

    answer = api.ask("POST", "/tokens", token, json=NEW | {"scope": "root", "credits": 5, "expires_in_days": 367})

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {one["where"] for one in answer.json()["errors"]} == {"body.scope", "body.credits", "body.expires_in_days"}


def test_a_parameter_that_a_route_does_not_know_is_refused(api, make):
    answer = api.ask("GET", "/tokens?limt=5", make.token())

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": "query.limt", "what": "no such parameter; there are: cursor, limit"}]


def test_a_list_is_read_page_by_page_while_rows_come(api, make):
    token = make.token()
    for _ in range(4):
        make.token()
    seen, cursor = [], ""
    while cursor is not None:
        answer = api.ask("GET", f"/tokens?limit=2{cursor and f'&cursor={cursor}'}", token)
        seen += ids(answer)
        cursor = answer.json()["next"]
        make.token()

    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("cursor", ["x", "", "W10", "WyJhIiwiYiJd", "WzFd", "é", "bnVsbA", "W" * 900])
def test_a_cursor_of_nothing_is_refused(api, make, cursor):
    answer = api.ask("GET", "/tokens", make.token(), params={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "query.cursor"


def test_what_has_not_changed_is_not_sent_again(api, make):
    token = make.token()
    first = api.ask("GET", "/tokens?limit=1", token)
    make.sql("UPDATE tokens SET last_used_at = now()")
    tag = api.ask("GET", "/tokens?limit=1", token).headers["ETag"]

    same = api.ask("GET", "/tokens?limit=1", token, headers={"If-None-Match": f'"x", {tag}'})
    make.token()
    other = api.ask("GET", "/tokens?limit=1", token, headers={"If-None-Match": tag})

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_a_write_with_the_same_key_is_done_once_and_its_secret_is_not_kept(api, make):
    token, headers = make.token(), {"Idempotency-Key": "one"}
    before = make.one("SELECT count(*) FROM tokens")

    first, again = (api.ask("POST", "/tokens", token, json=NEW, headers=headers) for _ in range(2))
    other = api.ask("POST", "/tokens", token, json=NEW | {"name": "other"}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"token": None}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["detail"].partition(";")[0]) == (
        422,
        "this Idempotency-Key was used within a day for another request of this token",
    )
    assert make.one("SELECT count(*) FROM tokens") == before + 1
    assert first.json()["token"] not in str(make.sql("SELECT * FROM api_requests"))


def test_what_was_refused_leaves_its_key_free(api, make):
    token, headers, partner = make.token(), {"Idempotency-Key": "one"}, uuid4()
    body = NEW | {"partner_id": str(partner)}
    assert api.ask("POST", "/tokens", token, json=body, headers=headers).status_code == 404
    make.sql("INSERT INTO partners (id, name) VALUES (:id, 'Late')", id=partner)

    assert api.ask("POST", "/tokens", token, json=body, headers=headers).status_code == 201


def test_of_requests_with_one_key_at_once_one_is_done_and_all_are_answered(api, make):
    token, headers = make.token(), {"Idempotency-Key": "one"}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.ask("POST", "/tokens", token, json=NEW, headers=headers), range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [bool(answer.json()["token"]) for answer in answers].count(True) == 1
    assert make.one("SELECT count(*) FROM tokens WHERE name = 'reporting'") == 1


def test_a_key_is_free_after_a_day_and_belongs_to_its_token(api, make):
    token, other, headers = make.token(), make.token(), {"Idempotency-Key": "one"}

    def made(by):
        return api.ask("POST", "/tokens", by, json=NEW, headers=headers).json()["id"]

    first, theirs = made(token), made(other)
    make.sql("UPDATE api_requests SET created_at = now() - interval '25 hours'")

    assert len({first, theirs, made(token)}) == 3


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'"x"', b"\xff", b'{"name": "\xff"}', b"[" * 100_000, b"NaN"])
def test_a_body_that_is_none_is_refused_without_a_trace(api, make, body):
    answer = api.ask("POST", "/tokens", make.token(), data=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Traceback" not in answer.text + api.log


def test_a_token_is_let_in_by_its_id_in_the_log_only(api, make):
    answer = api.ask("GET", "/tokens", make.token())

    (line,) = [one for one in api.logged(answer.headers["X-Request-ID"]) if one["event"] == "request"]
    assert line["path"] == "/api/v1/tokens"
    assert line["caller"] in {str(one["id"]) for one in make.sql("SELECT id FROM tokens")}
