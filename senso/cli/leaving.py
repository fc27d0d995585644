"""Ctrl-C and SIGTERM: an interrupted command reports the state of its work, and finishes the current step first."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

Step = Callable[[], None]


def leave(number: int, *_: object) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


@contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """SIGTERM raises SystemExit, as Ctrl-C raises KeyboardInterrupt."""
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def deferred_signals() -> Iterator[Step]:
    """Yields a function to call between steps: it raises there for a signal that arrived during a step.

    A second signal raises at once.
    """
    told: list[int] = []

    def remember(number: int, *_: object) -> None:
        if told:
            leave(number)
        told.append(number)

    def step() -> None:
        if told:
            leave(told[0])

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield step
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
