"""Ceilings on what a day (UTC, by the database's clock) costs.

Under a ceiling, claims take turns: each adds up what calls have cost or are estimated to cost, claims what still fits,
and writes the estimates of its calls before it commits. A trigger on `llm_calls` counts estimates and costs; a call
that never reports keeps its estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.lease import READING, RUN
from senso.db.statement import Prepared
from senso.db.typed import each
from senso.policy import Policy
from senso.prices import Price, price_of
from senso.queries.models import Reader, by_reader
from senso.queries.stopped import holds_job, holds_reading, holds_run, may_begin, partner_of_batch
from senso.states import USEFUL, JobKind, Purpose, among

TODAY = "(now() AT TIME ZONE 'UTC')::date"
ANY = Prepared("SELECT EXISTS (SELECT FROM partners WHERE max_daily_cost_microusd IS NOT NULL)")


def any_of_partners(db: Link) -> bool:
    return ANY.column(db, {}) == [True]


UNPRICED = text("""
    SELECT slug FROM models m WHERE prices IS NULL AND (slug = ANY(CAST(:named AS text[]))
        OR EXISTS (SELECT FROM org_models WHERE model_id = m.id)
        OR EXISTS (SELECT FROM network_models WHERE model_id = m.id))
    ORDER BY slug
""")


def unpriced(db: Connection, named: Sequence[str]) -> list[str]:
    """Models without a price that are asked, or `named` to read or to find names."""
    return list(db.execute(UNPRICED, {"named": list(named)}).scalars())


LOCK = Prepared("SELECT pg_advisory_xact_lock(7230157)")
FOLD = Prepared("""
    WITH gone AS (DELETE FROM cost_moves RETURNING day, partner_id, microusd),
    moved AS (
        SELECT day, NULL AS partner_id, sum(microusd)::bigint AS microusd FROM gone GROUP BY day
        UNION ALL
        SELECT day, partner_id, sum(microusd)::bigint FROM gone WHERE partner_id IS NOT NULL GROUP BY day, partner_id
    )
    INSERT INTO cost_days (day, partner_id, microusd) SELECT * FROM moved
    ON CONFLICT (day, partner_id) DO UPDATE SET microusd = cost_days.microusd + excluded.microusd
""")
BEGUN = Prepared(f"SELECT EXISTS (SELECT FROM cost_days WHERE day = {TODAY} AND partner_id IS NULL)")
BEGIN = Prepared(f"INSERT INTO cost_days (day, partner_id, microusd) VALUES ({TODAY}, NULL, 0)")
STANDING = Prepared(f"""
    SELECT CAST(NULL AS uuid) AS partner_id, coalesce((
        SELECT microusd FROM cost_days WHERE day = {TODAY} AND partner_id IS NULL), 0) AS microusd,
        CAST(NULL AS bigint) AS ceiling
    UNION ALL
    SELECT p.id, coalesce(d.microusd, 0), p.max_daily_cost_microusd
    FROM partners p LEFT JOIN cost_days d ON d.day = {TODAY} AND d.partner_id = p.id
    WHERE p.max_daily_cost_microusd IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """`microusd`: what today has cost, calls in flight by their estimates. `ceiling`: None if there is none."""

    partner_id: UUID | None
    microusd: int
    ceiling: int | None


def standing(db: Link, ceiling: int | None) -> list[Standing]:
    """Of all together and of each partner with a ceiling. Until the transaction ends, no other adds up or claims."""
    LOCK.rows(db, {})
    if BEGUN.column(db, {}) == [False]:
        adopt(db, everything=True)
        BEGIN.rows(db, {})
    FOLD.rows(db, {})
    found = [Standing(**one) for one in STANDING.rows(db, {})]
    return [Standing(None, one.microusd, ceiling) if one.partner_id is None else one for one in found]


