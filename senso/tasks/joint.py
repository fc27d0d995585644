"""Saves of several runs in one statement: a statement costs Postgres more than what it does for one of its rows."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Generic, TypeVar
from uuid import UUID

from senso.db import DBAPIError, Link
from senso.tasks.attempts import keep_at_once
from senso.tasks.handful import places

T = TypeVar("T")
Item = TypeVar("Item")
Saved = TypeVar("Saved")
# How long the first of them waits for others. Runs of a handful that were asked at the same moment end within it.
GATHER_SECONDS = 0.02
# More than there are connections: while Postgres is away each save waits in a thread, and those behind it must begin
# before their leases end.
THREADS = 32


@lru_cache(maxsize=1)
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "save")


async def kept(save: Callable[[Link], T]) -> T:
    """`keep_at_once` for whoever runs in the loop, which must not wait for Postgres."""
    return await asyncio.get_running_loop().run_in_executor(threads(), keep_at_once, save)


class Joint(Generic[Item, Saved]):
    """`save` takes what several runs of one batch have to save, and returns what is due to each, in their order.

    Of one batch: two statements that each count down several batches would wait for each other.
    """

    def __init__(self, save: Callable[[Link, Sequence[Item]], Sequence[Saved]]) -> None:
        self.save = save
        self.gathering: dict[UUID, tuple[list[Item], asyncio.Task[Sequence[Saved]]]] = {}

    async def __call__(self, batch: UUID, item: Item) -> Saved:
        """Raises what saving this item alone raises: what cannot be stored must not cost others their results."""
        if batch not in self.gathering:
            items: list[Item] = []
            self.gathering[batch] = items, asyncio.create_task(self.gathered(batch, items))
        items, saved = self.gathering[batch]
        place = len(items)
        items.append(item)
        try:
            return (await saved)[place]
        except (DBAPIError, ValueError):
            if len(items) == 1:
                raise
        (alone,) = await kept(lambda db: self.save(db, [item]))
        return alone

    async def gathered(self, batch: UUID, items: list[Item]) -> Sequence[Saved]:
        await asyncio.sleep(GATHER_SECONDS if places().taken > 1 else 0)
        del self.gathering[batch]
        return await kept(lambda db: self.save(db, items))
