"""A claim is known by its fence: who was overtaken changes nothing, and what is written twice counts once."""

import pytest
from claims import (
    BACK,
    ENDING,
    OF_READINGS,
    OF_RUNS,
    REPORT,
    VERSION,
    call,
    claim,
    claimed,
    fail_reading,
    fail_run,
    other_than,
    put_reading_back,
    put_run_back,
    rows,
    save_answer,
    save_reading,
    table,
    take_back,
    written,
)

from senso.db import transaction
from senso.policy import POLICY
from senso.providers import Answer
from senso.queries import evaluation_endings, evaluations, runs

END = {save_answer: "answered", fail_run: "failed", save_reading: "done", fail_reading: "failed"}
every_writer = pytest.mark.parametrize("write", OF_RUNS + OF_READINGS, ids=lambda write: write.__name__)


@every_writer
def test_who_was_overtaken_changes_no_row_and_his_call_is_costed(make, write):
    works = claimed(make, write)
    make.sql(f"UPDATE {table(write)} SET lease_until = now() - interval '1 second'")
    again = claim(make, write, owner="another")
    before = rows(make)

    written(write, works[0])

    assert [work.fence for work in again] == [work.fence + 1 for work in works]
    assert rows(make) == before
    assert call(make, works[0]) == ("failed", 7)
    assert call(make, again[0]) == (None, None)


@every_writer
def test_who_comes_after_the_end_of_his_batch_changes_no_row(make, write):
    works = claimed(make, write)
    with transaction() as db:
        db.exec_driver_sql("UPDATE question_runs SET state = 'cancelled', fence = fence + 1 WHERE state = 'asking'")
        db.exec_driver_sql("UPDATE evaluations SET state = 'cancelled', fence = fence + 1")
    before = rows(make)

    written(write, works[0])

    assert rows(make) == before
    assert call(make, works[0]) == ("failed", 7)


@every_writer
def test_who_writes_touches_only_what_he_claimed(make, write):
    works = claimed(make, write)
    before = rows(make)

    written(write, works[0])

    after = rows(make)
    assert other_than(works[0], after) == other_than(works[0], before)
    assert after != before
    assert call(make, works[1]) == (None, None)


@pytest.mark.parametrize("write", [fail_run, *OF_READINGS, put_run_back], ids=lambda write: write.__name__)
def test_what_is_written_again_because_its_reply_was_lost_counts_once(make, write):
    works = claimed(make, write)
    written(write, works[0])
    before = rows(make)

    written(write, works[0])

    assert rows(make) == before
    assert make.one("SELECT remaining FROM batches") == (2 if write in BACK else 1)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (save_answer, fail_run),
        (save_answer, put_run_back),
        (save_reading, fail_reading),
        (save_reading, put_reading_back),
    ],
    ids=lambda write: write.__name__,
)
def test_what_is_saved_stays_so_though_whoever_saved_it_never_heard_of_it(make, first, then):
    works = claimed(make, first)
    written(first, works[0])
    before = rows(make)

    written(then, works[0])

    assert rows(make) == before


@pytest.mark.parametrize("write", [save_answer, *ENDING], ids=lambda write: write.__name__)
def test_whose_work_was_taken_back_still_counts_while_nobody_else_has_claimed_it(make, write):
    works = claimed(make, write)
    take_back(make)

    written(write, works[0])

    assert make.one(f"SELECT state FROM {table(write)} WHERE id = :id", id=works[0].id) == END[write]
    assert make.one("SELECT remaining FROM batches") == (2 if write is save_answer else 1)


def test_an_answer_that_another_claim_of_the_same_process_has_saved_is_not_read_twice(make):
    first, _ = claimed(make, save_answer)
    make.sql("UPDATE question_runs SET lease_until = now() - interval '1 second'")
    second, _ = claim(make, save_answer)
    answers = [
        runs.answer_row(work, Answer(work.run.number, text="An answer."), (), REPORT) for work in (first, second)
    ]

    with transaction() as db:
        (to_read,) = evaluations.save_answers_and_claim(db, answers[1:], "me", POLICY, **VERSION)
        (again,) = evaluations.save_answers_and_claim(db, answers[:1], "me", POLICY, **VERSION)

    assert [work.run_id for work in to_read] == [first.id]
    assert again == []
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read'") == 1


