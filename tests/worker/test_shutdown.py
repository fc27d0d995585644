"""A worker that is told to stop starts no further call, ends those under way, and leaves without an error."""

import os
import signal
import subprocess
import sys
import time

import pytest

from senso import stack
from senso.runtime.call_slots import CallSlots
from senso.worker import shutdown

PATIENCE_SECONDS = 60
RUNS = 5


@pytest.fixture
def slots(monkeypatch):
    made = CallSlots(4)
    monkeypatch.setattr(shutdown, "call_slots", lambda: made)
    return made


def test_the_signal_to_stop_closes_the_room_before_celery_waits(slots, monkeypatch):
    seen = []
    monkeypatch.setattr(signal, "getsignal", lambda _: lambda *_: seen.append(slots.is_closed))
    handlers = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)

    shutdown.close_slots_when_told_to_stop()
    handlers[signal.SIGTERM](signal.SIGTERM, None)

    assert seen == [True]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "worker.log"


@pytest.fixture
def worker(messages, make, sandbox, log):
    """A real one, started as `senso up` starts it."""
    (child,) = stack.call_workers(1, RUNS)
    with log.open("wb") as output:
        child.start(output)
    yield child.process
    child.process.kill()
    child.process.wait()


SLOW_TO_HANDLE_SIGNALS = """
import sys, time
from celery.apps.worker import Worker
usual = Worker.on_start
Worker.on_start = lambda worker: (time.sleep(2), usual(worker))
from celery.__main__ import main
main()
"""


@pytest.fixture
def slow_worker(messages, make, log):
    """One that shows for two seconds what a busy machine shows at times: Celery does not handle signals yet."""
    (child,) = stack.call_workers(1, RUNS)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW_TO_HANDLE_SIGNALS, *child.arguments[2:]],
            env=os.environ | child.environment,
            stdout=output,
            stderr=output,
        )
    yield process
    process.kill()
    process.wait()


def until(condition, log):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(log.read_text())
        time.sleep(0.1)


@pytest.mark.parametrize(
    "seconds", [stack.SOFT_SHUTDOWN_SECONDS - 1, stack.SOFT_SHUTDOWN_SECONDS + 2], ids=["short calls", "long calls"]
)
def test_a_worker_told_to_stop_amid_calls_saves_them_and_leaves_without_an_error(worker, make, sandbox, log, seconds):
    sandbox.timing(answer_seconds=seconds)
    batch = make.batch(questions=RUNS)
    until(lambda: make.one("SELECT count(*) FROM question_runs WHERE state = 'asking'") == RUNS, log)

    worker.send_signal(signal.SIGTERM)
    code = worker.wait(stack.STOP_SECONDS)

    said = log.read_text()
    assert code == 0, said
    for never in ("NotImplementedError", "kill_job", "Traceback"):
        assert never not in said
    assert (
        make.one("SELECT count(*) FROM question_runs WHERE batch_id = :b AND answer_text IS NOT NULL", b=batch) == RUNS
    )
    assert len(sandbox.calls("openai.responses")) == RUNS
    assert make.one("SELECT count(*) FROM workers WHERE ended_at IS NOT NULL") == 1


def test_a_worker_told_to_stop_as_soon_as_it_is_known_leaves_its_heartbeat_ended(slow_worker, make, log):
    until(lambda: make.one("SELECT count(*) FROM workers") == 1, log)

    slow_worker.send_signal(signal.SIGTERM)
    slow_worker.wait(stack.STOP_SECONDS)

    assert make.one("SELECT count(*) FROM workers WHERE ended_at IS NULL") == 0, log.read_text()
