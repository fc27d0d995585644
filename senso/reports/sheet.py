"""The numbers for a spreadsheet: one row per metric of a batch, so that a pivot over the dates shows the trend."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict

from senso.reports.basis import cautions
from senso.reports.content import Batch

COLUMNS = (
    "batch_date",
    "batch_id",
    "name",
    "kind",
    "surface",
    "model",
    "location",
    "value",
    "numerator",
    "denominator",
    "low",
    "high",
    "method",
    "rule_version",
    "batch_kind",
    "network",
    "answers",
    "made_up",
    "by_fallback",
    "by_rule",
    "sampled",
    "missed",
    "cautions",
    "claims_contradicted",
    "claims_supported",
    "claims_not_covered",
    "claims_unjudged",
    "about",
    "questions",
    "effective_n",
    "these_low",
    "these_high",
    "these_method",
    "tag",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet(batches: Iterable[Batch]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for batch in batches:
        about = {
            "batch_date": batch.date.isoformat(),
            "batch_id": str(batch.id),
            "batch_kind": batch.kind,
            "network": batch.network,
        }
        about |= asdict(batch.basis) | {"cautions": "; ".join(cautions(batch.basis))}
        claims = {f"claims_{name}": one.claims for name, one in batch.claimed.by_verdict.items()}
        for metric in batch.metrics:
            row = asdict(metric) | about | claims
            writer.writerow([cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def cell(value: object) -> object:
    """Prefixes a text that a spreadsheet would run as a formula with an apostrophe, so that it is shown as text."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value
