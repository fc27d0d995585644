"""What an org's batches of two periods have read, to be compared."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.comparison import Change, Period, change_json, compared
from senso.db import rows
from senso.queries.fragments import answering_model
from senso.reads import history, periods
from senso.reads.history import fact
from senso.reads.periods import Asked, Dated, Span
from senso.states import EvaluationState

VERSIONS = text(f"""
    SELECT DISTINCT {answering_model("m", "r")} AS model, r.model_version AS answered,
        concat_ws(' ', e.model_version, e.prompt_version) AS read_by
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN models m ON m.id = r.model_id
    WHERE e.batch_id = ANY(:batches) AND e.org_id = :org AND e.is_current AND e.state = '{EvaluationState.DONE}'
""")


@dataclass(frozen=True, slots=True)
class Read:
    """`readers`: the models and prompts that read the answers; another one may read them differently."""

    period: Period
    readers: frozenset[str]


def read(db: Connection, org: UUID, chosen: Sequence[UUID]) -> Read:
    return of_answers(db, org, chosen, history.read(db, chosen, org))


def of_answers(db: Connection, org: UUID, chosen: Sequence[UUID], answers: history.Read) -> Read:
    """`answers`: of the chosen batches."""
    versions: dict[str, set[str]] = defaultdict(set)
    of_batches = rows(db.execute(VERSIONS, {"batches": list(chosen), "org": org}))
    for one in of_batches:
        if one["answered"]:
            versions[one["model"]].add(one["answered"])
    period = Period(
        facts=[fact(one, answers.sites, answers.known) for pool in answers.pools.values() for one in pool],
        versions={model: frozenset(names) for model, names in versions.items()},
    )
    return Read(period, frozenset(one["read_by"] for one in of_batches if one["read_by"]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`was`, `now`: what the batches of the two periods have read."""

    org_id: UUID
    before: Span
    after: Span
    was: Read
    now: Read
    changes: Sequence[Change]


def compare(db: Connection, org: UUID, batches: Sequence[Dated], asked: Asked) -> Comparison:
    """`batches`: that ask the same, oldest first. Raises NotFound for a period without numbers, and ConfigError."""
    before, after = periods.spans(asked, [one.date for one in batches])
    was, now = (read(db, org, periods.readable(batches, period)) for period in (before, after))
    return Comparison(org, before, after, was, now, compared(was.period, now.period))


def comparison_json(found: Comparison) -> dict[str, Any]:
    return {
        "org_id": found.org_id,
        "before": side_json(found.before, found.was),
        "after": side_json(found.after, found.now),
        "changes": [change_json(change) for change in found.changes],
    }


def side_json(period: Span, read: Read) -> dict[str, Any]:
    return {
        "since": period.since,
        "until": period.until,
        "answers": len(read.period.facts),
        "readers": sorted(read.readers),
    }
