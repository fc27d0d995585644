"""MCP over HTTP: behind the guard of the API, and without sessions."""

import json

import pytest
import requests
from api_process import PATIENCE_SECONDS

from senso.states import Scope

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {}}


@pytest.fixture
def post(api):
    def send(token, body=LIST, **headers):
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        given = {**JSON, **bearer, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.post(f"{api.url}/mcp", json=body, headers=given, timeout=PATIENCE_SECONDS)

    return send


def call(tool, **arguments):
    return LIST | {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def test_who_has_no_token_is_told_so_before_anything_is_read(api, post, make):
    answer = post(None)

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert post("senso_" + "0" * 64).status_code == 401
    assert requests.post(f"{api.url}/mcp?token=senso_x", json=LIST, headers=JSON, timeout=60).status_code == 401
    assert requests.get(f"{api.url}/mcp/any", timeout=60).status_code == 401


def test_each_request_stands_alone_and_counts_for_its_token(post, make):
    token = make.token(Scope.READ)

    answer = post(token)

    assert answer.headers["content-type"] == "application/json"
    assert {"list_orgs", "trigger_batch"} <= {one["name"] for one in answer.json()["result"]["tools"]}
    assert answer.headers["RateLimit-Limit"] == "600"
    assert "mcp-session-id" not in answer.headers
    assert post(token, call("list_orgs")).json()["result"]["structuredContent"]["items"] == []
    make.sql("UPDATE tokens SET revoked_at = now()")
    assert post(token, call("list_orgs")).status_code == 401


def test_a_page_of_a_browser_may_not_ask(api, post, make):
    token = make.token(Scope.READ)

    for origin in ("https://evil.example", api.url, "null"):
        assert post(token, Origin=origin).status_code == 403
    asked = requests.options(f"{api.url}/mcp", headers={"Origin": "https://evil.example"}, timeout=60)
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (LIST, {"Content_Type": "text/plain"}, 400),
        (LIST, {"Accept": "text/html"}, 406),
        ("list", {}, 400),
        ({"pad": "x" * 1_000_001}, {}, 413),
    ],
)
def test_what_is_no_request_of_the_protocol_is_refused(post, make, body, headers, status):
    assert post(make.token(Scope.READ), body, **headers).status_code == status


def test_only_post_is_answered_and_the_log_says_who_asked(api, post, make):
    token = make.token(Scope.READ)

    answer = requests.get(f"{api.url}/mcp", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    post(token, call("list_orgs", search="hunter2"), X_Request_ID="mcp-1")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    (line,) = api.logged("mcp-1")
    assert (line["path"], line["status"], line["caller"]) == ("/mcp", 200, str(make.one("SELECT id FROM tokens")))
    assert "hunter2" not in json.dumps(api.logged("mcp-1"))
    assert token not in api.log


def test_there_is_no_such_tool(post, make):
    error = post(make.token(Scope.READ), call("drop_tables")).json()["error"]

    assert error["message"] == "no tool 'drop_tables'; tools/list has those there are"
