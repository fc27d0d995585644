"""Numbers over HTTP: those of a batch, a trend, what has changed, what stands behind one, and what the answers say."""

from uuid import UUID, uuid4

import pytest
from read_batches import Days, Read

from senso.states import Scope

OF_POOL = {"kind": "unbranded", "surface": "api"}


@pytest.fixture
def read(make, messages):
    return Read(make)


def walk(api, path, token, **params):
    """All rows, two a page."""
    found, cursor = [], None
    for _ in range(500):
        page = api.ask("GET", path, token, params={"limit": 2, **params} | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        found, cursor = found + page.json()["items"], page.json()["next"]
        if cursor is None:
            return found
    raise AssertionError("no end")


def test_a_number_has_its_slice_by_names_and_both_intervals(api, make, read):
    token = make.token(Scope.READ, read.org.partner)

    answer = api.ask("GET", f"/orgs/{read.org.id}/metrics", token, params={"name": "mention_rate", **OF_POOL})

    whole, model, place = answer.json()["items"]
    assert whole["slice"] == OF_POOL | {"model": None, "location": None, "tag": None}
    assert (model["slice"]["model"], place["slice"]["location"]) == ("gpt-6.1-terra", "US")
    assert (whole["value"], whole["numerator"], whole["denominator"]) == (0.4, 2, 5)
    assert whole["low"] < whole["value"] < whole["high"]
    assert whole["these_low"] < whole["value"] < whole["these_high"]
    assert (whole["about"], whole["answers"], whole["questions"]) == ("like", 5, 5)
    assert whole["batch_id"] == str(read.batch)
    assert {"method", "these_method", "rule_version", "effective_n", "date"} <= whole.keys()
    tag = answer.headers["ETag"]
    again = api.ask("GET", f"/orgs/{read.org.id}/metrics", token, params={"name": "mention_rate", **OF_POOL},
                    headers={"If-None-Match": tag})  # fmt: skip
    assert (again.status_code, again.content) == (304, b"")


def test_numbers_are_chosen_by_name_slice_and_batch_and_walked_page_by_page(api, make, read):
    token, path = make.token(Scope.READ), f"/orgs/{read.org.id}/metrics"
    stored = make.one("SELECT count(*) FROM metrics WHERE batch_id = :b", b=read.batch)

    found = walk(api, path, token, limit=50)

    assert len(found) == stored
    assert len({(one["name"], *one["slice"].values()) for one in found}) == stored
    two = api.ask("GET", f"{path}?name=mention_rate&name=average_rank&whole=true", token).json()["items"]
    assert sorted(one["name"] for one in two) == ["average_rank"] * 2 + ["mention_rate"] * 2
    assert api.ask("GET", f"{path}?batch_id={read.batch}&limit=1", token).json()["items"][0] == found[0]
    assert api.ask("GET", f"{path}?model=chatgpt&kind=branded", token).json()["items"] == []
    assert api.ask("GET", f"{path}?batch_id={uuid4()}", token).status_code == 404


@pytest.fixture
def days(make, messages, environment):
    """An org and the dates of three of its batches."""
    org = make.org(questions=12, countries=("US", "CA"))
    read = Days(make, environment).read
    return org, [read(org, *one) for one in ((14, 24), (7, 2), (0, 20))]


def test_a_trend_has_both_ends_and_a_change_has_a_verdict(api, make, days):
    org, dates = days
    token, path = make.token(Scope.READ, org.partner), f"/orgs/{org.id}"

    def trend(**params):
        found = walk(api, f"{path}/metrics", token, name="mention_rate", whole=True, **params)
        return [(one["date"], one["numerator"]) for one in found]

    assert trend() == [(str(dates[2]), 20)]
    assert trend(date=dates[1]) == [(str(dates[1]), 2)]
    assert trend(since=dates[0], until=dates[1]) == [(str(dates[0]), 24), (str(dates[1]), 2)]
    assert trend(since=dates[1]) == [(str(dates[1]), 2), (str(dates[2]), 20)]
    changes = api.ask("GET", f"{path}/changes", token).json()
    (rate,) = [
        one for one in changes["changes"]
        if one["name"] == "mention_rate" and not any(list(one["slice"].values())[2:])
    ]  # fmt: skip
    assert (rate["verdict"], rate["before"], rate["after"]) == ("moved", 2 / 24, 20 / 24)
    assert rate["low"] < rate["value"] < rate["high"]
    assert (changes["before"]["since"], changes["after"]["until"]) == (str(dates[1]), str(dates[2]))
    earlier = api.ask("GET", f"{path}/changes", token, params={"since": dates[1], "until": dates[1]}).json()
    assert earlier["before"]["until"] == str(dates[0])


WRONG = [
    ("metrics?since=2026-02-02&until=2026-02-01", "query"),
    ("metrics?since=yesterday", "query.since"),
    ("metrics?date=2026-02-02&since=2026-02-01", "query.since"),
    ("metrics?name=fame", "query.name.0"),
    ("metrics?kind=odd", "query.kind"),
    ("metrics?cursor=zz", "query.cursor"),
    ("metrics?limit=201", "query.limit"),
    ("metrics?locaton=US", "query.locaton"),
    ("changes?before_until=2999-01-01", "query"),
    ("changes?since=2026-02-02&until=2026-02-01", "query"),
    ("metrics/fame/answers", "path.name"),
    ("metrics/mention_rate/answers", "query"),
    ("metrics/mention_rate/answers?kind=unbranded&surface=api&model=gpt-6.1-terra&location=US", "query"),
    ("metrics/mention_rate/answers?kind=unbranded&surface=api&tag=none", "query"),
    ("competitors?batch_id=1", "query.batch_id"),
    ("claims?verdict=true", "query.verdict"),
    ("citations?category=odd", "query.category"),
]


def test_what_is_asked_wrongly_is_named(api, make, read):
    token = make.token(Scope.READ)

    for path, where in WRONG:
        answer = api.ask("GET", f"/orgs/{read.org.id}/{path}", token)

        assert answer.status_code == 422, (path, answer.text)
        assert [one["where"] for one in answer.json()["errors"]] == [where], path
        assert "--" not in answer.json()["detail"]


def test_the_answers_behind_a_number_and_what_each_adds(api, make, read):
    token, path = make.token(Scope.READ, read.org.partner), f"/orgs/{read.org.id}/metrics/mention_rate/answers"

    told = api.ask("GET", path, token, params=OF_POOL).json()
    listed = walk(api, path, token, **OF_POOL)

    assert told["items"] == listed
    assert told["counted"] == {"numerator": 2, "denominator": 5, "is_as_stored": True}
    assert (told["metric"]["numerator"], told["batch"]["id"]) == (2, str(read.batch))
    by_run = {one["number"]: one["share"] for one in listed}
    assert by_run[read.runs[2]] == {
        "numerator": 0,
        "denominator": 1,
        "standing": "denominator",
        "reason": "names-rejected",
        "rejections": ["model-rejected"],
    }
    assert sum(one["answers"] for one in told["answers"]) == len(listed) == 12


def test_who_is_named_and_what_is_cited_is_counted_by_kind_and_surface(api, make, read):
    token, path = make.token(Scope.READ, read.org.partner), f"/orgs/{read.org.id}"

    named = api.ask("GET", f"{path}/competitors", token).json()
    cited = api.ask("GET", f"{path}/citations", token).json()

    assert [(one["name"], one["answers"], one["of"]) for one in named["items"]] == [
        ("Vantry", 2, 5),
        ("Elm Bank", 1, 5),
    ]
    assert {(one["kind"], one["surface"]) for one in named["items"]} == {("unbranded", "api")}
    assert [one["id"] for one in named["batches"]] == [str(read.batch)]
    assert {(one["domain"], one["type"], one["category"]) for one in cited["items"]} == {
        ("larchhill.example", "primary", "own"),
        ("press.example", "secondary", "other"),
    }
    assert walk(api, f"{path}/competitors", token, limit=1) == named["items"]
    assert walk(api, f"{path}/citations", token, limit=1) == cited["items"]
    own = api.ask("GET", f"{path}/citations?category=own", token).json()["items"]
    assert [one["domain"] for one in own] == ["larchhill.example"]
    assert api.ask("GET", f"{path}/competitors?surface=consumer", token).json()["items"] == []


def test_claims_are_listed_contradicted_first_page_by_page(api, make, read):
    token, path = make.token(Scope.READ, read.org.partner), f"/orgs/{read.org.id}/claims"
    said = [
        ("contradicted", "It closed."),
        ("supported", "Members own it."),
        (None, "It is old."),
        (None, "It is big."),
    ]
    for run in (0, 1):
        for position, (verdict, text) in enumerate(said[: 4 - run]):
            make.sql(
                "INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict) "
                "SELECT e.id, :position, :text, :text, 'fact', 'neutral', :verdict FROM evaluations e "
                "JOIN question_runs r ON r.id = e.run_id WHERE r.number = :number",
                position=position, text=text, verdict=verdict, number=read.runs[run],
            )  # fmt: skip

    found = walk(api, path, token)

    assert [(one["verdict"], one["text"], one["answers"]) for one in found] == [
        ("contradicted", "It closed.", 2),
        ("supported", "Members own it.", 2),
        (None, "It is old.", 2),
        (None, "It is big.", 1),
    ]
    one = api.ask("GET", f"{path}?verdict=supported", token).json()
    assert [row["text"] for row in one["items"]] == ["Members own it."]
    assert one["next"] is None


PATHS = ("metrics", "changes", "metrics/mention_rate/answers", "competitors", "citations", "claims", "names")


def test_another_partners_numbers_are_not_there(api, make, read):
    stranger = make.token(Scope.ADMIN, make.partner())

    for path in PATHS:
        theirs, none = (api.ask("GET", f"/orgs/{id_}/{path}", stranger) for id_ in (read.org.id, UUID(int=1)))
        assert (theirs.status_code, none.status_code) == (404, 404), path
        assert theirs.json()["detail"] == f"no org {read.org.id}"


def test_an_org_without_numbers_is_told_so(api, make):
    org, token = make.org(), make.token(Scope.READ)

    for path in PATHS[:-1]:
        answer = api.ask("GET", f"/orgs/{org.id}/{path}", token)
        assert (answer.status_code, "numbers yet" in answer.json()["detail"]) == (404, True), path


def test_what_was_pruned_keeps_its_numbers_only(api, make, read):
    make.sql("UPDATE batches SET pruned_at = now(), kept = '{}' WHERE id = :b", b=read.batch)
    token = make.token(Scope.READ)

    assert api.ask("GET", f"/orgs/{read.org.id}/metrics", token).status_code == 200
    for path in ("competitors", "citations", "claims", "metrics/mention_rate/answers?kind=unbranded&surface=api"):
        answer = api.ask("GET", f"/orgs/{read.org.id}/{path}", token)
        assert (answer.status_code, "pruned" in answer.json()["detail"]) == (404, True), path


def test_more_answers_than_can_be_read_at_once_are_refused(api, make, read):
    make.sql("UPDATE batches SET planned = 10001 WHERE id = :b", b=read.batch)

    for path in ("competitors", "citations", "claims"):
        answer = api.ask("GET", f"/orgs/{read.org.id}/{path}", make.token(Scope.READ))
        assert (answer.status_code, "choose a shorter period" in answer.json()["detail"]) == (422, True), path
    assert api.ask("GET", f"/orgs/{read.org.id}/metrics", make.token(Scope.READ)).status_code == 200
