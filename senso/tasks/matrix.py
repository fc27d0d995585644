"""Stage 1: a batch opens. Its credits are held, its matrix is frozen, and the org's names are found."""

from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited
from senso.extraction import names
from senso.log import logger
from senso.matrix import PlannedRun, planned_reading, planned_runs
from senso.policy import POLICY
from senso.providers import Usage
from senso.quantities import counted
from senso.queries import batches, ledger, planning
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.names import NamesWork
from senso.queries.outbox import Pipeline, enqueue_later
from senso.states import BatchState, FinishedBy, Outcome
from senso.tasks import readers
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, report, wait_seconds
from senso.tasks.process import owner
from senso.tasks.reach import completer
from senso.tasks.score import finish, has_application

log = logger(__name__)


def prepare_later(db: Connection, batch: Batch, seconds: float) -> None:
    """Its names and its questions, unless they have been asked for by then."""
    ids = [batch.id]
    enqueue_later(db, Pipeline.PREPARE, batch.id, batch.episode, ids=ids, batch=batch.id, seconds=seconds)


@stage("open_batch")
def open_batch(batch_id: str, **_: object) -> str:
    keep(lambda db: open_if_due(db, UUID(batch_id), is_pushed=has_application()))
    return batch_id


def open_if_due(db: Connection, batch_id: UUID, *, is_pushed: bool) -> None:
    batch = batches.load(db, batch_id, lock=True)
    is_due = batch.state is BatchState.RUNNING and not ledger.is_held(db, batch.id, batch.episode)
    if is_due and batch.org_id is not None:
        open_now(db, batch, batch.org_id, is_pushed=is_pushed)


def open_now(db: Connection, batch: Batch, org: UUID, *, is_pushed: bool) -> None:
    """Hold, then plan: what cannot be paid for leaves no rows, and is tried again as it is by then."""
    runs = planned_runs(batch.id, batch.batch_date, planning.org_matrix(db, org))
    evaluations = len(runs) if batch.planned is None else planning.undone(db, batch.id)
    if not evaluations and batch.planned:  # all of it was read before: it ends as what it has
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
    plan(db, batch, org, runs)
    batches.opened(db, batch.id, evaluations, POLICY.batch_seconds)
    prepare_later(db, batch, POLICY.open_again_seconds)
    log.info("batch opened", org=str(org), episode=batch.episode, evaluations=evaluations)


def plan(db: Connection, batch: Batch, org: UUID, runs: Sequence[PlannedRun]) -> None:
    """A retry asks for names once more where the call for them had failed, and answers that it has wait for these."""
    names_wanted = batch.episode > 1 and name_rows.ask_again(db, org)
    if batch.planned is None:
        planning.plan_runs(db, batch.id, org, runs)
        planning.plan_readings(db, batch.id, [planned_reading(run.id, org) for run in runs])
    else:
        patience = POLICY.names_patience_seconds if names_wanted else 0
        planning.plan_again(db, batch.id, read_after_seconds=patience)


@stage("find_names")
def find_names(batch_id: str, **_: object) -> str:
    """One call per org, kept in its table while the fingerprint holds."""
    with transaction() as db:
        batch = batches.load(db, UUID(batch_id))
        if batch.state is not BatchState.RUNNING or batch.org_id is None:
            return batch_id
        org = name_rows.org(db, batch.org_id)
        mark = names.fingerprint(org.name, org.websites)
        model, version = readers.naming(db), names.NAMES_VERSION
        work = name_rows.claim(db, org.id, mark, owner(), POLICY, batch=batch.id, model=model, prompt_version=version)
    if work is not None:
        ask_for_names(work, org, mark)
    return batch_id


def ask_for_names(work: NamesWork, org: name_rows.OrgNames, mark: str) -> None:
    watch = Stopwatch()
    try:
        with guarded():
            found = call_for_names(work, org)
    except (OutsideError, ConfigError) as error:
        names_failed(work, org, mark, error, watch)
        return
    done = report(Outcome.FOUND, work.model.price, found.completion.usage, watch)
    keep(lambda db: name_rows.save(db, work, found.names, mark, done, POLICY, is_fallback=False))
    log.info("names found", org=str(org.id), names=len(found.names))


def call_for_names(work: NamesWork, org: name_rows.OrgNames) -> names.Found:
    """Not made at all once its tries are used up: workers may have died of it."""
    if work.failures >= POLICY.names_tries:
        raise Malformed("senso", f"given up after {work.failures} failures", usage=Usage())
    return names.find(org.name, org.websites, completer(work.model))


def names_failed(
    work: NamesWork, org: name_rows.OrgNames, mark: str, error: OutsideError | ConfigError, watch: Stopwatch
) -> None:
    """The name and the domains do, once it is clear that asking again does not help."""
    log.warning("the names call failed", org=str(org.id), error=str(error))
    failed = failed_report(error, work.model.price, watch)
    waited = isinstance(error, RateLimited)
    seconds = wait_seconds(error, work.failures)
    if seconds is not None and (waited or work.failures + 1 < POLICY.names_tries):
        keep(lambda db: name_rows.put_back(db, work, failed, seconds=seconds, counts_as_failure=not waited))
        return
    plain = names.fallback(org.name, org.websites)
    keep(lambda db: name_rows.save(db, work, plain, mark, failed, POLICY, is_fallback=True))
