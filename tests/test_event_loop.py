"""The loop in which calls wait."""

import threading
import time

import pytest

from senso.event_loop import event_loop, is_responsive, wait_for


async def where():
    return threading.current_thread().name


def test_what_is_waited_for_runs_in_a_thread_of_its_own():
    assert (wait_for(where()), threading.current_thread().name) == ("loop", "MainThread")


def test_threads_that_come_at_the_same_moment_share_one_loop(monkeypatch):
    monkeypatch.setattr("senso.event_loop.running", None)
    found = []
    threads = [threading.Thread(target=lambda: found.append(event_loop())) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len({id(one) for one in found}) == 1
    found[0].call_soon_threadsafe(found[0].stop)
    while found[0].is_running():
        time.sleep(0.01)
    found[0].close()


def test_an_error_comes_out_where_it_is_waited_for():
    async def failing():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        wait_for(failing())


def test_a_loop_that_somebody_holds_up_does_not_answer():
    event_loop().call_soon_threadsafe(time.sleep, 0.5)

    assert not is_responsive(0.05)
    assert is_responsive(5)
