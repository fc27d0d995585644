"""A job is bought once, whatever becomes of the reply that names it."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from jobs import age, collect, job, lost, repairs, rested, row, trigger, triggers

from senso.db import transaction
from senso.errors import Malformed
from senso.http import Response, json_of
from senso.policy import POLICY
from senso.providers.brightdata import BrightData
from senso.queries import invariants, submissions
from senso.tasks.periodic import reap
from senso.tasks.stages import submit_snapshot
from senso.workflows import provider_access
from senso.workflows.vendor_jobs import looking_up, matching


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def test_a_job_whose_reply_was_lost_is_adopted_and_paid_for_once(make, sandbox):
    snapshot = lost(make, sandbox)
    waiting = row(make)
    calls = make.sql("SELECT outcome, cost_microusd FROM llm_calls")

    submit_snapshot(snapshot)
    collect(make)

    assert (waiting["state"], waiting["later"], waiting["failures"]) == ("submitting", True, 1)
    assert {tuple(call.values()) for call in calls} == {("unavailable", None)}
    assert [row(make)["external_id"]] == triggers(sandbox)
    assert repairs(make) == {"submit adopted": 1}
    paid = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask'")
    assert [tuple(call.values()) for call in paid] == [("answered", 1500)] * 3
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered' AND cost_microusd = 1500") == 3
    assert broken() == {}


def test_a_record_that_fails_in_an_adopted_job_is_reported_on_the_call_that_bought_it(make, sandbox):
    sandbox.fault("brightdata.snapshot", "error-records", share=1, match="bad question")
    snapshot = lost(make, sandbox, texts=["good question", "bad question"])

    submit_snapshot(snapshot)
    collect(make)

    calls = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask' ORDER BY outcome")
    assert [tuple(call.values()) for call in calls] == [("answered", 1500), ("failed", 0)]


@pytest.mark.parametrize("kind", ["drop", "500", "502", "malformed"])
def test_a_request_that_never_arrived_is_sent_again_after_the_grace_and_counted(make, sandbox, kind):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", kind, times=1)
    submit_snapshot(snapshot)
    submit_snapshot(snapshot)
    early = len(triggers(sandbox)), row(make)["state"]
    age(make, POLICY.grace_seconds)

    submit_snapshot(snapshot)
    collect(make)

    assert early == (1, "submitting")
    assert len(triggers(sandbox)) == 2
    assert repairs(make) == {"submit unknown": 1}
    assert row(make)["state"] == "collected"
    calls = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask' ORDER BY fence")
    assert [call["cost_microusd"] for call in calls] == [None] * 3 + [1500] * 3


@pytest.mark.parametrize("kind", ["429", "429-quota", "401"])
def test_a_refusal_leaves_no_doubt(make, sandbox, kind):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", kind, times=1)

    submit_snapshot(snapshot)

    found = row(make)
    assert (found["maybe_sent_at"], found["request_hash"], found["cancel_due_at"]) == (None, None, None)
    assert sandbox.calls("brightdata.snapshots") == []


def test_a_process_that_dies_between_the_request_and_its_record_buys_nothing_twice(make, sandbox, tmp_path):
    snapshot = job(make)
    armed = {
        "FAILPOINTS": json.dumps([{"at": "job submitted", "do": "kill"}]),
        "FAILPOINTS_FOLDER": str(tmp_path),
    }
    program = f"from senso.tasks.stages import submit_snapshot; submit_snapshot({snapshot!r})"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | armed, check=False, timeout=60)
    doubt = row(make)

    reap()
    submit_snapshot(snapshot)
    collect(make)

    assert done.returncode == -9
    assert (doubt["state"], doubt["external_id"], doubt["maybe_sent_at"] is None) == ("submitting", None, False)
    assert [row(make)["external_id"]] == triggers(sandbox)
    assert (row(make)["state"], repairs(make)["submit adopted"]) == ("collected", 1)
    assert make.one("SELECT count(*) FROM llm_calls WHERE outcome = 'answered'") == 3
    assert make.one("SELECT count(*) FROM llm_calls") == 3


def test_a_process_that_dies_before_the_request_leaves_no_doubt(make, sandbox):
    snapshot = job(make)
    with transaction() as db:
        submissions.claim(db, [UUID(snapshot)], "dead", POLICY)
    make.sql("UPDATE vendor_jobs SET lease_until = now() - interval '1 second'")

    submit_snapshot(snapshot)

    assert (len(triggers(sandbox)), sandbox.calls("brightdata.snapshots")) == (1, [])


@pytest.mark.parametrize("where", ["snapshots", "input"])
@pytest.mark.parametrize("kind", ["503", "drop", "429", "malformed"])
def test_while_the_list_cannot_be_read_nothing_is_sent(make, sandbox, where, kind):
    snapshot = lost(make, sandbox)
    sandbox.fault(f"brightdata.{where}", kind, share=1)
    for _ in range(6):
        age(make, 60)
        submit_snapshot(snapshot)
    waiting = row(make)
    sandbox.heal()
    rested(make)

    submit_snapshot(snapshot)
    age(make, 0)
    collect(make)

    assert (waiting["state"], waiting["later"]) == ("submitting", True)
    assert "could not be looked up" in waiting["error"]
    assert len(triggers(sandbox)) == 1
    assert row(make)["state"] == "collected"
    assert row(make)["error"] is None


def test_looks_get_rarer_and_stay_within_a_minute(make, sandbox):
    snapshot = lost(make, sandbox)
    sandbox.fault("brightdata.snapshots", "503", share=1)
    waits = []
    for seconds in (0, 60, 3600):
        age(make, seconds)
        submit_snapshot(snapshot)
        waits.append(make.one("SELECT extract(epoch FROM next_poll_at - now())::float FROM vendor_jobs"))

    assert waits == [pytest.approx(10, abs=1), pytest.approx(17, abs=2), pytest.approx(60, abs=1)]


def test_a_refused_list_ends_the_job_with_the_vendors_word_and_has_it_called_off_later(make, sandbox):
    snapshot = lost(make, sandbox)
    sandbox.fault("brightdata.snapshots", "401", share=1)

    submit_snapshot(snapshot)

    found = row(make)
    assert (found["state"], len(triggers(sandbox))) == ("failed", 1)
    assert "BRIGHTDATA_API_KEY" in found["error"]
    assert found["cancel_due_at"] is not None
    assert {one["cost_microusd"] for one in make.sql("SELECT cost_microusd FROM llm_calls")} == {None}


def test_a_list_that_lags_behind_is_given_its_grace(make, sandbox):
    snapshot = lost(make, sandbox)
    sandbox.fault("brightdata.snapshots", "unlisted", times=2)
    for _ in range(3):
        age(make, 9)
        submit_snapshot(snapshot)

    assert [row(make)["external_id"]] == triggers(sandbox)
    assert repairs(make) == {"submit adopted": 1}


CHANGES = [
    {"prompt": "Another question?"},
    {"country": "CA"},
    {"index": 10_000},
    {"web_search": False},
    {"additional_prompt": "And why?"},
]


@pytest.mark.parametrize("changed", CHANGES)
def test_a_job_with_other_inputs_is_somebody_elses(make, sandbox, changed):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "drop", times=1)
    submit_snapshot(snapshot)
    sent = sandbox.calls("brightdata.trigger")[0]["inputs"]
    whole = [{"url": "https://chatgpt.com/", "web_search": True} | one for one in sent]
    foreign = [trigger(sandbox, [*whole[:-1], whole[-1] | changed]), trigger(sandbox, whole[:-1])]
    foreign.append(trigger(sandbox, [*whole, whole[-1]]))

    submit_snapshot(snapshot)
    age(make, POLICY.grace_seconds)
    submit_snapshot(snapshot)

    assert row(make)["external_id"] not in foreign
    assert repairs(make) == {"submit unknown": 1}
    assert sandbox.calls("brightdata.cancel") == []


def test_a_job_that_has_its_row_is_not_looked_at(make, sandbox):
    other = job(make, texts=["Another question?"])
    submit_snapshot(other)
    make.batch(models=("chatgpt",))
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    mine = str(make.one("SELECT id FROM vendor_jobs WHERE state = 'submitting'"))
    submit_snapshot(mine)

    submit_snapshot(mine)

    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.input")] == triggers(sandbox)[1:]
    assert make.one("SELECT count(DISTINCT external_id) FROM vendor_jobs WHERE state = 'running'") == 2


def test_a_job_from_before_is_not_ours(make, sandbox):
    """The same runs were asked by a former episode, whose job has failed and is nobody's."""
    snapshot = lost(make, sandbox)
    make.sql("UPDATE vendor_jobs SET maybe_sent_at = maybe_sent_at + interval '10 minutes'")

    submit_snapshot(snapshot)

    assert row(make)["external_id"] is None
    assert sandbox.calls("brightdata.input") == []


