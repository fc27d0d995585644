"""Numbers and findings in words; the same on a page and in a terminal."""

from collections.abc import Iterable, Sequence
from datetime import date

from senso.numbers.sums import PARTS
from senso.quantities import counted
from senso.reports.content import Quote
from senso.score import ClaimCount, Claimed, ClaimedItem, Metric
from senso.states import QuestionKind, Surface

MOST_LISTED = 6
NAMES = {
    "mention_rate": "mention rate",
    "share_of_voice": "share of voice",
    "owned_citation_rate": "own citations",
    "named_and_cited": "named and cited",
    "named_only": "named, not cited",
    "cited_only": "cited, not named",
    "neither": "neither named nor cited",
    "sentiment_positive": "positive mentions",
    "sentiment_mixed": "mixed mentions",
    "sentiment_neutral": "neutral mentions",
    "sentiment_negative": "negative mentions",
    "first_place_share": "named first",
    "citation_share_competitor": "cited: competitors",
    "citation_share_listing": "cited: listings",
    "citation_share_news": "cited: news",
    "citation_share_social": "cited: social media",
    "citation_share_reference": "cited: reference works",
    "citation_share_forum": "cited: forums",
    "citation_share_government": "cited: government",
    "citation_share_shop": "cited: shops",
    "citation_share_other": "cited: others",
    "claims_supported": "claims supported by facts",
    "claims_contradicted": "claims contradicted by facts",
    "claims_not_covered": "claims that no fact covers",
    "share_of_text": "share of text, by sentences",
    "share_of_entries": "share of text, by entries",
    "net_sentiment": "net sentiment",
    "average_rank": "average rank",
}
OF_TEXT = ("share_of_text", "share_of_entries")
SURFACES: dict[str, str] = {Surface.CONSUMER: "consumer apps", Surface.API: "the vendors' APIs"}
QUESTIONS: dict[str, str] = {
    QuestionKind.UNBRANDED: "questions that do not name it",
    QuestionKind.BRANDED: "questions that name it",
}
# An interval of more than so much is said to be wide.
WIDE = 0.4
TOO_WIDE = "That is wide: these questions are too few to say more."


def value(metric: Metric) -> str:
    return number(metric, metric.value)


def interval(metric: Metric) -> str:
    """What questions like these would give."""
    return between(metric, metric.low, metric.high)


def again(metric: Metric) -> str:
    """What the same questions would give if they were asked again."""
    return between(metric, metric.these_low, metric.these_high)


def between(metric: Metric, low: float | None, high: float | None) -> str:
    return "-" if low is None else f"{number(metric, low).removesuffix(' %')} to {number(metric, high)}"


def within(metric: Metric) -> str:
    """The interval in brackets, with what it is about; numbers by older rules do not say it."""
    if metric.low is None:
        return ""
    about = " for questions like these" if metric.about else ""
    return f" (95 % interval{about}: {interval(metric)})"


