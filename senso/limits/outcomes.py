"""What the end of a call says about its vendor."""

from dataclasses import dataclass
from enum import Enum, auto

from senso.errors import ConfigError, OutsideError, RateLimited, Refused, Unavailable

# 529: how Anthropic says that it is overloaded.
OVERLOADED = frozenset({503, 529})


class Verdict(Enum):
    """GOOD: it works, whatever it thinks of the request. BAD: it is in trouble. THROTTLED: too much was asked of it.

    UNKNOWN: the call tells nothing, for example as it never began.
    """

    GOOD = auto()
    BAD = auto()
    THROTTLED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Ended:
    """`is_too_much`: fewer calls at a time are to be made. `not_before`: seconds for which it asked to be left alone.

    `is_billed`: None where the reply is missing, so that tokens may have been used.
    """

    verdict: Verdict
    error: str | None = None
    is_too_much: bool = False
    not_before: float | None = None
    is_billed: bool | None = True


GOOD = Ended(Verdict.GOOD)
UNKNOWN = Ended(Verdict.UNKNOWN, is_billed=None)


def ended(error: BaseException | None) -> Ended:
    """By class and status, never by words. A refused key is not the model's trouble: `runs.stop` deals with it."""
    if error is None:
        return GOOD
    name = type(error).__name__
    if isinstance(error, RateLimited):
        return Ended(Verdict.THROTTLED, name, True, error.retry_after_seconds, False)
    if isinstance(error, Unavailable):
        is_too_much = error.status in OVERLOADED
        wait = error.retry_after_seconds if is_too_much else None
        return Ended(Verdict.BAD, name, is_too_much, wait, None if error.status is None else False)
    if isinstance(error, ConfigError) or not isinstance(error, OutsideError):
        return UNKNOWN
    return Ended(Verdict.GOOD, name, is_billed=False if isinstance(error, Refused) else None)
