"""Failures grouped by what is the same in them: the reason without its numbers and ids."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.matrix import first_after, first_of
from senso.states import BatchKind, BatchState, EvaluationState, RunState, among

# Of a day, the latest batches that ended badly: in an outage there are tens of thousands, and they all say the same.
MOST_BATCHES = 200
MOST_GROUPS = 20
LONGEST = 200  # characters of a reason that are compared
# Ids first, then what is left of numbers: "request req_81f2 took 31 s" and "request req_77aa took 29 s" are one.
FINGERPRINT = (
    f"""regexp_replace(left({{}}, {LONGEST}), '[0-9a-fA-F]{{{{8}}}}-[0-9a-fA-F-]{{{{27}}}}|[0-9]+', '#', 'g')"""
)


def of_runs(batches: str) -> str:
    """What failed of these batches: runs that were not answered, and readings of answers."""
    return f"""
        SELECT r.batch_id, m.provider, 'ask' AS stage, r.error, r.number
        FROM question_runs r JOIN models m ON m.id = r.model_id
        WHERE r.batch_id = ANY({batches}) AND r.state = '{RunState.FAILED}'
        UNION ALL
        SELECT e.batch_id, NULL, 'extract', e.error, r.number
        FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.batch_id = ANY({batches}) AND e.is_current AND e.state = '{EvaluationState.FAILED}'
            AND r.state <> '{RunState.FAILED}'
    """


def grouped(failures: str) -> str:
    return f"""
        SELECT provider, stage, {FINGERPRINT.format("coalesce(error, 'no reason was given')")} AS reason,
            (array_agg(error ORDER BY number))[1] AS example, count(*)::int AS count,
            count(DISTINCT batch_id)::int AS batches, min(number) AS number
        FROM ({failures}) AS failures
        GROUP BY provider, stage, reason ORDER BY count(*) DESC, reason LIMIT {MOST_GROUPS}
    """


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """`reason`: with # for numbers and ids. `example`: one as it is. `number`: of a run that failed so.

    `provider`: None for readings. `stage`: ask or extract. `count`: runs or readings.
    """

    provider: str | None
    stage: str
    reason: str
    example: str | None
    count: int
    batches: int
    number: int

    @property
    def searched(self) -> str:
        """A part of the reason that is in all of them, for a filter: the longest one without a number."""
        return max(self.reason.split("#"), key=len).strip()


OF_BATCH = text(grouped(of_runs("ARRAY[CAST(:batch AS uuid)]")))
BADLY = among("b.state", (BatchState.PARTIAL, BatchState.FAILED))
OWNER = f"""(CAST(:partner AS uuid) IS NULL OR CASE b.kind WHEN '{BatchKind.NETWORK}'
    THEN (SELECT partner_id FROM networks WHERE id = b.network_id)
    ELSE (SELECT partner_id FROM orgs WHERE id = b.org_id) END = :partner)"""
OF_DAY = text(f"""
    WITH bad AS MATERIALIZED (
        SELECT b.id FROM batches b
        WHERE {BADLY} AND b.ended_at >= CAST(:day AS date) AND b.id >= :first AND b.id < :end AND {OWNER}
        ORDER BY b.ended_at DESC LIMIT {MOST_BATCHES}
    )
    {grouped(of_runs("ARRAY(SELECT id FROM bad)"))}
""")


def of_batch(db: Connection, batch: UUID) -> list[FailureGroup]:
    """The most frequent first, at most MOST_GROUPS."""
    return each(FailureGroup, db.execute(OF_BATCH, {"batch": str(batch)}))


def of_day(db: Connection, day: date, partner: UUID | None = None) -> list[FailureGroup]:
    """Of the batches of that date, of which the latest MOST_BATCHES that ended badly are looked at."""
    values: dict[str, Any] = {"day": day, "first": str(first_of(day)), "end": str(first_after(day))}
    return each(FailureGroup, db.execute(OF_DAY, values | {"partner": partner and str(partner)}))
