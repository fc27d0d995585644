"""Costs of calls. Dollars per million tokens are micro-dollars per token, so nothing is rounded before the sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from senso.providers import Usage

KINDS: Final = ("token_in", "token_cached", "token_out", "search", "record")


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars: per token in, cached token in, token out; per web search; per record. None: not known.

    Without a price of their own, cached tokens cost as much as other input tokens.
    """

    token_in: float | None = None
    token_cached: float | None = None
    token_out: float | None = None
    search: float | None = None
    record: float | None = None


def price_of(stored: Mapping[str, Any] | None) -> Price | None:
    """From the form that the table `models` stores. None: nothing is known."""
    return Price(**{kind: stored.get(kind) for kind in KINDS}) if stored else None


def cost_microusd(price: Price | None, usage: Usage | None) -> int | None:
    """None if a price is not known, which does not mean free. A call that was not billed costs 0."""
    if usage is None:
        return 0
    if price is None:
        return None
    cached = price.token_in if price.token_cached is None else price.token_cached
    parts = (
        (usage.tokens_in - usage.tokens_cached, price.token_in),
        (usage.tokens_cached, cached),
        (usage.tokens_out, price.token_out),
        (usage.searches, price.search),
        (usage.records, price.record),
    )
    if any(count and each is None for count, each in parts):
        return None
    return round(sum(count * (each or 0) for count, each in parts))
