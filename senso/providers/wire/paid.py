"""A reply that was paid for and that our own program fails on: it is kept with what it cost, and not bought again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from senso.errors import OutsideError, Unforeseen
from senso.log import logger
from senso.providers import Usage

log = logger(__name__)


@contextmanager
def paid(service: str, reply: Any, usage: Callable[[], Usage]) -> Iterator[None]:
    """Raises Unforeseen for an exception that is none of ours, with the reply as `body` and what was billed.

    `usage` is asked for then only; where it fails too, what was billed is not known.
    """
    try:
        yield
    except OutsideError:
        raise
    except Exception as error:
        log.exception("a reply was read in a way that nobody foresaw", provider=service)
        failed = Unforeseen(service, f"internal error: {type(error).__name__}", usage=quietly(usage))
        failed.body = reply
        raise failed from error


def quietly(usage: Callable[[], Usage]) -> Usage | None:
    try:
        return usage()
    except Exception:  # noqa: BLE001  the first failure is what counts
        return None
