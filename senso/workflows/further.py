"""Asks once more where a few more answers may decide whether a number has changed, within what was held for that.

All cells of a pool are asked equally often: numbers count answers, so that questions which are asked more often because
of what they gave would draw the numbers to themselves.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from senso.comparison import Change, compared, undecided
from senso.db import Connection, DBAPIError, may_pass
from senso.failpoints import failpoint
from senso.log import logger
from senso.matrix import PlannedRun, planned_reading, planned_run
from senso.policy import POLICY
from senso.quantities import counted
from senso.queries import batches, further, outbox, planning
from senso.queries.batches import Batch
from senso.queries.further import Cell
from senso.queries.outbox import Pipeline
from senso.reads import comparisons

log = logger(__name__)


def ask_further(db: Connection, batch: Batch) -> bool:
    """Whether the batch goes on. The caller has locked it, and nothing of it remains to be done.

    What cannot be compared is not asked again: the batch must end.
    """
    if not batch.reserved or batch.org_id is None or not batches.may_begin_now(db, batch.id):
        return False
    try:
        with db.begin_nested():
            return go_on(db, batch, batch.org_id)
    except (DBAPIError, ValueError, ArithmeticError) as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        log.exception("whether more answers are needed cannot be told", batch=str(batch.id))
        return False


def go_on(db: Connection, batch: Batch, org: UUID) -> bool:
    cells = further.cells(db, batch.id, POLICY.further_seconds)
    found = undecided_now(db, batch.id, org) if cells else []
    chosen = within(batch.reserved, cells, found)
    if not chosen:
        return False
    runs = [run_of(batch, cell) for cell in chosen]
    planning.plan_runs(db, batch.id, org, runs)
    planning.plan_readings(db, batch.id, [planned_reading(run.id, org) for run in runs], read_after_seconds=None)
    batches.extended(db, batch.id, len(runs))
    batches.note(db, batch.id, said(found, chosen))
    outbox.done(db, Pipeline.FINISH, batch.id, batch.episode)
    outbox.enqueue(db, Pipeline.ASK, batch.id, len(runs), ids=[batch.id], batch=batch.id)
    failpoint("batch goes on")
    log.info("batch asks further", subject=str(batch.subject), runs=len(runs))
    return True


def undecided_now(db: Connection, batch: UUID, org: UUID) -> list[Change]:
    """Of the headline numbers, compared with the org's batch before; none for a first batch."""
    earlier = further.previous(db, batch)
    if earlier is None:
        return []
    was, now = (comparisons.read(db, org, [one]).period for one in (earlier, batch))
    return undecided(compared(was, now))


def within(most: int, cells: Sequence[Cell], found: Sequence[Change]) -> list[Cell]:
    """The cells of the undecided pools, each pool whole or not at all: none that is stopped, no more than `most`."""
    chosen: list[Cell] = []
    for pool in pools(cells, found):
        if not any(cell.stopped for cell in pool) and len(chosen) + len(pool) <= most:
            chosen += pool
    return chosen


def pools(cells: Sequence[Cell], found: Sequence[Change]) -> Iterator[list[Cell]]:
    wanted = {(one.kind, one.surface) for one in found}
    for pool, members in groupby(sorted(cells, key=lambda cell: cell.pool), key=lambda cell: cell.pool):
        if pool in wanted:
            yield list(members)


def run_of(batch: Batch, cell: Cell) -> PlannedRun:
    asked = cell.question_id, cell.model_id, cell.location_id
    return planned_run(batch.id, batch.batch_date, asked, cell.samples)


def said(found: Sequence[Change], chosen: Sequence[Cell]) -> str:
    asked = {cell.pool for cell in chosen}
    about = sorted({f"{one.kind} {one.surface}" for one in found if (one.kind, one.surface) in asked})
    times = max(cell.samples for cell in chosen)
    again = counted(len(chosen), "question")
    return f"{again} asked once more after {counted(times, 'answer')} each, to decide a change ({', '.join(about)})"
