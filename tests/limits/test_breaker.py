"""A model whose vendor is in trouble is left alone by all, and tried by one."""

import pytest

from senso.errors import Malformed, Misconfigured, RateLimited, Refused, Unavailable
from senso.limits import events
from senso.limits.outcomes import UNKNOWN, Ended, Verdict, ended
from senso.providers import NO_LIMITS

DOWN = ended(Unavailable("acme", "down", status=500))
GOOD = ended(None)


def call(one, end, times=1):
    for _ in range(times):
        taken = one.take("ask", [0], NO_LIMITS)
        for permit in taken.permits:
            one.settle(permit, end, 100)
    one.tell(anyway=True)


def opened(one):
    call(one, DOWN, 10)


def probe_of(one):
    taken = one.take("ask", [0] * 5, NO_LIMITS)
    assert len(taken.permits) == 1
    return taken.permits[0]


def seen():
    return [one.event for one in events.waiting()]


def test_ten_calls_of_which_six_fail_open_it(door, process):
    call(process(), GOOD, 4)
    call(process(), DOWN, 5)
    before = door.look()["state"]

    call(process(), DOWN)

    assert (before, door.look()["state"]) == ("closed", "open")
    (event,) = events.waiting()
    assert (event.event, event.calls, event.failures, event.error, event.open_seconds) == (
        *("opened", 10, 6),
        *("Unavailable", 30),
    )


def test_failures_that_are_older_than_ten_seconds_do_not_count(door, process, clock):
    call(process(), DOWN, 6)
    clock.pass_(11)

    call(process(), DOWN, 6)

    assert door.look()["state"] == "closed"


@pytest.mark.parametrize(
    "error",
    [
        Refused("acme", "no"),
        Malformed("acme", "what?"),
        Misconfigured("acme", "key", status=401),
        RateLimited("acme", "wait", status=429, retry_after_seconds=0.001),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_says_nothing_of_the_vendor_does_not_open_it(door, process, clock, error):
    for _ in range(12):
        call(process(), ended(error))
        clock.pass_(0.01)

    assert door.look()["state"] == "closed"


def test_a_vendor_that_refuses_everything_for_seconds_whatever_time_it_says_is_left_alone(door, process, clock):
    for _ in range(12):
        call(process(), ended(RateLimited("acme", "wait", status=429, retry_after_seconds=0.5)))
        clock.pass_(0.8)

    assert door.look()["state"] == "open"


def test_while_it_is_open_nobody_calls_and_then_one_of_all(process, clock):
    opened(process("a"))

    during = [len(process(name).take("ask", [0] * 3, NO_LIMITS).permits) for name in "abc"]
    waits = process("b").take("ask", [0], NO_LIMITS).waits
    clock.pass_(30.1)
    after = [len(process(name).take("ask", [0] * 3, NO_LIMITS).permits) for name in "abc"]

    assert (during, sum(after)) == ([0, 0, 0], 1)
    assert 29 <= waits[0] <= 32


def test_a_probe_that_succeeds_closes_it(door, process, clock):
    opened(process("a"))
    clock.pass_(30.1)

    process("b").settle(probe_of(process("b")), GOOD, 100)
    process("b").tell()

    assert door.look()["state"] == "closed"
    assert seen() == ["opened", "probing", "closed"]
    assert len(process("c").take("ask", [0] * 20, NO_LIMITS).permits) == 20


def test_each_probe_that_fails_doubles_the_time_up_to_five_minutes(door, process, clock):
    opened(process("a"))
    times = []
    for _ in range(5):
        times.append(door.look()["open_for"])
        clock.pass_(times[-1] + 0.1)
        process("b").settle(probe_of(process("b")), DOWN)
        process("b").tell()

    assert times == [30, 60, 120, 240, 300]


def test_a_late_success_does_not_close_it_nor_a_late_failure_open_it_again(door, process, clock):
    early = process("a").take("ask", [0] * 20, NO_LIMITS).permits
    opened(process("b"))
    for permit in early[:5]:
        process("a").settle(permit, GOOD, 100)
    process("a").tell(anyway=True)
    still = door.look()["state"]
    clock.pass_(30.1)
    process("b").settle(probe_of(process("b")), GOOD, 100)
    process("b").tell()
    for permit in early[5:]:
        process("a").settle(permit, DOWN)
    process("a").tell(anyway=True)

    assert (still, door.look()["state"]) == ("open", "closed")


def test_a_probe_whose_process_dies_is_tried_by_another_within_seconds(door, process, clock):
    opened(process("a"))
    clock.pass_(30.1)
    probe_of(process("b"))
    for _ in range(4):
        clock.pass_(2.9)
        process("c").tell(anyway=True)

    probe = probe_of(process("c"))
    process("c").settle(probe, GOOD, 100)
    process("c").tell()

    assert door.look()["state"] == "closed"
    assert seen() == ["opened", "probing", "probing", "closed"]


def test_a_probe_that_is_not_made_leaves_the_turn_to_the_next(process, clock):
    opened(process("a"))
    clock.pass_(30.1)

    for _ in range(3):
        process("b").refund([probe_of(process("b"))])
        process("b").tell()

    assert probe_of(process("c")).probe
    assert seen() == ["opened", "probing"]


def test_a_call_that_tells_nothing_is_not_counted(door, process):
    call(process(), UNKNOWN, 20)
    call(process(), Ended(Verdict.BAD, "Unavailable"), 9)

    assert door.look()["state"] == "closed"
