"""The schedule, the providers, and what was done, on pages."""

import re
from datetime import UTC, datetime

import pytest
from api_process import serving
from ground import NOWHERE, addresses
from operating import Initiator, trigger_org

from senso import stack
from senso.db import transaction
from senso.queries import progress
from senso.queries.progress import Timetable
from senso.reads import id_ranges
from senso.states import Scope
from senso.tasks import schedule_file


@pytest.fixture
def beat(make):
    schedule_file.load()
    with transaction() as db:
        progress.ticked(db, "beat", 1.0, schedule_file.timetable())


@pytest.fixture
def org(make):
    """Of a Monday."""
    return make.org()


def test_the_schedule_is_told_in_plain_words(browse, make, beat, org):
    make.org(created_at=datetime(2026, 1, 6, 9, tzinfo=UTC), active=False)
    make.org(created_at=datetime(2026, 1, 7, 9, tzinfo=UTC), questions=0)
    text = browse(Scope.READ).get("/schedule").text

    assert "every Monday at 02:00 UTC" in text
    assert len(re.findall(r'<li><time datetime="[^"]+T02:00:00', text)) == 5
    assert "the organisation is not active" in text
    assert "has no questions, no models or no locations" in text
    assert re.search(r"Monday, \d{4}.*?>1</a>", text, re.DOTALL)
    assert re.search(r"Tuesday, \d{4}.*?>0</a>", text, re.DOTALL)
    assert "1 that is not active, 1 without questions" in text
    assert "every 5 min, of each day from 04:00 UTC" in text
    assert "compares the ledger with the work" in text


def test_the_schedule_is_filtered_by_its_address(browse, make, beat, org):
    other = make.org(created_at=datetime(2026, 1, 6, 9, tzinfo=UTC), active=False)
    browsing = browse(Scope.READ)

    for query, expected in (
        ("weekday=Monday", {org.id}),
        ("stopped=true", {other.id}),
        ("stopped=false", {org.id}),
        (f"partner_id={other.partner}", {other.id}),
        (f"search={other.id}", {other.id}),
        ("weekday=Sunday", set()),
    ):
        found = set(re.findall(r'href="/orgs/([0-9a-f-]{36})"', browsing.get(f"/schedule?{query}").text))
        assert found == {str(one) for one in expected}, query


def test_without_a_beat_the_page_says_that_nothing_is_opened(browse, org):
    text = browse(Scope.READ).get("/schedule").text

    assert "No beat has run yet" in text
    assert "Beat has not told its timetable yet" in text


def test_a_timetable_without_due_orgs_is_told_as_one(browse, make, org):
    with transaction() as db:
        progress.ticked(db, "beat", None, Timetable(None, []))

    assert "has no entry for due organisations" in browse(Scope.READ).get("/schedule").text


def test_an_org_is_paused_and_resumed_as_by_its_import_file(browse, make, beat, org):
    browsing, path = browse(), f"/schedule/{org.id}"
    before = browsing.get(f"/schedule/{org.id}").text

    for _ in range(2):
        assert browsing.post(path, {"active": "false"}).headers["location"] == path
    paused = browsing.get(path).text
    for _ in range(2):
        browsing.post(path, {"active": "true"})

    assert "keeps everybody from opening a batch" in before
    assert "Never by itself: the organisation is not active" in paused
    assert "beat catches up with that within a minute" in paused
    done = make.sql("SELECT action, subject, actor, partner_id FROM audit ORDER BY id")
    assert [(one["action"], one["subject"], one["partner_id"]) for one in done if one["actor"] != "test"] == [
        ("import", f"org:{org.id}", org.partner)
    ] * 2
    assert make.one("SELECT active FROM orgs WHERE id = :id", id=org.id) is True
    assert make.one("SELECT count(*) FROM org_questions WHERE org_id = :id", id=org.id) == 2


def test_who_operates_does_not_change_organisations(browse, make, org):
    browsing = browse(Scope.OPERATE)

    assert browsing.post(f"/schedule/{org.id}", {"active": "false"}).status_code == 403
    assert "needs scope admin" in browsing.get(f"/schedule/{org.id}").text
    assert make.one("SELECT active FROM orgs WHERE id = :id", id=org.id) is True


