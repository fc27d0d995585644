"""What the row of a paid call says about how it ended, and what it cost."""

import asyncio

import pytest

from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Refused, Unavailable, Unreachable
from senso.prices import Price
from senso.providers import Usage
from senso.states import Outcome
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, outcome_of, report

PRICE = Price(token_in=2, token_out=8)
USED = Usage(tokens_in=100, tokens_out=10)
COST = 280


def test_an_answer_is_reported_with_what_it_used_and_cost():
    made = report(Outcome.ANSWERED, PRICE, USED, Stopwatch())

    assert (made.outcome, made.usage, made.cost_microusd) == (Outcome.ANSWERED, USED, COST)


def test_an_answer_of_a_model_without_a_price_has_an_unknown_cost():
    assert report(Outcome.ANSWERED, None, USED, Stopwatch()).cost_microusd is None


def test_the_latency_counts_from_the_start_of_the_watch_in_milliseconds():
    watch = Stopwatch()
    watch.started -= 2

    assert 2000 <= report(Outcome.READ, PRICE, USED, watch).latency_ms < 3000
    assert 2000 <= failed_report(Refused("openai", "no"), PRICE, watch).latency_ms < 3000


@pytest.mark.parametrize(
    ("error", "usage", "cost"),
    [
        (Unavailable("openai", "timed out"), Usage(), None),
        (Unavailable("openai", "overloaded", status=503), Usage(), 0),
        (RateLimited("openai", "too many requests", status=429), Usage(), 0),
        (Refused("openai", "wrong key", status=401), Usage(), 0),
        (Refused("openai", "content policy", usage=USED), USED, COST),
        (Malformed("openai", "cut off", usage=USED), USED, COST),
        (Malformed("openai", "no JSON", status=200), Usage(), None),
        (ConfigError("OPENAI_API_KEY is not set"), Usage(), 0),
    ],
    ids=[
        "no reply: unknown",
        "refused by an overloaded vendor: free",
        "rate limited: free",
        "refused unread: free",
        "refused and billed",
        "unusable and billed",
        "unreadable: unknown",
        "never sent: free",
    ],
)
def test_a_failed_call_costs_what_was_billed_and_is_not_called_free_unless_it_was(error, usage, cost):
    made = failed_report(error, PRICE, Stopwatch())

    assert (made.usage, made.cost_microusd) == (usage, cost)


def test_a_billed_refusal_of_a_model_without_a_price_has_an_unknown_cost():
    assert failed_report(Refused("openai", "content policy", usage=USED), None, Stopwatch()).cost_microusd is None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RateLimited("openai", "too many requests"), Outcome.RATE_LIMITED),
        (Unavailable("openai", "overloaded"), Outcome.UNAVAILABLE),
        (Refused("openai", "content policy"), Outcome.REFUSED),
        (Malformed("openai", "no JSON"), Outcome.MALFORMED),
        (ConfigError("OPENAI_API_KEY is not set"), Outcome.FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_outcome(error, outcome):
    assert outcome_of(error) is outcome
    assert failed_report(error, PRICE, Stopwatch()).outcome is outcome


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("openai", "overloaded"),
        RateLimited("openai", "wait"),
        Refused("openai", "no"),
        ConfigError("no key"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_says_what_to_do_stays_as_it_is(error):
    with pytest.raises((OutsideError, ConfigError)) as raised, guarded():
        raise error

    assert raised.value is error


@pytest.mark.parametrize("error", [KeyError("choices"), Unreachable("Postgres: away")], ids=["a bug", "an outage"])
def test_an_error_that_nobody_foresaw_ends_the_call_and_is_not_paid_for_again(error):
    with pytest.raises(Malformed, match=f"^senso: internal error: {type(error).__name__}$") as raised, guarded():
        raise error

    assert raised.value.__cause__ is error
    assert failed_report(raised.value, PRICE, Stopwatch()).cost_microusd is None


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_who_is_told_to_stop_stops(kind):
    with pytest.raises(kind), guarded():
        raise kind
