"""`report`: an org's numbers, each with its interval."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rich.markup import escape

from senso.cli.form import Form
from senso.cli.printing import out, print_json, table
from senso.cli.watching import load
from senso.db import transaction
from senso.errors import NotFound
from senso.push import metric_json
from senso.queries import results
from senso.queries import status as queries
from senso.score import Metric

RATES = ("mention_rate", "share_of_voice", "owned_citation_rate", "sentiment_positive", "sentiment_negative")
NAMES = {
    "mention_rate": "mention rate",
    "share_of_voice": "share of voice",
    "owned_citation_rate": "own citations",
    "sentiment_positive": "positive mentions",
    "sentiment_neutral": "neutral mentions",
    "sentiment_negative": "negative mentions",
    "average_rank": "average rank",
}


def report(org_id: UUID, form: Form) -> None:
    """Raises NotFound for an org that is not there or has no numbers yet."""
    with transaction() as db:
        org = queries.org(db, org_id)
        batch = queries.last_scored(db, org_id)
        metrics = results.metrics(db, batch) if batch else []
    if org is None:
        raise NotFound(f"no org {org_id}")
    if batch is None:
        raise NotFound(f"org {org_id} ({org['name']}) has no numbers yet; open a batch: senso trigger org {org_id}")
    stands = load(batch)
    if form is Form.json:
        print_json({"org": org, "batch": stands, "metrics": [metric_json(metric) for metric in metrics]})
        return
    print_report(org, stands, metrics)


def print_report(org: dict[str, Any], batch: dict[str, Any], metrics: Sequence[Metric]) -> None:
    out.print(f"[bold]{escape(org['name'])}[/]  {batch['date']}  {batch['state']}, {batch['evaluated']} answers read")
    for (kind, surface), members in slices(metrics).items():
        out.print()
        out.print(table(f"{kind} questions, {surface} surface", *overall(members), numbers=("value", "of")))
        out.print()
        out.print(table(None, *breakdown(members), numbers=("mention rate", "of")))


HEADLINES = ("mention_rate", "share_of_voice", "owned_citation_rate", "average_rank")


def print_overview(metrics: Sequence[Metric]) -> None:
    """One line a slice: what a reader wants first, each number with its interval."""
    columns = ["questions", "surface", *(NAMES[name] for name in HEADLINES)]
    lines = []
    for (kind, surface), members in slices(metrics).items():
        whole = {metric.name: metric for metric in members if metric.model is None and metric.location is None}
        lines.append([kind, surface, *(with_interval(whole[name]) for name in HEADLINES)])
    out.print(table("The numbers (95 % intervals)", columns, lines))


def with_interval(metric: Metric) -> str:
    return value(metric) if metric.low is None else f"{value(metric)} ({interval(metric)})"


def slices(metrics: Sequence[Metric]) -> dict[tuple[str, str], list[Metric]]:
    found: dict[tuple[str, str], list[Metric]] = {}
    for metric in metrics:
        found.setdefault((metric.kind, metric.surface), []).append(metric)
    return found


def overall(metrics: Sequence[Metric]) -> tuple[list[str], list[list[str]]]:
    whole = [metric for metric in metrics if metric.model is None and metric.location is None]
    return ["number", "value", "95 % interval", "of"], [
        [NAMES.get(metric.name, metric.name), value(metric), interval(metric), of(metric)] for metric in whole
    ]


def breakdown(metrics: Sequence[Metric]) -> tuple[list[str], list[list[str]]]:
    rates = [metric for metric in metrics if metric.name == "mention_rate" and (metric.model or metric.location)]
    return ["by model and place", "mention rate", "95 % interval", "of"], [
        [escape(metric.model or metric.location or ""), value(metric), interval(metric), of(metric)] for metric in rates
    ]


def percent(metric: Metric) -> bool:
    return metric.name != "average_rank"


def number(metric: Metric, amount: float | None) -> str:
    if amount is None:
        return "-"
    return f"{amount * 100:.0f} %" if percent(metric) else f"{amount:.1f}"


def value(metric: Metric) -> str:
    return number(metric, metric.value)


def interval(metric: Metric) -> str:
    if metric.low is None:
        return "-"
    low, high = number(metric, metric.low), number(metric, metric.high)
    return f"{low.removesuffix(' %')} to {high}"


def of(metric: Metric) -> str:
    return f"{metric.numerator}/{metric.denominator}" if percent(metric) else f"{metric.denominator} answers"
