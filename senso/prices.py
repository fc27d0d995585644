"""Costs of calls. Dollars per million tokens are micro-dollars per token, so nothing is rounded before the sum."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from senso.providers import Usage
from senso.states import Purpose

KINDS: Final = (
    "token_in",
    "token_cached",
    "token_written",
    "token_out",
    "search",
    "record",
    "long_from",
    "long_factor",
    "batch_factor",
)
TOKEN_KINDS: Final = ("token_in", "token_cached", "token_written", "token_out")

# Assumed usage of one call without history. Asking: two recorded answers with a web search took 9,463 and 16,981 tokens
# in, 660 and 461 out. Reading: a prompt of 1,450 tokens and an answer of 3,100 characters (the mean of 264 real ones).
# Calls billed by the record have no tokens.
ASSUMED: Final = {
    Purpose.ASK: Usage(tokens_in=13_000, tokens_out=800, searches=1),
    Purpose.READ: Usage(tokens_in=2_400, tokens_out=250),
    Purpose.EVAL: Usage(tokens_in=2_400, tokens_out=250),
    Purpose.REREAD: Usage(tokens_in=2_400, tokens_out=250),
    Purpose.NAMES: Usage(tokens_in=500, tokens_out=120),
    Purpose.DOMAINS: Usage(tokens_in=900, tokens_out=900),
}
RECORD: Final = Usage(records=1)
SEARCH: Final = Usage(searches=1)


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars: per token in, read from a cache, written to one, out; per web search; per record. None: not known.

    Without a price of their own, tokens read from a cache or written to one cost as much as other input tokens.
    `long_factor`: of all token prices of a call that has more than `long_from` tokens of input. `batch_factor`: of
    what a call costs in a file of many that the vendor completes within a day.
    """

    token_in: float | None = None
    token_cached: float | None = None
    token_out: float | None = None
    search: float | None = None
    record: float | None = None
    token_written: float | None = None
    long_from: float | None = None
    long_factor: float | None = None
    batch_factor: float | None = None

    @property
    def is_by_search(self) -> bool:
        return self.search is not None and self.token_in is None and self.token_out is None

    def factor(self, tokens_in: int) -> float:
        is_long = self.long_from is not None and tokens_in > self.long_from
        return self.long_factor or 1 if is_long else 1


def in_batch(price: Price | None) -> Price | None:
    """What a call costs in a file of many. None: not known."""
    if price is None or price.batch_factor is None:
        return None
    factor = price.batch_factor
    tokens = {kind: getattr(price, kind) for kind in TOKEN_KINDS}
    return replace(price, **{kind: None if each is None else each * factor for kind, each in tokens.items()})


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
    long = price.factor(usage.tokens_in)
    tokens = (
        (max(0, usage.tokens_in - usage.tokens_cached - usage.tokens_written), price.token_in),
        (usage.tokens_cached, cached),
        (usage.tokens_written, written),
        (usage.tokens_out, price.token_out),
    )
    parts = ((usage.searches, price.search), (usage.records, price.record))
    if any(count and each is None for count, each in (*tokens, *parts)):
        return None
    return round(
        long * sum(count * (each or 0) for count, each in tokens) + sum(count * (each or 0) for count, each in parts)
    )


def assumed_usage(purpose: Purpose, price: Price | None = None, *, by_job: bool) -> Usage:
    """Of one call without history. `by_job`: its provider bills answers by the record; others bill only searches."""
    if purpose is not Purpose.ASK:
        return ASSUMED[purpose]
    return RECORD if by_job else SEARCH if price and price.is_by_search else ASSUMED[purpose]
