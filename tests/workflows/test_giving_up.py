"""What failed too often ends with its reason, and what is left over is handed out, each of its own batch."""

import pytest
from claims import READER

from senso.db import transaction
from senso.policy import POLICY
from senso.providers import Usage
from senso.queries import closing, names, workers
from senso.queries.runs import Report
from senso.tasks.stages import finish_batch

REPORT = Report("unavailable", Usage(), 3, 1)


def test_a_run_that_failed_too_often_is_given_up_with_its_evaluation_under_a_higher_fence(make):
    batch = make.batch(questions=2)
    first, _ = make.runs(batch)
    make.sql("UPDATE question_runs SET failures = :most - 1", most=POLICY.most_failures)
    make.sql("UPDATE question_runs SET failures = :most, fence = 5 WHERE id = :id", most=POLICY.most_failures, id=first)

    given_up()

    (run,) = make.sql("SELECT id, fence FROM question_runs WHERE state = 'failed'")
    (evaluation,) = make.sql("SELECT run_id, fence, lease_owner FROM evaluations WHERE state = 'failed'")
    assert (run["id"], run["fence"]) == (first, 6)
    assert (evaluation["run_id"], evaluation["fence"]) == (first, 1)
    assert make.one("SELECT remaining FROM batches") == 1


def test_a_reading_that_failed_too_often_is_given_up_and_its_answer_stays(make):
    batch = make.batch(questions=2)
    for run in make.runs(batch):
        make.answered(run)
    first, _ = make.runs(batch)
    make.sql(
        "UPDATE evaluations SET failures = :most, fence = 5 WHERE run_id = :id", most=POLICY.most_failures, id=first
    )

    given_up()

    (evaluation,) = make.sql("SELECT run_id, fence FROM evaluations WHERE state = 'failed'")
    assert (evaluation["run_id"], evaluation["fence"]) == (first, 6)
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 2
    assert make.one("SELECT remaining FROM batches") == 1


def test_what_is_given_up_in_several_batches_at_once_counts_for_each_its_own(make):
    first, second = make.batch(questions=4), make.batch(questions=4)
    for run in (*make.runs(first)[:1], *make.runs(second)[:3]):
        make.sql("UPDATE question_runs SET failures = :most WHERE id = :id", most=POLICY.most_failures, id=run)

    given_up()

    found = {row["id"]: row["remaining"] for row in make.sql("SELECT id, remaining FROM batches")}
    assert found == {first: 3, second: 1}


@pytest.mark.parametrize("table", ["question_runs", "evaluations"])
def test_whose_last_try_is_still_under_way_is_not_given_up(make, table):
    make.run()
    make.sql(
        f"UPDATE {table} SET failures = :most, lease_until = now() + interval '1 minute'", most=POLICY.most_failures
    )

    given_up()

    assert make.one(f"SELECT count(*) FROM {table} WHERE state = 'failed'") == 0


def test_who_was_overtaken_saves_no_names_and_puts_none_back(make):
    org, other = make.org(), make.org()
    batch = make.queued(org)
    first = asked_for_names(org, batch)
    beside = asked_for_names(other, batch)
    make.sql("UPDATE name_variations SET lease_until = now() - interval '1 second' WHERE org_id = :o", o=org.id)
    second = asked_for_names(org, batch)
    before = make.sql("SELECT * FROM name_variations ORDER BY org_id")

    put_back(first)
    with transaction() as db:
        names.save(db, first, ["Larch"], "a mark", REPORT, POLICY, is_fallback=False)
    unchanged = make.sql("SELECT * FROM name_variations ORDER BY org_id") == before
    put_back(second)

    found = make.sql("SELECT org_id, failures, lease_owner FROM name_variations")
    assert unchanged
    assert {one["org_id"]: (one["failures"], one["lease_owner"]) for one in found} == {
        org.id: (2, None),
        other.id: (0, "me"),
    }
    assert second.fence == first.fence + 1
    assert beside.fence == first.fence


def test_the_next_window_is_asked_for_while_runs_are_left_that_nobody_was_sent(make):
    batch = make.batch(questions=130)

    finish_batch(str(batch), "chord")

    assert make.one("SELECT count(*) FROM outbox WHERE pipeline = 'ask'") == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        "state = 'failed'",
        "sent_at = now()",
        "next_at = now()",
        "batch_id = (SELECT id FROM batches WHERE id <> batch_id LIMIT 1)",
    ],
)
def test_what_is_in_hand_waits_or_has_ended_asks_for_no_further_window(make, elsewhere):
    make.batch(questions=1)
    batch = make.batch(questions=130)
    make.sql(f"UPDATE question_runs SET {elsewhere} WHERE batch_id = :b AND sent_at IS NULL", b=batch)

    with transaction() as db:
        left = closing.any_unsent(db, batch)

    assert left is False


def given_up() -> None:
    with transaction() as db:
        workers.give_up(db, POLICY)


def asked_for_names(org, batch):
    with transaction() as db:
        return names.claim(db, org.id, "a mark", "me", POLICY, batch=batch, model=READER, prompt_version="v1")


def put_back(work) -> None:
    with transaction() as db:
        names.put_back(db, work, REPORT, seconds=60, counts_as_failure=True)
