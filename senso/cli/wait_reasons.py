"""What batches wait for, on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from senso.cli.printing import printable
from senso.cli.program import pasteable
from senso.reads import wait_words
from senso.reads.waiting import Cause, Wait
from senso.settings import settings


def lines(waits: Sequence[Wait], now: datetime, *, most: int = 20) -> list[str]:
    """`now` is the time of the database's clock, as are the times in `waits`."""
    said = wait_words.lines(waits, now, settings().max_running_batches, most=most)
    ours = {place for place, wait in enumerate(waits[:most]) if wait.what is Cause.WORKER}
    return [pasteable(one) if place in ours else printable(one) for place, one in enumerate(said)]
