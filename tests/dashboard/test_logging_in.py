"""Who is let in, and what is kept of it."""

import pytest
import requests
from starlette.datastructures import Headers

from senso.dashboard.same_origin import is_same
from senso.db import transaction
from senso.states import Scope


def test_a_page_asks_for_the_login_and_leads_back(api, make):
    answer = requests.get(f"{api.url}/?a=b", timeout=60, allow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/%3Fa%3Db")
    assert requests.get(api.url + answer.headers["location"], timeout=60).status_code == 200


def test_a_token_opens_the_pages_and_the_cookie_is_out_of_reach_of_scripts(api, make):
    given = {"token": make.token(Scope.READ), "wanted": "/?x=1"}

    answer = requests.post(f"{api.url}/login", given, headers={"Origin": api.url}, timeout=60, allow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert requests.get(api.url, cookies=answer.cookies, timeout=60).status_code == 200


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_login_leads_to_no_other_site(api, make, wanted):
    answer = requests.post(
        f"{api.url}/login",
        {"token": make.token(), "wanted": wanted},
        headers={"Origin": api.url},
        timeout=60,
        allow_redirects=False,
    )

    assert answer.headers["location"] == "/"


def test_a_wrong_token_is_said_on_the_page(api):
    answer = requests.post(f"{api.url}/login", {"token": "senso_1"}, headers={"Origin": api.url}, timeout=60)

    assert answer.status_code == 401
    assert "this is no token of senso" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "null", "Host": ""},
        {"Origin": "http://["},
    ],
)
def test_a_write_from_elsewhere_is_refused(api, make, headers):
    answer = requests.post(f"{api.url}/login", {"token": make.token()}, headers=headers, timeout=60)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "said",
    [
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "http://own.example"), ("Origin", "https://evil.example")],
    ],
)
def test_what_is_said_twice_must_be_so_twice(said):
    headers = [(name.lower().encode(), value.encode()) for name, value in [("Host", "own.example"), *said]]

    assert is_same(Headers(raw=headers[:2]))
    assert not is_same(Headers(raw=headers))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nno part"),
        ("application/x-www-form-urlencoded", "&".join(f"field{number}=1" for number in range(1500)).encode()),
    ],
)
def test_a_form_that_cannot_be_taken_apart_is_refused(api, kind, body):
    answer = requests.post(f"{api.url}/login", body, headers={"Origin": api.url, "Content-Type": kind}, timeout=60)

    assert answer.status_code == 400
    assert "<h1>Bad Request</h1>" in answer.text
    assert "Traceback" not in api.log


def test_after_the_logout_the_cookie_is_of_no_use(browse):
    browsing = browse()
    cookie = browsing.session.cookies.get_dict()

    browsing.post("/logout")

    assert requests.get(browsing.url, cookies=cookie, timeout=60, allow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "change", ["UPDATE tokens SET revoked_at = now()", "UPDATE sessions SET expires_at = now() - interval '1 second'"]
)
def test_a_session_ends_with_its_token_and_by_itself(browse, change):
    browsing = browse()
    assert browsing.get("/").status_code == 200

    with transaction() as db:
        db.exec_driver_sql(change)

    assert browsing.get("/").status_code == 303


def test_nothing_of_a_session_is_stored_that_lets_anybody_in(browse):
    cookie = browse().session.cookies["senso_session"]

    with transaction() as db:
        stored = db.exec_driver_sql("SELECT hash FROM sessions").scalar_one()

    assert len(cookie) == 64
    assert stored != cookie


def test_pages_run_no_inline_script_and_are_not_kept(browse):
    headers = browse().get("/").headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_an_unknown_page_is_a_page_for_a_browser_and_a_problem_for_a_program(api):
    page = requests.get(f"{api.url}/nothing", headers={"Accept": "text/html"}, timeout=60)
    problem = requests.get(f"{api.url}/api/v1/nothing", headers={"Accept": "text/html"}, timeout=60)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert problem.headers["content-type"] == "application/problem+json"
