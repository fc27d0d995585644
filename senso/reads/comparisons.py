"""What an org's batches of two periods have read, to be compared."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.comparison import Period
from senso.db import rows
from senso.queries import competitors, results
from senso.queries.fragments import answering_model
from senso.reads.history import fact
from senso.states import BatchKind, EvaluationState

BATCHES = text("""
    SELECT b.id, b.batch_date AS date, b.kind, b.network_id, b.kept IS NOT NULL AS is_pruned
    FROM batches b
    WHERE b.org_id = :org AND EXISTS (SELECT FROM metrics m WHERE m.batch_id = b.id)
    ORDER BY b.batch_date, b.id
""")


@dataclass(frozen=True, slots=True)
class Dated:
    """A batch that has numbers. `is_pruned`: its answers were deleted since, so that it can be compared no more."""

    id: UUID
    date: date
    kind: BatchKind
    network_id: UUID | None
    is_pruned: bool


def batches(db: Connection, org: UUID) -> list[Dated]:
    """Oldest first."""
    return [Dated(**one | {"kind": BatchKind(one["kind"])}) for one in rows(db.execute(BATCHES, {"org": org}))]


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
    found = [one for batch in chosen for one in results.found(db, batch, org)]
    sites, known = results.websites(db, org), competitors.register(db, org, [one.competitors for one in found])
    versions: dict[str, set[str]] = defaultdict(set)
    of_batches = rows(db.execute(VERSIONS, {"batches": list(chosen), "org": org}))
    for one in of_batches:
        if one["answered"]:
            versions[one["model"]].add(one["answered"])
    period = Period(
        facts=[fact(one, sites, known) for one in found],
        versions={model: frozenset(names) for model, names in versions.items()},
    )
    return Read(period, frozenset(one["read_by"] for one in of_batches if one["read_by"]))