@pytest.mark.parametrize("write", [fail_run, fail_reading], ids=lambda write: write.__name__)
def test_what_failed_has_a_higher_fence_than_its_last_claim_and_its_reason(make, write):
    work, _ = claimed(make, write)
    (before,) = make.sql("SELECT fence FROM evaluations WHERE run_id = :r", r=getattr(work, "run_id", work.id))

    written(write, work)

    (row,) = make.sql("SELECT fence, error FROM evaluations WHERE state = 'failed'")
    assert tuple(row.values()) == (before["fence"] + 1, "refused")
    if write is fail_run:
        (run,) = make.sql("SELECT fence, error, cost_microusd, lease_owner FROM question_runs WHERE state = 'failed'")
        assert tuple(run.values()) == (work.fence + 1, "refused", 7, None)


@pytest.mark.parametrize("write", BACK, ids=lambda write: write.__name__)
def test_whose_work_was_taken_back_does_not_put_it_back_a_second_time(make, write):
    works = claimed(make, write)
    take_back(make)
    before = rows(make)

    written(write, works[0])

    assert rows(make) == before


@pytest.mark.parametrize("write", BACK, ids=lambda write: write.__name__)
def test_what_is_put_back_is_in_nobodys_hands_and_claimed_again_when_its_time_has_come(make, write):
    works = claimed(make, write)
    written(write, works[0])
    (row,) = make.sql(
        f"SELECT *, next_at > now() + interval '50 s' AS later FROM {table(write)} WHERE lease_owner IS NULL"
    )
    early = claim(make, write)
    make.sql(f"UPDATE {table(write)} SET next_at = now()")

    again = claim(make, write)

    assert (row["failures"], row["error"], row["lease_owner"], row["lease_until"]) == (1, "away", None, None)
    assert row["later"]
    assert (early, [work.id for work in again]) == ([], [works[0].id])
    assert (again[0].fence, again[0].failures) == (works[0].fence + 1, 1)


@pytest.mark.parametrize("write", BACK, ids=lambda write: write.__name__)
def test_being_asked_to_wait_counts_as_no_failure(make, write):
    works = claimed(make, write)
    queries = runs if write is put_run_back else evaluation_endings

    with transaction() as db:
        queries.put_back(db, works[0], REPORT, "429", seconds=60, counts_as_failure=False)

    assert make.one(f"SELECT sum(failures) FROM {table(write)}") == 0


@pytest.mark.parametrize("write", [fail_run, save_reading, fail_reading], ids=lambda write: write.__name__)
def test_what_has_ended_is_in_nobodys_hands_and_is_not_claimed_again(make, write):
    works = claimed(make, write)
    written(write, works[0])

    make.sql("UPDATE question_runs SET lease_until = now() - interval '1 hour' WHERE state = 'asking'")
    make.sql("UPDATE evaluations SET lease_until = now() - interval '1 hour' WHERE state = 'extracting'")
    again = claim(make, write)

    (row,) = make.sql("SELECT * FROM evaluations WHERE state NOT IN ('pending', 'extracting')")
    assert (row["lease_owner"], row["lease_until"], row["next_at"]) == (None, None, None)
    assert row["ended_at"] is not None
    assert [work.id for work in again] == [works[1].id]


@pytest.mark.parametrize("write", [save_answer, save_reading], ids=["run", "reading"])
def test_what_is_in_anothers_hands_is_not_claimed(make, write):
    claimed(make, write)

    assert claim(make, write, owner="another") == []


def test_an_answer_that_is_not_there_is_not_claimed_for_reading(make):
    works = claimed(make, save_answer)

    assert claim(make, save_reading) == []
    assert works


@pytest.mark.parametrize("write", [save_answer, save_reading], ids=["run", "reading"])
def test_a_claim_that_never_reported_back_is_a_failure_and_the_fifth_is_the_last(make, write):
    claimed(make, write)
    seen = []

    for _ in range(POLICY.most_failures + 1):
        make.sql(f"UPDATE {table(write)} SET lease_until = now() - interval '1 second'")
        seen += [work.failures for work in claim(make, write) if work]

    assert sorted(seen) == sorted(list(range(1, POLICY.most_failures + 1)) * 2)
    purpose = "ask" if write is save_answer else "read"
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = :p", p=purpose) == 2 * (POLICY.most_failures + 1)


@pytest.mark.parametrize("write", [save_answer, save_reading], ids=["run", "reading"])
def test_a_claim_says_whose_it_is_and_until_when(make, write):
    work, _ = claimed(make, write)

    (row,) = make.sql(
        f"SELECT *, lease_until BETWEEN now() + interval '2 minutes' AND now() + interval '3 minutes' AS fits "
        f"FROM {table(write)} WHERE id = :id",
        id=work.id,
    )
    assert (row["lease_owner"], row["fence"], row["fits"], row["next_at"]) == ("me", work.fence, True, None)
