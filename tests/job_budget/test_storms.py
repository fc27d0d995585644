"""Two real processes at work while the vendor answers with 429; five minutes are two seconds here."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from redis_servers import free_port, redis_process

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.queries import workers as worker_rows
from senso.settings import settings
from senso.tasks.periodic import relay

WINDOW = 2
SHRUNK = {
    "limited_window_seconds": WINDOW,
    "left_alone_seconds": WINDOW,
    "first_pause_seconds": 0.03,
    "longest_pause_seconds": WINDOW,
    "limited_fresh_seconds": 0.3,
    "wait_seconds": 0.1,
    "longest_wait_seconds": 0.2,
}
BATCHES, PLACES = 4, ("US", "CA", "GB")
BLOCKED_AT = 25
# A place is kept for two seconds after its request began, whatever it is for; a vendor's list shows all at once.
SHORT_PLACES = {"place_seconds": -8, "request_seconds": 10, "grace_seconds": 1}
KINDS = ("brightdata.trigger", "brightdata.progress", "brightdata.snapshot")


@contextmanager
def workers(count=2, **changes):
    """The processes, once all of them are ready."""
    program = [sys.executable, str(Path(__file__).with_name("worker.py")), json.dumps(SHRUNK | changes)]
    with ExitStack() as ended:
        started = [ended.enter_context(process(program)) for _ in range(count)]
        for one in started:
            assert one.stdout.readline() == b"ready\n"
        yield started


@contextmanager
def process(program):
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            started.kill()


def batches(make, models=("chatgpt",)) -> None:
    for _ in range(BATCHES):
        make.batch(questions=2, models=models, countries=PLACES)
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")


def open_runs(make) -> int:
    return make.one("SELECT count(*) FROM question_runs WHERE state <> 'answered'")


def wait_until(found, seconds=120) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def most_in_a_window(sandbox) -> int:
    """The most answers of 429 within any five minutes."""
    at = sorted(call["at"] for call in sandbox.calls("brightdata") if call["status"] == 429)
    return max((sum(first <= one < first + WINDOW for one in at) for first in at), default=0)


def assert_kept(make, sandbox) -> None:
    assert 0 < most_in_a_window(sandbox) < BLOCKED_AT
    assert make.one("SELECT count(*) FROM vendor_jobs WHERE failures > 0") == 0
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_storms_of_429_never_get_near_what_blocks_the_account_and_no_run_fails(make, sandbox):
    """First at the submissions, then at the polls, then at the downloads."""
    batches(make)
    left = list(KINDS)
    storm(sandbox, left)  # before a process can ask anything
    with workers():
        while left:
            wait_until(lambda: struck(sandbox, left[0]) > 0)
            time.sleep(1.2 * WINDOW)
            print(left.pop(0), "most answers of 429 within the window:", most_in_a_window(sandbox))
            storm(sandbox, left)
        wait_until(lambda: open_runs(make) == 0)

    assert_kept(make, sandbox)
    accepted = [call for call in sandbox.calls("brightdata.trigger") if call["status"] == 200]
    assert len(accepted) == BATCHES * len(PLACES)


def storm(sandbox, places) -> None:
    sandbox.heal()
    for where in places:
        sandbox.fault(where, "429")


def struck(sandbox, where) -> int:
    return sum(call["status"] == 429 for call in sandbox.calls(where))


def test_a_process_that_is_killed_in_a_storm_takes_no_place_with_it(make, sandbox, messages):
    """It has requests under way, and what the vendor answers to them is counted by nobody."""
    batches(make)
    sandbox.fault("brightdata.progress", "hang", seconds=20)
    flying = "senso:limit:jobs:brightdata:flying"
    with workers(1, **SHORT_PLACES):
        wait_until(lambda: messages.redis.zcard(flying) > 4)
    held = messages.redis.zcard(flying)
    take_back(make)
    sandbox.heal()
    sandbox.fault("brightdata.progress", "429")
    with workers(1, **SHORT_PLACES):
        wait_until(lambda: struck(sandbox, "brightdata.progress") > 0)
        time.sleep(WINDOW)
        sandbox.heal()
        wait_until(lambda: open_runs(make) == 0)
        wait_until(lambda: messages.redis.zcard(flying) == 0)
    relay()  # what the killed process did not publish any more

    assert held > 4
    assert 0 < most_in_a_window(sandbox) < BLOCKED_AT
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def take_back(make) -> None:
    """As the reaper does ten seconds after the death of all workers, and after 30 s who sends lost messages again."""
    make.sql("UPDATE workers SET heartbeat_at = now() - interval '1 minute'")
    with transaction() as db:
        worker_rows.take_back(db, replace(POLICY, grace_seconds=0))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() WHERE state = 'submitting'")


def test_redis_that_stops_in_a_storm_changes_nothing_of_that(make, sandbox, environment, tmp_path):
    port = free_port()
    environment.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    settings.cache_clear()
    batches(make)
    sandbox.fault("brightdata.progress", "429")
    with ExitStack() as stopped, workers():
        stopped.enter_context(redis_process(tmp_path / "first", port=port))
        wait_until(lambda: struck(sandbox, "brightdata.progress") > 2)
        stopped.close()
        time.sleep(WINDOW)
        with redis_process(tmp_path / "second", port=port):
            time.sleep(1)
            sandbox.heal()
            wait_until(lambda: open_runs(make) == 0)

    print("most answers of 429 within the window:", most_in_a_window(sandbox))
    assert_kept(make, sandbox)


def test_jobs_at_the_vendor_are_never_more_than_permitted(make, sandbox):
    """Of a model with a limit of its own, and of the others of the provider; as the vendor counts them."""
    sandbox.timing(snapshot_seconds=0.3, running_jobs_limit=3)
    batches(make, models=("chatgpt", "perplexity"))
    make.sql("UPDATE models SET max_in_flight = 3 WHERE slug = 'chatgpt'")
    with workers(jobs_at_a_time=3):
        wait_until(lambda: open_runs(make) == 0)

    assert struck(sandbox, "brightdata") == 0
    assert make.one("SELECT count(*) FROM vendor_jobs WHERE failures > 0") == 0
    assert len(sandbox.calls("brightdata.trigger")) == 2 * BATCHES * len(PLACES)
