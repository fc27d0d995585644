"""What a worker stands on: its backend, its queues, its names, its settings."""

import ast
import gc
import inspect
import runpy
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from uuid import uuid4

import pytest
from celery import chord
from celery.app.defaults import NAMESPACES, flatten
from redis.exceptions import ConnectionError as RedisConnectionError

from senso import stack
from senso.queries.outbox import Intent
from senso.tasks import schedule_file
from senso.tasks.app import app, require_guarded_backend
from senso.tasks.canvas import PIPELINES
from senso.worker import configuration
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES, ROUTES
from senso.worker.result_backend import GuardedRedisBackend

app.loader.import_default_modules()
TASKS = {name: task for name, task in app.tasks.items() if name.startswith("senso.")}
BY_HAND = {"broker_url", "result_backend"}  # what is not a constant


def queue_of(name):
    return app.amqp.router.route({}, name)["queue"].name


def schedule():
    return runpy.run_path(str(schedule_file.path()))["app"].conf.beat_schedule


def test_the_configured_backend_is_the_guarded_one():
    assert type(app.backend) is GuardedRedisBackend


def test_a_worker_with_another_backend_does_not_start(monkeypatch):
    monkeypatch.setattr("senso.tasks.app.GuardedRedisBackend", dict)

    with pytest.raises(SystemExit, match="the result backend is GuardedRedisBackend, not the guarded one"):
        require_guarded_backend()


@pytest.mark.parametrize("failures", [0, 1, 5])
def test_a_part_of_a_chord_is_noted_although_redis_hiccups_and_the_body_comes_once(queued, shaky, failures):
    members = chord_of("senso.read", 3)
    fails = shaky(failures)

    for member in members:
        note(member)

    assert fails.seen == failures
    assert [name for name, _ in queued("score")] == ["senso.finish_batch"]


def test_a_part_that_is_noted_twice_counts_once(queued):
    first, second = chord_of("senso.read", 2)

    note(first)
    note(first)
    assert queued("score") == []
    note(second)

    assert len(queued("score")) == 1


def test_a_full_redis_takes_no_slot_of_a_worker_away(queued, messages):
    """What is raised here keeps the message unacknowledged and its slot taken, for the life of the worker."""
    first, second = chord_of("senso.read", 2)
    note(first)
    messages.redis.config_set("maxmemory", "1mb")
    try:
        note(second)
    finally:
        messages.redis.config_set("maxmemory", "0")

    assert queued("score") == []


def test_who_sends_a_chord_keeps_nothing_of_it(queued):
    before = held()

    chord_of("senso.read", 20)
    gc.collect()

    assert held() == before


def test_another_fault_than_the_connection_is_not_tried_again(queued, monkeypatch):
    (member,) = chord_of("senso.read", 1)
    calls = []

    def broken(**_):
        calls.append(1)
        raise ValueError("a fault of ours")

    monkeypatch.setattr(app.backend, "_chord_part_return_script", broken)

    with pytest.raises(ValueError, match="of ours"):
        note(member)

    assert len(calls) == 1


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_has_a_route_to_a_queue_with_a_consumer(name):
    assert [pattern for pattern in ROUTES if fnmatch(name, pattern)] != []
    assert queue_of(name) in {*CALL_QUEUES, *CONTROL_QUEUES}


@pytest.mark.parametrize("pattern", ROUTES)
def test_every_route_is_one_of_a_task(pattern):
    assert [name for name in TASKS if fnmatch(name, pattern)] != []


def test_the_two_kinds_of_worker_share_the_queues_between_them():
    assert set(ROUTES.values()) == {*CALL_QUEUES, *CONTROL_QUEUES}
    assert not set(CALL_QUEUES) & set(CONTROL_QUEUES)
    assert {queue.name for queue in configuration.task_queues} == {*CALL_QUEUES, *CONTROL_QUEUES}


@pytest.mark.parametrize(
    ("child", "queues"), [(stack.call_workers(2, 200)[1], CALL_QUEUES), (stack.control_worker(), CONTROL_QUEUES)]
)
def test_a_worker_of_the_stack_listens_to_all_of_its_queues(child, queues):
    words = list(child.arguments)

    assert words[words.index("-Q") + 1].split(",") == list(queues)


def test_a_misspelt_queue_is_not_made():
    assert app.conf.task_create_missing_queues is False
    assert app.conf.task_default_queue in CONTROL_QUEUES


