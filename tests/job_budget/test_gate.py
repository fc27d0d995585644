"""What a request to a vendor of jobs goes through: counted over all processes, in Redis and in rows."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from ground import NOWHERE, forget_limits
from redis import Redis

from senso import supplied
from senso.db import at_once, transaction
from senso.errors import LeftAlone, RateLimited, Refused, Unavailable, Unreachable
from senso.job_budget import counting
from senso.job_budget.gate import Gate
from senso.job_budget.rows import closed_seconds
from senso.policy import POLICY
from senso.queries import limited_requests, workers
from senso.settings import settings
from senso.states import JobRequest

POLL, SUBMIT, LIST = JobRequest.POLL, JobRequest.SUBMIT, JobRequest.LIST
NO_PAUSE = replace(POLICY, first_pause_seconds=0, turn_seconds=0)
VENDOR = "brightdata"


def answer(error=None) -> None:
    if error:
        raise error


def too_many(retry_after=None) -> RateLimited:
    return RateLimited(VENDOR, "too many", status=429, retry_after_seconds=retry_after)


def limited(gate, kind=POLL, retry_after=None) -> bool:
    """Whether the request went out; it is then answered by 429."""
    try:
        passed(gate, kind, too_many(retry_after))
    except LeftAlone:
        return False
    return True


def passed(gate, kind=POLL, error=None) -> bool:
    """Raises LeftAlone if it may not go out."""
    try:
        with gate(kind, 10):
            answer(error)
    except LeftAlone:
        raise
    except (Refused, Unavailable):
        return False
    return True


def count(db) -> int:
    return len(limited_requests.lately(db, VENDOR, POLICY))


@pytest.fixture
def redis(database, urls):
    with Redis.from_url(urls.redis_url) as client:
        yield client


@pytest.fixture
def without_redis(database, environment):
    """Nobody listens at its address."""
    environment.setenv("REDIS_URL", NOWHERE.replace("http", "redis") + "/0")
    settings.cache_clear()


def test_after_eight_answers_of_429_nobody_sends_anything_of_any_kind(redis):
    gates = [Gate(VENDOR, NO_PAUSE) for _ in range(3)]

    sent = [limited(gates[n % 3], POLL if n % 2 else SUBMIT) for n in range(12)]

    assert sent == [True] * 8 + [False] * 4
    for kind in JobRequest:
        with pytest.raises(LeftAlone, match=r"left alone for (299|300) s: 8 answers of 429 within 5 minutes"):
            passed(Gate(VENDOR, NO_PAUSE), kind)


def test_when_its_rest_is_over_one_request_of_each_kind_tries(redis):
    short = replace(NO_PAUSE, left_alone_seconds=0.2, limited_window_seconds=0.2)
    gate = Gate(VENDOR, short)
    while limited(gate):
        pass
    closed = gate.look(LIST)
    time.sleep(0.25)

    assert closed.word == "closed"
    with gate(LIST, 10):
        assert gate.look(LIST).word == "busy"
        with gate(POLL, 10):
            pass
    assert gate.look(LIST).room == POLICY.job_requests_at_a_time


def test_after_an_answer_of_429_requests_of_its_kind_wait_for_all_and_longer_each_time(redis):
    one, other = Gate(VENDOR, POLICY), Gate(VENDOR, POLICY)
    limited(one)
    first = other.look(POLL)
    others = other.look(SUBMIT)
    redis.hdel(f"senso:limit:jobs:{VENDOR}:state", "next:poll")
    time.sleep(0.002)  # a request that goes out in the same millisecond as the answer came counts as sent before it
    limited(other)

    assert (first.word, others.word) == ("pause", "go")
    assert 3 < first.seconds <= 4
    assert 7 < one.look(POLL).seconds <= 8


@pytest.mark.parametrize(("said", "pause"), [(60, 60), (1, 4), (9_999, 1200)])
def test_the_vendors_own_wait_counts_if_it_is_longer(redis, said, pause):
    gate = Gate(VENDOR, POLICY)

    limited(gate, retry_after=said)

    assert pause - 1 < gate.look(POLL).seconds <= pause


def test_as_many_requests_as_are_under_way_may_be_answered_by_429_and_no_more(redis):
    gates = [Gate(VENDOR, POLICY) for _ in range(4)]
    together = Barrier(POLICY.job_requests_at_a_time)

    def request(number):
        try:
            with gates[number % 4](POLL, 10):
                together.wait(5)
                answer(too_many())
        except LeftAlone:
            return 0
        except RateLimited:
            return 1

    with ThreadPoolExecutor(40) as pool:
        answered = sum(pool.map(request, range(40)))

    assert answered == POLICY.job_requests_at_a_time
    assert gates[0].look(SUBMIT).word == "closed"
    with at_once() as db:
        assert count(db) == 12


def test_after_the_first_one_request_of_the_kind_is_under_way_at_a_time_until_one_succeeds(redis):
    one, other = Gate(VENDOR, NO_PAUSE), Gate(VENDOR, NO_PAUSE)
    limited(one)
    time.sleep(0.002)
    with one(POLL, 10), pytest.raises(LeftAlone, match="other requests come first"):
        passed(other)

    with one(POLL, 10):
        assert passed(other)


@pytest.mark.parametrize("error", [Unavailable(VENDOR, "down", status=503), Unavailable(VENDOR, "no reply")])
def test_a_server_error_is_no_success_and_a_refusal_is_one(redis, error):
    gate = Gate(VENDOR, NO_PAUSE)
    limited(gate)
    time.sleep(0.002)

    passed(gate, error=error)
    after_error = gate.look(POLL).room
    passed(gate, error=Refused(VENDOR, "no such job", status=404))

    assert (after_error, gate.look(POLL).room) == (1, POLICY.job_requests_at_a_time)


def test_a_success_of_a_request_that_was_sent_before_changes_no_pause(redis):
    gate = Gate(VENDOR, POLICY)
    with gate(POLL, 10):
        limited(Gate(VENDOR, POLICY))

    assert gate.look(POLL).word == "pause"


def test_a_refusal_for_want_of_money_counts_too(redis):
    gate = Gate(VENDOR, POLICY)

    passed(gate, error=Refused(VENDOR, "exceeded", status=429))

    assert gate.look(POLL).counted == 1


def test_the_place_of_a_dead_process_comes_free_and_counts_where_it_may_have_met_a_429(redis, monkeypatch):
    monkeypatch.setattr(counting, "LEASE_SECONDS", -9.9)
    gate = Gate(VENDOR, NO_PAUSE)
    held = [gate(kind, 10) for kind in (POLL, SUBMIT)]
    for one in held:
        one.__enter__()
    limited(gate)  # while both are under way
    time.sleep(0.15)

    assert gate.look(SUBMIT).room == POLICY.job_requests_at_a_time
    assert gate.look(POLL).room == 1
    assert gate.look(POLL).counted == 2


def test_where_redis_was_emptied_the_count_comes_from_rows(redis, urls):
    gate = Gate(VENDOR, NO_PAUSE)
    for _ in range(8):
        limited(gate)
    forget_limits()

    again, other = gate.look(POLL), Gate(VENDOR, NO_PAUSE).look(SUBMIT)

    assert (again.word, other.word) == ("closed", "closed")
    assert again.counted == 8


def test_a_pause_is_known_again_too(redis, urls):
    limited(Gate(VENDOR, POLICY))
    forget_limits()

    found = Gate(VENDOR, POLICY).look(POLL)

    assert (found.word, found.counted) == ("pause", 1)
    assert 3 < found.seconds <= 4


def test_rows_that_are_known_change_nothing(redis):
    limited(Gate(VENDOR, NO_PAUSE))
    time.sleep(0.002)
    assert passed(Gate(VENDOR, NO_PAUSE))

    found = Gate(VENDOR, NO_PAUSE).look(POLL)  # which loads them first

    assert (found.room, found.counted) == (POLICY.job_requests_at_a_time, 1)


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_rows_count_for_all_processes(make):
    gates = [Gate(VENDOR, NO_PAUSE) for _ in range(3)]

    sent = [limited(gates[n % 3], POLL if n % 2 else SUBMIT) for n in range(12)]

    assert sent == [True] * 8 + [False] * 4
    assert make.one("SELECT count(*) FROM limited_requests") == 8


@pytest.mark.usefixtures("without_redis")
def test_without_redis_a_process_sends_one_request_at_a_time(make):
    gate = Gate(VENDOR, NO_PAUSE)

    with gate(POLL, 10), pytest.raises(LeftAlone, match="other requests come first"):
        passed(gate, SUBMIT)

    assert passed(gate, SUBMIT)


@pytest.mark.usefixtures("without_redis")
def test_without_redis_nothing_is_sent_once_the_processes_could_reach_the_vendors_limit(make):
    with transaction() as db:
        for number in range(POLICY.limited_most_without_redis - 3):
            workers.beat(db, f"worker {number}")
    gate = Gate(VENDOR, NO_PAUSE)

    assert [limited(gate), limited(gate), limited(gate)] == [True, True, True]
    assert not limited(gate)


@pytest.mark.usefixtures("without_redis")
def test_what_was_counted_without_redis_is_known_to_it_afterwards(make, environment, urls):
    gate = Gate(VENDOR, replace(NO_PAUSE))
    for _ in range(8):
        limited(gate)
    environment.setenv("REDIS_URL", urls.redis_url)
    settings.cache_clear()
    gate.away_until = 0

    assert gate.look(POLL).word == "closed"
    assert Gate(VENDOR, NO_PAUSE).look(SUBMIT).word == "closed"


@pytest.mark.usefixtures("without_redis")
def test_with_neither_nothing_is_sent(monkeypatch):
    def away(*_):
        raise Unreachable("no Postgres")

    monkeypatch.setattr("senso.job_budget.rows.Rows.take", away)

    with pytest.raises(LeftAlone):
        passed(Gate(VENDOR, NO_PAUSE))


def test_the_rest_is_known_from_rows_also_when_the_first_of_them_count_no_more():
    def answers(*ages):
        return [limited_requests.Limited(None, POLL, age, 0, 1) for age in sorted(ages, reverse=True)]

    eight = answers(310, 300, 290, 280, 270, 260, 250, 100)

    assert closed_seconds(eight, POLICY) == 200
    assert closed_seconds(eight[1:], POLICY) == 0
    assert closed_seconds(answers(590, 305, 300, 290, 280, 270, 260, 250, 10), POLICY) == 290
    assert closed_seconds(answers(*(400 + n for n in range(8))), POLICY) == 0


def test_redis_is_reached_by_one_client_of_this_process(redis):
    assert counting.scripts_at(supplied.redis_url()) is counting.scripts_at(supplied.redis_url())
