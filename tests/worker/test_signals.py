import signal
import threading
import time

import pytest
from kombu.utils import eventio

from senso.worker import signals

SECOND = 1.0


@pytest.fixture
def handled():
    """What the handler of a signal saw; `handled.lock` is one that the main thread may hold."""
    former = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGALRM)}
    seen: list[bool] = []
    lock = threading.Lock()
    signal.signal(signal.SIGUSR1, signals.defer_until_waiting(lambda *_: seen.append(lock.locked())))
    yield seen, lock
    for number, handler in former.items():
        signal.signal(number, handler)


def wait_as_the_hub_does() -> None:
    until = time.monotonic() + SECOND
    poller = eventio.poll()
    while time.monotonic() < until:
        poller.poll(0.1)
    poller.close()


def test_a_signal_that_comes_while_the_main_thread_holds_a_lock_waits_until_it_lets_go(handled):
    seen, lock = handled

    with lock:
        signal.raise_signal(signal.SIGUSR1)
        time.sleep(0.2)
        assert seen == []
    wait_as_the_hub_does()

    assert seen == [False]


def test_a_signal_that_comes_while_the_main_thread_waits_is_handled_at_once(handled):
    seen, _ = handled
    threading.Timer(0.2, signal.raise_signal, [signal.SIGUSR1]).start()

    wait_as_the_hub_does()

    assert seen == [False]


def test_a_main_thread_that_never_waits_is_interrupted_all_the_same(handled, monkeypatch):
    monkeypatch.setattr(signals, "TRIES", 3)
    seen, lock = handled

    with lock:
        signal.raise_signal(signal.SIGUSR1)
        time.sleep(0.3)

    assert seen == [True]
