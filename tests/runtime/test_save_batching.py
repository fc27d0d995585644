"""Saves of several runs in one statement."""

import asyncio
from uuid import uuid4

import pytest

from senso.event_loop import wait_for
from senso.runtime import save_batching
from senso.runtime.call_slots import CallSlots
from senso.runtime.save_batching import SaveBatcher

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def busy(monkeypatch, database):
    """Two runs are under way, so whoever is first waits for the other."""
    slots = CallSlots(2)
    slots.acquire(2)
    monkeypatch.setattr(save_batching, "call_slots", lambda: slots)
    return slots


class Saver:
    """Refuses what is negative."""

    def __init__(self):
        self.statements = []

    def __call__(self, _, items):
        self.statements.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("cannot be stored")
        return [item * 10 for item in items]


def saved(batcher, *items):
    async def all_of_them():
        return await asyncio.gather(*(batcher.save(batch, item) for batch, item in items), return_exceptions=True)

    return wait_for(all_of_them())


def test_saves_of_a_batch_that_come_together_are_one_statement():
    save = Saver()

    assert saved(SaveBatcher(save), (ONE, 1), (ONE, 2), (ONE, 3)) == [10, 20, 30]
    assert save.statements == [[1, 2, 3]]


def test_those_of_two_batches_are_two():
    save = Saver()

    assert saved(SaveBatcher(save), (ONE, 1), (OTHER, 2), (ONE, 3)) == [10, 20, 30]
    assert sorted(save.statements) == [[1, 3], [2]]


def test_what_cannot_be_stored_costs_the_others_nothing():
    save = Saver()

    first, second, third = saved(SaveBatcher(save), (ONE, 1), (ONE, -2), (ONE, 3))

    assert (first, third, str(second)) == (10, 30, "cannot be stored")
    assert save.statements[0] == [1, -2, 3]
    assert sorted(save.statements[1:]) == [[-2], [1], [3]]


def test_who_comes_later_begins_anew():
    save = Saver()
    both = SaveBatcher(save)

    assert saved(both, (ONE, 1)) + saved(both, (ONE, 2)) == [10, 20]
    assert save.statements == [[1], [2]]


def test_who_is_alone_waits_for_nobody(busy, monkeypatch):
    busy.release(1)
    monkeypatch.setattr(save_batching, "GATHER_SECONDS", 60)

    assert saved(SaveBatcher(Saver()), (ONE, 1)) == [10]


def test_a_statement_has_an_upper_limit_of_items(monkeypatch):
    monkeypatch.setattr(save_batching, "MOST_ITEMS", 2)
    save = Saver()

    assert saved(SaveBatcher(save), *((ONE, item) for item in range(5))) == [0, 10, 20, 30, 40]
    assert sorted(save.statements) == [[0, 1], [2, 3], [4]]
