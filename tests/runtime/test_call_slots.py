"""Call slots, and the runs of one message worked on concurrently."""

import asyncio
import threading

import pytest

from senso.runtime import call_slots
from senso.runtime.call_slots import CallSlots, Stopping, groups, run_concurrently


@pytest.fixture
def four(monkeypatch):
    """A process that has room for four."""
    made = CallSlots(4)
    monkeypatch.setattr(call_slots, "call_slots", lambda: made)
    return made


async def nothing():
    pass


def test_ids_are_cut_into_groups():
    assert [list(some) for some in groups(range(5), 2)] == [[0, 1], [2, 3], [4]]


def test_works_of_a_message_wait_for_one_another_side_by_side(four):
    together = asyncio.Barrier(4)

    async def work():
        await asyncio.wait_for(together.wait(), 5)

    run_concurrently(range(4), lambda some: [work() for _ in some])

    assert four.taken == 0


def test_no_more_than_there_is_room_for_are_claimed_at_a_time(four):
    claimed = []

    def begin(some):
        claimed.append((list(some), four.taken))
        return [nothing() for _ in some]

    run_concurrently(range(6), begin)

    assert claimed == [([0, 1, 2, 3], 4), ([4, 5], 2)]
    assert four.taken == 0


def test_the_room_of_what_another_has_is_free_at_once(four):
    seen = []

    async def look():
        seen.append(four.taken)

    run_concurrently(range(3), lambda _: [look()])

    assert (seen, four.taken) == ([1], 0)


def test_the_others_end_before_an_error_comes_out(four):
    ended = []

    async def failing():
        raise ValueError("of the first")

    async def slow(one):
        await asyncio.sleep(0.05)
        ended.append(one)

    with pytest.raises(ValueError, match="of the first"):
        run_concurrently(range(3), lambda some: [failing(), *(slow(one) for one in some[1:])])

    assert (sorted(ended), four.taken) == ([1, 2], 0)


def test_a_claim_that_fails_keeps_no_room(four):
    def begin(_):
        raise ValueError("no claim")

    with pytest.raises(ValueError, match="no claim"):
        run_concurrently(range(3), begin)

    assert four.taken == 0


def test_who_wants_many_is_not_passed_by(four):
    four.acquire(3)
    order = []

    def wanting(count):
        four.acquire(count)
        order.append(count)

    many, one = (threading.Thread(target=wanting, args=(count,)) for count in (3, 1))
    many.start()
    while not four.turn.locked():
        pass
    one.start()
    four.release(3)
    many.join(5)
    one.join(5)

    assert order == [3, 1]


def test_who_waits_for_room_in_a_process_that_stops_goes_back_unclaimed(four):
    """Claimed there, its runs would be asked until the process is killed, and asked again elsewhere."""
    four.acquire(4)
    ended = []

    def wanting():
        with pytest.raises(Stopping):
            run_concurrently(range(3), lambda _: pytest.fail("claimed"))
        ended.append(True)

    waiting = [threading.Thread(target=wanting) for _ in range(2)]
    for one in waiting:
        one.start()

    four.close()
    for one in waiting:
        one.join(5)

    assert (ended, four.taken) == ([True, True], 4)
