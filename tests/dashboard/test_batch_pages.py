"""The list of batches and the page of one: what is there, whose it is, and what its buttons do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import pytest
from at_work import start, work_off
from networks import asked, lenders
from pages import key_of, put, read

from senso.states import Scope

DAYS = [date(2026, 3, day) for day in range(1, 8)]
LONG = "vendor said: " + "x" * 5000 + "\u202e<script>alert(1)</script>\x07"


# The list


def test_without_batches_the_list_says_how_they_begin(browse):
    answer = browse().get("/batches")

    assert answer.status_code == 200
    assert "No batches yet." in read(answer)


def test_filters_are_in_the_address_and_the_form_shows_them(browse, make):
    org, on = make.org(), browse()
    failed, completed = put(make, org, DAYS[0], "failed", LONG), put(make, org, DAYS[1])
    older = put(make, make.org(), DAYS[0], "partial")

    answer = on.get("/batches?state=failed&state=partial&since=2026-03-01&until=2026-03-01")

    assert f"/batches/{failed}" in answer.text
    assert f"/batches/{older}" in answer.text
    assert f"/batches/{completed}" not in answer.text
    assert answer.text.count(" checked") == 2
    assert 'value="2026-03-01"' in answer.text
    assert "<script>alert(1)" not in answer.text
    assert f"/batches/{older}" not in on.get(f"/batches?org_id={org.id}").text
    assert "No batch matches." in read(on.get("/batches?kind=network"))


def test_fields_that_were_left_empty_are_not_in_the_address(browse):
    answer = browse().get("/batches?state=failed&kind=&since=&org_id=")

    assert (answer.status_code, answer.headers["location"]) == (303, "/batches?state=failed")


def test_a_reason_is_looked_for_in_the_last_days_unless_others_are_named(browse, make):
    org, on = make.org(), browse()
    limited, other = put(make, org, DAYS[0], "failed", "openai 429: slow down"), put(make, org, DAYS[1], "failed", "no")

    answer = on.get("/batches?reason=SLOW&since=2026-03-01")

    assert f"/batches/{limited}" in answer.text
    assert f"/batches/{other}" not in answer.text
    assert "since=" in on.get("/batches?reason=slow").headers["location"]
    assert "since=0001-01-01" in on.get("/batches?reason=slow&until=0001-01-03").headers["location"]


@pytest.mark.parametrize(
    "query", ["state=sad", "since=yesterday", "org_id=5", "since=2026-03-02&until=2026-03-01", "cursor=x", "colour=red"]
)
def test_a_wrong_value_is_a_page_that_says_so(browse, query):
    answer = browse().get(f"/batches?{query}")

    assert answer.status_code == 422
    assert "query." in read(answer)


def test_pages_follow_each_other_without_gap_or_repeat(browse, make):
    on = browse()
    make.sql(
        "INSERT INTO orgs (id, partner_id, name, active, created_at, imported_at) SELECT gen_random_uuid(), :partner, "
        "'Org ' || n, true, now(), now() FROM generate_series(1, 60) n",
        partner=make.partner(),
    )
    every = {str(put(make, type("Org", (), one), DAYS[3])) for one in make.sql("SELECT id FROM orgs")}

    first = on.get("/batches?since=2026-03-04")
    following = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = on.get(following)

    found = [{one for one in every if f'"/batches/{one}"' in page.text} for page in (first, second)]
    assert [len(one) for one in found] == [50, 10]
    assert found[0] | found[1] == every
    assert "since=2026-03-04" in following


def test_a_partner_sees_its_own_batches_and_others_are_not_there(browse, make):
    mine, other = make.org(), make.org()
    own, foreign = put(make, mine, DAYS[0], "failed"), put(make, other, DAYS[0], "failed")
    on = browse(Scope.OPERATE, mine.partner)

    answer = on.get("/batches")

    assert f"/batches/{own}" in answer.text
    assert str(foreign) not in answer.text
    for path in ("", "/progress", "/runs", "/cancel", "/retry"):
        assert on.get(f"/batches/{foreign}{path}").status_code == 404
        assert on.get(f"/batches/{uuid4()}{path}").status_code == 404
    for path in ("cancel", "retry"):
        assert on.post(f"/batches/{foreign}/{path}", {"key": str(uuid4())}).status_code == 404
    assert on.get(f"/batches?org_id={other.id}").status_code == 404
    assert on.get(f"/batches?partner_id={other.partner}").status_code == 404
    assert make.state(foreign)["state"] == "failed"


# One batch


def test_a_batch_that_failed_is_explained_and_retried_once_however_often_the_form_is_sent(browse, make, sandbox):
    batch, on = make.queued(questions=3), browse(Scope.OPERATE)
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(make, batch)

    page, runs = on.get(f"/batches/{batch}"), on.get(f"/batches/{batch}/runs?failed=true")
    form = on.get(f"/batches/{batch}/retry")
    (number,) = [row["number"] for row in make.sql("SELECT number FROM question_runs WHERE state = 'failed'")]

    assert "the model refused to answer" in read(page)
    assert f"/runs/{number}" in page.text
    assert f"/batches/{batch}/retry" in page.text
    assert "Who did what" not in read(
        browse(Scope.READ, make.state(batch)["org_id"] and owner(make, batch)).get(f"/batches/{batch}")
    )
    assert runs.text.count('<th scope="row"><a href="/runs/') == 1
    assert "1 credit of 998" in read(form)
    sent = {"key": key_of(form)}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: on.post(f"/batches/{batch}/retry", sent), range(4)))
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, f"/batches/{batch}")}
    assert make.state(batch)["episode"] == 2
    assert make.one("SELECT count(*) FROM audit WHERE action = 'retry'") == 1
    work_off(make, batch)
    assert on.post(f"/batches/{batch}/retry", sent).status_code == 303  # the same form, once more
    assert make.state(batch)["episode"] == 2
    assert on.post(f"/batches/{batch}/cancel", sent).status_code == 422  # its key in another form


def owner(make, batch):
    return make.one("SELECT partner_id FROM orgs o JOIN batches b ON b.org_id = o.id WHERE b.id = :b", b=batch)


def test_a_running_batch_is_drawn_live_and_cancelled_with_what_that_ends(browse, make, sandbox):
    batch, on = make.queued(questions=2), browse(Scope.OPERATE)
    start(batch)

    page, part, form = (on.get(f"/batches/{batch}{path}") for path in ("", "/progress", "/cancel"))

    assert f'hx-sse:connect="/live/batches/{batch}"' in page.text
    assert f'hx-get="/batches/{batch}/progress"' in part.text
    assert "<html" not in part.text
    assert "ask: 0 of 2" in part.text
    assert "start them: senso up" in read(part)
    assert "2 of 2" in read(form)  # credits that are released
    answers = [on.post(f"/batches/{batch}/cancel", {"key": key_of(form)}) for _ in range(2)]
    assert [one.headers["location"] for one in answers] == [f"/batches/{batch}"] * 2
    assert make.state(batch)["state"] == "cancelled"
    assert make.one("SELECT actor FROM audit WHERE action = 'cancel'").startswith("token test (")
    assert "hx-sse:connect" not in on.get(f"/batches/{batch}").text
    assert on.get(f"/batches/{batch}/cancel").status_code == 200


def test_a_token_that_reads_sees_no_buttons_and_cannot_act(browse, make):
    batch, on = put(make, make.org(), DAYS[0], "failed"), browse(Scope.READ)

    page = on.get(f"/batches/{batch}")

    assert page.status_code == 200
    assert "/retry" not in page.text
    assert "/change?" not in on.get("/batches?state=failed").text
    for path in (f"/batches/{batch}/retry", f"/batches/{batch}/cancel", "/batches/change?action=retry&state=failed"):
        assert on.get(path).status_code == 403
    for path in (f"/batches/{batch}/retry", f"/batches/{batch}/cancel", f"/batches/changes/{uuid4()}"):
        assert on.post(path, {"key": str(uuid4())}).status_code == 403
    assert on.post("/batches/change", {"action": "retry", "state": "failed", "key": str(uuid4())}).status_code == 403
    assert make.state(batch)["episode"] == 1


def test_what_cannot_be_retried_says_why(browse, make):
    on = browse()
    done, queued = put(make, make.org(), DAYS[0]), make.queued()

    assert "nothing of it failed" in read(on.get(f"/batches/{done}/retry"))
    assert on.post(f"/batches/{queued}/retry", {"key": str(uuid4())}).status_code == 409
    assert on.post(f"/batches/{queued}/retry", {}).status_code == 422
    assert "nothing to cancel" in read(on.get(f"/batches/{done}/cancel"))
    assert on.post(f"/batches/{done}/cancel", {"key": str(uuid4())}).status_code == 409


def test_a_network_and_its_readers_each_have_their_stages(browse, make, sandbox):
    _, network = lenders(make, 2)
    batch, readers = asked(make, network)
    on = browse()

    page, reader = on.get(f"/batches/{batch}"), on.get(f"/batches/{next(iter(readers.values()))}")

    assert "2 completed" in read(page)
    assert "extract: " not in page.text
    assert "ask: " not in reader.text
    assert "extract: 2 of 2" in reader.text
