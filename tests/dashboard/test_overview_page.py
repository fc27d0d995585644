"""The overview: today, what fails and why, what it costs against ceilings, what is stopped; a partner's own only."""

import re
import time
from datetime import UTC, datetime

from at_work import work_off
from pages import put, read

from senso.db import transaction
from senso.queries import stops
from senso.queries.stops import Scope as Subject
from senso.states import Scope, StopScope
from senso.workflows.live import look

UNTOLD = """
    SELECT count(*) FROM batches b LEFT JOIN event_marks m ON m.batch_id = b.id
    WHERE m.data->>'state' IS DISTINCT FROM b.state
"""


def told(make) -> None:
    """The process that is asked looks too, and may have the turn."""
    for _ in range(200):
        make.sql("UPDATE event_turn SET next_at = now(), whole_at = now() - interval '1 minute'")
        look()
        if make.one(UNTOLD) == 0:
            return
        time.sleep(0.05)
    raise AssertionError("the batches are not told of")


def test_an_empty_installation_says_how_it_begins(browse, make):
    answer = browse().get("/")

    assert answer.status_code == 200
    for said in ("No batches today.", "No batches yet.", "No worker is running", "No calls today.", "no ceiling"):
        assert said in read(answer)


def test_the_day_its_failures_and_their_batches(browse, make, sandbox):
    batch, on = make.queued(questions=3), browse()
    sandbox.fault("openai.responses", "refusal", times=2)
    work_off(make, batch)
    told(make)

    answer = on.get("/")
    said = read(answer)

    assert "Answers read 1 of 3 planned" in said
    assert "Failed 2" in said
    assert "Charged 1 credits" in said
    assert "openai: the model refused to answer" in said
    link = answer.text.partition("reason=")[0].rpartition('href="')[2] + "reason="
    link += answer.text.partition("reason=")[2].partition('"')[0]
    assert f"/batches/{batch}" in on.get(link.replace("&amp;", "&")).text
    assert on.get("/overview").text.count("<html") == 0


def test_an_alarm_that_is_over_is_not_open(browse, make):
    make.sql(
        "INSERT INTO alarm_messages (kind, part, status, text, count, since, created_at) "
        "SELECT kind, part, 'sent', '', 1, now(), now() - age FROM (VALUES "
        "('breaker', 'first', interval '2 hours'), ('breaker', 'over', interval '1 hour'), "
        "('cost ceiling', 'first', interval '1 hour')) AS told (kind, part, age)"
    )

    said = read(browse().get("/"))

    assert "cost ceiling , 1" in said
    assert "breaker , 1" not in said


def test_how_long_work_has_waited_is_drawn_with_a_table_behind_it(browse, make):
    make.sql(
        "INSERT INTO backlog_ages SELECT now() - n * interval '1 hour', 0, n * 600, 0, 0, 0 "
        "FROM generate_series(1, 5) n"
    )

    answer = browse().get("/")

    assert "<polyline" in answer.text
    assert "at most 50 min, last 10 min" in answer.text
    assert "50 min" in read(answer)


def test_stops_and_ceilings_are_shown_with_who_and_why(browse, make):
    org = make.org()
    make.sql("UPDATE partners SET max_daily_cost_microusd = 2000000 WHERE id = :id", id=org.partner)
    make.sql(
        "INSERT INTO cost_moves (day, partner_id, microusd) VALUES ((now() AT TIME ZONE 'UTC')::date, :id, 500000)",
        id=org.partner,
    )
    with transaction() as db:
        stops.pause(db, Subject(StopScope.PROVIDER, "openai"), "mara", "their status page says so")

    every, own = browse().get("/"), browse(Scope.READ, org.partner).get("/")

    assert "provider openai paused by mara" in read(every)
    assert "their status page says so" in read(every)
    assert "$0.5000 of $2.00" in read(every)
    assert "$0.5000 of $2.00" in read(own)
    assert "mara" not in own.text


def test_what_is_paused_is_shown_so_and_not_by_its_breaker(browse, make):
    run = make.run(answered=True)
    slug = make.one("SELECT slug FROM models WHERE provider = 'gemini' ORDER BY slug LIMIT 1")
    partner = make.one(
        "SELECT o.partner_id FROM orgs o JOIN evaluations e ON e.org_id = o.id WHERE e.run_id = :r", r=run
    )

    def rows(browsing):
        return re.findall(r'<a href="/providers">([^<]+)</a></th>(.*?)</td>', browsing.get("/").text, re.DOTALL)

    def said(browsing):
        return {name: " ".join(re.sub("<[^>]+>", " ", cell).split()) for name, cell in rows(browsing)}

    assert said(browse()) == {"openai": "closed"}
    with transaction() as db:
        stops.pause(db, Subject(StopScope.PROVIDER, "openai"), "mara", None)
        stops.pause(db, Subject(StopScope.MODEL, slug), "mara", None)

    assert said(browse()) == {"openai": "paused", "gemini": f"paused {slug}"}
    assert said(browse(Scope.READ, partner))["openai"] == "paused"


def test_a_partner_sees_only_its_own(browse, make):
    mine, other, today = make.org(), make.org(), datetime.now(UTC).date()
    own, foreign = put(make, mine, today, "failed"), put(make, other, today, "failed")

    answer = browse(Scope.READ, mine.partner).get("/")

    assert f"/batches/{own}" in answer.text
    assert str(foreign) not in answer.text
    for told_to_all in ("What has waited longest", "Alarms", "No worker"):
        assert told_to_all not in read(answer)