# Calls of today that were claimed without an estimate, before there was a ceiling or by a process that did not know it
# yet. Ids rise with time, so that only the latest calls are looked at.
LATEST_ID = Prepared("SELECT coalesce(max(id), 0) FROM llm_calls")
IS_BEFORE_TODAY = Prepared(f"""
    SELECT (started_at AT TIME ZONE 'UTC')::date < {TODAY} FROM llm_calls WHERE id <= :id ORDER BY id DESC LIMIT 1
""")
ADOPT = Prepared(f"""
    UPDATE llm_calls SET estimate_microusd = cost_microusd
    WHERE id > :after AND estimate_microusd IS NULL AND cost_microusd > 0
        AND (started_at AT TIME ZONE 'UTC')::date = {TODAY}
""")
LATELY = 50_000  # calls


def adopt(db: Link, *, everything: bool = False) -> None:
    """Counts what calls without an estimate have cost: of the latest calls, or of all of today."""
    (latest,) = LATEST_ID.column(db, {})
    step = LATELY
    while everything and step < latest and IS_BEFORE_TODAY.column(db, {"id": latest - step}) == [False]:
        step *= 2
    ADOPT.rows(db, {"after": latest - step})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row whose claim makes `calls` calls. `id`: of a run, a job or an org."""

    id: UUID
    partner_id: UUID | None
    provider: str
    model: str
    price: Price | None
    purpose: Purpose
    calls: int = 1
    by_job: bool = False


RUNS = Prepared(f"""
    SELECT r.id, {partner_of_batch("r.batch_id")} AS partner_id, m.provider, m.name AS model, m.prices
    FROM question_runs r JOIN models m ON m.id = r.model_id
    WHERE r.id = ANY(CAST(:ids AS uuid[])) AND {RUN.claimable("r")} AND r.snapshot_id IS NULL
        AND {may_begin(holds_run("r"))}
    ORDER BY r.number
""")
READINGS = Prepared(f"""
    SELECT e.run_id AS id, o.partner_id::text, e.reader FROM evaluations e JOIN orgs o ON o.id = e.org_id
    WHERE e.run_id = ANY(CAST(:ids AS uuid[])) AND {READING.claimable("e")} AND e.job_id IS NULL
        AND {may_begin(holds_reading("e"))}
    ORDER BY e.run_id, e.id
""")
JOBS = Prepared(f"""
    SELECT s.id, {partner_of_batch("s.batch_id")} AS partner_id, s.provider, m.name AS model, m.prices,
        (SELECT count(*) FROM question_runs r WHERE r.snapshot_id = s.id AND r.state IN ('planned', 'asking')) AS calls
    FROM vendor_jobs s JOIN models m ON m.id = s.model_id
    WHERE s.id = ANY(CAST(:ids AS uuid[])) AND s.kind = '{JobKind.QUESTIONS}' AND s.maybe_sent_at IS NULL
        AND {may_begin(holds_job("s"))}
    ORDER BY s.created_at, s.id
""")
IN_DOUBT = Prepared("""
    SELECT id FROM vendor_jobs WHERE id = ANY(CAST(:ids AS uuid[])) AND maybe_sent_at IS NOT NULL
""")
PARTNER_OF_ORG = Prepared("SELECT partner_id::text FROM orgs WHERE id = :org")
PARTNER_OF_JOB = Prepared(f"SELECT {partner_of_batch('s.batch_id')} FROM vendor_jobs s WHERE s.id = :job")


def runs(db: Link, ids: Sequence[UUID], policy: Policy) -> list[Candidate]:
    values = {"ids": list(ids), "most": policy.most_failures}
    return [candidate(one, Purpose.ASK) for one in RUNS.rows(db, values)]


def readings(
    db: Link, ids: Sequence[UUID], policy: Policy, readers: Sequence[Reader]
) -> list[tuple[UUID, UUID | None, int]]:
    """The run, the partner and the place of the reader of each."""
    values = {"ids": list(ids), "most": policy.most_failures} | by_reader(readers)
    return [(one["id"], uuid(one["partner_id"]), one["reader"]) for one in READINGS.rows(db, values)]


def jobs(db: Link, ids: Sequence[UUID]) -> list[Candidate]:
    return [candidate(one, Purpose.ASK, by_job=True) for one in JOBS.rows(db, {"ids": list(ids)})]


def jobs_in_doubt(db: Link, ids: Sequence[UUID]) -> list[UUID]:
    """To look one up costs nothing."""
    return IN_DOUBT.column(db, {"ids": list(ids)})


def partner_of_org(db: Link, org: UUID) -> UUID | None:
    return uuid(PARTNER_OF_ORG.column(db, {"org": org})[0])


def partner_of_job(db: Link, job: UUID) -> UUID | None:
    return uuid(PARTNER_OF_JOB.column(db, {"job": job})[0])


def uuid(said: str | None) -> UUID | None:
    return UUID(said) if said else None


def candidate(found: Mapping[str, Any], purpose: Purpose, *, by_job: bool = False) -> Candidate:
    return Candidate(
        found["id"],
        uuid(found["partner_id"]),
        found["provider"],
        found["model"],
        price_of(found["prices"]),
        purpose,
        found.get("calls", 1),
        by_job,
    )


RESERVE = Prepared("""
    UPDATE llm_calls c SET estimate_microusd = given.microusd
    FROM unnest(CAST(:ids AS bigint[]), CAST(:microusd AS bigint[])) AS given (id, microusd)
    WHERE c.id = ANY(CAST(:ids AS bigint[])) AND c.id = given.id
    RETURNING c.id
