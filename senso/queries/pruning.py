"""Retention: marks old batches as pruned, and deletes their answers, readings and calls in small steps.

Marking comes first and is committed with what is kept of the batch (`queries.counted`). From then on the batch cannot
be opened again and the promises do not count its rows, so these may be deleted in any number of transactions.

The batch, its metrics, ledger rows, pushes, vendor jobs, triggers and audit stay, and its calls for names, by which the
promises count claims. A batch is kept whole while one of its answers is the latest to its question. The batches of a
network and of its orgs on one date are marked together, as they share answers and calls.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries import results
from senso.queries.counted import ROWS, TO_KEEP
from senso.states import ENDED_BATCHES, BatchKind, BatchState, EvaluationState, Purpose, among

FINAL = among("b.state", [state for state in ENDED_BATCHES if state is not BatchState.BLOCKED])


@dataclass(frozen=True, slots=True)
class Limits:
    """Only what ended before `before` is pruned; of networks, only of a date before `networks_before`."""

    before: datetime
    networks_before: date

    def values(self) -> dict[str, object]:
        # No id of a batch of an earlier day is larger: see `senso.matrix.dated_id`.
        day = datetime.combine(self.before.date(), datetime.min.time(), self.before.tzinfo)
        last = UUID(int=max(0, int(day.timestamp() * 1000)) << 80)
        return {"before": self.before, "networks_before": self.networks_before, "last": last}


BEFORE = text("SELECT now() - make_interval(days => :days)")


def before(db: Connection, days: int) -> datetime:
    found: datetime = db.execute(BEFORE, {"days": days}).scalar_one()
    return found


OLD = "b.pruned_at IS NULL AND b.id < :last AND b.batch_date < CAST(:before AS date)"
# OFFSET 0: looked up by the batch, not in the index of all latest answers.
IS_RIPE = f"""{FINAL} AND b.ended_at < :before
    AND NOT EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id AND r.is_latest OFFSET 0)"""
ORGS = text(f"""
    SELECT b.id FROM batches b WHERE {OLD} AND b.id > :after AND b.kind = '{BatchKind.ORG}' AND {IS_RIPE}
    ORDER BY b.id LIMIT :most
""")
OF_NETWORKS = f"""
    SELECT b.network_id, b.batch_date FROM batches b
    WHERE {OLD} AND b.network_id IS NOT NULL AND b.batch_date < :networks_before
        AND (CAST(:network AS uuid) IS NULL OR (b.network_id, b.batch_date) = (:network, :day))
    GROUP BY b.network_id, b.batch_date HAVING bool_and({IS_RIPE})
"""
NETWORKS = text(OF_NETWORKS + " ORDER BY b.batch_date, b.network_id")


@dataclass(frozen=True, slots=True)
class NetworkDay:
    """The batches of a network and of its orgs on one date."""

    network_id: UUID
    batch_date: date


def ripe_orgs(db: Connection, limits: Limits, after: UUID, most: int) -> list[UUID]:
    """Batches of orgs that may be pruned, in the order of their ids, from behind `after`."""
    return list(db.execute(ORGS, limits.values() | {"after": after, "most": most}).scalars())


def ripe_networks(db: Connection, limits: Limits) -> list[NetworkDay]:
    return each(NetworkDay, db.execute(NETWORKS, limits.values() | {"network": None, "day": None}))


LOCK = text("SELECT id FROM batches WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED")
KEPT = f"""
    SELECT jsonb_build_object({TO_KEEP}, 'basis', (
        SELECT jsonb_build_object({", ".join(f"'{name}', {counted}" for name, counted in results.BASIS.items())})
        FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.batch_id = b.id AND e.is_current AND e.state = '{EvaluationState.DONE}'))
    FROM (SELECT 1) one {ROWS}
"""
MARK = f"UPDATE batches b SET pruned_at = now(), kept = ({KEPT}) WHERE b.id = ANY(:ids)"
MARK_ORGS = text(f"{MARK} AND {OLD} AND {IS_RIPE} RETURNING b.id")
MARK_TOGETHER = text(f"{MARK} RETURNING b.id, b.kind")
# A network may have thousands of orgs.
PATIENCE = text("SELECT set_config('statement_timeout', '5min', true)")


def mark_orgs(db: Connection, limits: Limits, ids: Sequence[UUID]) -> list[UUID]:
    """Returns those that still may be pruned and that nobody else has locked."""
    locked = list(db.execute(LOCK, {"ids": list(ids)}).scalars())
    return list(db.execute(MARK_ORGS, limits.values() | {"ids": locked}).scalars())


MEMBERS = text("""
    SELECT id FROM batches WHERE network_id = :network AND batch_date = :day AND pruned_at IS NULL ORDER BY id
