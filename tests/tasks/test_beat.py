"""A real beat: it says when it last ticked, and stops saying so when its ticks do not go out."""

import signal
import subprocess
import sys
import time

import pytest

from senso import stack
from senso.checks import work

PATIENCE_SECONDS = 60


@pytest.fixture
def beat(make, messages, tmp_path):
    process = subprocess.Popen(
        [sys.executable, *stack.beat(tmp_path).arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield process
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(30)


def until(condition, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    pytest.fail("it never came")


def test_a_beat_whose_ticks_go_out_is_getting_on_and_is_no_worker(beat, make):
    until(lambda: work.of_beat().state == "ok")

    assert make.one("SELECT count(*) FROM workers") == 0
    assert make.one("SELECT due_hour FROM beats") == 2


def test_a_beat_that_stands_still_makes_no_progress(beat, monkeypatch):
    until(lambda: work.of_beat().state == "ok")
    monkeypatch.setattr(work, "SILENT_SECONDS", 5)

    beat.send_signal(signal.SIGSTOP)

    until(lambda: work.of_beat().state == "fault")
