"""What calls cost. Dollars per million tokens are micro-dollars per token, so no rounding happens before the sum.

Source: `model_prices_and_context_window` of litellm 1.109.1, which names the vendors' price pages, read 2026-11-21;
BrightData's pay-as-you-go price for one record, read on the same day. A model that is not listed has no known price.
"""

from dataclasses import dataclass

from senso.providers import Usage

SOURCE = "litellm 1.109.1 and the vendors' price pages"
READ_ON = "2026-11-21"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars: per token in, cached token in, token out; per web search; per record."""

    token_in: float = 0
    token_cached: float = 0
    token_out: float = 0
    search: float = 0
    record: float = 0


PRICES = {
    ("openai", "gpt-4.1"): Price(2.00, 0.50, 8.00, 25_000),
    ("openai", "gpt-4.1-mini"): Price(0.40, 0.10, 1.60, 25_000),
    ("openai", "gpt-4o"): Price(2.50, 1.25, 10.00),
    ("openai", "gpt-4o-mini"): Price(0.15, 0.075, 0.60, 25_000),
    ("openai", "gpt-5.1"): Price(1.25, 0.125, 10.00, 10_000),
    ("openai", "gpt-5.2"): Price(1.75, 0.175, 14.00),
    ("openai", "gpt-5.4"): Price(2.50, 0.25, 15.00),
    ("openai", "gpt-5.4-mini"): Price(0.75, 0.075, 4.50),
    ("openai", "gpt-5.4-nano"): Price(0.20, 0.02, 1.25),
    ("brightdata", "chatgpt"): Price(record=1_500),
    ("brightdata", "perplexity"): Price(record=1_500),
    ("brightdata", "gemini"): Price(record=1_500),
}


def cost_microusd(provider: str, model: str, usage: Usage | None) -> int | None:
    """None when the price is not known, which is not the same as free. A call that was not billed costs 0.

    A price of 0 for web search in a token table means that none is listed, so a call that searched has no known cost.
    """
    price = PRICES.get((provider, model))
    if usage is None:
        return 0
    if price is None or (usage.searches and not price.search):
        return None
    return round(
        (usage.tokens_in - usage.tokens_cached) * price.token_in
        + usage.tokens_cached * price.token_cached
        + usage.tokens_out * price.token_out
        + usage.searches * price.search
        + usage.records * price.record
    )
