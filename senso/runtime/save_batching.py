"""Saves several runs in one statement, which costs Postgres hardly more than saving one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Generic, TypeVar
from uuid import UUID

from senso.db import DBAPIError, Link
from senso.runtime.call_slots import call_slots
from senso.runtime.saving import save_at_once

T = TypeVar("T")
Item = TypeVar("Item")
Saved = TypeVar("Saved")
# How long the first item waits for others. Runs of a group that were asked at the same moment end within this time.
GATHER_SECONDS = 0.02
# More than there are connections: while Postgres is unreachable each save blocks a thread, and those queued must start
# before their leases end.
THREADS = 32
# Items of one statement: a backend of Postgres keeps the memory of the largest one that it has seen.
MOST_ITEMS = 100


@lru_cache(maxsize=1)
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "save")


async def save_in_thread(change: Callable[[Link], T]) -> T:
    """`save_at_once` for coroutines, since the loop must not wait for Postgres."""
    return await asyncio.get_running_loop().run_in_executor(threads(), save_at_once, change)


class SaveBatcher(Generic[Item, Saved]):
    """`change` saves items of several runs of one batch, and returns one result per item, in their order."""

    def __init__(self, change: Callable[[Link, Sequence[Item]], Sequence[Saved]]) -> None:
        self.change = change
        self.pending: dict[UUID, tuple[list[Item], asyncio.Task[Sequence[Saved]]]] = {}

    async def save(self, batch: UUID, item: Item) -> Saved:
        """Raises what saving this item alone raises: an item that cannot be stored must not fail the others."""
        if batch not in self.pending or len(self.pending[batch][0]) >= MOST_ITEMS:
            items: list[Item] = []
            self.pending[batch] = items, asyncio.create_task(self.save_pending(batch, items))
        items, saved = self.pending[batch]
        place = len(items)
        items.append(item)
        try:
            return (await saved)[place]
        except (DBAPIError, ValueError):
            if len(items) == 1:
                raise
        (alone,) = await save_in_thread(lambda db: self.change(db, [item]))
        return alone

    async def save_pending(self, batch: UUID, items: list[Item]) -> Sequence[Saved]:
        await asyncio.sleep(GATHER_SECONDS if call_slots().taken > 1 else 0)
        if self.pending[batch][0] is items:
            del self.pending[batch]
        return await save_in_thread(lambda db: self.change(db, items))
