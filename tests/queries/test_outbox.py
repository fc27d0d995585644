"""What becomes of an intent: written once, due at a moment, taken by one, and published or done."""

from uuid import uuid4

import pytest

from senso import publishing
from senso.db import transaction
from senso.queries import outbox
from senso.queries.outbox import RELAYED_SECONDS, Pipeline, enqueue, enqueue_later

BATCH = uuid4()


@pytest.fixture
def later(database):
    """Writes the intent to finish the batch, due after so many seconds."""

    def write(seconds, batch=BATCH):
        with transaction() as db:
            enqueue_later(db, Pipeline.FINISH, batch, 1, ids=[batch], batch=None, seconds=seconds)

    return write


@pytest.fixture
def row(make):
    def read():
        (found,) = make.sql(
            "SELECT id, key, ids, pipeline, batch_id, published_at IS NOT NULL AS sent, "
            "extract(epoch FROM not_before - now())::float AS seconds FROM outbox"
        )
        return found

    return read


def taken():
    with transaction() as db:
        return outbox.take_due(db)


def sent(intents):
    with transaction() as db:
        outbox.published(db, intents)


def test_an_intent_is_stored_with_its_key_and_its_ids_as_texts(later, row):
    later(20)

    found = row()
    assert (found["key"], found["pipeline"], found["ids"]) == (f"finish:{BATCH}:1", "finish", [str(BATCH)])
    assert found["seconds"] == pytest.approx(20, abs=4)


def test_an_intent_names_the_batch_that_its_chord_ends(make, row):
    batch = make.queued()
    make.sql("DELETE FROM outbox")
    with transaction() as db:
        enqueue_later(db, Pipeline.READ, batch, 1, 7, ids=["a", "b"], batch=batch, seconds=0)

    (found,) = taken()
    assert (found.pipeline, found.ids, found.batch_id) == ("read", ("a", "b"), batch)


def test_what_is_enqueued_is_left_to_its_own_process_for_five_seconds(row, monkeypatch):
    monkeypatch.setattr(publishing, "registered", [lambda _: None])
    with transaction() as db:
        enqueue(db, Pipeline.FINISH, BATCH, 1, ids=[BATCH], batch=None)

    assert RELAYED_SECONDS == 5
    assert row()["seconds"] == pytest.approx(5, abs=4)
    assert taken() == []


def test_an_intent_that_is_written_twice_is_one_row_and_one_message(later):
    later(0)
    later(0)

    assert len(taken()) == 1


def test_an_intent_that_is_due_is_not_put_off_by_one_for_later(later, row):
    later(3)
    later(60)

    assert row()["seconds"] < 4


def test_an_intent_for_later_is_due_sooner_when_it_is_written_so(later, row):
    later(60)
    later(3)

    assert row()["seconds"] < 4


def test_an_intent_that_was_sent_is_due_again_when_it_is_written_again(later, row):
    later(0)
    sent(taken())
    assert row()["sent"]

    later(60)

    assert not row()["sent"]
    assert row()["seconds"] == pytest.approx(60, abs=4)


def test_a_message_goes_out_once_for_all_that_enqueue_it_in_one_transaction(make, messages):
    with transaction() as db:
        for _ in range(3):
            enqueue(db, Pipeline.FINISH, BATCH, 1, ids=[BATCH], batch=None)

    assert messages("score") == [("senso.finish_batch", [str(BATCH), "rows"])]


def test_only_what_is_due_is_taken(later):
    first, second, third = uuid4(), uuid4(), uuid4()
    for batch, seconds in ((first, -1), (second, 60), (third, -2)):
        later(seconds, batch)

    assert sorted(one.id for one in taken()) == [1, 3]


def test_a_relay_takes_the_oldest_500_at_a_time(make):
    make.sql(
        "INSERT INTO outbox (key, pipeline, ids) SELECT 'finish:' || n, 'finish', '[]' FROM generate_series(1, 501) n"
    )

    assert sorted(one.id for one in taken()) == [*range(1, 501)]
    assert [one.id for one in taken()] == [501]


def test_what_was_taken_and_never_sent_is_due_again_after_half_a_minute(later, row):
    later(0)
    assert len(taken()) == 1

    assert taken() == []
    assert row()["seconds"] == pytest.approx(30, abs=4)


def test_two_relays_do_not_take_the_same(later):
    later(0)

    with transaction() as one, transaction() as other:
        assert len(outbox.take_due(one)) == 1
        assert outbox.take_due(other) == []


def test_who_publishes_takes_its_own_before_they_are_due_and_none_that_went_out(later, row):
    later(60)
    number = row()["id"]

    found = taken_of(number)
    sent(found)

    assert [one.id for one in found] == [number]
    assert taken_of(number) == []


def taken_of(*numbers):
    with transaction() as db:
        return outbox.take(db, numbers)


def test_an_intent_that_was_written_again_meanwhile_is_not_marked_as_sent(later, row):
    later(0)
    before = taken()
    later(1)

    sent(before)

    assert not row()["sent"]


def test_only_what_was_sent_is_marked_as_sent(later, make):
    other = uuid4()
    later(0)
    later(0, other)
    mine, left = sorted(taken(), key=lambda one: one.id)

    sent([mine])

    assert make.unpublished() == [f"finish:{other}:1"]
    assert left.ids == (str(other),)


def test_what_was_done_without_its_message_is_not_sent(later, make):
    later(0)
    later(0, other := uuid4())
    with transaction() as db:
        outbox.done(db, Pipeline.FINISH, BATCH, 1)

    assert [one.ids for one in taken()] == [(str(other),)]


def test_what_was_sent_is_kept_for_three_days_and_what_was_not_for_ever(later, make):
    for days in (2, 4):
        make.sql(
            "INSERT INTO outbox (key, pipeline, ids, published_at) "
            "VALUES (:key, 'finish', '[]', now() - make_interval(days => :days))",
            key=f"sent {days} days ago",
            days=days,
        )
    make.sql(
        "INSERT INTO outbox (key, pipeline, ids, not_before) "
        "VALUES ('unsent', 'finish', '[]', now() - interval '9 days')"
    )

    with transaction() as db:
        outbox.prune(db)

    assert {row["key"] for row in make.sql("SELECT key FROM outbox")} == {"sent 2 days ago", "unsent"}
