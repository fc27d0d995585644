import pytest
import requests

KEY = {"Authorization": "Bearer sandbox-token", "Idempotency-Key": "push:b:1"}
BODY = {"schema_version": 1, "batch_id": "b"}


def push(client, body=BODY, headers=KEY):
    return client.post("/application/analytics", body, headers)


def test_a_push_is_taken_once_and_a_repetition_is_told(client):
    replies = [push(client).json() for _ in range(3)]
    pushes = client.control("pushes")

    assert replies == [{"status": "ok"}, {"status": "duplicate"}, {"status": "duplicate"}]
    assert [(one["idempotency_key"], one["times"], one["body"]) for one in pushes] == [("push:b:1", 3, BODY)]
    assert (pushes[0]["authorization"], pushes[0]["same_body"]) == ("right", True)


def test_the_same_key_with_another_body_is_noticed(client):
    push(client)
    push(client, BODY | {"batch_id": "c"})

    assert [one["same_body"] for one in client.control("pushes")] == [False]


@pytest.mark.parametrize(
    ("headers", "body", "status", "authorization"),
    [
        ({"Idempotency-Key": "k"}, BODY, 401, "missing"),
        ({"Idempotency-Key": "k", "Authorization": "Bearer no"}, BODY, 401, "wrong"),
        ({"Authorization": "Bearer sandbox-token"}, BODY, 400, "right"),
        (KEY, {"schema_version": 2}, 422, "right"),
        (KEY, [], 422, "right"),
    ],
)
def test_a_push_that_is_not_right_is_refused_and_noted(client, headers, body, status, authorization):
    reply = push(client, body, headers)

    assert reply.status_code == status
    assert [(one["status"], one["authorization"]) for one in client.control("pushes")] == [(status, authorization)]


def test_a_body_that_is_no_json_is_refused(client):
    assert client.http.post(f"{client.url}/application/analytics", data="{", headers=KEY, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("429", 429), ("500", 500), ("503", 503), ("401", 401), ("malformed", 200)]
)
def test_the_application_can_fail_and_keeps_nothing(client, kind, status):
    client.fault("application", kind, times=1)

    assert push(client).status_code == status
    assert client.control("pushes") == []
    assert push(client).json() == {"status": "ok"}


def test_a_push_can_arrive_and_its_reply_be_lost(client):
    client.fault("application", "drop-after", times=1)
    with pytest.raises(requests.ConnectionError):
        push(client)

    assert push(client).json() == {"status": "duplicate"}
