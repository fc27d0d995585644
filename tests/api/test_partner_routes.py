"""Partners, credits, the ledger and decisions about names over HTTP."""

from uuid import uuid4

import pytest

from senso.states import Scope


@pytest.fixture
def org(make):
    return make.org()


def test_partners_are_listed_and_one_partners_token_sees_that_one(api, make, org):
    others = [make.partner() for _ in range(3)]

    everyone = api.ask("GET", "/partners?limit=3", make.token(Scope.READ)).json()
    rest = api.ask("GET", "/partners", make.token(Scope.READ), params={"cursor": everyone["next"]}).json()
    own = api.ask("GET", "/partners", make.token(Scope.READ, org.partner)).json()["items"]

    assert {one["id"] for one in everyone["items"] + rest["items"]} == {str(org.partner), *map(str, others)}
    assert rest["next"] is None
    (one,) = own
    assert (one["id"], one["available"], one["held"], one["orgs"]) == (str(org.partner), 1000, 0, 1)


def test_a_grant_is_given_once_under_its_ref(api, make, org):
    admin, path = make.token(), f"/partners/{org.partner}/credits"
    body = {"credits": 40, "ref": "invoice 7"}

    first, again = (api.ask("POST", path, admin, json=body) for _ in range(2))
    other = api.ask("POST", path, admin, json=body | {"credits": 41})

    assert first.json()["grant"] == body | {"outcome": "granted"}
    assert again.json()["grant"]["outcome"] == "already granted"
    assert first.json()["available"] == again.json()["available"] == 1040
    assert (other.status_code, "was used before" in other.json()["detail"]) == (409, True)
    shown = api.ask("GET", path, make.token(Scope.READ, org.partner))
    assert (shown.json()["available"], shown.json()["granted"]) == (1040, 1040)
    assert make.one("SELECT count(*) FROM audit WHERE action = 'grant' AND actor LIKE 'token test (%'") == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"credits": 0, "ref": "r"}, "body.credits"),
        ({"credits": 1.5, "ref": "r"}, "body.credits"),
        ({"credits": "5", "ref": "r"}, "body.credits"),
        ({"credits": True, "ref": "r"}, "body.credits"),
        ({"credits": 10**15 + 1, "ref": "r"}, "body.credits"),
        ({"credits": 5, "ref": " "}, "body.ref"),
        ({"credits": 5, "ref": "a\nb"}, "body.ref"),
        ({"credits": 5, "ref": "r", "available": 9}, "body.available"),
    ],
)
def test_a_grant_that_is_none_is_refused(api, make, org, body, where):
    answer = api.ask("POST", f"/partners/{org.partner}/credits", make.token(), json=body)

    assert answer.status_code == 422
    assert [one["where"] for one in answer.json()["errors"]] == [where]
    assert make.one("SELECT available FROM partners WHERE id = :p", p=org.partner) == 1000


def test_credits_are_granted_by_tokens_of_all_partners_only(api, make, org):
    path, body = f"/partners/{org.partner}/credits", {"credits": 40, "ref": "r"}

    assert api.ask("POST", path, make.token(Scope.ADMIN, org.partner), json=body).status_code == 403
    assert api.ask("POST", path, make.token(Scope.OPERATE), json=body).status_code == 403
    assert api.ask("POST", path, make.token(Scope.ADMIN, make.partner()), json=body).status_code == 404
    assert api.ask("POST", f"/partners/{uuid4()}/credits", make.token(), json=body).status_code == 404
    assert make.one("SELECT available FROM partners WHERE id = :p", p=org.partner) == 1000


@pytest.mark.parametrize("available", [1000, None])
def test_the_ledger_is_walked_from_the_newest_row_with_the_balance_after_each(api, make, available):
    org = make.org(available=available)
    token, path = make.token(Scope.READ, org.partner), f"/partners/{org.partner}/ledger"
    for number in range(5):
        api.ask("POST", f"/partners/{org.partner}/credits", make.token(), json={"credits": 3, "ref": f"r{number}"})

    found, cursor = [], None
    while cursor or not found:
        page = api.ask("GET", path, token, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found, cursor = found + page["items"], page["next"]

    stored = make.sql("SELECT credits, idempotency_key FROM ledger WHERE partner_id = :p ORDER BY id", p=org.partner)
    sums = [sum(one["credits"] for one in stored[: place + 1]) for place in range(len(stored))]
    assert [one["balance"] for one in reversed(found)] == sums
    assert [one["idempotency_key"] for one in reversed(found)] == [one["idempotency_key"] for one in stored]
    assert len(stored) == (6 if available else 5)


@pytest.mark.parametrize("path", ["credits", "ledger"])
def test_another_partner_is_not_there(api, make, org, path):
    stranger = make.token(Scope.ADMIN, make.partner())

    for partner in (org.partner, uuid4()):
        answer = api.ask("GET", f"/partners/{partner}/{path}", stranger)
        assert (answer.status_code, answer.json()["detail"]) == (404, f"no partner {partner}")


@pytest.fixture
def proposals(make, org):
    make.sql("INSERT INTO name_variations (org_id, names) VALUES (:org, '[]')", org=org.id)
    return [
        make.one(
            "INSERT INTO name_proposals (org_id, key, name, state, reason) "
            "VALUES (:org, :key, :name, 'proposed', 'has other words') RETURNING id",
            org=org.id, key=name.lower(), name=name,
        )
        for name in ("Umbra", "Larchie", "Vantry")
    ]  # fmt: skip


def test_a_name_that_waits_is_accepted_or_rejected_once(api, make, org, proposals):
    operator, path = make.token(Scope.OPERATE, org.partner), f"/orgs/{org.id}/names"
    make.sql("UPDATE orgs SET competitors = '[\"Vantry\"]' WHERE id = :id", id=org.id)
    umbra, larchie, vantry = proposals

    rejected = [api.ask("POST", f"{path}/{umbra}/reject", operator).json() for _ in range(2)]
    accepted = [api.ask("POST", f"{path}/{larchie}/accept", operator).json() for _ in range(2)]
    refused = api.ask("POST", f"{path}/{vantry}/accept", operator)

    assert [(one["name"], one["state"], one["changed"]) for one in rejected] == [
        ("Umbra", "rejected", True),
        ("Umbra", "rejected", False),
    ]
    assert [(one["state"], one["changed"]) for one in accepted] == [("accepted", True), ("accepted", False)]
    assert refused.status_code == 409
    shown = api.ask("GET", path, make.token(Scope.READ, org.partner)).json()
    assert {"name": "Larchie", "origin": "accepted", "needs_yes": None} in shown["names"]
    assert {one["name"]: one["state"] for one in shown["proposals"]} == {
        "Vantry": "proposed",
        "Larchie": "accepted",
        "Umbra": "rejected",
    }
    assert {one["decided_by"].split(" (")[0] for one in shown["proposals"] if one["decided_by"]} == {"token test"}


def test_names_are_decided_by_who_may(api, make, org, proposals):
    path = f"/orgs/{org.id}/names/{proposals[0]}/accept"
    other = make.org()

    assert api.ask("POST", path, make.token(Scope.TRIGGER)).status_code == 403
    assert api.ask("POST", path, make.token(Scope.ADMIN, make.partner())).status_code == 404
    assert api.ask("POST", f"/orgs/{other.id}/names/{proposals[0]}/accept", make.token()).status_code == 404
    assert api.ask("POST", f"/orgs/{org.id}/names/0/accept", make.token()).status_code == 422
    assert make.one("SELECT count(*) FROM name_proposals WHERE state = 'proposed'") == 3
