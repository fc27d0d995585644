"""What was paid for is saved through an outage or a deadlock, and at once given up where it cannot be stored."""

import threading
import time
from itertools import count

import pytest
from sqlalchemy import text

from senso.db import DBAPIError
from senso.db.statement import Prepared
from senso.errors import ConfigError, Unreachable
from senso.policy import POLICY
from senso.runtime.saving import retry_on_deadlock, save, save_at_once, unstorable

WRITE = Prepared("INSERT INTO repairs (kind, count) VALUES (:kind, 1) RETURNING kind")
END_MY_SESSION = Prepared("SELECT pg_terminate_backend(pg_backend_pid())")
UNSTORABLE = Prepared("SELECT CAST(:kind AS integer)")

both_ways = pytest.mark.parametrize("way", [save, save_at_once])


@pytest.fixture
def written(make):
    return lambda: [row["kind"] for row in make.sql("SELECT kind FROM repairs ORDER BY id")]


class Change:
    """Writes a row, after `trouble` on the first `times` tries."""

    def __init__(self, trouble, times=1):
        self.trouble, self.times, self.tries = trouble, times, 0

    def __call__(self, db):
        self.tries += 1
        if self.tries <= self.times:
            self.trouble(db)
        return WRITE.one(db, {"kind": f"try {self.tries}"})["kind"]


def calm(_):
    pytest.fail("there is no trouble")


def lose_session(db):
    END_MY_SESSION.rows(db, {})


def raising(error):
    def trouble(_):
        raise error

    return trouble


@both_ways
def test_a_change_is_committed_and_what_it_returns_comes_back(written, way):
    assert way(Change(calm, times=0)) == "try 1"
    assert written() == ["try 1"]


@both_ways
@pytest.mark.parametrize("times", [1, 2])
def test_a_change_whose_connection_is_cut_is_saved_by_another(written, way, times):
    assert way(Change(lose_session, times)) == f"try {times + 1}"
    assert written() == [f"try {times + 1}"]


@both_ways
def test_a_setting_that_is_wrong_for_a_moment_costs_no_result(written, way):
    assert way(Change(raising(ConfigError("DATABASE_URL: the certificate is being replaced")))) == "try 2"
    assert written() == ["try 2"]


@both_ways
def test_a_value_that_cannot_be_stored_is_tried_once(written, way):
    change = Change(lambda db: UNSTORABLE.rows(db, {"kind": "many"}))

    with pytest.raises(DBAPIError):
        way(change)

    assert change.tries == 1
    assert written() == []


@both_ways
def test_a_mistake_of_ours_is_tried_once(written, way):
    change = Change(raising(ValueError("a mistake")))

    with pytest.raises(ValueError, match="a mistake"):
        way(change)

    assert (change.tries, written()) == (1, [])


class Outage:
    """So many leases pass before the second try ends."""

    def __init__(self, monkeypatch, leases):
        self.monkeypatch, self.passed, self.tries = monkeypatch, leases * POLICY.lease_seconds, 0

    def __call__(self, _):
        self.tries += 1
        if self.tries == 2:
            now = time.monotonic
            self.monkeypatch.setattr(time, "monotonic", lambda: now() + self.passed)
        raise Unreachable("Postgres: away")


@both_ways
def test_an_outage_of_less_than_half_a_lease_costs_no_result(written, monkeypatch, way):
    assert way(Change(Outage(monkeypatch, leases=0.4), times=2)) == "try 3"
    assert written() == ["try 3"]


@both_ways
def test_a_longer_outage_is_told_to_who_waits(written, monkeypatch, way):
    change = Change(Outage(monkeypatch, leases=0.6), times=2)

    with pytest.raises(Unreachable):
        way(change)

    assert (change.tries, written()) == (2, [])


def test_of_two_that_deadlock_both_are_saved(written):
    met = threading.Barrier(2)
    tries = count()

    def locking(first, second):
        def change(db):
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": first})
            if next(tries) < 2:
                met.wait(10)
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": second})
            return WRITE.one(db, {"kind": f"{first} then {second}"})["kind"]

        return change

    other = threading.Thread(target=retry_on_deadlock, args=(locking(2, 1),))
    other.start()
    assert retry_on_deadlock(locking(1, 2)) == "1 then 2"
    other.join(20)

    assert sorted(written()) == ["1 then 2", "2 then 1"]
    assert next(tries) == 3


class Overtaken(Exception):
    """Another process was quicker."""


def overtaken_after_writing(db):
    WRITE.one(db, {"kind": "of a try that failed"})
    raise Overtaken


def test_an_error_that_the_caller_names_is_tried_again_without_what_was_written(written):
    assert retry_on_deadlock(Change(overtaken_after_writing, times=2), Overtaken) == "try 3"
    assert written() == ["try 3"]


def test_after_five_tries_the_error_comes_out(written):
    change = Change(raising(Overtaken()), times=9)

    with pytest.raises(Overtaken):
        retry_on_deadlock(change, Overtaken)

    assert (change.tries, written()) == (5, [])


@pytest.mark.parametrize("error", [Unreachable("Postgres: away"), Overtaken(), ConfigError("DATABASE_URL: wrong")])
def test_anything_else_is_told_at_once_to_who_waits_for_it(written, error):
    change = Change(raising(error))

    with pytest.raises(type(error)):
        retry_on_deadlock(change)

    assert (change.tries, written()) == (1, [])


def test_a_row_says_why_its_result_is_not_there_and_nothing_of_the_result():
    assert unstorable(ValueError("the answer: Vantry")) == "senso: the result cannot be stored (ValueError)"
