"""What must hold of every route below /api/v1, also of those that come later: a route that breaks it fails here."""

import json
from base64 import urlsafe_b64encode
from collections import Counter
from contextlib import closing
from http import HTTPStatus
from uuid import uuid4

import pytest
import requests
from another_partner import CASES, World
from generated_client import DOCUMENT, FACTS

from senso.api import PREFIX
from senso.api.application import application
from senso.api.context import Limits
from senso.api.events import Door
from senso.api.openapi import operations
from senso.states import Scope

OPERATIONS = {f"{method.upper()} {path.removeprefix(PREFIX)}": one for path, method, one in operations(DOCUMENT)}
# What is served besides, and is no part of the document.
OTHERS = {
    "/e/{event_key:path}",
    "/api/inngest",
    "/health",
    "/ready",
    "/openapi.json",
    "/docs",
    "/api/org/evaluation/{org_id}",
}
each = pytest.mark.parametrize("name", OPERATIONS)


def served(router, prefix=""):
    """Every path with its methods, of a router and of those that it includes."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from served(inner, prefix + (route.include_context.prefix or ""))
        else:
            yield from ((f"{prefix}{route.path}", method) for method in route.methods - {"HEAD"})


def test_what_is_served_is_what_openapi_says():
    made = application(Door(None, lambda: None, 30), 2, Limits(600, 50), FACTS)

    found = {(path, method) for path, method in served(made) if path not in OTHERS}

    assert found == {(path, method.upper()) for path, method, _ in operations(DOCUMENT)}
    assert all(path.startswith(f"{PREFIX}/") for path, _ in found)


@each
def test_a_route_has_one_scope(name):
    (scheme,) = OPERATIONS[name]["security"]
    (scope,) = scheme["token"]

    assert scope in set(Scope)


@each
def test_a_route_that_changes_something_asks_for_more_than_to_read(name):
    (scope,) = OPERATIONS[name]["security"][0]["token"]

    assert name.startswith("GET ") or Scope(scope).contains(Scope.TRIGGER)


@each
def test_a_route_has_a_response_model_and_says_what_it_does(name):
    answers = OPERATIONS[name]["responses"]
    good = [one for status, one in answers.items() if status.startswith("2") and status != "204"]
    contents = [content for one in good for content in one["content"].items()]

    assert OPERATIONS[name].get("description"), "a docstring"
    assert contents or "204" in answers
    assert all(kind == "text/event-stream" or content["schema"] for kind, content in contents)


@each
def test_a_write_takes_an_idempotency_key(name):
    headers = [one["name"] for one in OPERATIONS[name].get("parameters", []) if one["in"] == "header"]

    assert name.startswith("GET ") or "Idempotency-Key" in headers


def test_each_operation_has_a_name_of_its_own():
    names = Counter(one["operationId"] for one in OPERATIONS.values())

    assert [name for name, count in names.items() if count > 1] == []


def unbounded(schema, place):
    """Places of texts, lists and numbers of a body without a largest size."""
    kind = schema.get("type")
    if kind == "string" and not {"maxLength", "format", "enum", "const", "pattern"} & set(schema):
        yield place
    if kind == "array":
        yield from [] if "maxItems" in schema else [place]
        yield from unbounded(schema.get("items", {}), f"{place}[]")
    for inner in (*schema.get("anyOf", []), *schema.get("allOf", []), *schema.get("oneOf", [])):
        yield from unbounded(inner, place)
    for member, inner in schema.get("properties", {}).items():
        yield from unbounded(inner, f"{place}.{member}")


@each
def test_what_a_route_takes_has_largest_sizes_and_no_unknown_member(name):
    operation, schemas = OPERATIONS[name], DOCUMENT["components"]["schemas"]
    for parameter in operation.get("parameters", []):
        assert list(unbounded(parameter["schema"], parameter["name"])) == []
    waiting, seen = [operation.get("requestBody", {})], set()
    while waiting:
        for schema in found_in(waiting.pop()):
            if "$ref" in schema and schema["$ref"] not in seen:
                seen.add(schema["$ref"])
                waiting.append(schemas[schema["$ref"].rpartition("/")[2]])
    for reference in seen:
        schema = schemas[reference.rpartition("/")[2]]
        assert list(unbounded(schema, reference)) == []
        assert schema.get("type") != "object" or schema.get("additionalProperties") is False, reference


def found_in(value):
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from found_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from found_in(one)


def test_every_route_is_tried_with_another_partners_token():
    assert set(CASES) == set(OPERATIONS)


@pytest.fixture
def world(make):
    return World(make)


@pytest.mark.parametrize("name", CASES)
def test_another_partners_token_gets_nothing(api, make, world, name):
    method, case = name.partition(" ")[0], CASES[name]
    mine, theirs = make.token(Scope.ADMIN, world.partner), make.token(Scope.ADMIN, make.partner())

    with closing(api.ask(method, case.path(world), theirs, json=case.body and case.body(world), stream=True)) as answer:
        if case.is_list:
            assert answer.status_code == HTTPStatus.OK
            assert case.is_stream or not [one for one in world.secrets if one in answer.text]
            return
        assert answer.status_code == case.status, answer.text
        assert answer.text
    unknown = api.ask(method, case.path(world.nothing), theirs, json=case.body and case.body(world.nothing))
    assert {answer.status_code, unknown.status_code} == {case.status}, answer.text
    assert alike(answer, world) == alike(unknown, world.nothing)
    with closing(api.ask(method, case.path(world), mine, json=case.body and case.body(world), stream=True)) as own:
        assert own.status_code != HTTPStatus.NOT_FOUND or NO_NUMBERS in own.text, own.text


NO_NUMBERS = "numbers yet"  # the organisation is seen


def alike(answer, world):
    """The answer without the ids that were asked for."""
    text = answer.text
    for one in sorted(map(str, world.ids), key=len, reverse=True):
        text = text.replace(one, "ID")
    return text


@each
def test_without_a_token_a_route_is_shut(api, name):
    method, path = name.split(" ", 1)

    answer = api.ask(method, path.replace("{", "").replace("}", ""), None)

    assert answer.status_code == HTTPStatus.UNAUTHORIZED


@each
def test_a_token_of_a_lesser_scope_is_refused(api, make, name):
    (scope,) = OPERATIONS[name]["security"][0]["token"]
    lesser = [one for one in Scope if not one.contains(Scope(scope))]
    if not lesser:
        pytest.skip("every token may read")
    method, path = name.split(" ", 1)
    for one in OPERATIONS[name].get("parameters", []):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(one.get("example") or example(one["schema"])))

    answer = api.ask(method, path, make.token(lesser[-1]), json={})

    assert answer.status_code == HTTPStatus.FORBIDDEN, answer.text


def example(schema):
    return {"integer": 1}.get(schema.get("type"), "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002")


def test_a_wrong_verb_a_long_body_and_an_unknown_path_are_refused_as_problems(api, make):
    token = make.token()
    verb = api.ask("PATCH", "/tokens", token)
    long = api.ask("POST", "/tokens", token, data=b" " * 1_000_001, headers={"Content-Type": "application/json"})
    nowhere = api.ask("GET", "/nowhere", token)

    assert (verb.status_code, long.status_code, nowhere.status_code) == (405, 413, 404)
    assert {one.headers["Content-Type"] for one in (verb, long, nowhere)} == {"application/problem+json"}
    assert "GET" in verb.headers["Allow"]


def test_a_body_that_is_no_json_object_is_refused_with_what_to_send(api, make):
    token = make.token()
    unnamed = api.ask("POST", "/tokens", token, data=b'{"name": "x", "scope": "read"}')
    deep = api.ask("POST", "/tokens", token, data=b"[" * 100_000, headers={"Content-Type": "application/json"})

    assert (unnamed.status_code, deep.status_code) == (422, 400), deep.text
    assert "Content-Type: application/json" in unnamed.json()["detail"]
    assert "plain JSON" in deep.json()["detail"]


def test_nothing_that_is_given_twice_is_taken_once(api, make):
    token = make.token()
    filters = api.ask("GET", "/batches?kind=org&kind=network", token)
    listed = api.ask("GET", f"/orgs/{make.org().id}/metrics?name=mention_rate&name=share_of_voice", token)
    body = b'{"name": "x", "name": "y", "scope": "read"}'
    member = api.ask("POST", "/tokens", token, data=body, headers={"Content-Type": "application/json"})

    assert (filters.status_code, member.status_code, listed.status_code) == (422, 422, 404), listed.text
    assert "query.kind: is given twice" in filters.json()["detail"]
    assert "'name' is given twice" in member.json()["detail"]


ODD_OFFSETS = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00+23:59")


@pytest.mark.parametrize("moment", ODD_OFFSETS)
def test_a_cursor_of_any_moment_is_read_or_refused(api, make, moment):
    cursor = urlsafe_b64encode(json.dumps([moment, str(uuid4())]).encode()).decode().rstrip("=")

    answer = api.ask("GET", f"/tokens?cursor={cursor}", make.token())

    assert answer.status_code in {200, 422}, answer.text


def test_what_is_posted_is_answered_in_full_whatever_the_client_has(api, make):
    body = {"kind": "org", "org_id": str(make.org(questions=1).id), "dry_run": True}

    answer = api.ask("POST", "/batches", make.token(), json=body, headers={"If-None-Match": "*"})

    assert (answer.status_code, bool(answer.text)) == (200, True)


def test_no_answer_may_be_framed_sniffed_or_read_from_another_origin(api, make):
    token = make.token()
    for answer in (
        api.ask("GET", "/tokens", token, headers={"Origin": "https://elsewhere.example"}),
        api.ask("GET", "/tokens", None),
        requests.options(f"{api.url}/api/v1/tokens", headers={"Origin": "https://elsewhere.example"}, timeout=60),
        api.get("/docs"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] in {"no-store", "no-cache", "private, no-cache"}
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_the_reference_names_every_call_and_loads_nothing(api):
    page = api.get("/docs")

    assert page.status_code == HTTPStatus.OK
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ", 1)
        assert f'<span class="method">{method}</span> {PREFIX}{path}' in page.text
        assert f'id="{operation["operationId"]}"' in page.text
    assert page.text.count("curl &#34;$SENSO/api/v1/") == len(OPERATIONS)
    assert "<script" not in page.text
    assert "src=" not in page.text
    assert api.get("/openapi.json").json()["paths"].keys() == DOCUMENT["paths"].keys()
