"""A vendor's job is claimed like a run: who was overtaken changes nothing, and each call's row keeps its own end."""

import pytest
from jobs import age, collect, job, rested, triggers
from operating import Initiator, cancel

from senso.db import transaction
from senso.policy import POLICY
from senso.providers import Answer, Usage
from senso.queries import closing, job_answers, job_endings, job_lookups, submissions, vendor_jobs
from senso.queries.runs import Report
from senso.tasks.periodic import poll
from senso.tasks.stages import submit_snapshot

REPORT = Report("unavailable", Usage(), None, 1)


def sending(db, work):
    return bool(submissions.sending(db, [(work, "a hash")], POLICY))


def submitted(db, work):
    return bool(submissions.submitted(db, [(work, "s_late")]))


def put_back(db, work):
    submissions.put_back(db, work, "away", REPORT, POLICY, seconds=60, counts_as_failure=True, in_doubt=True)


def look_again(db, work):
    job_lookups.look_again(db, work, "in vain", seconds=60, counts_as_failure=True)


def never_arrived(db, work):
    return job_lookups.never_arrived(db, work)


def close(db, work):
    return vendor_jobs.close(db, work, "collected")


def fail(db, work):
    job_endings.fail(db, work, "the job failed", cost_microusd=5)


WRITERS = [sending, submitted, put_back, look_again, never_arrived, close, fail]
every_writer = pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)


@every_writer
def test_who_was_overtaken_changes_no_row_of_a_job(make, write):
    work, _ = claimed(make, write)
    make.sql("UPDATE vendor_jobs SET fence = fence + 1, lease_owner = 'another' WHERE id = :id", id=work.id)
    before = everything(make)

    done = written(write, work)

    assert not done
    assert everything(make) == before


@every_writer
def test_who_comes_after_the_end_of_a_job_changes_no_row_of_it(make, write):
    work, _ = claimed(make, write)
    with transaction() as db:
        vendor_jobs.close(db, work, "failed", "the end")
    before = everything(make)

    done = written(write, work)

    assert not done
    assert everything(make) == before


@every_writer
def test_who_writes_touches_only_the_job_that_he_claimed(make, write):
    work, other = claimed(make, write)
    before = everything(make)

    written(write, work)

    after = everything(make)
    assert of_job(after, other) == of_job(before, other)
    assert of_job(after, work) != of_job(before, work)


def test_a_request_is_announced_once(make):
    work, _ = claimed(make, sending)

    assert [written(sending, work), written(sending, work)] == [True, False]


def test_a_name_that_another_job_has_is_not_given_to_a_second(make):
    work, other = claimed(make, submitted)

    assert [written(submitted, work), written(submitted, other)] == [True, False]
    assert make.one("SELECT count(*) FROM vendor_jobs WHERE external_id = 's_late'") == 1


def test_a_job_whose_grace_is_not_over_has_not_failed_to_arrive(make):
    work, _ = claimed(make, never_arrived)
    make.sql("UPDATE vendor_jobs SET grace_until = now() + interval '1 minute'")

    assert written(never_arrived, work) is False


def test_a_claim_of_a_job_takes_its_runs_and_announces_a_call_for_each(make):
    work, other = claimed(make, sending)

    calls = make.sql("SELECT run_id, fence, outcome FROM llm_calls ORDER BY run_id")
    asking = make.sql("SELECT id, fence, state FROM question_runs ORDER BY id")
    assert [(call["run_id"], call["fence"]) for call in calls] == [(run["id"], run["fence"]) for run in asking]
    assert {(run["fence"], run["state"]) for run in asking} == {(1, "asking")}
    assert (work.fence, other.fence) == (1, 1)


def test_a_job_in_anothers_hands_is_not_claimed(make):
    work, _ = claimed(make, sending)

    assert claim(work.id) is None


def test_a_claim_of_a_job_that_never_reported_back_is_a_failure_and_a_new_claim(make):
    work, _ = claimed(make, sending)
    make.sql("UPDATE vendor_jobs SET lease_until = now() - interval '1 second'")

    again = claim(work.id)

    assert (again.fence, again.failures) == (work.fence + 1, 1)
    assert make.one("SELECT count(*) FROM llm_calls") == 6  # two of the other job


def test_a_look_at_a_job_in_doubt_announces_no_call(make):
    work, _ = claimed(make, submitted)
    make.sql("UPDATE vendor_jobs SET lease_until = now() - interval '1 second'")

    again = claim(work.id)

    assert again.fence == work.fence
    assert make.one("SELECT count(*) FROM llm_calls") == 4


def test_a_job_that_failed_too_often_or_whose_time_is_over_is_not_claimed(make):
    work, other = claimed(make, sending)
    make.sql("UPDATE vendor_jobs SET lease_owner = NULL, lease_until = NULL")
    make.sql("UPDATE vendor_jobs SET failures = :most WHERE id = :id", most=POLICY.most_failures, id=work.id)
    make.sql("UPDATE vendor_jobs SET deadline = now() - interval '1 second' WHERE id = :id", id=other.id)

    assert (claim(work.id), claim(other.id)) == (None, None)


@pytest.mark.parametrize(("end", "told"), [(None, ("answered", 1500)), ("snapshot-failed", ("failed", 0))])
def test_each_call_of_a_job_keeps_how_it_ended(make, sandbox, end, told):
    """Refused for now, then taken: the second claim's end is not written over that of the first."""
    snapshot = job(make, questions=1)
    sandbox.fault("brightdata.trigger", "429", times=1)
    if end:
        sandbox.fault("brightdata.progress", end, share=1)
    submit_snapshot(snapshot)
    rested(make)

    submit_snapshot(snapshot)
    collect(make)

    assert len(triggers(sandbox)) == 2
    assert ends(make) == [("rate limited", 0), told]


