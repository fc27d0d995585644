"""The vendor's list of jobs beside our rows."""

from datetime import UTC, datetime, timedelta

import pytest
from jobs import job, row, trigger, triggers

from senso.tasks.stages import submit_snapshot
from senso.workflows.vendor_jobs import auditing


@pytest.fixture(autouse=True)
def old_enough(monkeypatch):
    monkeypatch.setattr(auditing, "YOUNG", timedelta(0))


def test_a_job_that_its_row_knows_is_in_order(make, sandbox):
    submit_snapshot(job(make))

    assert len(triggers(sandbox)) == 1
    assert auditing.jobs_without_row() == []


def test_a_request_that_was_sent_twice_is_told_with_its_row(make, sandbox):
    submit_snapshot(job(make))
    make.sql(
        "UPDATE vendor_jobs SET external_id = NULL, state = 'submitting', maybe_sent_at = NULL, next_poll_at = now()"
    )
    submit_snapshot(str(row(make)["id"]))
    first, second = triggers(sandbox)

    (found,) = auditing.jobs_without_row()

    assert (found["id"], row(make)["external_id"]) == (first, second)
    assert found["what"] == f"sent twice: the request of job {row(make)['id']}"


def test_a_job_that_no_row_sent_is_told_too(make, sandbox):
    submit_snapshot(job(make))
    strange = trigger(sandbox, [{"url": "https://chatgpt.com/", "prompt": "Of somebody else", "country": "US"}])

    (found,) = auditing.jobs_without_row()

    assert (found["id"], found["what"]) == (strange, "sent by no row that is there")


def test_a_job_that_may_yet_get_its_row_is_not_told(make, sandbox, monkeypatch):
    monkeypatch.setattr(auditing, "YOUNG", timedelta(minutes=10))
    submit_snapshot(job(make))
    make.sql("UPDATE vendor_jobs SET external_id = NULL")

    assert auditing.jobs_without_row() == []


def test_only_jobs_since_the_given_moment_are_looked_at(make, sandbox):
    submit_snapshot(job(make))
    make.sql("UPDATE vendor_jobs SET external_id = NULL")

    assert len(auditing.jobs_without_row()) == 1
    assert auditing.jobs_without_row(datetime.now(UTC) + timedelta(minutes=1)) == []


def test_who_never_sent_a_job_needs_no_key_of_its_vendor(make, environment):
    environment.delenv("BRIGHTDATA_API_KEY", raising=False)

    assert auditing.jobs_without_row() == []