@pytest.mark.parametrize("entry", sorted(schedule()))
def test_beat_sends_only_what_there_is(entry):
    wanted = schedule()[entry]
    parameters = inspect.signature(TASKS[wanted["task"]].run).parameters

    assert {"task", "schedule", "options"} <= set(wanted)
    assert set(wanted.get("kwargs", {})) <= set(parameters)
    assert wanted["options"]["expires"] < 3600


def test_beat_ticks_everything_that_ticks():
    assert {entry["task"] for entry in schedule().values()} == {name for name in TASKS if ".tick." in name}


def test_every_setting_is_one_that_celery_knows():
    tree = ast.parse(Path(configuration.__file__).read_text())
    assigned = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    names = {target.id for node in assigned for target in ast.walk(node) if isinstance(target, ast.Name)}
    known = {name for name, _ in flatten(NAMESPACES)}

    # These three are read by name and not in the flat list; VISIBILITY_SECONDS is a constant of ours.
    unlisted = {"override_backends", "result_backend_thread_safe", "visibility_timeout"}
    assert {name for name in names if name.islower()} - known - unlisted == set()


def test_the_settings_are_those_that_the_app_runs_with():
    lowered = {name for name in vars(configuration) if name.islower() and name in dict(flatten(NAMESPACES))}

    assert {name for name in lowered - BY_HAND if app.conf[name] != getattr(configuration, name)} == set()


def test_nothing_of_the_brokers_can_wait_for_ever():
    options = app.conf.broker_transport_options

    assert options["socket_timeout"]
    assert options["socket_connect_timeout"]
    assert app.conf.redis_socket_timeout
    assert app.conf.result_backend_max_retries


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_message_carries_only_ids(queued, pipeline):
    ids = () if pipeline == "admit" else (str(uuid4()),)
    PIPELINES[pipeline](Intent(1, pipeline, ids, uuid4(), datetime.now(UTC))).apply_async()

    sent = [found for queue in (*CALL_QUEUES, *CONTROL_QUEUES) for found in queued(queue)]

    assert sent
    assert all(type(argument) is str for _, arguments in sent for argument in arguments)
    assert all(name in TASKS for name, _ in sent)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_takes_ids_and_lets_go_of_what_it_does_not_know(name):
    """A message of another version of ours must not end as a TypeError."""
    parameters = inspect.signature(TASKS[name].run).parameters.values()

    assert [one for one in parameters if one.kind is one.VAR_KEYWORD] != []
    assert {one.annotation for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD} <= {
        str,
        "str",
    }


@pytest.mark.parametrize("name", sorted(TASKS))
def test_no_task_stores_a_result(name):
    """Not a member of a chord either: the acceptance test sees that batches end by their chord all the same."""
    assert TASKS[name].ignore_result


def chord_of(name, size):
    """Sent, so that the backend knows its size, and taken out of the queue by nobody."""
    sent = chord(
        [app.signature(name, args=(str(uuid4()),), immutable=True) for _ in range(size)],
        app.signature("senso.finish_batch", args=(str(uuid4()), "chord"), immutable=True),
    ).apply_async()
    return [Request(result.id, sent.parent.id, place, sent.id) for place, result in enumerate(sent.parent.results)]


def held():
    """Subscriptions at Redis, and results in memory, that stay until the process ends."""
    return len(app.backend.result_consumer.subscribed_to), len(app.backend._pending_results.concrete)


def note(request):
    """What a worker does when a member is done."""
    app.backend.on_chord_part_return(request, "SUCCESS", "an id")


class Request:
    def __init__(self, id_, group, place, body):
        self.id, self.group, self.group_index = id_, group, place
        self.chord = app.signature("senso.finish_batch", args=("a batch", "chord"), immutable=True, task_id=body)


@pytest.fixture
def queued(messages):
    """What was sent and not done. Nobody's worker finds it afterwards, and no result waits for a Redis that is gone."""
    yield messages
    messages.clear()
    gc.collect()


@pytest.fixture
def shaky(monkeypatch):
    """The next calls of the script that counts the parts of a chord lose their connection."""

    def fail(times):
        real = app.backend._chord_part_return_script

        def script(**options):
            if script.seen < times:
                script.seen += 1
                raise RedisConnectionError("a hiccup")
            return real(**options)

        script.seen = 0
        monkeypatch.setattr(app.backend, "_chord_part_return_script", script)
        monkeypatch.setitem(app.backend.retry_policy, "interval_start", 0)
        monkeypatch.setitem(app.backend.retry_policy, "interval_step", 0.01)
        return script

    return fail
