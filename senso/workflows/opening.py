"""Stage 1: a batch opens. Its credits are held and its matrix is frozen."""

from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection
from senso.log import logger
from senso.matrix import PlannedRun, planned_reading, planned_runs
from senso.policy import POLICY
from senso.quantities import counted
from senso.queries import batches, ledger, planning
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue_later
from senso.runtime.saving import save
from senso.states import BatchKind, BatchState, FinishedBy
from senso.workflows.finishing import finish
from senso.workflows.reading_jobs import planning as by_jobs

log = logger(__name__)


def prepare_later(db: Connection, batch: Batch, seconds: float) -> None:
    """Enqueues asking for names and questions in `seconds`; handing out before then cancels it."""
    ids = [batch.id]
    enqueue_later(db, Pipeline.PREPARE, batch.id, batch.episode, ids=ids, batch=batch.id, seconds=seconds)


def open_batch(batch: UUID, *, is_pushed: bool) -> None:
    save(lambda db: open_if_due(db, batch, is_pushed=is_pushed))


def open_if_due(db: Connection, batch_id: UUID, *, is_pushed: bool) -> None:
    batch = batches.load(db, batch_id, lock=True)
    is_due = batch.state is BatchState.RUNNING and not ledger.is_held(db, batch.id, batch.episode)
    if is_due and batch.kind is BatchKind.ORG and batch.org_id is not None:
        open_now(db, batch, batch.org_id, is_pushed=is_pushed)


def open_now(db: Connection, batch: Batch, org: UUID, *, is_pushed: bool) -> None:
    """Holds, then plans: a batch that cannot be paid for leaves no rows; a later try plans the org as it is then."""
    runs = planned_runs(batch.id, batch.batch_date, planning.org_matrix(db, org))
    evaluations = len(runs) if batch.planned is None else planning.undone(db, batch.id)
    if not evaluations and batch.planned:  # everything was read before: it ends with that
        finish(db, batch, FinishedBy.ROWS, left_over=False, is_pushed=is_pushed)
        return
    if not evaluations:
        batches.end(db, batch.id, BatchState.FAILED, error="the org has no questions, models or locations to ask")
        return
    if not ledger.hold(db, batch, org, evaluations * batch.credits_per_evaluation):
        needed = counted(evaluations * batch.credits_per_evaluation, "credit")
        batches.end(db, batch.id, BatchState.BLOCKED, error=f"{needed} needed")
        log.info("batch blocked", org=str(org))
        return
    is_by_jobs = plan(db, batch, org, runs)
    seconds = POLICY.reading_batch_seconds if is_by_jobs else POLICY.batch_seconds
    batches.opened(db, batch.id, evaluations, seconds)
    prepare_later(db, batch, POLICY.open_again_seconds)
    log.info("batch opened", org=str(org), episode=batch.episode, evaluations=evaluations)


def plan(db: Connection, batch: Batch, org: UUID, runs: Sequence[PlannedRun]) -> bool:
    """Whether jobs read the answers. A retry reads by calls: somebody waits for it.

    A retry asks for names again if that call had failed; the answers it already has wait for the names.
    """
    names_wanted = batch.episode > 1 and name_rows.ask_again(db, org)
    if batch.planned is None:
        readings = [planned_reading(run.id, org) for run in runs]
        planning.plan_runs(db, batch.id, org, runs)
        planning.plan_readings(db, batch.id, readings)
        return by_jobs.plan(db, batch.id, [one.id for one in readings])
    patience = POLICY.names_wait_seconds if names_wanted else 0
    planning.plan_again(db, batch.id, read_after_seconds=patience)
    return False
