"""Events: what they open, once, and all or none of them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from api_process import serving
from ground import NOWHERE, addresses
from networks import answered, broken, lenders
from operating import Initiator, cancel, trigger_org
from sqlalchemy import text

from senso.db import transaction

WRITTEN = ("batches", "triggers", "audit", "outbox")


def process(org, *, name="org.process", **more):
    return {"name": name, "data": {"org_id": str(getattr(org, "id", org))}, **more}


@pytest.fixture
def rows(make):
    return lambda: {table: make.sql(f"SELECT * FROM {table} t ORDER BY t::text") for table in WRITTEN}


def test_an_event_opens_the_batch_of_today_and_sends_it_on(api, make, messages):
    org = make.org()

    answer = api.send(process(org))

    assert answer.status_code == 200
    (event,) = answer.json()["ids"]
    assert answer.json() == {"ids": [event], "status": 200}
    assert UUID(event)
    assert [name for name, _ in messages("control")] == ["senso.tick.admit"]
    (audited,) = make.sql("SELECT actor, subject, details->>'reason' AS reason FROM audit")
    assert audited == {"actor": "event", "subject": f"org:{org.id}", "reason": "event"}


def test_both_events_of_an_org_open_its_one_batch(api, make):
    org = make.org()

    answer = api.send([process(org), process(org, name="org.evaluation.process")])

    assert len(answer.json()["ids"]) == 2
    assert make.one("SELECT count(*) FROM batches") == 1


def test_a_replay_does_nothing_and_is_answered_as_the_first_was(api, make, rows):
    org, event = make.org(), {"id": "org-2026-11-21", "ts": 1763712000000}
    first = api.send(process(org, **event)).json()
    before = rows()
    make.sql("UPDATE orgs SET active = false")  # by now, a new event would be refused

    again = [api.send(body).json() for body in (process(org, **event), [process(org, **event)] * 3)]

    assert again == [first, {"ids": first["ids"] * 3, "status": 200}]
    assert rows() == before


def test_an_id_of_another_event_is_refused(api, make, rows):
    api.send(process(make.org(), id="one"))
    before = rows()

    answer = api.send(process(make.org(), id="one"))

    assert answer.status_code == 409
    assert "used for another event" in answer.json()["detail"]
    assert rows() == before


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_events_with_one_id_the_second_is_refused(api, make, rows, first):
    orgs = sorted((make.org() for _ in range(2)), key=lambda org: org.id)
    before = rows()

    answer = api.send([process(orgs[first], id="one"), process(orgs[1 - first], id="one")])

    assert answer.status_code == 409
    assert [one["event"] for one in answer.json()["refused"]] == [2]
    assert rows() == before


def test_more_events_than_a_request_may_hold_are_refused(api, make, rows):
    org, before = make.org(), rows()

    answer = api.send([process(org)] * 2_001)

    assert (answer.status_code, rows()) == (413, before)
    assert answer.json()["detail"] == "more than 2000 events; send them in several requests"


def test_events_do_not_wait_for_who_works_on_a_batch(api, make):
    batch = make.batch()
    org = make.state(batch)["org_id"]
    event = {"name": "org.process", "data": {"org_id": str(org)}}

    with transaction() as db:
        db.execute(text("SELECT FROM batches WHERE id = :id FOR NO KEY UPDATE"), {"id": batch})
        answer = api.send([event] * 3)

    assert answer.status_code == 200
    assert make.one("SELECT count(*) FROM batches") == 1


def test_after_a_day_an_id_is_a_new_event(api, make):
    org = make.org()
    api.send(process(org, id=str(org.id)))
    make.later(25)

    assert api.send(process(org, id=str(org.id))).status_code == 200
    assert make.one("SELECT count(*) FROM audit") == 2
    assert make.one("SELECT created_at > now() - interval '1 hour' FROM triggers") is True


def test_a_request_that_the_client_sends_again_is_done_once(api, make):
    org, sent = make.org(), {"x-inngest-event-id-seed": "1763712000000,c2VlZA=="}

    first, again = (api.send([process(org), process(org)], headers=sent).json()["ids"] for _ in range(2))

    assert first == again
    assert len(set(first)) == 2
    assert make.one("SELECT count(*) FROM audit") == 2


def test_events_without_an_id_are_each_their_own(api, make):
    org = make.org()

    ids = [api.send(process(org, id=given)).json()["ids"] for given in (None, "")]

    assert ids[0] != ids[1]
    assert make.one("SELECT count(*) FROM triggers") == 0


def test_what_else_an_event_says_means_nothing(api, make):
    event = process(make.org(), user={"external_id": "1"}, v="2026-11", ts=None)
    event["data"] |= {"batch_size": 10, "nested": [[{}]]}

    assert api.send(event).status_code == 200


def test_ids_are_taken_as_a_script_reads_them_from_a_file(api, make, tmp_path):
    orgs = [make.org() for _ in range(3)]
    file = tmp_path / "ids.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(str(org.id).upper() for org in orgs).encode())

    lines = file.read_text().split("\n")
    answer = api.send([process(line) for line in lines])

    assert answer.status_code == 200
    assert {row["org_id"] for row in make.sql("SELECT org_id FROM batches")} == {org.id for org in orgs}


def test_if_one_of_them_is_refused_none_is_accepted(api, make, rows):
    before, unknown = rows(), uuid4()

    answer = api.send([process(make.org(), id="good"), process(unknown), process(make.org(active=False))])

    assert answer.status_code == 404
    assert answer.json()["detail"] == (
        f"event 2 of 3: org.process: no org {unknown}; import it first; 1 more refused; none was accepted"
    )
    assert [(one["event"], one["status"]) for one in answer.json()["refused"]] == [(2, 404), (3, 409)]
    assert rows() == before


def test_requests_with_the_same_orgs_in_another_order_do_not_wait_for_each_other(api, make):
    events = [process(make.org(), id=f"event {number}") for number in range(40)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(api.send, (events, events[::-1], events, events[::-1])))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert make.one("SELECT count(*) FROM audit") == 40


@pytest.mark.parametrize(("options", "why"), [({"active": False}, "is not active"), ({"questions": 0}, "no questions")])
def test_an_org_that_is_not_ready_is_a_conflict(api, make, options, why):
    answer = api.send(process(make.org(**options)))

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert why in answer.json()["detail"] == answer.json()["error"]


def test_a_batch_that_was_cancelled_today_is_not_opened_again(api, make):
    org = make.org()
    cancel(trigger_org(org.id, Initiator("test")).batch.id, Initiator("test"))

    answer = api.send(process(org))

    assert answer.status_code == 409
    assert "was cancelled" in answer.json()["detail"]


def test_a_provider_without_a_key_is_a_conflict(database, make, tmp_path):
    with serving(tmp_path, addresses(NOWHERE) | {"DATABASE_URL": database, "OPENAI_API_KEY": None}) as api:
        answer = api.send(process(make.org()))

    assert answer.status_code == 409
    assert "OPENAI_API_KEY is not set" in answer.json()["detail"]
    assert make.one("SELECT count(*) FROM batches") == 0


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("network.questions.process", {"org_id": str(uuid4())}),
        ("network.org.process", {"org_id": str(uuid4())}),
        ("network.org.missing.process", {"network_id": str(uuid4())}),
    ],
)
def test_an_event_of_a_network_says_which_member_it_lacks(api, name, missing):
    answer = api.send({"name": name, "data": missing})

    assert answer.status_code == 400
    assert "data." in answer.json()["detail"]


@pytest.mark.parametrize("name", ["network.questions.process", "network.org.process", "network.org.missing.process"])
def test_a_network_that_there_is_not_is_not_found(api, name):
    answer = api.send({"name": name, "data": {"network_id": str(uuid4()), "org_id": str(uuid4())}})

    assert answer.status_code == 404


def test_an_event_opens_the_batch_of_a_network_once(api, make):
    network = make.network(make.org(questions=0))
    event = {"name": "network.questions.process", "id": "one", "data": {"network_id": str(network)}}

    answers = [api.send(event) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert make.sql("SELECT kind, network_id, state FROM batches") == [
        {"kind": "network", "network_id": network, "state": "queued"}
    ]


def lacking(network, org, **more):
    data = {"network_id": str(network), "org_id": str(org.id)}
    return {"name": "network.org.missing.process", "data": data, **more}


def test_what_orgs_lack_is_accepted_with_the_event_that_asks_their_network(api, make):
    orgs = [make.org(questions=0) for _ in range(2)]
    network = make.network(*orgs)
    asking = {"name": "network.questions.process", "id": "ask", "data": {"network_id": str(network)}}
    events = [asking, *(lacking(network, org, id=f"of {org.id}") for org in orgs)]

    answers = [api.send(body) for body in (events, events, lacking(network, orgs[0]))]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert make.sql("SELECT kind, state FROM batches") == [{"kind": "network", "state": "queued"}]
    assert make.one("SELECT count(*) FROM triggers") == 3
    assert broken() == {}


def test_the_id_of_an_event_about_one_org_is_not_taken_for_another(api, make):
    orgs = [make.org(questions=0) for _ in range(2)]
    network = make.network(*orgs)
    api.send({"name": "network.questions.process", "data": {"network_id": str(network)}})

    answers = [api.send(lacking(network, org, id="one")) for org in (orgs[0], orgs[0], orgs[1])]

    assert [answer.status_code for answer in answers] == [200, 200, 409]


def test_what_an_org_lacks_of_a_network_that_was_never_asked_is_a_conflict(api, make):
    org = make.org(questions=0)
    network = make.network(org)

    answer = api.send(lacking(network, org))

    assert answer.status_code == 409
    assert "has no answers of the last 30 days; ask for some" in answer.json()["detail"]


def test_a_day_that_was_cancelled_for_one_org_is_left_and_the_event_of_another_accepted(api, make, sandbox):
    orgs, network = lenders(make, 2)
    answered(make, network)
    mine, theirs = (make.one("SELECT id FROM batches WHERE org_id = :o", o=org.id) for org in orgs)
    cancel(mine, Initiator("test"))
    make.sql("UPDATE batches SET state = 'blocked', error = '2 credits needed' WHERE id = :b", b=theirs)

    answer = api.send([lacking(network, org) for org in orgs])

    assert answer.status_code == 200
    assert [make.state(batch)["state"] for batch in (mine, theirs)] == ["cancelled", "queued"]


def test_an_unknown_event_is_told_which_there_are(api):
    answer = api.send({"name": "org.proces", "data": {}})

    assert answer.status_code == 400
    for name in ("org.process", "org.evaluation.process", "network.questions.process", "network.org.process"):
        assert name in answer.json()["detail"]
    assert "network.org.missing.process" in answer.json()["detail"]


def test_while_redis_is_away_events_are_kept_for_the_relay(database, make, tmp_path):
    away = addresses(NOWHERE) | {"DATABASE_URL": database, "REDIS_URL": "redis://127.0.0.1:9/0"}
    with serving(tmp_path, away) as api:
        assert api.send(process(make.org())).status_code == 200

    assert len(make.unpublished()) == 1
