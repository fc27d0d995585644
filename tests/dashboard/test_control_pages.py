"""Pages of money and control: who sees and may do what."""

import re
from uuid import uuid4

import pytest
from pages import read

from senso.states import Scope


@pytest.fixture
def org(make):
    return make.org()


def pages_of(org):
    return [
        f"/partners/{org.partner}",
        f"/partners/{org.partner}/ledger",
        f"/partners/{org.partner}/ledger.csv",
        f"/schedule?partner_id={org.partner}",
        f"/schedule/{org.id}",
        f"/audit?partner_id={org.partner}",
    ]


LISTS = ["/partners", "/schedule", "/providers", "/audit", "/session"]


def test_each_page_is_shown_to_who_reads_all_and_to_who_reads_its_partner(browse, org):
    for of in (None, org.partner):
        browsing = browse(Scope.READ, of)
        for path in (*pages_of(org), *LISTS):
            answer = browsing.get(path)
            assert answer.status_code == 200, (path, answer.text)


def test_another_partners_page_is_not_there(browse, make, org):
    browsing = browse(Scope.ADMIN, make.partner())
    unknown = make.org()

    for path in (*pages_of(org), f"/pause?scope=partner&name={org.partner}", f"/partners/{org.partner}/grant"):
        assert browsing.get(path).status_code == 404, path
    assert browse().get(f"/partners/{uuid4()}").status_code == 404
    assert org.name not in browsing.get("/schedule").text
    assert str(org.partner) not in browsing.get("/partners").text
    assert str(unknown.id) not in browsing.get("/schedule").text


def writes_of(org):
    return [
        ("/pause", {"scope": "partner", "name": org.partner}),
        ("/resume", {"scope": "partner", "name": org.partner}),
        (f"/partners/{org.partner}/grant", {"credits": 5, "ref": "r"}),
        (f"/schedule/{org.id}", {"active": "false"}),
        ("/tokens", {"name": "x", "scope": "read", "days": 1, "key": uuid4()}),
        (f"/tokens/{uuid4()}/revoke", {}),
    ]


def test_who_only_reads_acts_nowhere(browse, make, org):
    browsing, before = browse(Scope.READ), make.one("SELECT count(*) FROM audit")

    for path, form in writes_of(org):
        assert browsing.post(path, form).status_code == 403, path
    for path in ("/pause?scope=all", "/tokens", f"/partners/{org.partner}/grant"):
        assert browsing.get(path).status_code == 403, path
    assert make.one("SELECT count(*) FROM audit") == before
    for path in (f"/partners/{org.partner}", "/providers", f"/schedule/{org.id}"):
        assert "Pause" not in browsing.get(path).text.replace("To pause", ""), path


def test_another_partner_acts_on_nothing_of_this_one(browse, make, org):
    browsing = browse(Scope.ADMIN, make.partner())

    for path, form in writes_of(org)[:4]:
        assert browsing.post(path, form).status_code == 404, path
    for form in (
        {"scope": "all"},
        {"scope": "provider", "name": "openai"},
        {"scope": "model", "name": "gpt-6.1-terra"},
    ):
        assert browsing.post("/pause", form).status_code == 403
    assert make.one("SELECT count(*) FROM pauses") == 0


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_write_is_taken_from_another_site(browse, make, org, headers):
    browsing = browse()

    for path, form in writes_of(org):
        assert browsing.post(path, form, headers=headers).status_code == 403, path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/audit?since=tomorrow", "query.since"),
        ("/audit?action=dance", "query.action"),
        ("/audit?who=me", "no such parameter"),
        ("/audit?cursor=zzz", "query.cursor"),
        ("/schedule?weekday=2", "query.weekday"),
        ("/providers?days=99", "query.days"),
        ("/pause?scope=provider", "name: is missing: say which provider"),
        ("/pause?scope=partner", "name: is missing: say which partner, by its id"),
        ("/pause?scope=all&name=openai", "name: does not go with the scope all"),
        ("/partners/{partner}/ledger?entry=gift", "query.entry"),
        ("/partners/{partner}/ledger?cursor=WyIxIl0", "query.cursor"),
    ],
)
def test_a_wrong_value_is_said_on_a_page(browse, org, path, said):
    answer = browse().get(path.format(partner=org.partner))

    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/pause", {"scope": ["all", "provider"], "name": "openai"}, "scope"),
        ("/resume", {"scope": "provider", "name": ["openai", "gemini"]}, "name"),
        ("/batches/change", {"action": "retry", "state": ["failed", "partial"], "reason": ["429", "500"]}, "reason"),
        ("/login", {"token": ["one", "two"]}, "token"),
        ("/login", {"unknown": ["one", "two"]}, "unknown"),
    ],
)
def test_a_field_that_is_sent_twice_is_refused_on_a_page(browse, make, path, form, field):
    answer = browse().post(path, form)

    assert answer.status_code == 422
    assert f"{field}: is given twice, and takes one value" in read(answer)
    assert make.one("SELECT count(*) FROM pauses") == 0


def test_fields_that_were_left_empty_are_no_filters(browse):
    answer = browse().get("/audit?actor=&since=&action=grant")

    assert (answer.status_code, answer.headers["location"]) == (303, "/audit?action=grant")


def test_names_from_outside_are_text(browse, make, org):
    hostile = "<script>alert(1)</script>\"'>\u202e"
    make.sql("UPDATE partners SET name = :name", name=hostile)
    make.sql("UPDATE orgs SET name = :name", name=hostile)
    make.sql(
        """INSERT INTO audit (action, actor, subject, details)
            VALUES ('import', :name, :name, jsonb_build_object(CAST(:name AS text), CAST(:name AS text)))""",
        name=hostile,
    )
    browsing = browse()

    for path in (*pages_of(org), *LISTS, f"/pause?scope=partner&name={org.partner}", f"/partners/{org.partner}/grant"):
        text = browsing.get(path).text
        assert "<script>alert" not in text, path
        assert not re.search(r'="[^"]*\'">', text), path
