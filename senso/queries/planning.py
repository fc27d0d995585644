"""Plans the questions that a batch asks, and separately the answers that it reads and for which orgs.

An org batch plans a reading for each of its runs. A reading of an existing answer may also be planned later, by another
batch and for another org.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.lease import RELEASED
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.matrix import Matrix, PlannedReading, PlannedRun
from senso.queries.batches import Batch
from senso.states import BatchKind

MATRIX = """
    SELECT
        ARRAY(SELECT question_id FROM {0}_questions WHERE {0}_id = :id ORDER BY position, question_id) AS questions,
        ARRAY(SELECT model_id FROM {0}_models JOIN models m ON m.id = model_id WHERE {0}_id = :id ORDER BY m.slug)
            AS models,
        ARRAY(SELECT location_id FROM {0}_locations JOIN locations l ON l.id = location_id WHERE {0}_id = :id
            ORDER BY l.country, l.region, l.city, l.id) AS locations,
        (SELECT samples FROM {0}s WHERE id = :id) AS samples, (SELECT {1} FROM {0}s WHERE id = :id) AS most_samples
"""
OF_ORG, OF_NETWORK = Prepared(MATRIX.format("org", "most_samples")), Prepared(MATRIX.format("network", "samples"))


def org_matrix(db: Connection, org: UUID) -> Matrix:
    (found,) = OF_ORG.rows(db, {"id": org})
    return Matrix(**found)


def network_matrix(db: Connection, network: UUID) -> Matrix:
    (found,) = OF_NETWORK.rows(db, {"id": network})
    return Matrix(**found)


RUNS = Prepared("""
    INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id, sample)
    SELECT id, :batch, :subject, question_id, model_id, location_id, sample
    FROM unnest(CAST(:ids AS uuid[]), CAST(:questions AS uuid[]), CAST(:models AS uuid[]), CAST(:locations AS uuid[]),
        CAST(:samples AS int[])) AS cell (id, question_id, model_id, location_id, sample)
    ON CONFLICT DO NOTHING
""")


def plan_runs(db: Connection, batch: UUID, subject: UUID, runs: Sequence[PlannedRun]) -> None:
    """`subject`: the org or network whose questions they are."""
    if not runs:
        return
    values = {
        "batch": batch,
        "subject": subject,
        "ids": [run.id for run in runs],
        "questions": [run.question_id for run in runs],
        "models": [run.model_id for run in runs],
        "locations": [run.location_id for run in runs],
        "samples": [run.sample for run in runs],
    }
    RUNS.rows(db, values)


# Runs of the batch itself may still fail, and their readings with them; of other runs only answered ones are read. The
# batch's partner pays only for its own orgs (no index of orgs by partner matches this comparison, as in planner.py).
READINGS = Prepared(f"""
    INSERT INTO evaluations (id, run_id, org_id, batch_id, next_at)
    SELECT p.id, p.run_id, p.org_id, :batch,
        CASE WHEN r.batch_id <> :batch THEN now() + make_interval(secs => CAST(:seconds AS float)) END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:runs AS uuid[]), CAST(:orgs AS uuid[])) AS p (id, run_id, org_id)
        JOIN question_runs r ON r.id = ANY(CAST(:runs AS uuid[])) AND r.id = p.run_id
    WHERE (r.batch_id = :batch OR {looked_up("r.state")} = 'answered') AND p.org_id = ANY(ARRAY(
        SELECT id FROM orgs WHERE id = ANY(CAST(:orgs AS uuid[])) AND partner_id IS NOT DISTINCT FROM (
            SELECT partner_id FROM orgs WHERE id = (SELECT org_id FROM batches WHERE id = :batch))
    ))
    ON CONFLICT DO NOTHING
    RETURNING id
""")


def plan_readings(
    db: Connection, batch: UUID, readings: Sequence[PlannedReading], *, read_after_seconds: float | None = 0
) -> int:
    """Returns how many are new, to hold credits for: an answer is read once per org, by the batch that plans it first.

    Readings for orgs of a partner other than that of the batch's org are not planned.

    Answers of other batches are read after `read_after_seconds`; if it is None, once `evaluations.release` is called.
    """
    if not readings:
        return 0
    values = {
        "batch": batch,
        "ids": [reading.id for reading in readings],
        "runs": [reading.run_id for reading in readings],
        "orgs": [reading.org_id for reading in readings],
        "seconds": read_after_seconds,
    }
    return len(READINGS.column(db, values))


UNDONE = text("SELECT count(*) FROM evaluations WHERE batch_id = :id AND state IN ('failed', 'cancelled')")
UNDONE_RUNS = text("SELECT count(*) FROM question_runs WHERE batch_id = :id AND state IN ('failed', 'cancelled')")

RUN_AGAIN = f"""state = 'planned', error = NULL, failures = 0, fence = fence + 1, snapshot_id = NULL, {RELEASED},
        sent_at = NULL, next_at = NULL"""
# A run that has an answer is not asked again: only its reading is planned again. That of another batch's run is
# released when its batch is handed out, as at first.
PLAN_AGAIN = text(f"""
    WITH again AS (
        UPDATE evaluations e SET state = 'pending', error = NULL, failures = 0, fence = e.fence + 1, ended_at = NULL,
            {RELEASED}, sent_at = NULL, job_id = NULL,
            next_at = CASE WHEN r.state = 'answered' AND r.batch_id = :id
                THEN now() + make_interval(secs => :seconds) END
        FROM question_runs r
        WHERE r.id = e.run_id AND e.batch_id = :id AND e.state IN ('failed', 'cancelled')
        RETURNING e.run_id
    )
    UPDATE question_runs r SET {RUN_AGAIN}
    FROM again WHERE r.id = again.run_id AND r.state IN ('failed', 'cancelled')
""")
PLAN_RUNS_AGAIN = text(f"""
    UPDATE question_runs SET {RUN_AGAIN} WHERE batch_id = :id AND state IN ('failed', 'cancelled')
""")


def undone(db: Connection, batch: Batch) -> int:
    """Readings that failed or were cancelled; in a batch of a network, runs."""
    query = UNDONE_RUNS if batch.kind is BatchKind.NETWORK else UNDONE
    return int(db.execute(query, {"id": batch.id}).scalar_one())


def plan_again(db: Connection, batch: Batch, *, read_after_seconds: float = 0) -> None:
    """Existing answers are read after `read_after_seconds`, or once `read_now` is called."""
    if batch.kind is BatchKind.NETWORK:
        db.execute(PLAN_RUNS_AGAIN, {"id": batch.id})
    else:
        db.execute(PLAN_AGAIN, {"id": batch.id, "seconds": read_after_seconds})


READ_NOW = text("""
    UPDATE evaluations SET next_at = now()
    WHERE batch_id = :id AND state = 'pending' AND failures = 0 AND sent_at IS NULL AND next_at > now()
""")


def read_now(db: Connection, batch: UUID) -> None:
    db.execute(READ_NOW, {"id": batch})
