"""Webhooks over HTTP: who may make one, what of it is shown, and that a test arrives."""

from uuid import uuid4

import pytest
from hooks import HELD, keys, serving_webhooks

from senso.states import Scope
from senso.tasks.stages import deliver


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    with serving_webhooks(one_database.url, tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api


@pytest.fixture
def encrypting(environment):
    with keys(environment, HELD) as held:
        yield held


def test_a_webhook_is_made_tried_listed_and_deleted(api, make, receiver, encrypting):
    admin = make.token(Scope.ADMIN, make.partner())

    answer = api.ask("POST", "/webhooks", admin, json={"url": receiver.url, "events": ["batch.failed"]})
    made = answer.json()
    tried = api.ask("POST", f"/webhooks/{made['id']}/test", admin)
    deliver(tried.json()["delivery_id"])
    listed = api.ask("GET", "/webhooks", admin).json()["items"]
    sent = api.ask("GET", f"/webhooks/{made['id']}/deliveries", admin).json()["items"]

    assert (answer.status_code, tried.status_code) == (201, 202)
    assert made["secret"].startswith("whsec_")
    assert [(one["url"], one["events"], one["active"]) for one in listed] == [(receiver.url, ["batch.failed"], True)]
    assert [(one["event"], one["status"], one["response_status"]) for one in sent] == [("webhook.test", "sent", 200)]
    assert receiver.requests[0].headers["webhook-id"] == sent[0]["id"] == tried.json()["delivery_id"]
    assert api.ask("DELETE", f"/webhooks/{made['id']}", admin).json() == {"id": made["id"]}
    assert api.ask("GET", "/webhooks", admin).json() == {"items": [], "next": None}
    shown = api.ask("GET", "/webhooks", admin).text + api.log + str(listed) + str(make.sql("SELECT * FROM audit"))
    assert made["secret"] not in shown


def test_the_secret_is_not_told_again_to_a_repeated_request(api, make, receiver):
    admin, key = make.token(), {"Idempotency-Key": "one"}

    first = api.ask("POST", "/webhooks", admin, json={"url": receiver.url}, headers=key).json()
    again = api.ask("POST", "/webhooks", admin, json={"url": receiver.url}, headers=key).json()

    assert again == first | {"secret": None}
    assert make.one("SELECT count(*) FROM webhooks") == 1
    assert not make.sql("SELECT 1 FROM api_requests r WHERE strpos(r::text, :s) > 0", s=first["secret"])


def test_another_partners_webhook_is_as_one_that_does_not_exist(api, make, receiver):
    mine, theirs = make.partner(), make.partner()
    admin, other = make.token(Scope.ADMIN, mine), make.token(Scope.ADMIN, theirs)
    made = api.ask("POST", "/webhooks", other, json={"url": receiver.url}).json()

    assert made["partner_id"] == str(theirs)
    assert api.ask("GET", "/webhooks", admin).json()["items"] == []
    for one in (made["id"], str(uuid4())):
        for method, path in (("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test")):
            answer = api.ask(method, f"/webhooks/{one}{path}", admin)
            assert (answer.status_code, answer.json()["detail"]) == (404, f"no webhook {one}"), path
    for partner in (theirs, uuid4()):
        answer = api.ask("POST", "/webhooks", admin, json={"url": receiver.url, "partner_id": str(partner)})
        assert (answer.status_code, answer.json()["detail"]) == (404, f"no partner {partner}")


@pytest.mark.parametrize("scope", [Scope.READ, Scope.TRIGGER, Scope.OPERATE])
def test_a_lesser_token_is_refused(api, make, scope):
    token = make.token(scope)

    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{uuid4()}"), ("POST", f"/{uuid4()}/test")):
        assert api.ask(method, f"/webhooks{path}", token).status_code == 403


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"url": "http://10.0.0.1/"}, "body.url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "body.url"),
        ({"url": "https://2852039166/"}, "body.url"),
        ({"url": "https://user:hunter2@example.com/"}, "body.url"),
        ({"url": "https://no-such-host.invalid/"}, "body.url"),
        ({"url": "https://example.com/", "events": ["batch.exploded"]}, "body.events.0"),
        ({"url": "http://127.0.0.1:9/", "events": ["webhook.test"]}, "body.events"),
        ({"url": "https://example.com/", "secret": "mine"}, "body.secret"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(api, make, body, where):
    answer = api.ask("POST", "/webhooks", make.token(), json=body)

    assert answer.status_code == 422
    assert [one["where"] for one in answer.json()["errors"]] == [where]
    assert "hunter2" not in answer.text + api.log
    assert make.sql("SELECT FROM webhooks") == []


def test_deliveries_are_read_page_by_page(api, make, receiver):
    admin = make.token()
    made = api.ask("POST", "/webhooks", admin, json={"url": receiver.url}).json()
    for number in range(5):
        make.sql(
            "INSERT INTO deliveries (key, webhook_id, event, body) VALUES (:key, :id, 'batch.failed', '{}')",
            key=f"k{number}",
            id=made["id"],
        )
    found, path = [], f"/webhooks/{made['id']}/deliveries?limit=2"

    while path:
        answer = api.ask("GET", path, admin).json()
        found += [one["id"] for one in answer["items"]]
        path = answer["next"] and f"/webhooks/{made['id']}/deliveries?limit=2&cursor={answer['next']}"

    assert sorted(found) == [f"k{number}" for number in range(5)]
