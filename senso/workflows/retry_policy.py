"""Whether and when a failed call is retried. The row stores the decision; no process loops."""

import random

from senso.errors import RateLimited, SensoError, Unavailable
from senso.policy import POLICY

# Also where a vendor asks for no wait at all: such a call would be made again and again.
SHORTEST_SECONDS = 0.5


def wait_seconds(error: SensoError, failures: int) -> float | None:
    """Until the next try; None when there is none. A rate limit is not a failure: only the deadline bounds it.

    Backoff with full jitter: up to 4 s after the first failure, then 8, 16, 32; five failures end the run.
    """
    if isinstance(error, RateLimited):
        asked = POLICY.wait_seconds if error.retry_after_seconds is None else error.retry_after_seconds
        return max(SHORTEST_SECONDS, min(POLICY.longest_wait_seconds, asked) * random.uniform(1, 1.3))
    if not isinstance(error, Unavailable) or failures + 1 >= POLICY.most_failures:
        return None
    asked = min(POLICY.longest_wait_seconds, error.retry_after_seconds or 0)
    return max(asked, random.uniform(SHORTEST_SECONDS, 2 ** (failures + 2)))