def of(metric: Metric) -> str:
    """What the number is the ratio of."""
    if metric.name in OF_TEXT:
        return counted(metric.denominator // PARTS, "answer")
    if metric.name == "net_sentiment":
        return counted(metric.denominator, "mention")
    return f"{metric.numerator}/{metric.denominator}" if percent(metric) else counted(metric.denominator, "answer")


def with_interval(metric: Metric) -> str:
    return value(metric) if metric.low is None else f"{value(metric)} ({interval(metric)})"


def percent(metric: Metric) -> bool:
    return metric.name != "average_rank"


def number(metric: Metric, amount: float | None) -> str:
    if amount is None:
        return "-"
    if metric.name == "net_sentiment":
        return f"{amount * 100:+.0f}"
    return f"{amount * 100:.0f} %" if percent(metric) else f"{amount:.1f}"


def day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


def title(kind: str, surface: str) -> str:
    return f"{kind.capitalize()} questions, {'consumer apps' if surface == Surface.CONSUMER else 'APIs'}"


def headline(org: str, rate: Metric) -> str:
    """How many of how many answers mention the org, the share with its interval, and whether that is wide."""
    of_all = f"{rate.numerator} of {counted(rate.denominator, 'answer')}"
    where = f"{SURFACES[rate.surface]} to {QUESTIONS[rate.kind]}"
    said = f"{org} is mentioned in {of_all} of {where}: {value(rate)}{within(rate)}."
    return f"{said} {TOO_WIDE}" if is_wide(rate) else said


def is_wide(metric: Metric) -> bool:
    return metric.low is not None and metric.high is not None and metric.high - metric.low > WIDE


def asked(on: date, models: Sequence[str], locations: Sequence[str]) -> str:
    return f"Asked on {day(on)} of {listed(models)} in {listed(locations)}."


def listed(names: Sequence[str]) -> str:
    """All names if they are few, else the first ones and the number of the others."""
    shown = [*names[:MOST_LISTED], f"{len(names) - MOST_LISTED} more"] if len(names) > MOST_LISTED + 1 else [*names]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def about(quote: Quote) -> str:
    """Who said it, where and when."""
    return f"{quote.model} in {quote.location}, {day(quote.on)}"


def finding(quote: Quote) -> str:
    if quote.instead is not None:
        return f"names {quote.instead} instead"
    return f"{quote.sentiment}, rank {quote.rank}" if quote.rank else f"{quote.sentiment}"


def verdict(name: str) -> str:
    return {"not_covered": "not covered by facts", "unjudged": "without facts to judge by"}.get(name, name)


def claim_counts(claimed: Claimed) -> list[tuple[str, ClaimCount]]:
    """Verdicts, then polarities, without those of which there is none."""
    return [(name, one) for name, one in (claimed.by_verdict | claimed.by_polarity).items() if one.claims]


def share_of(one: ClaimCount, claimed: Claimed) -> tuple[str, str]:
    """The share of the answers that mention the org, and of how many that is."""
    return f"{100 * one.answers / claimed.answers:.0f} %", f"{one.answers}/{claimed.answers}"


def claim_line(item: ClaimedItem) -> str:
    judged = f"{verdict(item.verdict.replace('-', '_'))}, " if item.verdict else ""
    return (
        f"{judged}{item.polarity or 'neutral'} {item.kind or 'claim'}, {counted(item.answers, 'answer')}: {item.text}"
    )


def voice(org: str, share: Metric) -> str:
    if not share.denominator:
        return "These answers name no company at all."
    times = f"Of {counted(share.denominator, 'time')} that these answers name a company"
    return f"{times}, {share.numerator} name {org}: {value(share)}{within(share)}."


def change(now: Metric, before: Metric | None, on: date) -> str:
    """The change since the previous batch. Overlapping intervals count as no change, to err on the safe side."""
    if before is None or None in {now.low, now.high, before.low, before.high}:
        return ""
    then = f"{with_interval(before)} on {day(on)}"
    if now.rule_version != before.rule_version:
        return f"It was {then}, counted by another rule ({before.rule_version}): do not compare."
    if _overlap(now, before):
        return f"It was {then}: the intervals overlap, so a difference may be chance."
    direction = "up" if (now.value or 0) > (before.value or 0) else "down"
    return f"It is {direction} from {then}, and the intervals do not overlap: more than chance."


def _overlap(one: Metric, other: Metric) -> bool:
    return (one.low or 0) <= (other.high or 0) and (other.low or 0) <= (one.high or 0)


def is_whole(metric: Metric) -> bool:
    return (metric.model, metric.location, metric.tag) == (None, None, None)


def whole(metrics: Iterable[Metric], kind: str, surface: str) -> dict[str, Metric]:
    """The numbers of a pool over all its models, locations and questions, by name."""
    return {
        metric.name: metric
        for metric in metrics
        if (metric.kind, metric.surface) == (kind, surface) and is_whole(metric)
    }