def test_of_two_who_find_it_at_once_one_adopts_it(make, sandbox, monkeypatch):
    snapshot = lost(make, sandbox)
    with transaction() as db:
        (work,) = submissions.claim(db, [UUID(snapshot)], "first", POLICY)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: looking_up.look_up(work), range(6)))

    assert [row(make)["external_id"]] == triggers(sandbox)
    assert repairs(make) == {"submit adopted": 1}
    assert sandbox.calls("brightdata.cancel") == []
    assert make.one("SELECT count(*) FROM vendor_jobs") == 1


def test_two_rows_can_never_have_one_job(make, sandbox):
    for asked in ("One?", "Two?"):
        make.batch(models=("chatgpt",), texts=[asked])
    works = []
    for found in make.sql("SELECT id FROM vendor_jobs ORDER BY created_at"):
        with transaction() as db:
            (work,) = submissions.claim(db, [found["id"]], "me", POLICY)
        with transaction() as db:
            submissions.sending(db, [(work, "the same")], POLICY)
        works.append(work)

    def save(work):
        with transaction() as db:
            return bool(submissions.submitted(db, [(work, "s_1")]))

    assert [save(work) for work in works] == [True, False]


@pytest.mark.parametrize("unlisted", [0, 1])
def test_who_was_only_slow_still_saves_the_name_while_another_looks(make, sandbox, monkeypatch, unlisted):
    """Its lease was taken back; whoever looks meanwhile, and finds it or not, must not have it cancelled."""
    sandbox.timing(snapshot_seconds=60)
    for _ in range(unlisted):
        sandbox.fault("brightdata.snapshots", "unlisted", times=1)
    snapshot = job(make)
    vendor = type(provider_access.job_provider("brightdata"))
    real = vendor.submit

    def slow(self, asked):
        ticket = real(self, asked)
        make.sql("UPDATE vendor_jobs SET lease_owner = NULL, lease_until = NULL")
        submit_snapshot(snapshot)
        return ticket

    monkeypatch.setattr(vendor, "submit", slow)

    submit_snapshot(snapshot)

    assert (row(make)["state"], [row(make)["external_id"]]) == ("running", triggers(sandbox))
    assert sandbox.calls("brightdata.cancel") == []