def test_providers_show_limits_prices_calls_and_who_paused_what(browse, make):
    make.run(answered=True)
    browsing = browse(Scope.OPERATE)
    before = browsing.get("/providers").text

    for scope, name in (("provider", "openai"), ("model", "gpt-6.1-terra"), ("all", "")):
        assert f'href="/pause?scope={scope}{f"&amp;name={name}" if name else ""}"' in before
        asked = browsing.get(f"/pause?scope={scope}&name={name}" if name else "/pause?scope=all")
        assert asked.status_code == 200
        for _ in range(2):
            answer = browsing.post("/pause", {"scope": scope, "name": name, "reason": f"of {scope}"})
            assert answer.headers["location"] == "/providers"
    text = browsing.get("/providers").text

    assert "a million tokens" in text
    assert 'aria-label="' + datetime.now(UTC).date().isoformat() + ': 1 useful"' in text
    for scope in ("provider", "model", "all"):
        assert f", of {scope}" in text
    assert make.one("SELECT count(*) FROM audit WHERE action = 'pause'") == 3
    for scope, name in (("all", ""), ("provider", "openai"), ("model", "gpt-6.1-terra")):
        assert browsing.post("/resume", {"scope": scope, "name": name}).status_code == 303
    assert make.one("SELECT count(*) FROM pauses") == 0


def test_what_would_wait_is_said_before_a_pause(browse, make):
    make.batch()
    browsing = browse(Scope.OPERATE)

    assert "2 runs that are not asked yet" in browsing.get("/pause?scope=provider&name=openai").text
    assert "No open batch waits" in browsing.get("/pause?scope=provider&name=gemini").text
    assert "<b>1 open batch</b>" in browsing.get("/pause?scope=all").text
    assert browsing.get("/pause?scope=provider&name=nobody").status_code == 404
    assert browsing.post("/pause", {"scope": "provider", "name": "nobody"}).status_code == 404
    assert browsing.post("/pause", {"scope": "provider"}).status_code == 422
    assert make.one("SELECT count(*) FROM pauses") == 0


def test_a_partner_sees_of_providers_only_what_is_its_own(browse, make):
    run = make.run(answered=True)
    partner = make.one(
        "SELECT o.partner_id FROM orgs o JOIN evaluations e ON e.org_id = o.id WHERE e.run_id = :r", r=run
    )
    for paused in ({"scope": "all"}, {"scope": "provider", "name": "openai"}):
        browse(Scope.OPERATE).post("/pause", paused | {"reason": "secret"})

    own, other = (browse(Scope.OPERATE, one).get("/providers").text for one in (partner, make.partner()))

    assert ": 1 useful" in own
    assert ": 1 useful" not in other
    for text in (own, other):
        assert "Stopped: everything is paused" in text
        assert "secret" not in text
        assert "paused by" not in text
        assert "Pause" not in text
    assert "provider openai is paused" in own


def test_while_redis_is_away_the_page_says_so_and_shows_what_rows_know(database, make, tmp_path):
    import requests  # noqa: PLC0415

    make.run(answered=True)
    away = {"REDIS_URL": "redis://127.0.0.1:9/0", "DATABASE_URL": database, "FLOWER_URL": "https://flower.example"}
    with serving(tmp_path, addresses(NOWHERE) | away) as api:
        session = requests.Session()
        session.post(f"{api.url}/login", {"token": make.token()}, headers={"Origin": api.url}, timeout=60)
        text = session.get(f"{api.url}/providers", timeout=60).text

    assert "Redis cannot be asked at this moment" in text
    assert ": 1 useful" in text
    assert "gpt-6.1-terra" in text
    assert 'href="https://flower.example"' in text


def test_senso_up_tells_the_dashboard_where_flower_is():
    assert stack.api(8080, "http://127.0.0.1:5555").environment == {
        "PORT": "8080",
        "FLOWER_URL": "http://127.0.0.1:5555",
    }
    assert stack.api(8080).environment == {"PORT": "8080"}


