"""Each end is handed over once, by one sender at a time."""

import pytest
from at_work import work_off

from senso.db import transaction
from senso.queries import schedule
from senso.tasks.stages import push


@pytest.fixture
def ended(make, sandbox) -> str:
    """The key of the push of a batch that has just ended."""
    work_off(make, make.queued())
    return make.one("SELECT key FROM pushes")


def arrived(sandbox) -> list[tuple[str, int]]:
    return [(told["idempotency_key"], told["times"]) for told in sandbox.pushes()]


def test_a_push_that_was_sent_is_not_sent_again(make, sandbox, ended):
    push(ended)
    push(ended)

    assert arrived(sandbox) == [(ended, 1)]
    assert make.one("SELECT tries FROM pushes") == 1


def test_a_push_that_was_given_up_is_not_sent_by_a_message_that_comes_late(make, sandbox, ended):
    make.sql("UPDATE pushes SET status = 'failed', error = 'given up'")

    push(ended)

    assert arrived(sandbox) == []


def test_a_push_in_the_hands_of_another_is_not_sent_beside_him(make, sandbox, ended):
    make.sql("UPDATE pushes SET tries = 1, lease_until = now() + interval '1 minute'")

    push(ended)

    assert arrived(sandbox) == []


def test_a_push_whose_sender_died_is_sent_once_his_lease_is_over(make, sandbox, ended):
    make.sql("UPDATE pushes SET tries = 1, lease_until = now() - interval '1 second'")

    push(ended)

    assert arrived(sandbox) == [(ended, 1)]
    assert make.one("SELECT tries FROM pushes") == 2


def test_a_push_waits_for_its_next_try(make, sandbox, ended):
    make.sql("UPDATE pushes SET next_at = now() + interval '1 minute'")

    push(ended)

    assert arrived(sandbox) == []


def test_of_two_ticks_at_once_one_alone_has_the_week_of_an_org(make):
    org = make.org().id
    due = make.one("SELECT current_date")

    with transaction() as first:
        mine = schedule.claim(first, org, due)
    with transaction() as second:
        theirs = schedule.claim(second, org, due)

    assert (mine, theirs) == (True, False)
