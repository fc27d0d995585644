"""Which failed calls are tried again, and after how many seconds."""

import random

import pytest

from senso.errors import (
    ConfigError,
    CutOff,
    InsufficientCredits,
    JobFailed,
    Malformed,
    Misconfigured,
    NotFound,
    RateLimited,
    Refused,
    TooLong,
    Unavailable,
    Unforeseen,
    Unreachable,
)
from senso.workflows.retry_policy import wait_seconds


@pytest.fixture
def shortest(monkeypatch):
    """Chance picks the shortest wait that it may."""
    monkeypatch.setattr(random, "uniform", lambda low, _: low)


@pytest.fixture
def longest(monkeypatch):
    monkeypatch.setattr(random, "uniform", lambda _, high: high)


def away(asked=None):
    return Unavailable("openai", "overloaded", status=503, retry_after_seconds=asked)


def limited(asked=None):
    return RateLimited("openai", "too many requests", status=429, retry_after_seconds=asked)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 4), (1, 8), (2, 16), (3, 32)])
def test_the_longest_wait_doubles_with_each_failure(longest, failures, seconds):
    assert wait_seconds(away(), failures) == seconds


@pytest.mark.parametrize("failures", range(4))
def test_the_shortest_wait_is_half_a_second_after_any_failure(shortest, failures):
    assert wait_seconds(away(), failures) == 0.5


def test_chance_parts_calls_that_failed_together():
    assert len({wait_seconds(away(), 3) for _ in range(20)}) == 20


@pytest.mark.parametrize("failures", [4, 5, 40])
@pytest.mark.parametrize("error", [away(), away(asked=20)])
def test_the_fifth_failure_is_the_last(error, failures):
    assert wait_seconds(error, failures) is None


def test_a_call_that_got_no_reply_is_tried_again(longest):
    assert wait_seconds(Unavailable("openai", "timed out"), 0) == 4


@pytest.mark.parametrize(("asked", "seconds"), [(100, 100), (300, 300), (301, 300), (86_400, 300)])
def test_a_vendor_that_is_away_says_when_it_is_back_and_is_believed_for_five_minutes(longest, asked, seconds):
    assert wait_seconds(away(asked), 0) == seconds


@pytest.mark.parametrize("asked", [0, 1])
def test_a_vendor_that_is_back_sooner_than_our_own_wait_is_not_asked_sooner(longest, asked):
    assert wait_seconds(away(asked), 2) == 16


@pytest.mark.parametrize(("asked", "seconds"), [(None, 15), (0, 0.5), (0.7, 0.7), (40, 40), (300, 300), (86_400, 300)])
def test_a_rate_limit_lasts_as_the_vendor_says_from_half_a_second_to_five_minutes(shortest, asked, seconds):
    assert wait_seconds(limited(asked), 0) == seconds


@pytest.mark.parametrize(("asked", "seconds"), [(None, 19.5), (40, 52), (86_400, 390)])
def test_calls_that_were_limited_together_come_back_over_three_tenths_of_that_time(longest, asked, seconds):
    assert wait_seconds(limited(asked), 0) == pytest.approx(seconds)


@pytest.mark.parametrize("failures", [4, 5, 400])
def test_a_rate_limit_is_tried_again_after_any_number_of_failures(shortest, failures):
    assert wait_seconds(limited(), failures) == 15


@pytest.mark.parametrize(("failures", "seconds"), [(0, 4), (1, 8), (2, None), (3, None)])
def test_an_answer_that_cannot_be_used_is_asked_for_twice_more(longest, failures, seconds):
    assert wait_seconds(Malformed("openai", "no JSON"), failures) == seconds


@pytest.mark.parametrize(("failures", "seconds"), [(0, 4), (1, None), (2, None)])
def test_an_answer_that_had_no_room_is_asked_for_once_more(longest, failures, seconds):
    assert wait_seconds(CutOff("openai", "incomplete"), failures) == seconds


@pytest.mark.parametrize(
    "error",
    [
        Refused("openai", "content policy", status=400),
        Misconfigured("openai", "the key was not accepted", status=401),
        JobFailed("brightdata", "failed"),
        TooLong("openai", "longer than 16 MiB"),
        Unforeseen("openai", "internal error: KeyError"),
        ConfigError("OPENAI_API_KEY is not set"),
        NotFound("no such run"),
        InsufficientCredits("too few credits"),
        Unreachable("Postgres: away"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_would_fail_again_is_not_tried_again(error):
    assert wait_seconds(error, 0) is None
