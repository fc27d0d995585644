"""Which batches match the filters of a command that changes many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.matrix import Subject, first_after, first_of
from senso.queries.estimates import Payer, payers
from senso.states import OPEN_BATCHES, UNDONE_EVALUATIONS, UNDONE_RUNS, USEFUL, BatchKind, BatchState, among


@dataclass(frozen=True, slots=True)
class Filters:
    """All that are set must hold. `since`: open, or ended then or later. `first_day`, `last_day`: of batches, included.

    `as_of`: has stood so since then: what ended, or was queued, later does not match.

    `reason`: occurs, whatever its capitals, in the error of the batch, in that of a run or reading of it that failed
    or was cancelled, or in the outcome or error of a call for such a run. A completed batch has no reason.
    """

    batch: UUID | None = None
    states: tuple[BatchState, ...] = ()
    since: datetime | None = None
    reason: str | None = None
    partner: UUID | None = None
    org: UUID | None = None
    kind: BatchKind | None = None
    network: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """A batch as it was when it matched. `is_opened`: its matrix is frozen."""

    id: UUID
    kind: BatchKind
    org_id: UUID | None
    network_id: UUID | None
    state: BatchState
    episode: int
    is_opened: bool
    credits_per_evaluation: int

    @property
    def subject(self) -> Subject:
        return Subject(self.kind, self.org_id, self.network_id)


OCCURS = "strpos(lower({}), lower(CAST(:reason AS text))) > 0"
UNDONE = f"""(
            EXISTS (SELECT FROM question_runs r WHERE r.id = c.run_id AND r.batch_id = b.id
                AND {among("r.state", UNDONE_RUNS)})
            OR EXISTS (SELECT FROM evaluations e WHERE e.run_id = c.run_id AND e.batch_id = b.id
                AND {among("e.state", UNDONE_EVALUATIONS)}))"""
# OFFSET 0: else Postgres may read whole tables to look up the batches in them.
HAS_REASON = f"""(b.state <> '{BatchState.COMPLETED}' AND (
        {OCCURS.format("b.error")}
        OR EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND {among("r.state", UNDONE_RUNS)}
            AND {OCCURS.format("r.error")} OFFSET 0)
        OR EXISTS (SELECT FROM evaluations e WHERE e.batch_id = b.id AND {among("e.state", UNDONE_EVALUATIONS)}
            AND {OCCURS.format("e.error")} OFFSET 0)
        OR EXISTS (SELECT FROM llm_calls c WHERE c.batch_id = b.id AND NOT {among("c.outcome", USEFUL)}
            AND {OCCURS.format("concat_ws(' ', c.outcome, c.error)")} AND {UNDONE} OFFSET 0)))"""
MATCHING = text(f"""
    SELECT b.id, b.kind, b.org_id, b.network_id, b.state, b.episode, b.planned IS NOT NULL AS is_opened,
        b.credits_per_evaluation
    FROM batches b LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id
    WHERE (b.id = :batch OR (CAST(:batch AS uuid) IS NULL AND b.pruned_at IS NULL))
        AND (CAST(:states AS text[]) IS NULL OR b.state = ANY(CAST(:states AS text[])))
        AND (CAST(:since AS timestamptz) IS NULL OR coalesce(b.ended_at, now()) >= :since)
        AND (CAST(:org AS uuid) IS NULL OR b.org_id = :org)
        AND (CAST(:partner AS uuid) IS NULL OR coalesce(o.partner_id, n.partner_id) = :partner)
        AND (CAST(:kind AS text) IS NULL OR b.kind = :kind)
        AND (CAST(:network AS uuid) IS NULL OR b.network_id = :network)
        AND (CAST(:first AS uuid) IS NULL OR b.id >= :first)
        AND (CAST(:end AS uuid) IS NULL OR b.id < :end)
        AND (CAST(:as_of AS timestamptz) IS NULL OR coalesce(b.ended_at, b.queued_at) <= :as_of)
        AND (CAST(:reason AS text) IS NULL OR {HAS_REASON})
    ORDER BY b.queued_at, b.id LIMIT :most
""")


def matching(db: Connection, filters: Filters, most: int | None = None) -> Sequence[Matched]:
    """The oldest first; at most `most`."""
    values = {
        "batch": filters.batch and str(filters.batch),
        "states": list(filters.states) or None,
        "since": filters.since,
        "org": filters.org and str(filters.org),
        "partner": filters.partner and str(filters.partner),
        "reason": filters.reason,
        "kind": filters.kind,
        "network": filters.network and str(filters.network),
        "first": filters.first_day and str(first_of(filters.first_day)),
        "end": filters.last_day and str(first_after(filters.last_day)),
        "as_of": filters.as_of,
        "most": most,
    }
    return each(Matched, db.execute(MATCHING, values))


def payer(db: Connection, org: UUID) -> Payer:
    return payers(db, [org])[org]


# Their next episode is not opened yet, so nothing is held for it. One statement sees a hold and its opening together.
AWAITED = text(f"""
    SELECT coalesce(sum(b.credits_per_evaluation * (
        SELECT count(*) FROM evaluations e WHERE e.batch_id = b.id AND {among("e.state", UNDONE_EVALUATIONS)})), 0)
    FROM batches b JOIN orgs o ON o.id = b.org_id
    WHERE o.partner_id = :partner AND {among("b.state", OPEN_BATCHES)} AND b.remaining IS NULL
""")


def awaited(db: Connection, partner: UUID) -> int:
    """Credits that batches which are retried, but not opened again yet, will have held."""
    return int(db.execute(AWAITED, {"partner": partner}).scalar_one())
