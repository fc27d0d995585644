"""Who is let in, and that no key is told to anybody."""

import pytest
import requests
from api_process import KEY, serving
from ground import NOWHERE, addresses

EVENT = {"name": "org.process", "data": {"org_id": "00000000-0000-4000-8000-000000000001"}}
NOT_FOUND = 404  # the event was let in: there is no such org


@pytest.mark.parametrize(
    "key", ["", "x", KEY[:-1], KEY + "x", KEY.upper(), KEY + "/", f"/{KEY}", "%00", "é", "x" * 8000]
)
def test_a_wrong_key_opens_nothing(api, key):
    answer = api.send(EVENT, key=key)

    assert answer.status_code == 401
    assert answer.json()["detail"] == "this event key is not accepted"


def test_a_key_is_asked_for_before_the_body_is_read(api):
    assert api.post(b"{", key="x").status_code == 401
    assert api.post(bytes(10_000_000), key="x").status_code == 401


@pytest.mark.parametrize("sent", [KEY, KEY.replace("/", "%2F").replace("=", "%3D").replace("+", "%2B")])
def test_a_key_is_the_same_however_its_signs_are_written(api, sent):
    assert api.send(EVENT, key=sent).status_code == NOT_FOUND


@pytest.mark.parametrize(
    ("given", "accepted", "refused"),
    [
        ({"EVENT_KEY": None}, [], ["", "None", "dev", KEY]),
        ({"EVENT_KEY": None, "INNGEST_EVENT_KEY": "their-key"}, ["their-key"], [KEY]),
        ({"INNGEST_EVENT_KEY": "their-key"}, [KEY], ["their-key"]),
        (
            {"SIGNING_KEY": "signkey-prod-4f8a", "INNGEST_SIGNING_KEY": "signkey-prod-0c17"},
            [KEY],
            ["signkey-prod-4f8a"],
        ),
    ],
    ids=["none", "by its other name", "by both names", "a signing key"],
)
def test_who_may_send_events_is_set_by_the_event_key_alone(database, tmp_path, given, accepted, refused):
    with serving(tmp_path, addresses(NOWHERE) | {"DATABASE_URL": database} | given) as api:
        answers = {key: api.send(EVENT, key=key) for key in (*accepted, *refused)}

    assert {key: answer.status_code for key, answer in answers.items()} == (
        dict.fromkeys(accepted, NOT_FOUND) | dict.fromkeys(refused, 401)
    )
    if not accepted:
        assert answers["dev"].json()["detail"] == "no events are accepted: EVENT_KEY is not set here"


def test_no_key_is_in_the_log(api):
    wrong = "evk-of-another-place"
    answers = [answer for key in (KEY, wrong) for answer in key_in_all_places(api, key)]

    lines = [line for answer in answers for line in api.logged(answer.headers["X-Request-ID"])]
    assert (
        sorted(line["path"] for line in lines if line["event"] == "request")
        == ["/e/[hidden]"] * 6 + ["none of ours"] * 4
    )
    assert KEY not in api.log
    assert wrong not in api.log


def key_in_all_places(api, key: str) -> list[requests.Response]:
    named = {"X-Request-ID": f"{key} {key}"}
    bearer = {"Authorization": f"Bearer {key}", "Referer": key}
    return [
        api.send(EVENT, key=key),
        api.post(b"{", key=key),
        requests.get(f"{api.url}/e/{key}", timeout=5),
        requests.post(f"{api.url}//e/{key}?key={key}", headers=named, timeout=5),
        requests.post(f"{api.url}/E/{key}", headers=bearer, timeout=5),
    ]