@pytest.mark.parametrize("write", [put_back, fail], ids=lambda write: write.__name__)
def test_a_claim_that_never_reported_back_stays_so_whatever_becomes_of_the_next(make, write):
    work, _ = claimed(make, sending)
    make.sql("UPDATE vendor_jobs SET lease_until = now() - interval '1 second'")
    again = claim(work.id)

    written(write, again)

    told = make.sql(
        "SELECT fence, outcome FROM llm_calls WHERE run_id = ANY(:runs) ORDER BY fence, run_id",
        runs=list(work.run_ids),
    )
    end = "unavailable" if write is put_back else "failed"
    assert [tuple(call.values()) for call in told] == [(1, None), (1, None), (2, end), (2, end)]


def test_calls_of_a_job_in_doubt_are_open_again_once_it_is_found_and_those_before_are_not(make, sandbox):
    snapshot = job(make, questions=1)
    sandbox.fault("brightdata.trigger", "429", times=1)
    submit_snapshot(snapshot)
    rested(make)
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    submit_snapshot(snapshot)
    doubtful = ends(make)
    age(make, 60)

    submit_snapshot(snapshot)

    assert doubtful == [("rate limited", 0), ("unavailable", None)]
    assert ends(make) == [("rate limited", 0), (None, None)]


def test_jobs_that_are_cancelled_have_a_higher_fence_than_any_claim(make, sandbox):
    work, _ = claimed(make, sending)

    cancel(work.batch_id, Initiator("test"))

    assert make.sql("SELECT DISTINCT state, fence FROM vendor_jobs") == [{"state": "cancelled", "fence": 2}]
    assert make.sql("SELECT DISTINCT state, fence FROM question_runs") == [{"state": "cancelled", "fence": 2}]
    assert make.sql("SELECT DISTINCT state, fence FROM evaluations") == [{"state": "cancelled", "fence": 1}]


def test_what_a_batch_closes_is_its_own(make):
    works = claimed(make, sending)
    batch = make.batch(questions=2, models=("chatgpt",))
    before = everything(make)

    with transaction() as db:
        closing.close_open_work(db, batch, "failed", "its time is over")

    after = everything(make)
    assert [of_job(after, work) for work in works] == [of_job(before, work) for work in works]


def test_an_answer_is_saved_once_and_for_its_own_run(make):
    work, other = claimed(make, close)
    answer = Answer(work.runs[0].number, text="An answer.")
    rows = [job_answers.collected(work, answer, (), cost_microusd=1500)]

    with transaction() as db:
        first = job_answers.save_answers(db, rows)
        again = job_answers.save_answers(db, rows)

    assert (first, again) == ([work.run_ids[0]], [])
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 1
    assert make.one("SELECT count(*) FROM llm_calls WHERE outcome = 'answered' AND cost_microusd = 1500") == 1
    assert make.one("SELECT count(*) FROM evaluations WHERE sent_at IS NOT NULL") == 1
    assert other.run_ids


def test_a_run_of_a_job_fails_once_with_its_evaluation(make):
    work, _ = claimed(make, fail)

    with transaction() as db:
        for _ in range(2):
            job_endings.fail_run(db, work.run_ids[0], "no record", cost_microusd=3)

    (run,) = make.sql("SELECT fence, error, cost_microusd FROM question_runs WHERE state = 'failed'")
    (evaluation,) = make.sql("SELECT fence, error FROM evaluations WHERE state = 'failed' AND ended_at IS NOT NULL")
    assert tuple(run.values()) == (2, "no record", 3)
    assert tuple(evaluation.values()) == (1, "no record")
    assert make.one("SELECT remaining FROM batches") == 3
    assert ends(make).count(("failed", 3)) == 1


def test_a_job_that_runs_is_looked_at_when_its_time_has_come_and_no_sooner(make, sandbox):
    snapshot = job(make, questions=1)
    sandbox.fault("brightdata.progress", "never-ready", share=1)
    submit_snapshot(snapshot)
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() + interval '10 s'")
    poll()
    early = len(sandbox.calls("brightdata.progress"))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")

    poll()
    poll()

    assert (early, len(sandbox.calls("brightdata.progress"))) == (0, 1)


def claimed(make, write):
    """Two jobs of two runs each in my hands, as far as `write` wants them."""
    make.batch(questions=2, models=("chatgpt",), countries=("US", "CA"))
    works = [claim(row["id"]) for row in make.sql("SELECT id FROM vendor_jobs ORDER BY location_id")]
    if write is sending:
        return works
    with transaction() as db:
        for work in works:
            submissions.sending(db, [(work, f"hash of {work.id}")], POLICY)
    make.sql("UPDATE vendor_jobs SET grace_until = now() - interval '1 second'")
    if write in (look_again, never_arrived):
        make.sql("UPDATE vendor_jobs SET lease_until = now() - interval '1 second'")
        return [claim(work.id) for work in works]
    return works


def claim(job_id):
    with transaction() as db:
        return next(iter(submissions.claim(db, [job_id], "me", POLICY)), None)


def written(write, work):
    with transaction() as db:
        return write(db, work)


def everything(make) -> dict[str, list]:
    return {table: rows for table, rows in make.everything().items() if table not in {"partners", "ledger"}}


def of_job(found, work) -> list:
    runs = set(work.run_ids)
    return (
        [row for row in found["vendor_jobs"] if row["id"] == work.id]
        + [row for row in found["question_runs"] if row["id"] in runs]
        + [row for name in ("llm_calls", "evaluations") for row in found[name] if row["run_id"] in runs]
    )


def ends(make) -> list[tuple]:
    found = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask' ORDER BY id")
    return [tuple(row.values()) for row in found]
