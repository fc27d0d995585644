"""What a batch asks, and ids that are the same for the same key."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import RFC_4122, uuid4

from senso.matrix import Matrix, batch_id, dated_id, first_after, first_of, planned_reading, planned_runs
from senso.states import BatchKind

DAY = date(2026, 11, 25)
QUESTIONS, MODELS, LOCATIONS = ([uuid4() for _ in range(many)] for many in (3, 2, 4))


def matrix(**options) -> Matrix:
    return replace(Matrix(QUESTIONS, MODELS, LOCATIONS), **options)


def test_each_question_goes_to_each_model_at_each_location_once():
    runs = planned_runs(uuid4(), DAY, matrix())

    cells = {(run.question_id, run.model_id, run.location_id) for run in runs}
    assert len(runs) == len(cells) == len({run.id for run in runs}) == 24


def test_samples_are_runs_of_their_own():
    runs = planned_runs(uuid4(), DAY, matrix(samples=3))

    assert len({run.id for run in runs}) == 72
    assert {run.sample for run in runs} == {0, 1, 2}


def test_the_same_plan_has_the_same_ids_and_another_day_has_others():
    batch = uuid4()
    once, again, later = (planned_runs(batch, day, matrix()) for day in (DAY, DAY, date(2026, 11, 26)))

    assert once == again
    assert not {run.id for run in once} & {run.id for run in later}


def test_an_id_is_a_uuid_of_version_8_that_begins_with_its_day():
    found = dated_id(DAY, "batch", "x")

    assert (found.version, found.variant) == (8, RFC_4122)
    assert found.int >> 80 == int(datetime(2026, 11, 25, tzinfo=UTC).timestamp() * 1000)


def test_a_key_of_two_parts_is_not_the_key_of_one():
    assert dated_id(DAY, "a", "b") != dated_id(DAY, "ab")
    assert batch_id(BatchKind.ORG, QUESTIONS[0], None, DAY) != batch_id(BatchKind.NETWORK, None, QUESTIONS[0], DAY)


def test_a_reading_is_of_a_run_and_an_org_and_sorts_with_its_run():
    run = dated_id(DAY, "run", 1)
    first, second = planned_reading(run, QUESTIONS[0]), planned_reading(run, QUESTIONS[1])

    assert first == planned_reading(run, QUESTIONS[0])
    assert first.id != second.id
    assert first.id.int >> 80 == run.int >> 80


def test_the_ids_of_a_day_lie_between_its_ends():
    before, on, after = (dated_id(DAY + timedelta(days), uuid4()) for days in (-1, 0, 1))

    assert before < first_of(DAY) <= on < first_after(DAY) <= after
    assert first_after(DAY) == first_of(DAY + timedelta(1))
    assert first_of(date.min) < first_of(DAY) < first_after(date.max)
