"""Linkup's own library against the sandbox, and what the sandbox refuses as the vendor does."""

import json
from contextlib import suppress

import linkup
import pytest
import requests
from pydantic import BaseModel
from requests.exceptions import ChunkedEncodingError
from sandbox_client import KEY, reading_request

from senso.sandbox.linkup.faults import KINDS


class Reading(BaseModel):
    mentioned: bool
    rank: int | None


@pytest.fixture
def sdk(client):
    return linkup.LinkupClient(api_key="sandbox-key", base_url=f"{client.url}/linkup/v1")


def search(client, **body):
    given = {"q": "Who?", "depth": "standard", "outputType": "sourcedAnswer"} | body
    return client.post("/linkup/v1/search", {name: value for name, value in given.items() if value is not None})


def test_the_library_asks_and_gets_the_worlds_answer_with_its_sources(sdk, world):
    question = world.questions(world.orgs[0])[2].text

    found = sdk.search(question, depth="standard", output_type="sourcedAnswer")

    answer = world.answer(question, "standard", "")
    assert found.answer
    assert found.answer.split("\n")[0] == answer.text.split("\n")[0]
    assert "http" not in found.answer
    assert [(one.name, one.url) for one in found.sources] == [
        (source.title, source.url) for source in answer.sources if source.cited
    ]


def test_each_reply_shows_that_it_was_made_up(client):
    assert search(client, depth="deep").json()["model"] == "senso-sandbox/linkup/deep"


def test_the_library_gets_the_pages_alone(sdk, world):
    question = world.questions(world.orgs[0])[2].text

    found = sdk.search(question, depth="fast", output_type="searchResults", max_results=2)

    assert [one.type for one in found.results] == ["text", "text"]


def test_the_library_gets_structured_output(sdk):
    question = reading_request("1. **Acme** – praised\n2. **Globex** – slow", "Globex")

    alone = sdk.search(question, depth="standard", output_type="structured", structured_output_schema=Reading)
    sourced = sdk.search(
        question,
        depth="standard",
        output_type="structured",
        structured_output_schema=Reading,
        include_sources=True,
    )

    assert alone == sourced.data == {"mentioned": True, "rank": 2}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("400", "LinkupNoResultError"),
        ("401", "LinkupAuthenticationError"),
        ("402", "LinkupPaymentRequiredError"),
        ("403", "LinkupAuthenticationError"),
        ("403-ip", "LinkupIpNotWhitelistedError"),
        ("429", "LinkupTooManyRequestsError"),
        ("429-budget", "LinkupBudgetLimitExceededError"),
        ("429-queue", "LinkupTasksQueueLimitExceededError"),
        ("429-quota", "LinkupInsufficientCreditError"),
        ("429-too-large", "LinkupInvalidRequestError"),
        ("500", "LinkupUnknownError"),
        ("503", "LinkupUnknownError"),
        ("504", "LinkupRequestDeadlineExceededError"),
    ],
)
def test_the_library_raises_what_it_should(client, sdk, kind, error):
    client.fault("linkup.search", kind)

    with pytest.raises(getattr(linkup, error)):
        sdk.search("Who?", depth="standard", output_type="sourcedAnswer")


@pytest.mark.parametrize("kind", KINDS["linkup.search"])
def test_every_fault_strikes_where_it_is_said_to(client, kind):
    client.fault("linkup.search", kind, seconds=0.01)

    with suppress(requests.ConnectionError, ChunkedEncodingError):  # cut, as asked for
        search(client)

    assert [rule["fired"] for rule in client.control("faults")] == [1]


@pytest.mark.parametrize("path", ["/linkup/v1/search", "/linkup/v1/credits/balance"])
@pytest.mark.parametrize("headers", [{"Authorization": "Bearer lk-real"}, {}])
def test_a_wrong_or_missing_key_is_refused_and_never_repeated(client, path, headers):
    reply = client.post(path, {}, headers) if path.endswith("search") else client.get(path, headers)

    assert (reply.status_code, reply.json()["statusCode"]) == (401, 401)
    assert reply.json()["error"]["code"] == "UNAUTHORIZED"
    assert "lk-real" not in reply.text + json.dumps(client.control("calls"))


def test_the_balance_is_told_to_those_with_a_key(client):
    assert client.get("/linkup/v1/credits/balance").json() == {"balance": 123.456}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"q": " "}, "q"),
        ({"q": None}, "q"),
        ({"depth": None}, "depth"),
        ({"depth": "deepest"}, "depth"),
        ({"outputType": "answer"}, "outputType"),
        ({"outputType": "structured"}, "structuredOutputSchema"),
        ({"outputType": "structured", "structuredOutputSchema": {"type": "object"}}, "structuredOutputSchema"),
        ({"outputType": "structured", "structuredOutputSchema": '{"type": "array"}'}, "structuredOutputSchema"),
        ({"country": "CA"}, "country"),
        ({"includeImages": "no"}, "includeImages"),
        ({"includeDomains": "a.example"}, "includeDomains"),
        ({"excludeDomains": ["a.example"] * 101}, "excludeDomains"),
        ({"maxResults": 0}, "maxResults"),
        ({"fromDate": "yesterday"}, "fromDate"),
        ({"fromDate": "2026-02-01", "toDate": "2026-01-01"}, "fromDate"),
    ],
)
def test_the_sandbox_names_the_field_for_which_it_refuses(client, body, field):
    reply = search(client, **body)

    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["message"]) == (400, "VALIDATION_ERROR", "Validation failed")
    assert [detail["field"] for detail in error["details"]] == [field]


def test_all_wrong_fields_are_named_at_once(client):
    error = search(client, q="", depth="x", surprise=1).json()["error"]

    assert {detail["field"] for detail in error["details"]} == {"q", "depth", "surprise"}


@pytest.mark.parametrize("body", ["{", "[]"])
def test_a_body_that_is_no_object_is_refused(client, body):
    reply = client.http.post(f"{client.url}/linkup/v1/search", data=body, headers=KEY, timeout=5)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
