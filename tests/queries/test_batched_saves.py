"""Several results in one statement: each goes to its own row, and a lost reply gives back what was claimed, no more."""

from dataclasses import replace

import pytest
from claims import READING, REPORT, VERSION, claimed, save_answer, save_reading

from senso.db import transaction
from senso.policy import POLICY
from senso.providers import Answer
from senso.queries import evaluation_endings, evaluations, runs


def test_each_reading_of_a_joint_save_goes_to_its_own_row_and_one_that_was_overtaken_to_none(make):
    first, second = claimed(make, save_reading)
    make.sql("UPDATE evaluations SET fence = fence + 1 WHERE id = :id", id=second.id)
    rows = [reading(first, "first", ("Vantry", "Vantry")), reading(second, "second", ("Brannock",))]

    with transaction() as db:
        evaluation_endings.save(db, rows)

    found = {row["id"]: row for row in make.sql("SELECT * FROM evaluations")}
    assert (found[first.id]["state"], found[first.id]["mention_text"]) == ("done", "first")
    assert (found[second.id]["state"], found[second.id]["mention_text"]) == ("extracting", None)
    assert make.sql("SELECT evaluation_id, name FROM competitors") == [{"evaluation_id": first.id, "name": "Vantry"}]
    assert make.one("SELECT remaining FROM batches") == 1
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read' AND outcome = 'failed'") == 2


def test_each_reading_of_a_joint_save_says_its_own(make):
    works = claimed(make, save_reading)

    with transaction() as db:
        evaluation_endings.save(db, [reading(work, str(work.run_id)) for work in works])

    assert make.one("SELECT count(*) FROM evaluations WHERE mention_text = run_id::text") == 2


def test_each_answer_of_a_joint_save_goes_to_its_own_run_and_is_read_by_itself(make):
    works = claimed(make, save_answer)

    to_read = saved(answer(work) for work in works)

    assert [[one.run_id for one in own] for own in to_read] == [[work.id] for work in works]
    assert [own[0].answer for own in to_read] == [f"Answer {work.run.number}." for work in works]
    assert make.one("SELECT count(*) FROM question_runs WHERE answer_text = 'Answer ' || number || '.'") == 2


def test_of_a_joint_save_only_what_was_not_overtaken_is_read(make):
    first, second = claimed(make, save_answer)
    make.sql("UPDATE question_runs SET fence = fence + 1 WHERE id = :id", id=second.id)

    to_read = saved([answer(first), answer(second)])

    assert [len(own) for own in to_read] == [1, 0]
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 1


@pytest.mark.parametrize("state", ["done", "failed", "extracting"])
def test_what_is_being_read_or_was_is_not_claimed_with_its_answer(make, state):
    work, _ = claimed(make, save_answer)
    make.sql("UPDATE evaluations SET state = :state, lease_owner = 'another' WHERE run_id = :r", state=state, r=work.id)

    assert saved([answer(work)]) == [[]]


def test_what_could_not_be_read_five_times_is_not_claimed_with_its_answer(make):
    work, _ = claimed(make, save_answer)
    make.sql("UPDATE evaluations SET failures = :most", most=POLICY.most_failures)

    assert saved([answer(work)]) == [[]]


def test_a_save_whose_reply_was_lost_gives_back_its_own_claims_and_calls(make):
    works = claimed(make, save_answer)
    rows = [answer(work) for work in works]
    first = saved(rows)
    make.sql("UPDATE evaluations SET lease_until = now()")

    again = saved(rows)

    assert again == first
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read'") == 2
    assert make.one("SELECT count(*) FROM evaluations WHERE lease_until > now() + interval '1 minute'") == 2


def test_a_save_whose_reply_was_lost_gives_back_only_what_it_names(make):
    works = claimed(make, save_answer)
    rows = [answer(work) for work in works]
    first = saved(rows)

    (again,) = saved(rows[:1])

    assert again == first[0]


@pytest.mark.parametrize(
    "since",
    [
        "UPDATE evaluations SET lease_owner = 'another'",
        "UPDATE evaluations SET state = 'done'",
        "UPDATE evaluations SET fence = fence + 1",
        "UPDATE llm_calls SET outcome = 'read' WHERE purpose = 'read'",
        "UPDATE llm_calls SET started_at = started_at + interval '1 s' WHERE purpose = 'read'",
    ],
)
def test_a_save_whose_reply_was_lost_gives_back_nothing_that_has_gone_on_since(make, since):
    works = claimed(make, save_answer)
    rows = [answer(work) for work in works]
    saved(rows)
    make.sql(since)

    assert saved(rows) == [[], []]


