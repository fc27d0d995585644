"""What a paid call's end means: its report, and whether and when there is another try. The row decides, not a loop."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import stamina

from senso.db import Connection, Link, at_once, transaction
from senso.errors import (
    ConfigError,
    Malformed,
    OutsideError,
    RateLimited,
    Refused,
    SensoError,
    Unavailable,
    Unreachable,
)
from senso.log import logger
from senso.policy import POLICY
from senso.prices import Price, cost_microusd
from senso.providers import Usage
from senso.queries.runs import Report
from senso.states import Outcome

T = TypeVar("T")
log = logger(__name__)


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.monotonic()

    def milliseconds(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


def report(outcome: Outcome, price: Price | None, usage: Usage, watch: Stopwatch) -> Report:
    return Report(outcome, usage, cost_microusd(price, usage), watch.milliseconds())


def failed_report(error: SensoError, price: Price | None, watch: Stopwatch) -> Report:
    """A refusal that was billed says so. No reply, or one that could not be read, may have been billed: unknown."""
    usage = getattr(error, "usage", None) or Usage()
    cost = cost_microusd(price, usage)
    no_reply = isinstance(error, Unavailable) and error.status is None
    unknown = no_reply or (isinstance(error, Malformed) and error.usage is None)
    return Report(outcome_of(error), usage, None if unknown else cost, watch.milliseconds())


def outcome_of(error: SensoError) -> Outcome:
    outcomes: dict[type[SensoError], Outcome] = {
        RateLimited: Outcome.RATE_LIMITED,
        Unavailable: Outcome.UNAVAILABLE,
        Refused: Outcome.REFUSED,
        Malformed: Outcome.MALFORMED,
    }
    return outcomes.get(type(error), Outcome.FAILED)


def wait_seconds(error: SensoError, failures: int) -> float | None:
    """Until the next try; None when there is none. Being asked to wait is no failure: the deadline bounds it.

    After the first failure up to 4 s, then 8, 16, 32 (full jitter): five failures end the run.
    """
    if isinstance(error, RateLimited):
        asked = POLICY.wait_seconds if error.retry_after_seconds is None else error.retry_after_seconds
        return min(POLICY.longest_wait_seconds, asked) * random.uniform(1, 1.3)
    if not isinstance(error, Unavailable) or failures + 1 >= POLICY.most_failures:
        return None
    asked = min(POLICY.longest_wait_seconds, error.retry_after_seconds or 0)
    return max(asked, random.uniform(0.5, 2 ** (failures + 2)))


@contextmanager
def guarded() -> Iterator[None]:
    """A mistake of ours ends the run with its name, or the next four claims would pay for the same mistake."""
    try:
        yield
    except (OutsideError, ConfigError):
        raise
    except Exception as error:
        log.exception("a call ended in a way that nobody foresaw")
        raise Malformed("senso", f"internal error: {type(error).__name__}") from error


def unstorable(error: Exception) -> str:
    """A result that was paid for and cannot be saved ends its row: claimed again, it would be bought again."""
    log.error("a result could not be stored", error=type(error).__name__)
    return f"senso: the result cannot be stored ({type(error).__name__})"


# Also a setting that has become wrong since the claim, such as a certificate that is being exchanged.
AWAY = (Unreachable, ConfigError)


@stamina.retry(on=AWAY, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def keep(save: Callable[[Connection], T]) -> T:
    """Saves what was paid for: while the lease holds, a database that is away for a moment costs no second call."""
    with transaction() as db:
        return save(db)


def keep_at_once(save: Callable[[Link], T]) -> T:
    """The same for what is saved by one statement."""
    try:
        with at_once() as db:
            return save(db)
    except AWAY:
        return keep_trying(save)


@stamina.retry(on=AWAY, attempts=None, timeout=POLICY.lease_seconds / 2, wait_max=5)
def keep_trying(save: Callable[[Link], T]) -> T:
    with at_once() as db:
        return save(db)
