"""Costs of calls. Dollars per million tokens are micro-dollars per token, so nothing is rounded before the sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from senso.providers import Usage

KINDS: Final = ("token_in", "token_cached", "token_written", "token_out", "search", "record")


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars: per token in, read from a cache, written to one, out; per web search; per record. None: not known.

    Without a price of their own, tokens read from a cache or written to one cost as much as other input tokens.
    """

    token_in: float | None = None
    token_cached: float | None = None
    token_out: float | None = None
    search: float | None = None
    record: float | None = None
    token_written: float | None = None


def price_of(stored: Mapping[str, Any] | None) -> Price | None:
    """From the form that the table `models` stores. None: nothing is known."""
    return Price(**{kind: stored.get(kind) for kind in KINDS}) if stored else None


def cost_microusd(price: Price | None, usage: Usage | None) -> int | None:
    """What the vendor says that the call cost, else by the price. A call that was not billed costs 0.

    None if a price is not known, which does not mean free.
    """
    if usage is None:
        return 0
    if usage.cost_microusd is not None:
        return usage.cost_microusd
    if price is None:
        return None
    cached = price.token_in if price.token_cached is None else price.token_cached
    written = price.token_in if price.token_written is None else price.token_written
    parts = (
        (max(0, usage.tokens_in - usage.tokens_cached - usage.tokens_written), price.token_in),
        (usage.tokens_cached, cached),
        (usage.tokens_written, written),
        (usage.tokens_out, price.token_out),
        (usage.searches, price.search),
        (usage.records, price.record),
    )
    if any(count and each is None for count, each in parts):
        return None
    return round(sum(count * (each or 0) for count, each in parts))