def test_an_answer_that_is_taken_by_another_for_reading_is_claimed_once(make):
    """Both claim in a transaction that has not ended: who comes second passes by what the first has locked."""
    batch = make.batch(questions=1)
    for run in make.runs(batch):
        make.answered(run)

    with transaction() as db, transaction() as other:
        first = evaluations.claim(db, make.runs(batch), "me", POLICY, **VERSION)
        other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        second = evaluations.claim(other, make.runs(batch), "another", POLICY, **VERSION)

    assert (len(first), second) == (1, [])


@pytest.mark.parametrize("elsewhere", ["state = 'failed'", "sent_at = now()", "next_at = now() + interval '1 minute'"])
def test_only_what_nobody_has_or_waits_for_is_handed_out(make, elsewhere):
    batch = make.batch(questions=3)
    make.sql("UPDATE question_runs SET sent_at = NULL")
    first, *others = make.runs(batch)
    make.sql(f"UPDATE question_runs SET {elsewhere} WHERE id = :id", id=first)

    assert handed_out(make, batch) == others


def test_runs_of_jobs_and_of_other_batches_are_not_handed_out(make):
    make.batch(questions=2)
    batch = make.batch(questions=2, models=("gpt-6.1-terra", "chatgpt"))
    make.sql("UPDATE question_runs SET sent_at = NULL, snapshot_id = NULL")

    found = handed_out(make, batch)

    direct = make.sql(
        "SELECT r.id FROM question_runs r JOIN models m ON m.id = r.model_id "
        "WHERE r.batch_id = :b AND m.provider = 'openai' ORDER BY r.number",
        b=batch,
    )
    assert found == [row["id"] for row in direct]
    assert len(found) == 2


def test_runs_of_jobs_and_of_other_batches_take_no_place_in_the_window(make):
    make.batch(questions=130)
    batch = make.batch(questions=60, models=("gpt-6.1-terra", "chatgpt"))
    make.sql("UPDATE question_runs SET sent_at = NULL WHERE batch_id = :b AND snapshot_id IS NULL", b=batch)

    assert len(handed_out(make, batch)) == 60


def test_a_run_of_a_job_is_not_asked_directly(make):
    batch = make.batch(questions=2, models=("chatgpt",))

    with transaction() as db:
        claimed_runs = runs.claim(db, make.runs(batch), "me", POLICY)

    assert claimed_runs == []


@pytest.mark.parametrize(
    ("others", "places"),
    [("state = 'asking'", 10), ("state = 'planned'", 10), ("state = 'answered'", 30), ("sent_at = NULL", 100)],
)
def test_the_window_counts_what_is_sent_and_still_open(make, others, places):
    batch = make.batch(questions=130)  # 100 of them are handed out
    make.sql("UPDATE question_runs SET sent_at = now() - interval '1 s' WHERE sent_at IS NOT NULL")
    make.sql(
        f"UPDATE question_runs SET {others} WHERE id IN "
        "(SELECT id FROM question_runs WHERE sent_at IS NOT NULL ORDER BY number LIMIT 90)"
    )
    make.sql(
        "UPDATE question_runs SET state = 'failed' WHERE id IN "
        "(SELECT id FROM question_runs WHERE sent_at IS NOT NULL ORDER BY number DESC LIMIT 10)"
    )

    assert len(handed_out(make, batch)) == places


def reading(work, said, competitors=()):
    own = replace(READING, mention_text=said, competitors=competitors)
    return evaluation_endings.reading_row(work, own, REPORT, version="v1")


def answer(work):
    return runs.answer_row(work, Answer(work.run.number, text=f"Answer {work.run.number}."), (), REPORT)


def saved(rows):
    with transaction() as db:
        return evaluations.save_answers_and_claim(db, list(rows), "me", POLICY, **VERSION)


def handed_out(make, batch):
    before = make.one("SELECT coalesce(max(id), 0) FROM outbox")
    with transaction() as db:
        runs.hand_out(db, batch, 7, ["brightdata"], POLICY.window)
    found = make.sql("SELECT ids FROM outbox WHERE id > :before", before=before)
    ids = {one for row in found for one in row["ids"]}
    return [row["id"] for row in make.sql("SELECT id FROM question_runs ORDER BY number") if str(row["id"]) in ids]
