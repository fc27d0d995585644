"""Which messages go out for an intent, to which queues, and what follows them."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from celery import chord, group

from senso.db import transaction
from senso.queries.outbox import Intent, Pipeline, enqueue_later
from senso.settings import settings
from senso.tasks.canvas import PIPELINES, send, send_each, send_groups
from senso.worker.queues import JOBS_PER_MESSAGE

BATCH = uuid4()
RUNS = tuple(map(str, range(25)))


def made(pipeline, *ids):
    return PIPELINES[pipeline](Intent(1, pipeline, ids, BATCH, datetime.now(UTC)))


def said(message):
    return message.task, list(message.args)


@pytest.mark.parametrize(
    ("pipeline", "task", "arguments"),
    [
        (Pipeline.ADMIT, "tick.admit", []),
        (Pipeline.ASK, "ask_batch", ["x"]),
        (Pipeline.SUBMIT, "submit_snapshot", ["x"]),
        (Pipeline.FINISH, "finish_batch", ["x", "rows"]),
        (Pipeline.SWEEP_FINISH, "finish_batch", ["x", "sweep"]),
        (Pipeline.PUSH, "push", ["x"]),
        (Pipeline.CANCEL, "cancel_snapshots", ["x"]),
    ],
)
def test_a_single_task_gets_the_ids_of_its_intent_and_who_sent_it(pipeline, task, arguments):
    ids = arguments[:1]

    assert said(made(pipeline, *ids)) == (f"senso.{task}", arguments)


@pytest.mark.parametrize(
    ("pipeline", "tasks"),
    [(Pipeline.START, ["open_batch", "find_names", "ask_batch"]), (Pipeline.PREPARE, ["find_names", "ask_batch"])],
)
def test_a_batch_is_opened_named_and_asked_one_after_the_other(pipeline, tasks):
    steps = made(pipeline, "x").tasks

    assert [said(step) for step in steps] == [(f"senso.{task}", ["x"]) for task in tasks]


def test_no_step_gets_what_the_step_before_it_returned():
    assert all(step.immutable for step in made(Pipeline.START, "x").tasks)
    assert made(Pipeline.READ, *RUNS).body.immutable


def test_runs_go_out_in_tens_and_the_batch_is_finished_after_the_last():
    found = made(Pipeline.READ, *RUNS)

    assert isinstance(found, chord)
    assert [said(member) for member in found.tasks] == [
        ("senso.read", [*RUNS[:10]]),
        ("senso.read", [*RUNS[10:20]]),
        ("senso.read", [*RUNS[20:]]),
    ]
    assert said(found.body) == ("senso.finish_batch", [str(BATCH), "chord"])


def test_what_is_only_read_goes_out_in_twenties_and_the_batch_is_finished_after_the_last():
    found = made(Pipeline.EXTRACT, *RUNS)

    assert isinstance(found, chord)
    assert [said(member) for member in found.tasks] == [
        ("senso.extract", [*RUNS[:20]]),
        ("senso.extract", [*RUNS[20:]]),
    ]
    assert said(found.body) == ("senso.finish_batch", [str(BATCH), "chord"])


@pytest.mark.parametrize(("pipeline", "sizes"), [(Pipeline.READ, [10, 10, 5]), (Pipeline.EXTRACT, [20, 5])])
def test_without_chords_nothing_follows_the_last_run(environment, pipeline, sizes):
    environment.setenv("USE_CHORDS", "false")
    settings.cache_clear()

    found = made(pipeline, *RUNS)

    assert type(found) is group
    assert [len(member.args) for member in found.tasks] == sizes


def test_the_jobs_of_a_batch_go_out_together_as_far_as_they_can_all_be_sent_at_once():
    found = made(Pipeline.SUBMIT, *map(str, range(JOBS_PER_MESSAGE + 5)))

    assert [said(member)[0] for member in found.tasks] == ["senso.submit_snapshot"] * 2
    assert [len(member.args) for member in found.tasks] == [JOBS_PER_MESSAGE, 5]


def test_only_the_first_step_of_a_chain_goes_out(messages):
    made(Pipeline.START, "x").apply_async()

    assert messages("matrix") == [("senso.open_batch", ["x"])]
    assert messages("ask") == []


def test_only_the_members_of_a_chord_go_out(messages):
    made(Pipeline.READ, *RUNS).apply_async()

    assert [len(runs) for _, runs in messages("ask")] == [10, 10, 5]
    assert messages("score") == []


def test_each_row_gets_a_message_of_its_own(messages):
    rows = [uuid4(), uuid4()]

    send_each("submit_snapshot", rows)

    assert messages("ask") == [("senso.submit_snapshot", [str(row)]) for row in rows]


def test_rows_of_a_task_that_takes_many_go_out_in_tens(messages):
    send_groups("extract", range(11))

    assert messages("extract") == [("senso.extract", [str(run) for run in range(10)]), ("senso.extract", ["10"])]


def enqueued(make, *intents):
    with transaction() as db:
        for pipeline, batch in intents:
            enqueue_later(db, pipeline, batch, 1, ids=[batch], batch=None, seconds=0)
    return sorted(make.due_now(), key=lambda intent: intent.id)


def test_what_was_sent_is_marked_and_counted(make, messages):
    intents = enqueued(make, (Pipeline.FINISH, "a"), (Pipeline.FINISH, "b"))

    assert send(intents) == 2
    assert messages("score") == [("senso.finish_batch", ["a", "rows"]), ("senso.finish_batch", ["b", "rows"])]
    assert make.unpublished() == []


def test_from_what_redis_does_not_take_nothing_more_is_sent_and_marked(make, messages):
    messages.redis.set("ask", "no queue")
    intents = enqueued(make, (Pipeline.FINISH, "a"), (Pipeline.ASK, "b"), (Pipeline.FINISH, "c"))

    assert send(intents) == 1
    assert messages("score") == [("senso.finish_batch", ["a", "rows"])]
    assert make.unpublished() == ["ask:b:1", "finish:c:1"]
