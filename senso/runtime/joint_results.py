"""Works on several items at once in threads, and hands on together what ends at about the same time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# How long the first result waits for others. Replies to requests that were sent at the same moment come within it.
GATHER_SECONDS = 0.5


def joint_results(
    pool: Executor, work: Callable[[Item], Result], items: Sequence[Item], seconds: float = GATHER_SECONDS
) -> Iterator[list[Result]]:
    """A slow item holds back the results of the others for at most `seconds`. `work` must not raise."""
    running = {pool.submit(work, item) for item in items}
    while running:
        wait(running, return_when=FIRST_COMPLETED)
        done, running = wait(running, seconds)
        yield [one.result() for one in done]
