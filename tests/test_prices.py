"""What a call costs, from what it used and the price of its model."""

import pytest

from senso.prices import Price, cost_microusd, price_of
from senso.providers import Usage

PRICE = Price(token_in=2.0, token_cached=0.5, token_out=8.0, search=25_000)
LONG = Price(token_in=1, token_out=4, search=7, long_from=1000, long_factor=5)
SEARCHED = Usage(tokens_in=1000, tokens_cached=400, tokens_out=100, searches=2)


@pytest.mark.parametrize(
    ("price", "usage", "cost"),
    [
        (PRICE, SEARCHED, 600 * 2 + 400 * 0.5 + 100 * 8 + 50_000),
        (Price(token_in=2.0, token_out=8.0), Usage(tokens_in=10, tokens_cached=4, tokens_out=1), 28),
        (Price(token_in=0.15, token_cached=0.075, token_out=0.6), Usage(tokens_in=3), 0),
        (Price(record=1_500), Usage(records=1), 1500),
        (Price(record=1_500), Usage(records=0), 0),
        (PRICE, None, 0),
        (None, None, 0),
        (None, SEARCHED, None),
        (None, Usage(), None),
        (Price(token_in=1, token_out=1), SEARCHED, None),
        (Price(token_in=1, token_out=1), Usage(records=1), None),
        (Price(record=1_500), Usage(tokens_in=1), None),
        (Price(token_in=1, token_out=1, search=0), Usage(searches=1), 0),
        (LONG, Usage(tokens_in=1000, tokens_out=10, searches=1), 1000 * 1 + 10 * 4 + 7),
        (LONG, Usage(tokens_in=1001, tokens_out=10, searches=1), 5 * (1001 * 1 + 10 * 4) + 7),
    ],
)
def test_a_cost_is_the_price_of_what_was_used_or_unknown(price, usage, cost):
    assert cost_microusd(price, usage) == cost


def test_the_price_of_a_model_of_which_nothing_is_known_is_none():
    assert (price_of(None), price_of({})) == (None, None)
    assert price_of({"record": 1500, "source": "a page", "read_on": "2026-11-21"}) == Price(record=1500)
