"""A page's chapter about one pool: its numbers in sentences, charts and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from senso.reports import wording
from senso.reports.charts import Point, counts, rates, trend
from senso.reports.content import Batch, Pool, Report
from senso.score import CATEGORIES, SENTIMENTS, Metric

MOST_BATCHES = 26  # half a year of weeks
MOST_COMPETITORS = 12
MOST_SOURCES = 20
MOST_ROWS = 30
LEAST_DATES = 2
# Those that no sentence and no other table of the chapter says, in the order of reading.
MORE = (
    "first_place_share",
    "share_of_text",
    "share_of_entries",
    "net_sentiment",
    "named_and_cited",
    "named_only",
    "cited_only",
    "neither",
    "claims_supported",
    "claims_contradicted",
    "claims_not_covered",
    *(f"citation_share_{category}" for category in CATEGORIES),
)
LEAST_BARS = 2  # one alone has nothing to compare with


@dataclass(frozen=True, slots=True)
class Line:
    """One name of the leaderboard; `own` is the org itself, for comparison."""

    rank: int
    name: str
    answers: int
    own: bool


def chapter(report: Report, pool: Pool) -> dict[str, Any]:
    whole = wording.whole(report.batch.metrics, pool.kind, pool.surface)
    past = [past_of(batch, pool) for batch in report.batches[-MOST_BATCHES:]]
    past = [(batch, numbers) for batch, numbers in past if numbers]
    before = past[-2] if len(past) > 1 else None
    lines = leaderboard(report.org, pool)
    return {
        "id": f"{pool.kind}-{pool.surface}",
        "title": wording.title(pool.kind, pool.surface),
        "pool": pool,
        "whole": whole,
        "sentences": sentences(report.org, whole, before),
        "asked": asked(report, pool),
        "quotes": [quote for quote in pool.quotes if quote.instead is None],
        "others": [quote for quote in pool.quotes if quote.instead is not None],
        "past": past,
        "trends": trends(past),
        "breakdowns": breakdowns(report.batch, pool),
        "sentiment": sentiment(whole),
        "more": [(name, whole[name]) for name in MORE if name in whole and whole[name].denominator],
        "lines": lines,
        "leaders": leaders(lines),
        "sources": pool.sources[:MOST_SOURCES],
    }


def asked(report: Report, pool: Pool) -> str:
    models = [slug for slug, surface in report.asked.models if surface == pool.surface]
    return wording.asked(report.batch.date, models, report.asked.locations)


def past_of(batch: Batch, pool: Pool) -> tuple[Batch, dict[str, Metric]]:
    return batch, wording.whole(batch.metrics, pool.kind, pool.surface)


def sentences(org: str, whole: dict[str, Metric], before: tuple[Batch, dict[str, Metric]] | None) -> dict[str, str]:
    rate, share = whole["mention_rate"], whole["share_of_voice"]
    batch, then = before or (None, {})
    return {
        "headline": wording.headline(org, rate),
        "voice": wording.voice(org, share),
        **{
            f"{metric.name}_change": wording.change(metric, then.get(metric.name), batch.date) if batch else ""
            for metric in (rate, share)
        },
    }


def trends(past: Sequence[tuple[Batch, dict[str, Metric]]]) -> list[dict[str, Any]]:
    """Empty if there is only one date: a line needs two."""
    shown: list[dict[str, Any]] = []
    if len({batch.date for batch, _ in past}) < LEAST_DATES:
        return shown
    for name in ("mention_rate", "share_of_voice"):
        points = [Point(batch.date, numbers[name]) for batch, numbers in past]
        said = f"{wording.NAMES[name].capitalize()} by batch"
        ends = f"{wording.with_interval(points[-1].metric)} on {wording.day(points[-1].on)}"
        shown.append({"title": said, "chart": trend(f"{said}, {ends}; each number is in the table", points)})
    return shown


def breakdowns(batch: Batch, pool: Pool) -> list[dict[str, Any]]:
    mine = [metric for metric in batch.metrics if (metric.kind, metric.surface) == (pool.kind, pool.surface)]
    voices = {(one.model, one.location, one.tag): one for one in mine if one.name == "share_of_voice"}
    found = [metric for metric in mine if metric.name == "mention_rate"]
    by_model = [(one.model, one, voices[one.model, None, None]) for one in found if one.model]
    by_location = [(one.location, one, voices[None, one.location, None]) for one in found if one.location]
    by_tag = [(one.tag, one, voices[None, None, one.tag]) for one in found if one.tag]
    return [
        {
            "title": f"By {what}",
            "column": what,
            "rows": rows[:MOST_ROWS],
            "more": len(rows[MOST_ROWS:]),
            "chart": breakdown_chart(what, rows[:MOST_ROWS]),
        }
        for what, rows in (("model", by_model), ("location", by_location), ("tag", by_tag))
        if rows
    ]


def breakdown_chart(what: str, rows: Sequence[tuple[str, Metric, Metric]]) -> Markup | None:
    if len(rows) < LEAST_BARS:
        return None
    return rates(f"Mention rate by {what}; each number is in the table", [(name, rate) for name, rate, _ in rows])


def sentiment(whole: dict[str, Metric]) -> dict[str, Any] | None:
    """None if the org is not mentioned: then there is no sentiment about it."""
    rows = [(mood, whole[f"sentiment_{mood}"]) for mood in SENTIMENTS if f"sentiment_{mood}" in whole]
    if not rows[0][1].denominator:
        return None
    return {"rows": rows, "chart": rates("How mentions sound; each number is in the table", rows)}


def leaderboard(org: str, pool: Pool) -> list[Line]:
    """All competitors and the org itself by their counts; equal counts share a rank."""
    named = [(one.name, one.answers, False) for one in pool.competitors] + [(org, pool.mentioned, True)]
    ranked = sorted(named, key=lambda one: (-one[1], not one[2], one[0]))
    return [
        Line(1 + sum(other > answers for _, other, _ in ranked), name, answers, own) for name, answers, own in ranked
    ]


def leaders(lines: Sequence[Line]) -> dict[str, Any] | None:
    """None if no competitor is named: there is nothing to compare."""
    shown = [line for index, line in enumerate(lines) if index < MOST_COMPETITORS or line.own]
    if len(lines) == 1:
        return None
    bars = [(line.name, line.answers, line.own) for line in shown]
    return {"shown": shown, "chart": counts("Answers that name each; each number is in the table", bars)}