""")
RESERVE_JOB = Prepared("""
    UPDATE llm_calls SET estimate_microusd = :microusd
    WHERE batch_id = (SELECT batch_id FROM vendor_jobs WHERE id = :job) AND job_id = :job AND outcome IS NULL
        AND estimate_microusd IS NULL
    RETURNING id
""")


def reserve(db: Link, calls: Mapping[int, int]) -> None:
    """`calls`: the estimate of each, in micro-dollars."""
    if calls:
        RESERVE.rows(db, {"ids": list(calls), "microusd": list(calls.values())})


def reserve_job(db: Link, job: UUID, microusd: int) -> None:
    """The same for each call of a job."""
    RESERVE_JOB.rows(db, {"job": job, "microusd": microusd})


# Of the latest calls, wherever they were made.
MEANS = Prepared(f"""
    SELECT purpose, provider, model, ceil(avg(cost_microusd))::bigint AS microusd
    FROM (SELECT * FROM llm_calls ORDER BY id DESC LIMIT 5000) AS latest
    WHERE cost_microusd IS NOT NULL AND {among("outcome", USEFUL)}
    GROUP BY purpose, provider, model
""")
Means = dict[tuple[str, str, str], int]


def means(db: Link) -> Means:
    return {(one["purpose"], one["provider"], one["model"]): one["microusd"] for one in MEANS.rows(db, {})}


REACHED = Prepared(f"""
    INSERT INTO cost_stops (day, partner_id, ceiling_microusd, spent_microusd, wanted_microusd)
    VALUES ({TODAY}, :partner, :ceiling, :spent, :wanted)
    ON CONFLICT (day, partner_id) DO UPDATE SET ceiling_microusd = excluded.ceiling_microusd,
        spent_microusd = excluded.spent_microusd, wanted_microusd = excluded.wanted_microusd, reached_at = now(),
        lifted_at = NULL
    WHERE cost_stops.lifted_at IS NOT NULL
    RETURNING id
""")


def reached(db: Link, one: Standing, wanted: int) -> bool:
    """False if that is known already. `wanted`: the estimate that does not fit."""
    values = {"partner": one.partner_id, "ceiling": one.ceiling, "spent": one.microusd, "wanted": wanted}
    return REACHED.one(db, values) is not None


@dataclass(frozen=True, slots=True)
class OpenStop:
    id: int
    day: date
    is_over: bool
    partner_id: UUID | None
    wanted_microusd: int


OPEN = text(f"""
    SELECT id, day, day < {TODAY} AS is_over, partner_id, wanted_microusd FROM cost_stops WHERE lifted_at IS NULL
    ORDER BY id
""")
LIFT = text("UPDATE cost_stops SET lifted_at = now() WHERE id = :id AND lifted_at IS NULL RETURNING id")


def open_stops(db: Connection) -> list[OpenStop]:
    return each(OpenStop, db.execute(OPEN))


def lift(db: Connection, one: OpenStop) -> bool:
    return db.execute(LIFT, {"id": one.id}).first() is not None
