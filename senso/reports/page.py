"""The page for a manager: one file that asks nothing of the network and runs nothing.

Names, questions and domains come from outside: the template escapes whatever is not markup of ours, and the page
forbids itself scripts, images and calls.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from senso.reports import wording
from senso.reports.charts import Point, counts, rates, trend
from senso.reports.content import Batch, Pool, Report
from senso.score import SENTIMENTS, Metric

ORDER = (("unbranded", "consumer"), ("unbranded", "api"), ("branded", "consumer"), ("branded", "api"))
MOST_BATCHES = 26  # half a year of weeks
MOST_COMPETITORS = 12
MOST_SOURCES = 20
DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")


def breakable(name: str) -> Markup:
    """A place goes on in the next line after a slash rather than anywhere."""
    return escape(name).replace("/", Markup("/<wbr>"))


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {"wording": wording}
TEMPLATES.filters |= {
    "day": wording.day,
    "breakable": breakable,
    "together": lambda text: text.replace(" %", "\u00a0%"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One name of the leaderboard; `own` is the org itself, for comparison."""

    place: int
    name: str
    answers: int
    own: bool


def page(report: Report) -> str:
    pools = sorted(report.pools, key=lambda pool: ORDER.index((pool.kind, pool.surface)))
    return TEMPLATES.get_template("page.html").render(
        report=report,
        batch=report.batch,
        asked=report.asked,
        surfaces=sorted({surface for _, surface in report.asked.models}, reverse=True),
        questions=[(one, {heard.surface: heard for heard in one.heard}) for one in report.asked.questions],
        chapters=[chapter(report, pool) for pool in pools],
        rules=sorted({metric.rule_version for metric in report.batch.metrics}),
        earlier=max(0, len(report.batches) - MOST_BATCHES),
        link=link,
    )


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
        "past": past,
        "trends": trends(past),
        "breakdowns": breakdowns(report.batch, pool),
        "sentiment": sentiment(whole),
        "lines": lines,
        "leaders": leaders(lines),
        "sources": pool.sources[:MOST_SOURCES],
    }


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
    shown = []
    for name in ("mention_rate", "share_of_voice"):
        points = [Point(batch.date, numbers[name]) for batch, numbers in past]
        said = f"{wording.NAMES[name].capitalize()} by batch"
        ends = f"{wording.with_interval(points[-1].metric)} on {wording.day(points[-1].on)}"
        shown.append({"title": said, "chart": trend(f"{said}, {ends}; each number is in the table", points)})
    return shown


def breakdowns(batch: Batch, pool: Pool) -> list[dict[str, Any]]:
    mine = [metric for metric in batch.metrics if (metric.kind, metric.surface) == (pool.kind, pool.surface)]
    voices = {(one.model, one.location): one for one in mine if one.name == "share_of_voice"}
    found = [metric for metric in mine if metric.name == "mention_rate"]
    by_model = [(one.model, one, voices[one.model, None]) for one in found if one.model]
    by_place = [(one.location, one, voices[None, one.location]) for one in found if one.location]
    return [
        {
            "title": f"By {what}",
            "column": what,
            "rows": rows,
            "chart": rates(
                f"Mention rate by {what}; each number is in the table", [(name, rate) for name, rate, _ in rows]
            ),
        }
        for what, rows in (("model", by_model), ("place", by_place))
        if rows
    ]


def sentiment(whole: dict[str, Metric]) -> dict[str, Any] | None:
    """None where the org is not mentioned: nobody can be of good or bad mind about it."""
    rows = [(mood, whole[f"sentiment_{mood}"]) for mood in SENTIMENTS]
    if not rows[0][1].denominator:
        return None
    return {"rows": rows, "chart": rates("How mentions sound; each number is in the table", rows)}


def leaderboard(org: str, pool: Pool) -> list[Line]:
    """All of them, the org among them by its own count; equal counts share a place."""
    named = [(standing.name, standing.answers, False) for standing in pool.competitors] + [(org, pool.mentioned, True)]
    ranked = sorted(named, key=lambda one: (-one[1], not one[2], one[0]))
    return [
        Line(1 + sum(other > answers for _, other, _ in ranked), name, answers, own) for name, answers, own in ranked
    ]


def leaders(lines: Sequence[Line]) -> dict[str, Any] | None:
    """None where no competitor is named: there is nothing to compare."""
    shown = [line for index, line in enumerate(lines) if index < MOST_COMPETITORS or line.own]
    if len(lines) == 1:
        return None
    bars = [(line.name, line.answers, line.own) for line in shown]
    return {"shown": shown, "chart": counts("Answers that name each; each number is in the table", bars)}


def link(domain: str) -> str | None:
    """Where a reader can look; None for what is no plain domain name."""
    return f"https://{domain}" if DOMAIN.fullmatch(domain) else None
