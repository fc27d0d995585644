"""No minute gets more than the limit, and hardly less while work waits."""

import pytest
from simulated import Simulation

from senso.limits.outcomes import GOOD
from senso.providers import Limits


@pytest.mark.parametrize("rpm", [30, 600])
def test_requests(door, clock, rpm):
    world = Simulation(door, clock, Limits(rpm=rpm), rows=rpm * 2).run(180)

    used = world.minutes(world.asked)

    assert max(used) <= rpm
    assert sum(used) / len(used) >= 0.95 * rpm


TOKENS = {
    "as expected": lambda lot: 600,
    "by lot": lambda lot: int(lot.uniform(200, 1000)),
    "skewed": lambda lot: lot.choice([400, 400, 400, 1200]),
}


@pytest.mark.parametrize("drawn", TOKENS)
def test_tokens_are_settled_both_ways_and_a_killed_process_loses_little(door, clock, drawn):
    tpm = 200_000
    world = Simulation(door, clock, Limits(tpm=tpm), rows=400, actual=TOKENS[drawn]).run(240, kill_at=120)

    used = world.minutes(world.used)

    assert max(used) <= 1.02 * tpm
    assert sum(used) / len(used) >= 0.97 * tpm
    assert min(used) >= 0.95 * tpm


def test_no_minute_gets_more_requests_where_they_come_late_in_each_half_second(door, clock):
    limits, start, asked = Limits(rpm=200), clock.now, []
    (one,) = Simulation(door, clock, limits, processes=1).pool
    for half_seconds in range(300):
        clock.now = start + half_seconds / 2 + (0.48 if half_seconds < 110 else 0.45)
        asked += [clock.now] * len(one.take("ask", [0] * 10, limits).permits)

    assert len(asked) > 400
    assert max(sum(at <= other < at + 60 for other in asked) for at in asked) <= 200


def test_a_budget_that_is_not_reached_costs_two_contacts_a_second(door, clock):
    world = Simulation(door, clock, Limits(rpm=100_000, tpm=10**8), processes=1, rows=20)
    told = []
    (one,) = world.pool
    contact = one.contact
    one.contact = lambda ask: told.append(ask) or contact(ask)

    for _ in range(20 * 40):
        taken = one.take("ask", [0] * 4, world.limits)
        for permit in taken.permits:
            one.settle(permit, GOOD, 500)
        one.tell()
        clock.pass_(0.025)

    assert len(told) <= 3.5 * 20
