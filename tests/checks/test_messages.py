"""What is held against the real Redis: queues, what is in hand, and rows whose message is nowhere."""

import time
from types import SimpleNamespace
from uuid import uuid4

import pytest
from at_work import start

from senso.checks import messages as looked
from senso.checks import promises
from senso.checks.messages import LOST, MOST, STALLED, UNACKNOWLEDGED
from senso.tasks.app import app
from senso.tasks.canvas import send_each, send_groups
from senso.worker.queues import ALL_QUEUES, VISIBILITY_SECONDS

LONG = 3600


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(looked, "AGAIN_SECONDS", 0)


@pytest.fixture
def clock(monkeypatch):
    """`clock(3600)`: what is sent in the block was sent so long ago."""

    def ago(seconds: float) -> None:
        moment = time.time() - seconds
        monkeypatch.setattr("senso.worker.transport.time", SimpleNamespace(time=lambda: moment))

    yield ago
    monkeypatch.undo()


def alive(make, queues, *, lived: float = LONG, idle: float | None = None) -> None:
    make.sql(
        "INSERT INTO workers (id, queues, started_at, idle_since) VALUES (:id, CAST(:queues AS text[]), "
        "now() - make_interval(secs => :lived), now() - make_interval(secs => CAST(:idle AS float)))",
        id=f"machine:1:{uuid4().hex[:8]}",
        queues=list(queues),
        lived=lived,
        idle=idle,
    )


def handed_out(make, *, seconds: float):
    """A batch at work whose runs were sent so long ago."""
    batch = make.batch(questions=3)
    make.sql("UPDATE question_runs SET sent_at = now() - make_interval(secs => :s)", s=seconds)
    return make.runs(batch)


def broken() -> dict:
    return promises.in_messages(ALL_QUEUES, VISIBILITY_SECONDS)


def test_nothing_is_broken_where_nothing_runs_and_nothing_waits(make, messages):
    assert broken() == {}


def test_a_run_that_was_sent_an_hour_ago_and_is_nowhere_is_lost(make, messages):
    runs = handed_out(make, seconds=LONG)
    messages.clear()

    found = broken()

    assert {row["id"] for row in found[LOST.name]} == set(runs)
    assert list(found) == [LOST.name]


def test_a_run_that_the_sweep_still_has_time_to_send_again_is_not_lost(make, messages):
    handed_out(make, seconds=300)
    messages.clear()

    assert broken() == {}


def test_a_run_whose_message_waits_is_not_lost(make, messages):
    send_groups("read", handed_out(make, seconds=LONG))

    assert LOST.name not in broken()


def test_a_run_whose_message_is_in_hand_is_not_lost(make, messages):
    send_groups("read", handed_out(make, seconds=LONG))
    with app.connection() as connection:
        assert connection.default_channel.basic_get("ask") is not None

        assert broken() == {}


def test_an_answer_whose_reading_was_sent_an_hour_ago_and_is_nowhere_is_lost(make, messages):
    make.run(answered=True)
    make.sql("UPDATE question_runs SET answered_at = now() - interval '1 hour'")
    make.sql("UPDATE evaluations SET sent_at = now() - interval '1 hour'")
    messages.clear()

    assert [row["what"] for row in broken()[LOST.name]] == ["reading"]


def test_a_reading_that_a_living_process_has_taken_over_from_the_asking_is_not_lost(make, messages):
    make.run(answered=True)
    alive(make, ["ask"])
    make.sql("UPDATE question_runs SET answered_at = now() - interval '1 hour'")
    make.sql("UPDATE evaluations SET sent_at = NULL, lease_owner = (SELECT id FROM workers)")
    messages.clear()

    assert broken() == {}


def test_a_batch_whose_opening_was_sent_an_hour_ago_and_is_nowhere_is_lost(make, messages):
    batch = make.queued()
    make.sql("UPDATE batches SET state = 'running', started_at = now() - interval '1 hour'")
    messages.clear()

    assert [(row["what"], row["id"]) for row in broken()[LOST.name]] == [("batch", batch)]


def test_a_run_that_may_stand_in_the_part_of_a_queue_that_is_not_read_is_not_lost(make, messages, clock):
    handed_out(make, seconds=LONG)
    messages.clear()
    clock(LONG + 600)
    send_each("read", [uuid4() for _ in range(MOST + 1)])

    assert LOST.name not in broken()


def test_a_run_that_was_sent_before_all_that_waits_in_a_long_queue_is_lost(make, messages):
    runs = handed_out(make, seconds=LONG)
    messages.clear()
    send_each("read", [uuid4() for _ in range(MOST + 1)])

    assert {row["id"] for row in broken()[LOST.name]} == set(runs)


