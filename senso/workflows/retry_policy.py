"""Whether and when a failed call is tried again. The row keeps the decision; no process loops."""

import random

from senso.errors import RateLimited, SensoError, Unavailable
from senso.policy import POLICY


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
