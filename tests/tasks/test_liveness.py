"""Alive means getting on."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from senso.settings import settings
from senso.tasks import liveness, ticking
from senso.tasks.app import app
from senso.tasks.liveness import Progress, is_wedged
from senso.tasks.ticking import its_turn


@pytest.fixture
def idle(monkeypatch):
    """This process as a worker of one queue that has done nothing for a minute."""
    now = [0.0]
    progress = Progress(lambda: now[0])
    monkeypatch.setattr(liveness, "progress", progress)
    monkeypatch.setattr(type(app.amqp.queues), "consume_from", {"ask": None}, raising=False)
    now[0] = 60.0
    return progress


def test_idle_beside_messages_of_its_queue_is_wedged(idle, messages):
    messages.redis.lpush("ask", "a message")

    assert is_wedged()


def test_idle_beside_the_messages_of_others_is_well(idle, messages):
    messages.redis.lpush("control", "a message")

    assert not is_wedged()


def test_with_work_under_way_it_is_well(idle, messages):
    messages.redis.lpush("ask", "a message")

    idle.began()

    assert not is_wedged()
    idle.ended()
    assert idle.idle_seconds() == 0


def test_without_redis_nobody_is_to_blame(idle, environment):
    environment.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    settings.cache_clear()

    assert not is_wedged()
    assert idle.idle_seconds() == 0


def test_the_process_ends_and_says_why(monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)

    liveness.leave()

    assert codes == [liveness.WEDGED]


def test_of_ticks_that_piled_up_the_first_is_done_and_one_for_all_the_others(monkeypatch):
    """One that comes right after another was sent for something newer, such as a batch that waits to be admitted."""
    monkeypatch.setattr(ticking, "CLOSEST_SECONDS", 0.5)
    assert its_turn("a tick")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: its_turn("a tick"), range(8))) == 1


def test_ticks_of_different_names_do_not_wait_for_one_another(monkeypatch):
    monkeypatch.setattr(ticking, "CLOSEST_SECONDS", 3600)
    assert its_turn("one")
    assert its_turn("two")
