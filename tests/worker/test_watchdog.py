"""Alive means making progress."""

import os

import pytest

from senso.runtime.progress import Progress
from senso.settings import settings
from senso.worker import watchdog
from senso.worker.watchdog import is_wedged


@pytest.fixture
def idle(monkeypatch):
    """This process as a worker of one queue that has done nothing for a minute."""
    now = [0.0]
    progress = Progress(lambda: now[0])
    monkeypatch.setattr(watchdog, "progress", progress)
    now[0] = 60.0
    return progress


def test_idle_beside_messages_of_its_queue_is_wedged(idle, messages):
    messages.redis.lpush("ask", "a message")

    assert is_wedged(("ask",))


def test_idle_beside_the_messages_of_others_is_well(idle, messages):
    messages.redis.lpush("control", "a message")

    assert not is_wedged(("ask",))


def test_with_work_under_way_it_is_well(idle, messages):
    messages.redis.lpush("ask", "a message")

    idle.began()

    assert not is_wedged(("ask",))
    idle.ended()
    assert idle.idle_seconds() == 0


def test_without_redis_nobody_is_to_blame(idle, environment):
    environment.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    settings.cache_clear()

    assert not is_wedged(("ask",))
    assert idle.idle_seconds() == 0


def test_the_process_ends_and_says_why(monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)

    watchdog.leave()

    assert codes == [watchdog.WEDGED]