def test_what_was_done_is_filtered_by_its_address_and_paged(browse, make, org):
    other = make.org()
    trigger_org(org.id, Initiator("ada"))
    for number in range(60):
        make.sql(
            """INSERT INTO audit (action, actor, subject, partner_id, details, at)
            VALUES ('grant', 'ada', :subject, :partner, '{"nested": {"a": [1, 2]}}', '2026-03-01T12:00Z')""",
            subject=f"partner:{other.partner}", partner=other.partner if number % 2 else None,
        )  # fmt: skip
    browsing = browse(Scope.READ)

    def count(query):
        return browsing.get(f"/audit?{query}").text.count("<tr><td>")

    first = browsing.get("/audit").text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")

    assert first.count("<tr><td>") == 50
    assert browsing.get(following).text.count("<tr><td>") > 10
    assert f'href="/partners/{other.partner}"' in first
    assert "nested" in first
    assert count("actor=ada&cursor=" + following.partition("cursor=")[2]) == 12
    assert count("action=trigger") == 1
    assert count(f"subject=org:{org.id}&action=trigger") == 1
    assert count("since=2026-03-01&until=2026-03-01") == 50
    assert count("until=2026-02-28") == 0
    assert count(f"batch={make.one('SELECT id FROM batches')}") == 1
    assert count(f"partner_id={other.partner}") == 30


def test_whoever_is_of_a_partner_sees_what_concerns_that_one(browse, make, org):
    other = make.org()
    trigger_org(org.id, Initiator("ada"))
    trigger_org(other.id, Initiator("ada"))
    browsing, admin = browse(Scope.OPERATE, org.partner), browse()
    for one in (org, other):
        admin.post("/pause", {"scope": "partner", "name": one.partner})
        admin.post(f"/partners/{one.partner}/grant", {"credits": 1, "ref": str(one.id)})
        admin.post(f"/schedule/{one.id}", {"active": "false"})
    admin.post("/pause", {"scope": "all"})

    text = browsing.get("/audit").text

    for action in ("trigger", "pause", "grant", "import", "create token"):
        assert f"action={action.replace(' ', '+')}" in text, action
    assert text.count("<tr><td>") == 5
    assert str(other.partner) not in text
    assert str(other.id) not in text


def test_a_partner_is_not_told_who_runs_the_installation(browse, make, org, api):
    own_token = make.token(Scope.ADMIN, org.partner)
    own_id = make.one("SELECT id FROM tokens WHERE start = :start", start=own_token[:12])
    for actor in ("ada", "user Mara", "token ops (00000000-0000-4000-8000-000000000000)", "beat"):
        put_audit(make, org, actor)
    put_audit(make, org, f"token test ({own_id})")
    browsing = browse(Scope.ADMIN, org.partner)

    def told(query=""):
        rows = re.findall(r"<tr><td>.*?</tr>", browsing.get(f"/audit?action=pause{query}").text, re.DOTALL)
        return [re.search(r"actor=[^>]*><bdi>([^<]+)", one)[1] for one in rows]

    assert told() == [f"token test ({own_id})", "beat", "operator", "operator", "operator"]
    assert told("&actor=ada") == told("&actor=user+Mara") == []
    assert told("&actor=operator") == ["operator"] * 3
    make.sql("UPDATE tokens SET created_by = 'ada' WHERE id = :id", id=own_id)
    shown = api.ask("GET", "/tokens", own_token).json()["items"]
    assert {one["created_by"] for one in shown} == {"operator"}
    assert "ada" not in browsing.get("/tokens").text
    assert "ada" in browse().get("/audit?action=pause").text


def put_audit(make, org, actor):
    make.sql(
        "INSERT INTO audit (action, actor, subject, partner_id, details) VALUES ('pause', :actor, 'x', :partner, '{}')",
        actor=actor,
        partner=org.partner,
    )


def test_days_are_found_by_few_looks_in_the_audit(make):
    for day in ("2026-03-01", "2026-03-05", "2026-03-09"):
        for _ in range(30):
            make.sql(
                "INSERT INTO audit (action, actor, details, at) VALUES ('grant', 'a', '{}', :at)", at=f"{day}T12:00Z"
            )

    with transaction() as db:
        day = datetime(2026, 3, 5, tzinfo=UTC).date()
        low, high = id_ranges.within(db, "audit", day, day)
        found = db.exec_driver_sql(
            f"SELECT min(id), max(id), min(at::date), max(at::date) FROM audit WHERE id >= {low} AND id < {high}"
        ).one()

    assert (found[1] - found[0], str(found[2]), str(found[3])) == (29, "2026-03-05", "2026-03-05")
