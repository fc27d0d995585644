"""Whether and when a failed call is retried. The row stores the decision; no process loops."""

import random

from senso.errors import CutOff, Malformed, RateLimited, SensoError, TooLong, Unavailable, Unforeseen
from senso.policy import POLICY

# Also where a vendor asks for no wait at all: such a call would be made again and again.
SHORTEST_SECONDS = 0.5


def wait_seconds(error: SensoError, failures: int) -> float | None:
    """Until the next try; None when there is none. A rate limit is not a failure: only the deadline bounds it.

    Backoff with full jitter: up to 4 s after the first failure, then 8, 16, 32; five failures end the run, and three
    whose answers came and could not be used, or two that had no room.
    """
    if isinstance(error, RateLimited):
        asked = POLICY.wait_seconds if error.retry_after_seconds is None else error.retry_after_seconds
        return max(SHORTEST_SECONDS, min(POLICY.longest_wait_seconds, asked) * random.uniform(1, 1.3))
    if failures + 1 >= most_tries(error):
        return None
    asked = error.retry_after_seconds or 0 if isinstance(error, Unavailable) else 0
    return max(min(POLICY.longest_wait_seconds, asked), random.uniform(SHORTEST_SECONDS, 2 ** (failures + 2)))


def most_tries(error: SensoError) -> int:
    """What is refused, or wrong with our settings or our program, is the same another time."""
    if isinstance(error, Unavailable):
        return POLICY.most_failures
    if isinstance(error, CutOff):  # the same room once more: the next answer may be shorter
        return POLICY.cut_off_tries
    return POLICY.unusable_tries if isinstance(error, Malformed) and not isinstance(error, Unforeseen | TooLong) else 1
