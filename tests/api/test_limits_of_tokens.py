"""How many requests a token has, and what comes of wrong tokens."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from api_process import serving
from ground import NOWHERE, addresses

from senso.api.access import Caller, Scope
from senso.api.access.logins import MOST_FAILURES, Logins, network
from senso.api.access.streams import Streams
from senso.api.problems import Problem
from senso.limits import redis_scripts
from senso.limits.requests import Counter, Standing

WRONG = "senso_" + "0" * 64


def test_requests_are_counted_and_tokens_revoked_in_all_processes(database, make, tmp_path):
    given = addresses(NOWHERE) | {"DATABASE_URL": database, "API_REQUESTS_PER_MINUTE": "5"}
    with serving(tmp_path, given) as one, serving(tmp_path, given) as other:
        token = make.token()
        answers = [api.ask("GET", "/tokens", token) for api in (one, other) * 4]
        refused = next(answer for answer in answers if answer.status_code == 429)

        assert [answer.status_code for answer in answers[:5]] == [200] * 5
        assert answers[0].headers["RateLimit-Policy"] == "5;w=60"
        assert (answers[0].headers["RateLimit-Limit"], answers[0].headers["RateLimit-Remaining"]) == ("5", "4")
        assert 1 <= int(refused.headers["Retry-After"]) <= 12
        assert refused.headers["RateLimit-Remaining"] == "0"
        assert refused.json()["detail"].startswith("this token has used its 5 requests of a minute")
        assert other.ask("GET", "/tokens", make.token()).status_code == 200

        revoked, admin = make.token(), make.token()
        assert other.ask("GET", "/tokens", revoked).status_code == 200
        (id_,) = (one["id"] for one in one_page(one, admin) if revoked.startswith(one["start"]))
        one.ask("DELETE", f"/tokens/{id_}", admin)
        assert other.ask("GET", "/tokens", revoked).status_code == 401


def one_page(api, token):
    return api.ask("GET", "/tokens", token).json()["items"]


def test_while_redis_is_away_nothing_is_limited_and_the_log_says_so(database, make, tmp_path):
    away = {"REDIS_URL": "redis://127.0.0.1:9/0", "API_REQUESTS_PER_MINUTE": "1", "DATABASE_URL": database}
    with serving(tmp_path, addresses(NOWHERE) | away) as api:
        token = make.token()
        answers = [api.ask("GET", "/tokens", token) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200] * 3
        assert not [name for name in answers[0].headers if name.startswith("RateLimit")]
        assert "Redis is away: requests of the API are not limited meanwhile" in api.log


def test_an_address_that_sends_wrong_tokens_is_held_up_but_no_token_that_was_right(database, make, tmp_path):
    with serving(tmp_path, addresses(NOWHERE) | {"DATABASE_URL": database}) as api:
        right, other = make.token(), make.token()
        assert api.ask("GET", "/tokens", right).status_code == 200
        wrong = [api.ask("GET", "/tokens", WRONG) for _ in range(MOST_FAILURES + 2)]

        assert [answer.status_code for answer in wrong] == [401] * (MOST_FAILURES + 1) + [429]
        assert int(wrong[-1].headers["Retry-After"]) >= 1
        assert api.ask("GET", "/tokens", right).status_code == 200
        assert api.ask("GET", "/tokens", other).status_code == 429
        assert api.ask("GET", "/tokens", None).status_code == 401


def test_a_window_may_be_used_at_once_and_fills_again_evenly(database):
    counter, subject = Counter(), str(uuid4())

    found = [counter.take("token", subject, 3) for _ in range(4)]

    assert [one.allowed for one in found] == [True, True, True, False]
    assert [one.remaining for one in found] == [2, 1, 0, 0]
    assert found[0].reset_seconds == 20
    assert 19 <= found[3].retry_seconds <= 20
    assert 0 < redis_scripts.client().pttl(f"{redis_scripts.PREFIX}api:token:{subject}") <= 60_001


def test_a_token_that_fails_later_is_held_up_with_its_address():
    now = SimpleNamespace(at=0.0)
    logins = Logins(lambda *_: Standing(False, 10, 0, 6, 60), lambda: now.at)
    logins.succeeded("mine")
    logins.failed("a", "other")

    logins.require_open("a", "mine")
    logins.require_open("b", None)
    logins.failed("a", "mine")
    with pytest.raises(Problem):
        logins.require_open("a", "mine")
    now.at = 6.1
    logins.require_open("a", "mine")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
    ],
)
def test_a_client_is_known_by_its_address_or_its_network(address, found):
    assert network(address) == found


def test_a_token_has_so_many_streams_and_gets_their_places_back():
    streams = Streams(2)
    mine, theirs = (Caller(uuid4(), "x", None, Scope.READ) for _ in range(2))

    with streams.place(mine), streams.place(mine):
        with pytest.raises(Problem, match="2 streams open"):
            streams.take(mine)
        streams.take(theirs)
    streams.leave(theirs)

    assert not streams.open
