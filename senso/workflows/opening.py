"""Stage 1: a batch opens. Its credits are held, and what it asks or reads is frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection
from senso.log import logger
from senso.matrix import Matrix, PlannedReading, PlannedRun, planned_reading, planned_runs
from senso.policy import POLICY
from senso.quantities import counted
from senso.queries import batches, ledger, members, planning
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.outbox import Pipeline, enqueue_later
from senso.runtime.saving import save
from senso.states import BatchKind, BatchState, FinishedBy
from senso.workflows.finishing import finish
from senso.workflows.reading_jobs import planning as by_jobs
from senso.workflows.webhooks import announcing

log = logger(__name__)


def prepare_later(db: Connection, batch: Batch, seconds: float) -> None:
    """Enqueues asking for names and questions in `seconds`; handing out before then cancels it."""
    ids = [batch.id]
    enqueue_later(db, Pipeline.PREPARE, batch.id, batch.episode, ids=ids, batch=batch.id, seconds=seconds)


def open_batch(batch: UUID, *, is_pushed: bool) -> None:
    save(lambda db: open_if_due(db, batch, is_pushed=is_pushed))


def open_if_due(db: Connection, batch_id: UUID, *, is_pushed: bool) -> None:
    """A batch that is stopped is opened once it goes on: `stops.free` sends it again."""
    batch = batches.load(db, batch_id, lock=True)
    is_unopened = batch.state is BatchState.RUNNING and batch.remaining is None
    if is_unopened and batches.may_begin_now(db, batch_id):
        open_now(db, batch, is_pushed=is_pushed)


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch does in its next episode. `again`: how much of an earlier episode.

    `further`: how much more it may do if that may decide a change (`workflows.further`).
    """

    runs: Sequence[PlannedRun] = ()
    readings: Sequence[PlannedReading] = ()
    again: int = 0
    further: int = 0

    @property
    def new(self) -> int:
        """Readings; for a batch without any, which is one of a network, runs."""
        return len(self.readings or self.runs)

    @property
    def count(self) -> int:
        return self.new + self.again


def open_now(db: Connection, batch: Batch, *, is_pushed: bool) -> None:
    """Holds, then plans: a batch that cannot be paid for leaves no rows, and a later try plans what there is then."""
    work = work_of(db, batch)
    if not work.count and batch.planned:  # everything was read before: it ends with that
        finish(db, batch, FinishedBy.ROWS, left_over=False, is_pushed=is_pushed)
        return
    if not work.count:
        end_without_work(db, batch)
        return
    reserved = work.further if held_with_reserve(db, batch, work) else 0
    if not reserved and (wanting := held_or_wanting(db, batch, work.count * batch.credits_per_evaluation)):
        batches.end(db, batch.id, BatchState.BLOCKED, error=wanting)
        announcing.ended(db, batch, BatchState.BLOCKED)
        log.info("batch blocked", subject=str(batch.subject))
        return
    if reserved < work.further:
        note_no_reserve(db, batch, work)
    is_by_jobs = plan(db, batch, work)
    seconds = POLICY.reading_batch_seconds if is_by_jobs else POLICY.batch_seconds
    batches.opened(db, batch.id, work.new, seconds, again=work.again, reserved=reserved)
    prepare_later(db, batch, POLICY.open_again_seconds)
    log.info("batch opened", subject=str(batch.subject), episode=batch.episode, work=work.count)


def work_of(db: Connection, batch: Batch) -> Work:
    """The matrix is frozen when it is first planned; answers of a network may be added in a later episode."""
    again = 0 if batch.planned is None else planning.undone(db, batch)
    match batch.kind:
        case BatchKind.NETWORK_ORG:
            return Work(readings=missing_readings(db, batch), again=again)
        case BatchKind.NETWORK if not members.active(db, batch.subject.asking_id):
            return Work()
        case _ if batch.planned is not None:
            return Work(again=again)
        case BatchKind.NETWORK:
            return Work(runs=matrix_of(batch, planning.network_matrix(db, batch.subject.asking_id)))
        case BatchKind.ORG:
            matrix = planning.org_matrix(db, batch.subject.asking_id)
            runs = matrix_of(batch, matrix)
            readings = [planned_reading(run.id, batch.subject.asking_id) for run in runs]
            return Work(runs, readings, further=matrix.further)


def matrix_of(batch: Batch, matrix: Matrix) -> list[PlannedRun]:
    return planned_runs(batch.id, batch.batch_date, matrix)


def missing_readings(db: Connection, batch: Batch) -> list[PlannedReading]:
    """None for an org that has left the network."""
    network, org, asked_by = batch.network_id, batch.org_id, members.asked_by(db, batch)
    if network is None or org is None or asked_by is None or not members.is_member(db, network, org):
        return []
    return [planned_reading(run, org) for run in members.unread(db, asked_by, org)]


WITHOUT_WORK = {
    BatchKind.ORG: (BatchState.FAILED, "the org has no questions, models or locations to ask"),
    BatchKind.NETWORK: (BatchState.FAILED, "the network has nothing to ask, or no active org to read for"),
    BatchKind.NETWORK_ORG: (BatchState.CANCELLED, "no answer of the network is left to read for the org"),
}


def end_without_work(db: Connection, batch: Batch) -> None:
    state, reason = WITHOUT_WORK[batch.kind]
    batches.end(db, batch.id, state, error=reason)
    announcing.ended(db, batch, state)


def held_with_reserve(db: Connection, batch: Batch, work: Work) -> bool:
    """Holds the credits, also for all that may be asked further. False if there are too few, or nothing may be."""
    if not work.further or batch.org_id is None:
        return False
    return ledger.hold(db, batch, batch.org_id, (work.count + work.further) * batch.credits_per_evaluation)


def note_no_reserve(db: Connection, batch: Batch, work: Work) -> None:
    needed = counted((work.count + work.further) * batch.credits_per_evaluation, "credit")
    batches.note(db, batch.id, f"no further answers are asked for: {needed} needed for all that may be")


def held_or_wanting(db: Connection, batch: Batch, credits_wanted: int) -> str | None:
    """Holds the credits; None, or why the batch is blocked. A network pays nothing, but asks only if an org can pay."""
    needed = counted(credits_wanted, "credit")
    if batch.org_id is not None:
        return None if ledger.hold(db, batch, batch.org_id, credits_wanted) else f"{needed} needed"
    found = members.able_to_pay(db, batch.subject.asking_id, credits_wanted)
    if not found.able:
        return f"{needed} needed by each of its {counted(found.orgs, 'org')}, and none has them"
    if found.able < found.orgs:
        cannot = f"{found.orgs - found.able} of its {found.orgs} orgs cannot pay for its answers ({needed} each)"
        batches.note(db, batch.id, cannot)
    return None


def plan(db: Connection, batch: Batch, work: Work) -> bool:
    """Whether jobs read the answers. A retry reads by calls, since somebody waits for it; so do orgs of a network.

    A retry asks for names again if that call had failed; the answers it already has wait for the names.
    """
    names_wanted = batch.org_id is not None and batch.episode > 1 and name_rows.ask_again(db, batch.org_id)
    if work.again:
        planning.plan_again(db, batch, read_after_seconds=POLICY.names_wait_seconds if names_wanted else 0)
    planning.plan_runs(db, batch.id, batch.subject.asking_id, work.runs)
    planning.plan_readings(db, batch.id, work.readings, read_after_seconds=None)
    is_first = batch.kind is BatchKind.ORG and batch.planned is None
    return is_first and by_jobs.plan(db, batch.id, [one.id for one in work.readings])
