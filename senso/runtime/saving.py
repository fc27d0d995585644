"""Saves what was paid for, retried for as long as the lease certainly holds."""

from collections.abc import Callable
from typing import TypeVar

import stamina

from senso.db import Connection, Link, at_once, transaction
from senso.errors import ConfigError, Unreachable
from senso.log import logger
from senso.policy import POLICY

T = TypeVar("T")
log = logger(__name__)
TRIES = 5  # of a transaction after a deadlock or conflict
# ConfigError: a setting that became wrong after the claim, such as a certificate that is being replaced.
MAY_PASS = (Unreachable, ConfigError)


@stamina.retry(on=MAY_PASS, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def save(change: Callable[[Connection], T]) -> T:
    """Saves in a transaction. A short outage of the database costs no second call."""
    with transaction() as db:
        return change(db)


def save_at_once(change: Callable[[Link], T]) -> T:
    """The same for a change of one statement, which needs no BEGIN and COMMIT."""
    try:
        with at_once() as db:
            return change(db)
    except MAY_PASS:
        return retry_at_once(change)


@stamina.retry(on=MAY_PASS, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def retry_at_once(change: Callable[[Link], T]) -> T:
    with at_once() as db:
        return change(db)


def retry_on_deadlock(change: Callable[[Connection], T], *retried: type[Exception]) -> T:
    """One transaction, retried after a deadlock or an error of `retried`.

    A transaction that closes many rows can deadlock with the reaper, which locks rows in another order.
    """

    def may_pass(error: Exception) -> bool:
        return isinstance(error, retried) or (isinstance(error, Unreachable) and "deadlock" in str(error))

    for attempt in stamina.retry_context(on=may_pass, attempts=TRIES, wait_initial=0.05, wait_max=1, wait_jitter=0.1):
        with attempt, transaction() as db:
            found = change(db)
    return found


def unstorable(error: Exception) -> str:
    """The error for the row of a paid result that cannot be saved: the row must end, or it would be paid for again."""
    log.error("a result could not be stored", error=type(error).__name__)
    return f"senso: the result cannot be stored ({type(error).__name__})"
