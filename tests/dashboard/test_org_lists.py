"""The list of organisations, what is asked of one, and decisions about names."""

import json
from datetime import UTC, datetime

import pytest

from senso.states import Scope


def test_the_list_is_searched_filtered_and_paged(browse, make):
    orgs = [make.org(questions=1) for _ in range(3)]
    for number, org in enumerate(orgs):
        make.sql("UPDATE orgs SET name = :name, active = :active WHERE id = :id",
                 name=f"Elm {number}", active=number > 0, id=org.id)  # fmt: skip
    browsing = browse(Scope.READ)

    every = browsing.get("/orgs").text
    active = browsing.get("/orgs?active=true").text
    named = browsing.get("/orgs?search=elm+2").text
    by_id = browsing.get(f"/orgs?search={str(orgs[1].id)[:13]}").text
    of_partner = browsing.get(f"/orgs?partner_id={orgs[0].partner}").text

    assert all(f"/orgs/{org.id}" in every for org in orgs)
    assert f"/orgs/{orgs[0].id}" not in active
    assert (f"/orgs/{orgs[2].id}" in named, f"/orgs/{orgs[0].id}" in named) == (True, False)
    assert (f"/orgs/{orgs[1].id}" in by_id, f"/orgs/{orgs[0].id}" in by_id) == (True, False)
    assert (f"/orgs/{orgs[0].id}" in of_partner, f"/orgs/{orgs[1].id}" in of_partner) == (True, False)
    assert "never asked" in every
    assert "No organisation matches" in browsing.get("/orgs?search=oak").text
    assert browsing.get("/orgs?active=perhaps").status_code == 422


def test_all_organisations_are_reached_by_next(browse, make):
    partner = make.partner()
    make.sql(
        "INSERT INTO orgs (id, partner_id, name, created_at) "
        "SELECT gen_random_uuid(), :partner, 'Elm ' || n, now() FROM generate_series(1, 120) n",
        partner=partner,
    )
    browsing, seen, url = browse(Scope.READ, partner), 0, "/orgs?active=true"

    for _ in range(10):
        page = browsing.get(url)
        seen += page.text.count('<th scope="row"')
        if 'rel="next"' not in page.text:
            break
        url = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert "active=true" in url

    assert seen == 120


def test_the_next_time_is_said_where_a_beat_has_run(browse, make):
    org = make.org(created_at=datetime(2026, 1, 5, tzinfo=UTC))
    browsing = browse(Scope.READ)

    before = browsing.get(f"/orgs/{org.id}").text
    make.sql("INSERT INTO beats (id, due_hour) VALUES ('b', 2)")

    assert "no beat has run yet" in before
    assert "Asked every Monday at 02:00 UTC" in browsing.get(f"/orgs/{org.id}").text
    assert "<time datetime=" in browsing.get("/orgs").text


@pytest.fixture
def waiting(make):
    """An org with two names that wait; and a name of another partner's org."""
    org, other = make.org(), make.org()
    found = [proposed(make, org, "Umbra"), proposed(make, org, "Larch Savings")]
    return org, other, [*found, proposed(make, other, "Others")]


def proposed(make, org, name):
    return make.one(
        "INSERT INTO name_proposals (org_id, key, name, state, reason) "
        "VALUES (:org, lower(:name), :name, 'proposed', 'has other words') RETURNING id",
        org=org.id,
        name=name,
    )


def decisions(make):
    return make.one("SELECT count(*) FROM audit WHERE action IN ('accept name', 'reject name')")


def test_a_name_is_decided_once_by_a_double_click(browse, make, waiting):
    org, _, (first, second, _) = waiting
    browsing = browse(Scope.OPERATE, org.partner)

    done = [browsing.post(f"/orgs/{org.id}/names/{first}/accept", {"back": "org"}) for _ in range(2)]
    other = browsing.post(f"/orgs/{org.id}/names/{second}/reject", {"back": "all"})

    assert [one.status_code for one in (*done, other)] == [303] * 3
    page = browsing.get(done[0].headers["location"])
    assert "it counts from the next reading on" in page.text
    assert make.one("SELECT decided_by FROM name_proposals WHERE id = :id", id=first).startswith("token test (")
    assert decisions(make) == 2
    listed = browsing.get(other.headers["location"])
    assert "is rejected" in listed.text
    assert "No name waits" in listed.text


def test_names_that_wait_are_those_of_the_callers_partner(browse, make, waiting):
    org, other, _ = waiting

    own = browse(Scope.READ, org.partner).get("/names").text
    every = browse(Scope.READ).get("/names").text

    assert ("Umbra" in own, "Others" in own) == (True, False)
    assert ("Umbra" in every, "Others" in every) == (True, True)
    assert "/accept" not in every
    assert "(2 wait)" in browse(Scope.READ).get(f"/orgs/{org.id}/names").text
    assert browse(Scope.READ, org.partner).get(f"/names?org_id={other.id}&decided=1").status_code == 404


def test_who_may_only_read_decides_nothing(browse, make, waiting):
    org, other, (first, _, others) = waiting

    for scope in (Scope.READ, Scope.TRIGGER):
        for action in ("accept", "reject"):
            answer = browse(scope, org.partner).post(f"/orgs/{org.id}/names/{first}/{action}", {"back": "org"})
            assert answer.status_code == 403
    stranger = browse(Scope.ADMIN, org.partner).post(f"/orgs/{other.id}/names/{others}/accept")
    mixed = browse(Scope.ADMIN, org.partner).post(f"/orgs/{org.id}/names/{others}/accept")
    elsewhere = browse(Scope.OPERATE).post(
        f"/orgs/{org.id}/names/{first}/accept", headers={"Origin": "https://evil.example"}
    )

    assert (stranger.status_code, mixed.status_code, elsewhere.status_code) == (404, 404, 403)
    assert decisions(make) == 0


def test_a_name_that_is_a_competitors_is_refused_with_why(browse, make, waiting):
    org, _, (first, *_) = waiting
    make.sql("UPDATE orgs SET competitors = '[\"Umbra\"]' WHERE id = :id", id=org.id)

    refused = browse(Scope.OPERATE).post(f"/orgs/{org.id}/names/{first}/accept")

    assert refused.status_code == 409
    assert "so it cannot be a name of this org" in refused.text


def test_what_is_asked_is_shown_and_taken_away_as_a_file(browse, make):
    org = make.org(questions=3)
    make.sql("UPDATE questions SET tags = '{loans}' WHERE text LIKE '%loan 1?'")
    make.sql("INSERT INTO org_facts (org_id, text, position) VALUES (:org, 'Founded in 1931.', 0)", org=org.id)
    browsing = browse(Scope.READ, org.partner)

    page = browsing.get(f"/orgs/{org.id}/setup").text
    tagged = browsing.get(f"/orgs/{org.id}/setup?tag=loans").text
    file = browsing.get(f"/orgs/{org.id}/import.json")

    assert all(
        said in page for said in ("loan 0?", "loan 2?", "Founded in 1931.", "larchhill.example", "gpt-6.1-terra")
    )
    assert ("loan 1?" in tagged, "loan 0?" in tagged) == (True, False)
    (described,) = json.loads(file.text)["orgs"]
    assert (described["id"], len(described["questions"])) == (str(org.id), 3)
    assert "attachment" in file.headers["content-disposition"]