def test_a_name_that_comes_after_another_was_sent_is_cancelled_under_a_row_of_its_own(make, sandbox, monkeypatch):
    sandbox.timing(snapshot_seconds=60)
    snapshot = job(make)
    vendor = type(provider_access.job_provider("brightdata"))
    real = vendor.submit
    sandbox.fault("brightdata.snapshots", "unlisted", share=1)

    def far_too_slow(self, asked):
        monkeypatch.setattr(vendor, "submit", real)
        ticket = real(self, asked)
        age(make, 1000)
        submit_snapshot(snapshot)
        return ticket

    monkeypatch.setattr(vendor, "submit", far_too_slow)

    submit_snapshot(snapshot)

    late, kept = triggers(sandbox)
    rows = make.sql("SELECT external_id, state, cancelled_at IS NOT NULL AS gone FROM vendor_jobs ORDER BY state")
    assert [tuple(one.values()) for one in rows] == [(late, "cancelled", True), (kept, "running", False)]
    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.cancel")] == [late]
    assert repairs(make) == {"submit unknown": 1}


def test_of_two_equal_jobs_the_older_is_adopted_and_the_other_cancelled(make, sandbox):
    """The list was so late that the job was bought twice, and the second reply was lost as well."""
    sandbox.timing(snapshot_seconds=60)
    snapshot = lost(make, sandbox)
    sandbox.fault("brightdata.snapshots", "unlisted", times=1)
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    age(make, POLICY.grace_seconds)
    submit_snapshot(snapshot)

    submit_snapshot(snapshot)

    older, newer = triggers(sandbox)
    assert make.one("SELECT external_id FROM vendor_jobs WHERE state = 'running'") == older
    assert [call["snapshot_id"] for call in sandbox.calls("brightdata.cancel")] == [newer]


