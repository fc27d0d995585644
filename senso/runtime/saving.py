"""Saving what was paid for, tried again for as long as the lease surely holds."""

from collections.abc import Callable
from typing import TypeVar

import stamina

from senso.db import Connection, Link, at_once, transaction
from senso.errors import ConfigError, Unreachable
from senso.log import logger
from senso.policy import POLICY

T = TypeVar("T")
log = logger(__name__)
TRIES = 5  # of a transaction that met another
# ConfigError: a setting that has become wrong since the claim, such as a certificate that is being exchanged.
MAY_PASS = (Unreachable, ConfigError)


@stamina.retry(on=MAY_PASS, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def save(change: Callable[[Connection], T]) -> T:
    """In a transaction. A database that is away for a moment costs no second call."""
    with transaction() as db:
        return change(db)


def save_at_once(change: Callable[[Link], T]) -> T:
    """The same for a change that is one statement, which is a transaction by itself."""
    try:
        with at_once() as db:
            return change(db)
    except MAY_PASS:
        return retry_at_once(change)


@stamina.retry(on=MAY_PASS, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def retry_at_once(change: Callable[[Link], T]) -> T:
    with at_once() as db:
        return change(db)


def undisturbed(change: Callable[[Connection], T], *retried: type[Exception]) -> T:
    """One transaction, tried again after a deadlock or an error of `retried`.

    Whoever closes many rows at once meets the reaper, which does so, too, in its own order.
    """

    def may_pass(error: Exception) -> bool:
        return isinstance(error, retried) or (isinstance(error, Unreachable) and "deadlock" in str(error))

    for attempt in stamina.retry_context(on=may_pass, attempts=TRIES, wait_initial=0.05, wait_max=1, wait_jitter=0.1):
        with attempt, transaction() as db:
            found = change(db)
    return found


def unstorable(error: Exception) -> str:
    """A result that was paid for and cannot be saved ends its row: claimed again, it would be bought again."""
    log.error("a result could not be stored", error=type(error).__name__)
    return f"senso: the result cannot be stored ({type(error).__name__})"