""")


def mark_network(db: Connection, limits: Limits, of: NetworkDay) -> list[UUID]:
    """All batches of the network's day, or none if one of them may not be pruned or is locked.

    What is read comes before what was asked, as the answers of a network are read by other batches.
    """
    db.execute(PATIENCE)
    day = {"network": of.network_id, "day": of.batch_date}
    ids = list(db.execute(MEMBERS, day).scalars())
    locked = list(db.execute(LOCK, {"ids": ids}).scalars())
    if locked != ids or not db.execute(NETWORKS, limits.values() | day).all():
        return []
    marked = db.execute(MARK_TOGETHER, {"ids": ids}).all()
    return [one.id for one in sorted(marked, key=lambda one: one.kind == BatchKind.NETWORK)]


LEFT = text(f"""
    SELECT id FROM batches WHERE pruned_at IS NOT NULL AND emptied_at IS NULL
    ORDER BY kind = '{BatchKind.NETWORK}', id
""")


def left(db: Connection) -> list[UUID]:
    """Batches that are marked, and not all of whose rows are deleted."""
    return list(db.execute(LEFT).scalars())


READINGS = text("""
    SELECT id, run_id FROM evaluations WHERE batch_id = :batch ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
""")
OF_READINGS = {
    "rereadings": "evaluation_id = ANY(:ids) OR applied_as = ANY(:ids)",
    "competitors": "evaluation_id = ANY(:ids)",
    "claims": "evaluation_id = ANY(:ids)",
    "llm_calls": f"""run_id = ANY(:runs) AND ((batch_id = :batch AND purpose = '{Purpose.READ}')
        OR (purpose = '{Purpose.REREAD}' AND org_id = (SELECT org_id FROM batches WHERE id = :batch)))""",
    "evaluations": "id = ANY(:ids)",
}
# A batch that read an answer late and is not pruned itself keeps it.
RUNS = text("""
    SELECT r.id FROM question_runs r WHERE r.batch_id = :batch AND NOT EXISTS (
        SELECT FROM evaluations e WHERE e.run_id = r.id OFFSET 0)
    ORDER BY r.id LIMIT :most FOR UPDATE SKIP LOCKED
""")
OF_RUNS = {"citations": "run_id = ANY(:ids)", "llm_calls": "run_id = ANY(:ids)", "question_runs": "id = ANY(:ids)"}
EMPTIED = text("""
    UPDATE batches b SET emptied_at = now()
    WHERE b.id = :batch AND b.pruned_at IS NOT NULL AND b.emptied_at IS NULL
        AND NOT EXISTS (SELECT FROM question_runs r WHERE r.batch_id = b.id)
        AND NOT EXISTS (SELECT FROM evaluations e WHERE e.batch_id = b.id)
""")


def delete_some(db: Connection, batch: UUID, most: int) -> Counter[str]:
    """Deletes up to `most` readings of a marked batch or, once there are none, runs. Returns deleted rows by table.

    Empty once nothing is left that may be deleted.
    """
    readings = db.execute(READINGS, {"batch": batch, "most": most}).all()
    values = {"batch": batch, "ids": [one.id for one in readings], "runs": [one.run_id for one in readings]}
    if readings:
        return deleted(db, OF_READINGS, values)
    runs = list(db.execute(RUNS, {"batch": batch, "most": most}).scalars())
    if runs:
        return deleted(db, OF_RUNS, {"ids": runs})
    db.execute(EMPTIED, {"batch": batch})
    return Counter()


def deleted(db: Connection, tables: dict[str, str], values: dict[str, object]) -> Counter[str]:
    return Counter(
        {
            table: db.execute(text(f"DELETE FROM {table} WHERE {condition}"), values).rowcount
            for table, condition in tables.items()
        }
    )


# What `senso prune --dry-run` counts.
CHOSEN = f"""
    chosen AS MATERIALIZED (
        SELECT b.id FROM batches b WHERE {OLD} AND b.kind = '{BatchKind.ORG}' AND {IS_RIPE}
        UNION ALL
        SELECT b.id FROM ({OF_NETWORKS}) n JOIN batches b USING (network_id, batch_date) WHERE b.pruned_at IS NULL
        UNION ALL
        SELECT id FROM batches WHERE pruned_at IS NOT NULL AND emptied_at IS NULL
    ),
    runs AS MATERIALIZED (SELECT id FROM question_runs WHERE batch_id IN (SELECT id FROM chosen)),
    readings AS MATERIALIZED (SELECT id FROM evaluations WHERE batch_id IN (SELECT id FROM chosen))
"""
FORESEEN = text(f"""
    WITH {CHOSEN}
    SELECT (SELECT count(*) FROM chosen) AS batches, (SELECT count(*) FROM runs) AS question_runs,
        (SELECT count(*) FROM readings) AS evaluations,
        (SELECT count(*) FROM llm_calls WHERE batch_id IN (SELECT id FROM chosen) AND run_id IS NOT NULL) AS llm_calls,
        (SELECT count(*) FROM citations WHERE run_id IN (SELECT id FROM runs)) AS citations,
        (SELECT count(*) FROM competitors WHERE evaluation_id IN (SELECT id FROM readings)) AS competitors,
        (SELECT count(*) FROM claims WHERE evaluation_id IN (SELECT id FROM readings)) AS claims
""")


def foreseen(db: Connection, limits: Limits) -> Counter[str]:
    """How many rows of each table would be deleted, and as `batches` how many batches these are of."""
    db.execute(PATIENCE)
    (found,) = db.execute(FORESEEN, limits.values() | {"network": None, "day": None}).mappings()
    return Counter(dict(found))
