"""How a paid call ended: the report for its row in llm_calls."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Refused, SensoError, Unavailable, Unforeseen
from senso.log import logger
from senso.prices import Price, cost_microusd
from senso.providers import Usage
from senso.queries.runs import Report
from senso.states import Outcome

log = logger(__name__)


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.monotonic()

    def milliseconds(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


def report(outcome: Outcome, price: Price | None, usage: Usage, watch: Stopwatch) -> Report:
    return Report(outcome, usage, cost_microusd(price, usage), watch.milliseconds())


def failed_report(error: SensoError, price: Price | None, watch: Stopwatch) -> Report:
    """The cost is None (unknown) without a reply or with an unreadable one; a billed refusal has `usage`."""
    usage = getattr(error, "usage", None)
    cost = cost_microusd(price, usage)
    no_reply = isinstance(error, Unavailable) and error.status is None
    unknown = usage is None and (no_reply or isinstance(error, Malformed))
    return Report(outcome_of(error), usage or Usage(), None if unknown else cost, watch.milliseconds())


def divided(report: Report, parts: int, shared_id: int) -> list[Report]:
    """The report of a call that read for several orgs, as shares that add up to it exactly."""
    if parts == 1:
        return [report]
    usage = report.usage
    return [
        replace(
            report,
            usage=replace(usage, **{name: share(getattr(usage, name), parts, place) for name in TOKENS}),
            cost_microusd=None if report.cost_microusd is None else share(report.cost_microusd, parts, place),
            shared_id=shared_id,
        )
        for place in range(parts)
    ]


TOKENS = ("tokens_in", "tokens_cached", "tokens_written", "tokens_out", "tokens_thinking")


def share(whole: int, parts: int, place: int) -> int:
    """As even as whole numbers allow: the first shares may be larger by one."""
    return whole // parts + (place < whole % parts)


def outcome_of(error: SensoError) -> Outcome:
    outcomes: dict[type, Outcome] = {
        RateLimited: Outcome.RATE_LIMITED,
        Unavailable: Outcome.UNAVAILABLE,
        Refused: Outcome.REFUSED,
        Malformed: Outcome.MALFORMED,
    }
    return next((outcomes[kind] for kind in type(error).__mro__ if kind in outcomes), Outcome.FAILED)


@contextmanager
def guarded() -> Iterator[None]:
    """Turns an unexpected exception into Unforeseen, which is not retried: more claims would pay for one bug."""
    try:
        yield
    except (OutsideError, ConfigError):
        raise
    except Exception as error:
        log.exception("a call ended in a way that nobody foresaw")
        raise Unforeseen("senso", f"internal error: {type(error).__name__}") from error