def test_a_long_queue_is_not_read_as_a_whole(make, messages):
    send_each("read", [uuid4() for _ in range(3 * MOST)])

    seen = looked.read_snapshot(ALL_QUEUES)

    assert (seen.queues["ask"].length, len(seen.queues["ask"].oldest)) == (3 * MOST, MOST)


def test_a_message_beside_a_worker_that_is_idle_lies(make, messages, clock):
    alive(make, ["ask"], idle=120)
    clock(120)
    send_each("read", [uuid4()])

    (row,) = broken()[STALLED.name]

    assert (row["queue"], row["messages"], row["what"]) == ("ask", 1, "a worker is idle beside it")


def test_a_message_that_has_just_come_to_an_idle_worker_does_not_lie(make, messages):
    alive(make, ["ask"], idle=120)
    send_each("read", [uuid4()])

    assert broken() == {}


def test_a_message_that_no_living_worker_takes_lies(make, messages, clock):
    alive(make, ["ask"])
    clock(600)
    send_each("push", ["push:1"])

    (row,) = broken()[STALLED.name]

    assert (row["queue"], row["what"]) == ("push", "no worker takes from it, and others live")


def test_a_message_lies_nowhere_while_no_worker_lives(make, messages, clock):
    clock(LONG)
    send_each("push", ["push:1"])
    send_each("read", [uuid4()])

    assert broken() == {}


def test_a_message_does_not_lie_beside_workers_that_have_just_begun(make, messages, clock):
    alive(make, ["ask"], lived=20)
    clock(LONG)
    send_each("read", [uuid4()])
    send_each("push", ["push:1"])

    assert broken() == {}


@pytest.mark.parametrize(("task", "queue"), [("tick.admit", "control"), ("finish_batch", "score"), ("read", "ask")])
def test_a_message_in_a_queue_that_does_not_move_lies_although_its_worker_is_busy(make, messages, clock, task, queue):
    alive(make, [queue])
    clock(600)
    app.send_task(f"senso.{task}", [str(uuid4())])

    (row,) = broken()[STALLED.name]

    assert (row["queue"], row["what"]) == (queue, "it does not move")


def test_a_message_that_waits_for_its_turn_beside_calls_that_are_made_does_not_lie(make, messages, clock):
    make.run(answered=True)
    messages.clear()
    alive(make, ["ask", "extract"])
    clock(600)
    send_each("read", [uuid4()])

    assert broken() == {}


def test_a_message_in_hand_for_longer_than_anybody_may_keep_it_is_told(make, messages):
    run = uuid4()
    send_each("read", [run])
    alive(make, ["ask"])
    with app.connection() as connection:
        connection.default_channel.basic_get("ask")
        age(messages, seconds=LONG)

        (row,) = broken()[UNACKNOWLEDGED.name]

    assert (row["what"], row["id"]) == ("senso.read", str(run))


def test_a_message_in_hand_that_is_given_back_soon_is_not_told(make, messages):
    send_each("read", [uuid4()])
    alive(make, ["ask"])
    with app.connection() as connection:
        connection.default_channel.basic_get("ask")
        age(messages, seconds=1000)

        assert broken() == {}


def test_a_message_in_hand_that_nobody_would_ever_give_back_is_told(make, messages):
    send_each("read", [uuid4()])
    with app.connection() as connection:
        connection.default_channel.basic_get("ask")
        messages.redis.delete("unacked_index")

        (row,) = broken()[UNACKNOWLEDGED.name]

    assert (row["what"], row["count"]) == ("messages that no worker ever gives back", 1)


def age(messages, *, seconds: float) -> None:
    for tag, taken in messages.redis.zrange("unacked_index", 0, -1, withscores=True):
        messages.redis.zadd("unacked_index", {tag: taken - seconds})


def test_what_is_gone_at_the_second_look_was_on_its_way_and_is_not_told(make, messages, monkeypatch):
    runs = handed_out(make, seconds=LONG)
    messages.clear()
    monkeypatch.setattr(looked.time, "sleep", lambda _: send_groups("read", runs))

    assert broken() == {}


def test_what_is_no_message_of_ours_ends_no_look(make, messages):
    messages.redis.lpush("ask", "nonsense", '{"body": "?"}', "[]")

    assert broken() == {}


def test_a_message_that_is_delivered_again_keeps_the_moment_at_which_it_was_sent(make, messages, clock):
    clock(LONG)
    send_each("read", [uuid4()])
    with app.connection() as connection:
        connection.default_channel.basic_get("ask")
    seen = looked.read_snapshot(ALL_QUEUES)

    assert seen.queues["ask"].length == 1
    assert seen.now - seen.queues["ask"].since == pytest.approx(LONG, abs=30)


def test_a_batch_that_has_just_been_handed_out_breaks_nothing(make, messages, sandbox):
    start(make.queued())
    alive(make, ["ask"])

    assert promises.broken(ALL_QUEUES, VISIBILITY_SECONDS, 500) == {}