def inputs(number: int, **more) -> list[dict]:
    return [{"url": "https://chatgpt.com/", "prompt": f"Another's {number}?", "country": "US", "index": number} | more]


def test_it_is_found_among_more_jobs_of_others_than_can_be_compared(make, sandbox, monkeypatch):
    """An account that is shared: those made nearest to our request are compared first."""
    monkeypatch.setattr(matching, "MOST_COMPARED", 3)
    for number in range(4):
        trigger(sandbox, inputs(number))
    time.sleep(0.1)
    snapshot = lost(make, sandbox)
    ours = sandbox.calls("brightdata.trigger")[-1]["snapshot_id"]
    time.sleep(0.1)
    for number in range(4):
        trigger(sandbox, inputs(10 + number))

    submit_snapshot(snapshot)

    assert row(make)["external_id"] == ours


def test_a_job_of_others_that_cannot_be_read_does_not_hide_ours(make, sandbox, monkeypatch):
    foreign = trigger(sandbox, inputs(1))
    snapshot = lost(make, sandbox)
    ours = sandbox.calls("brightdata.trigger")[-1]["snapshot_id"]
    real = BrightData.fingerprint_of

    def read(self, job):
        if job == foreign:
            raise Malformed("brightdata", "the inputs of a job cannot be read")
        return real(self, job)

    monkeypatch.setattr(BrightData, "fingerprint_of", read)

    submit_snapshot(snapshot)

    assert row(make)["external_id"] == ours


def test_while_a_job_cannot_be_read_it_may_be_ours(make, sandbox, monkeypatch):
    snapshot = lost(make, sandbox)
    monkeypatch.setattr(BrightData, "fingerprint_of", lambda *_: json_of("brightdata", Response(200, {}, b"<html>")))
    age(make, POLICY.grace_seconds)

    submit_snapshot(snapshot)

    assert len(triggers(sandbox)) == 1
    assert "cannot be read" in row(make)["error"] or "not JSON" in row(make)["error"]


def test_the_request_of_a_dead_sender_is_waited_for_no_longer_than_the_vendors_list(make):
    """While its sender lives, a request may be under way for as long as the longest call."""
    job(make)
    make.sql(
        "UPDATE vendor_jobs SET lease_owner = 'dead', maybe_sent_at = now(), request_hash = 'x', "
        "grace_until = now() + interval '150 seconds', lease_until = now() + interval '150 seconds'"
    )

    reap()

    seconds = make.one("SELECT extract(epoch FROM grace_until - now())::int FROM vendor_jobs")
    assert (row(make)["lease_owner"], 20 < seconds <= 30) == (None, True)
