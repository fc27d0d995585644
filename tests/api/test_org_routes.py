"""Organisations over HTTP: read, written by PUT, and taken in by an import."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from uuid import uuid4

import pytest

from senso.db import transaction
from senso.queries import imports
from senso.states import Scope

QUESTIONS = [
    {"id": str(uuid4()), "text": "Which credit union is best?", "kind": "unbranded", "tags": ["loans", "north"]},
    {"id": str(uuid4()), "text": "Is Larch Hill safe?", "kind": "branded", "tags": []},
]


def document(**changes):
    """As `GET` shows it: questions of its own, so that no two tests share one."""
    return {
        "name": "Larch Hill Credit Union",
        "websites": ["https://larchhill.example", "https://lhcu.example/en"],
        "created_at": "2026-01-05T09:00:00Z",
        "active": False,
        "competitors": ["Vantry", {"name": "Elm Bank", "aliases": ["Elm"], "websites": ["https://elm.example"]}],
        "aliases": ["LHCU"],
        "not_names": ["Larch Hill Road"],
        "facts": ["Members own it."],
        "samples": {"from": 1, "to": 3},
        "questions": QUESTIONS,
        "models": ["chatgpt", "gpt-6.1-terra"],
        "locations": [
            {"country": "CA", "region": None, "city": None},
            {"country": "US", "region": "Ohio", "city": "Dayton"},
        ],
    } | changes


def without(found, *names):
    return {name: value for name, value in found.items() if name not in names}


FIXED = ("id", "partner_id", "partner", "imported_at")


@pytest.fixture
def org(make):
    return make.org()


def errors(answer):
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {one["where"]: one["what"] for one in answer.json()["errors"]}


def test_what_is_put_is_what_is_shown_and_a_second_time_changes_nothing(api, make, org):
    admin = make.token()
    path = f"/orgs/{org.id}"

    first = api.ask("PUT", path, admin, json=document())
    second = api.ask("PUT", path, admin, json=document())

    shown = api.ask("GET", path, admin).json()
    assert without(shown, *FIXED) == document()
    assert (shown["id"], shown["partner_id"], shown["partner"]) == (str(org.id), str(org.partner), "Partner")
    assert first.json()["org"] == shown == second.json()["org"]
    assert first.json()["changes"]["orgs"]["updated"] == 1
    moved = [one for name, one in second.json()["changes"].items() if name != "notes"]
    assert not any(one[name] for one in moved for name in ("inserted", "updated", "removed"))
    assert make.one("SELECT count(*) FROM audit WHERE action = 'import' AND actor LIKE 'token test (%'") == 2


def test_what_is_left_out_becomes_empty_as_by_an_import(api, make, org):
    admin, path = make.token(), f"/orgs/{org.id}"
    api.ask("PUT", path, admin, json=document())

    api.ask("PUT", path, admin, json={"name": org.name, "websites": ["lh.example"], "created_at": "2026-01-05"})

    shown = api.ask("GET", path, admin).json()
    assert (shown["questions"], shown["models"], shown["aliases"]) == ([], [], [])
    assert (shown["websites"], shown["active"]) == (["https://lh.example"], True)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"partner": str(uuid4())}, "body.partner"),
        ({"partner_id": str(uuid4())}, "body.partner_id"),
        ({"id": str(uuid4())}, "body.id"),
        ({"credits": 5}, "body.credits"),
        ({"state": "completed"}, "body.state"),
        ({"locations": [{"country": "UK"}]}, "body.locations.0.country"),
        ({"questions": [QUESTIONS[0] | {"text": ""}]}, "body.questions.0.text"),
        ({"questions": [QUESTIONS[0], QUESTIONS[0]]}, "body.questions.1.id"),
        ({"models": ["chat-gpt"]}, "body.models.0"),
        ({"samples": 0}, "body.samples"),
        ({"aliases": ["Vantry"]}, "body.aliases.0"),
        ({"websites": ["ftp://x"]}, "body.websites.0"),
    ],
)
def test_what_may_not_be_put_is_refused_with_its_place_and_nothing_is_written(api, make, org, wrong, where):
    before = make.everything()

    answer = api.ask("PUT", f"/orgs/{org.id}", make.token(), json=document(**wrong))

    assert list(errors(answer)) == [where]
    assert make.everything() == before
    assert make.one("SELECT count(*) FROM org_aliases") == 0


def test_imports_that_wait_for_another_leave_places_to_all_other_requests(api, make, org):
    admin = make.token()
    with ThreadPoolExecutor(12) as pool:
        with transaction() as db:
            imports.alone(db)  # as an import of another program
            waiting = [pool.submit(api.ask, "PUT", f"/orgs/{org.id}", admin, json=document()) for _ in range(12)]
            time.sleep(1)  # until all have arrived
            other = api.ask("GET", "/partners", admin)
            ended_before = sum(one.done() for one in waiting)
        answers = Counter(one.result().status_code for one in waiting)

    assert (other.status_code, ended_before) == (200, 0)
    assert set(answers) <= {200, 503}
    assert answers[200] > 0


def test_websites_under_a_key_that_is_not_set_are_a_fault_that_passes_and_names_no_setting(api, make, org):
    admin = make.token()
    api.ask("PUT", f"/orgs/{org.id}", admin, json=document())
    make.sql("UPDATE org_websites SET url = 'sealed:0a1b2c3d:' || url WHERE org_id = :org", org=org.id)

    answer = api.ask("GET", f"/orgs/{org.id}", admin)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert not [word for word in ("ENCRYPTION_KEYS", "0a1b2c3d", "larchhill") if word in answer.text]


def test_questions_alone_are_put_and_all_else_stays(api, make, org):
    admin, path = make.token(), f"/orgs/{org.id}"
    api.ask("PUT", path, admin, json=document())
    fewer = [QUESTIONS[1] | {"tags": ["trust"]}]

    put = api.ask("PUT", f"{path}/questions", admin, json={"questions": fewer})

    assert (
        put.json()
        == api.ask("GET", f"{path}/questions", admin).json()
        == {
            "org_id": str(org.id),
            "questions": fewer,
        }
    )
    assert without(api.ask("GET", path, admin).json(), *FIXED) == document(questions=fewer)
    twice = api.ask("PUT", f"{path}/questions", admin, json={"questions": [*fewer, *fewer]})
    assert list(errors(twice)) == ["body.questions.1.id"]


def test_the_same_key_writes_once_and_an_unchanged_org_is_answered_without_its_body(api, make, org):
    admin, path = make.token(), f"/orgs/{org.id}"
    headers = {"Idempotency-Key": "k-1"}

    first = api.ask("PUT", path, admin, json=document(), headers=headers)
    again = api.ask("PUT", path, admin, json=document(), headers=headers)
    other = api.ask("PUT", path, admin, json=document(active=True), headers=headers)

    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert make.one("SELECT count(*) FROM audit WHERE action = 'import'") == 1
    tag = api.ask("GET", path, admin).headers["ETag"]
    assert api.ask("GET", path, admin, headers={"If-None-Match": tag}).status_code == 304


def test_orgs_are_listed_by_name_page_by_page_and_found_by_a_part_of_it(api, make):
    names = ["Ash", "Birch", "Cedar", "Dogwood", "Dogwood"]
    for name in names:
        make.sql("UPDATE orgs SET name = :name WHERE id = :id", name=name, id=make.org(models=()).id)
    token = make.token(Scope.READ)

    found, cursor = [], None
    while len(found) < len(names) and (cursor or not found):
        page = api.ask("GET", "/orgs", token, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found, cursor = found + page["items"], page["next"]

    assert [one["name"] for one in found] == names
    assert cursor is None
    assert len({one["id"] for one in found}) == len(names)
    assert [one["name"] for one in api.ask("GET", "/orgs?search=IRC", token).json()["items"]] == ["Birch"]
    assert (found[0]["weekday"], found[0]["questions"], found[0]["runs"]) == (None, 2, 0)


def test_another_partners_orgs_are_not_there(api, make, org):
    stranger = make.token(Scope.ADMIN, make.partner())
    other = make.org(models=())
    mine = make.token(Scope.ADMIN, org.partner)

    assert [one["id"] for one in api.ask("GET", "/orgs", mine).json()["items"]] == [str(org.id)]
    assert api.ask("GET", "/orgs", stranger).json()["items"] == []
    assert api.ask("GET", f"/orgs?partner_id={org.partner}", stranger).status_code == 404
    cursor = api.ask("GET", "/orgs?limit=1", make.token()).json()["next"]
    assert api.ask("GET", "/orgs", stranger, params={"cursor": cursor}).json()["items"] == []
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", document()),
        ("GET", "/questions", None),
        ("PUT", "/questions", {"questions": []}),
    ):
        theirs, none = (api.ask(method, f"/orgs/{id_}{path}", stranger, json=body) for id_ in (org.id, uuid4()))
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.json()["detail"].startswith("no org ")
    assert api.ask("PUT", f"/orgs/{org.id}", mine, json=document()).status_code == 200
    assert api.ask("GET", f"/orgs/{other.id}", mine).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("PUT", "/questions")])
def test_only_an_admin_writes(api, make, org, method, path):
    answer = api.ask(method, f"/orgs/{org.id}{path}", make.token(Scope.OPERATE), json=document())

    assert answer.status_code == 403


def file(partner, **changes):
    org = document(id=str(uuid4()), partner=str(partner))
    network = {"id": str(uuid4()), "name": "Lenders", "partner": str(partner), "orgs": [org["id"]]}
    return {"partners": [], "orgs": [org], "networks": [network]} | changes


def test_an_import_says_what_it_would_change_then_does_it_then_changes_nothing(api, make):
    admin, partner = make.token(), uuid4()
    sent = file(partner, partners=[{"id": str(partner), "name": "Ada", "credits": 50, "max_daily_cost": 2.5}])
    before = make.everything()

    foreseen = api.ask("POST", "/import?dry_run=true", admin, json=sent)

    assert make.everything() == before
    assert make.one("SELECT count(*) FROM audit WHERE action = 'import'") == 0
    assert make.one("SELECT count(*) FROM orgs") == 0
    done = api.ask("POST", "/import", admin, json=sent)
    assert foreseen.json() == done.json() | {"dry_run": True}
    assert (done.status_code, done.json()["dry_run"]) == (200, False)
    assert done.json()["new_orgs"] == [{"id": sent["orgs"][0]["id"], "name": "Larch Hill Credit Union"}]
    assert done.json()["ledger"]["inserted"] == 1
    assert api.ask("GET", f"/partners/{partner}/credits", admin).json()["available"] == 50
    after = make.everything()
    again = api.ask("POST", "/import", admin, json=sent).json()
    assert make.everything() == after
    assert not any(one[name] for one in again.values() if isinstance(one, dict) for name in ("inserted", "updated"))
    assert (again["new_orgs"], again["joined"]) == ([], [])


def test_a_bad_import_is_refused_whole_with_where_and_why(api, make):
    admin, partner = make.token(), make.partner()
    sent = file(partner)
    sent["orgs"].append(document(id=str(uuid4()), partner=str(uuid4()), questions=[]))

    answer = api.ask("POST", "/import", admin, json=sent)

    assert errors(answer) == {"body.orgs.1.partner": "no such partner in this file or in the database"}
    assert make.one("SELECT count(*) FROM orgs") == 0
    nonsense = api.ask("POST", "/import", admin, json=sent | {"tokens": []})
    assert list(errors(nonsense)) == ["body.tokens"]
    assert api.ask("POST", "/import", make.token(Scope.OPERATE), json=sent).status_code == 403


MODEL = {"slug": "new", "provider": "openai", "name": "new", "surface": "api"}


def test_a_partners_token_imports_its_own_and_neither_credits_nor_models(api, make, org):
    token = make.token(Scope.ADMIN, org.partner)
    stranger = make.org()
    (theirs,) = make.sql("SELECT id::text, text FROM questions q JOIN org_questions a ON a.question_id = q.id "
                         "WHERE a.org_id = :org LIMIT 1", org=stranger.id)  # fmt: skip
    asked = theirs | {"kind": "unbranded", "tags": ["mine"]}
    own = str(org.partner)
    refused = {
        "body.models": {"models": [MODEL]},
        "body.partners.0.id": {"partners": [{"id": str(stranger.partner), "name": "x", "credits": None}]},
        "body.partners.0.credits": {"partners": [{"id": own, "name": "x", "credits": 7}]},
        "body.partners.0.max_daily_cost": {
            "partners": [{"id": own, "name": "x", "credits": None, "max_daily_cost": None}]
        },
        "body.orgs.0.partner": {"orgs": [document(id=str(uuid4()), partner=str(stranger.partner))]},
        "body.orgs.0.id": {"orgs": [document(id=str(stranger.id), partner=own)]},
        "body.orgs.0.questions.0.id": {"orgs": [document(id=str(org.id), partner=own, questions=[asked])]},
        "body.networks.0.orgs.0": {
            "networks": [{"id": str(uuid4()), "name": "n", "partner": own, "orgs": [str(stranger.id)]}]
        },
    }
    before = make.everything()

    for where, sent in refused.items():
        assert list(errors(api.ask("POST", "/import", token, json=sent))) == [where]

    assert make.everything() == before
    assert make.one("SELECT tags FROM questions WHERE id = :id", id=theirs["id"]) == []
    sent = file(org.partner, partners=[{"id": own, "name": "Ada", "credits": None}])
    assert api.ask("POST", "/import", token, json=sent).status_code == 200
    assert make.one("SELECT name FROM partners WHERE id = :id", id=org.partner) == "Ada"
    assert make.one("SELECT available FROM partners WHERE id = :id", id=org.partner) == 1000


def test_a_question_that_another_partner_has_asked_stays_that_partners(api, make, org):
    token = make.token(Scope.ADMIN, org.partner)
    other = make.org(questions=1)
    make.batch(other)
    (asked,) = make.sql("SELECT q.id::text, q.text, q.kind FROM questions q JOIN org_questions a "
                        "ON a.question_id = q.id WHERE a.org_id = :org", org=other.id)  # fmt: skip
    make.sql("DELETE FROM org_questions WHERE org_id = :org", org=other.id)

    answer = api.ask("PUT", f"/orgs/{org.id}/questions", token, json={"questions": [asked]})

    assert errors(answer) == {"body.questions.0.id": "this id is in use; take a new one"}
    assert api.ask("PUT", f"/orgs/{org.id}/questions", make.token(), json={"questions": [asked]}).status_code == 200


def test_a_schedule_says_when_an_org_is_asked_or_why_it_is_not(api, make):
    org, idle = make.org(created_at=datetime(2026, 1, 6, tzinfo=UTC)), make.org(active=False)
    token = make.token(Scope.READ, org.partner)

    before = api.ask("GET", f"/schedules/{org.id}", token).json()
    make.sql("INSERT INTO beats (id, ticked_at, due_hour) VALUES ('b', now(), 3)")
    after = api.ask("GET", f"/schedules/org:{org.id}", token).json()

    assert (before["stopped_by"], before["next"]) == ("no beat has run yet", [])
    assert (after["weekday"], after["hour"], after["time_zone"], after["stopped_by"]) == ("Tuesday", 3, "UTC", None)
    times = [datetime.fromisoformat(one) for one in after["next"]]
    assert {(one.weekday(), one.hour) for one in times} == {(1, 3)}
    assert [(later - one).days for one, later in pairwise(times)] == [7, 7, 7, 7]
    assert times[0] > datetime.now(UTC)
    stopped = api.ask("GET", f"/schedules/{idle.id}", make.token(Scope.READ)).json()
    assert (stopped["stopped_by"], stopped["next"]) == ("the organisation is not active", [])
    for subject in (idle.id, uuid4(), "daily"):
        assert api.ask("GET", f"/schedules/{subject}", token).status_code == 404
    assert api.ask("PUT", f"/schedules/{org.id}", make.token(), json={}).status_code == 405
