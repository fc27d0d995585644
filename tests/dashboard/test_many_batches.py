"""Acting on all batches that match the filter of the list: first what it would do, then what it did."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

from operating import Initiator
from pages import hidden, put, read

from senso.db import transaction
from senso.queries import bulk_changes
from senso.queries.selections import Filters
from senso.states import Action, BatchState, Scope
from senso.tasks.stages import submit_snapshot
from senso.workflows import stepwise_changes

DAYS = [date(2026, 3, day) for day in range(1, 8)]
ME = Initiator("mara")


def retry_form(on, query: str):
    answer = on.get(f"/batches/change?action=retry&{query}")
    assert answer.status_code == 200
    return answer, hidden(answer)


def test_a_dry_run_says_what_matches_and_costs_and_writes_nothing(browse, make):
    on, org = browse(), make.org(questions=2, available=3)
    put(make, org, DAYS[0], "failed"), put(make, org, DAYS[1], "cancelled"), put(make, org, DAYS[2])
    before = make.everything()

    answer, form = retry_form(on, "state=failed&state=cancelled")
    with_cancelled = on.get("/batches/change?action=retry&state=failed&state=cancelled&reopen=true")

    assert "2 batches match; 1 would be retried" in read(answer)
    assert "Larch Hill Credit Union, 2026-03-01" in re.sub("</?bdi>", "", answer.text)
    assert "1 left as they are: cancelled" in read(answer)
    assert "Runs 2" in read(answer)
    assert (form["action"], form["state"]) == (["retry"], ["failed", "cancelled"])
    assert "has 3 credits and would need 4" in read(with_cancelled)
    assert make.everything() == before


def test_all_that_match_are_retried_once_and_the_page_says_why_others_are_not(browse, make):
    on, org, poor = browse(Scope.OPERATE), make.org(), make.org(available=0)
    retried = [put(make, org, day, "failed") for day in DAYS[:2]]
    without = put(make, poor, DAYS[0], "blocked")
    other = put(make, org, DAYS[5], "failed")
    _, form = retry_form(on, "state=failed&state=blocked&until=2026-03-03")

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: on.post("/batches/change", form), range(3)))

    assert {one.status_code for one in answers} == {303}
    assert {one.headers["location"] for one in answers} == {f"/batches/changes/{form['key'][0]}"}
    page = on.get(answers[0].headers["location"])
    assert "2 retried, 1 left as they are. All that matched is dealt with." in read(page)
    assert "too few credits" in read(page) or "blocked" in read(page)
    assert f"/batches/{without}" in page.text
    assert [make.state(one)["episode"] for one in retried] == [2, 2]
    assert make.state(other)["episode"] == 1
    assert make.one("SELECT count(*) FROM audit WHERE action = 'retry' AND batch_id IS NOT NULL") == 2
    make.sql("UPDATE batches SET state = 'failed', ended_at = now()")  # they fail again
    assert on.post("/batches/change", form).status_code == 303
    assert [make.state(one)["episode"] for one in retried] == [2, 2]
    assert on.post("/batches/change", form | {"state": ["failed"]}).status_code == 409  # the key, of something else


def test_all_that_match_are_cancelled(browse, make):
    on = browse()
    batches = [make.queued() for _ in range(2)]
    answer = on.get("/batches/change?action=cancel&state=queued&state=running")

    done = on.post("/batches/change", hidden(answer))

    assert "2 batches match; 2 would be cancelled" in read(answer)
    assert "2 cancelled" in read(on.get(done.headers["location"]))
    assert {make.state(one)["state"] for one in batches} == {"cancelled"}


def test_a_cancel_says_what_is_under_way_at_vendors_too(browse, make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    on, batch = browse(), make.batch(models=("chatgpt",))
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))

    of_one = on.get(f"/batches/{batch}/cancel")
    of_many = on.get("/batches/change?action=cancel&state=running")

    for answer in (of_one, of_many):
        assert "Under way, which may still cost something 1 job at brightdata, to be cancelled there" in read(answer)


def test_a_partner_changes_its_own_batches_only(browse, make):
    mine, other = make.org(), make.org()
    own, foreign = put(make, mine, DAYS[0], "failed"), put(make, other, DAYS[0], "failed")
    on = browse(Scope.OPERATE, mine.partner)

    answer, form = retry_form(on, "state=failed")
    done = on.post("/batches/change", form).headers["location"]

    assert "1 batch matches" in read(answer)
    assert (make.state(own)["episode"], make.state(foreign)["episode"]) == (2, 1)
    assert on.get(done).status_code == 200
    stranger = browse(Scope.OPERATE, other.partner)
    assert (stranger.get(done).status_code, stranger.post(done).status_code) == (404, 404)
    assert on.post("/batches/change", form | {"key": [str(uuid4())], "org_id": [str(other.id)]}).status_code == 404


def test_without_a_filter_or_a_match_nothing_begins(browse, make):
    on = browse()
    put(make, make.org(), DAYS[0])

    answers = [
        on.get("/batches/change?action=retry"),
        on.get("/batches/change?action=grant&state=failed"),
        on.get("/batches/change?action=retry&reason=429"),
        on.post("/batches/change", {"action": "retry", "key": str(uuid4())}),
        on.post("/batches/change", {"action": "retry", "state": "failed", "key": str(uuid4())}),
        on.get(f"/batches/changes/{uuid4()}"),
    ]

    assert [one.status_code for one in answers] == [422, 422, 422, 422, 404, 404]
    assert make.one("SELECT count(*) FROM audit WHERE details->>'bulk' IS NOT NULL") == 0
    assert "Nothing to do." in read(on.get("/batches/change?action=retry&state=completed"))


def begun(bulk):
    with transaction() as db:
        return bulk_changes.begun(db, bulk)


def left(bulk):
    with transaction() as db:
        return [one.id for one in stepwise_changes.left(db, bulk_changes.begun(db, bulk))]


def test_many_are_done_in_steps_and_what_comes_later_is_no_part_of_it(make, monkeypatch, messages):
    monkeypatch.setattr(stepwise_changes, "STEPS_AT_ONCE", 2)
    org, bulk = make.org(), uuid4()
    batches = [put(make, org, day, "failed") for day in DAYS[:5]]
    make.sql("UPDATE batches SET ended_at = now() - interval '1 minute', queued_at = now() - interval '1 hour'")

    stepwise_changes.begin(bulk, Action.RETRY, Filters(states=(BatchState.FAILED,)), ME, reopen=False)
    stepwise_changes.go_on(begun(bulk), ME, is_pushed=False)
    first = left(bulk)
    make.sql("UPDATE batches SET state = 'failed', ended_at = now() WHERE state = 'queued'")  # two fail once more
    put(make, org, DAYS[6], "failed")
    stepwise_changes.go_on(begun(bulk), ME, is_pushed=False)
    second = left(bulk)
    stepwise_changes.go_on(begun(bulk), ME, is_pushed=False)

    assert (len(first), len(second), left(bulk)) == (3, 1, [])
    assert [make.state(one)["episode"] for one in batches] == [2] * 5
    assert make.one("SELECT count(*) FROM batches WHERE episode = 1") == 1
    assert make.one("SELECT details->'ended' FROM audit ORDER BY id DESC LIMIT 1") == {"done": 1}


def test_a_change_that_was_killed_between_two_steps_does_neither_twice(make, monkeypatch, messages):
    org, bulk = make.org(), uuid4()
    batches = [put(make, org, day, "failed") for day in DAYS[:3]]
    stepwise_changes.begin(bulk, Action.RETRY, Filters(states=(BatchState.FAILED,)), ME, reopen=False)
    done = []

    def killed(*_):
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("senso.workflows.bulk_changes.failpoint", killed)
    try:
        stepwise_changes.go_on(begun(bulk), ME, is_pushed=False)
    except KeyboardInterrupt:
        monkeypatch.undo()
    stepwise_changes.go_on(begun(bulk), ME, is_pushed=False)

    assert [make.state(one)["episode"] for one in batches] == [2] * 3
    assert make.one("SELECT count(*) FROM audit WHERE batch_id IS NOT NULL") == 3
