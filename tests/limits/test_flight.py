"""Calls in flight: fewer after 429 and overload, more again with successes; places of the dead come free."""

import pytest

from senso.errors import RateLimited, Unavailable
from senso.limits.outcomes import ended
from senso.providers import Limits

GOOD = ended(None)
TWENTY = Limits(max_in_flight=20)


def flying(process, name, count):
    return process(name).take("ask", [0] * count, TWENTY).permits


def test_no_more_than_the_limit_in_all_processes_together(process):
    taken = [len(flying(process, name, 8)) for name in "abc"]

    assert taken == [8, 2, 0]  # a state that nobody knew begins with half of it


def test_the_places_of_a_killed_process_come_free_by_themselves(process, clock):
    flying(process, "a", 10)
    before = len(flying(process, "b", 10))
    clock.pass_(11)

    assert (before, len(flying(process, "b", 10))) == (0, 10)


def test_a_process_with_a_long_call_keeps_its_places(process, clock):
    flying(process, "a", 10)
    for _ in range(8):
        clock.pass_(3)
        process("a").tell()

    assert len(flying(process, "b", 10)) == 0


@pytest.mark.parametrize(
    ("error", "shrinks"),
    [
        (RateLimited("acme", "slow", status=429), True),
        (Unavailable("acme", "overloaded", status=529), True),
        (Unavailable("acme", "down", status=500), False),
        (Unavailable("acme", "no reply in time"), False),
    ],
    ids=["429", "529", "500", "timeout"],
)
def test_too_much_shrinks_it_and_successes_let_it_grow(process, door, clock, error, shrinks):
    first, *rest = flying(process, "a", 10)
    process("a").settle(first, ended(error))
    process("a").tell()
    shrunk = door.look()["ceiling"]
    for permit in rest:
        process("a").settle(permit, GOOD, 1)
    process("a").tell(anyway=True)

    assert shrunk == pytest.approx(7 if shrinks else 10)
    assert door.look()["ceiling"] > shrunk


def test_a_storm_shrinks_it_once_a_second(process, door, clock):
    permits = flying(process, "a", 10)
    for permit in permits[:5]:
        process("a").settle(permit, ended(RateLimited("acme", "slow", status=429)))
        process("a").tell()
    in_one_second = door.look()["ceiling"]
    clock.pass_(1)
    process("a").settle(permits[5], ended(RateLimited("acme", "slow", status=429)))
    process("a").tell()

    assert (in_one_second, door.look()["ceiling"]) == (pytest.approx(7), pytest.approx(4.9))


def test_a_429_with_a_time_holds_for_everybody(process, clock):
    (permit,) = flying(process, "a", 1)
    process("a").settle(permit, ended(RateLimited("acme", "slow", status=429, retry_after_seconds=5)))
    process("a").tell()

    late = process("b").take("ask", [0], TWENTY)
    clock.pass_(5.1)

    assert (late.permits, late.why) == ([], "time")
    assert 5 <= late.waits[0] <= 7
    assert len(flying(process, "b", 1)) == 1
