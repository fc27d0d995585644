"""Stage 1: a batch opens. Its credits are held, its matrix is frozen, and the org's names are found."""

import json
from collections.abc import Sequence
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited
from senso.extraction import names
from senso.log import logger
from senso.matrix import PlannedRun, planned_runs
from senso.providers import Usage
from senso.quantities import counted
from senso.queries import batches, ledger, outbox
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.names import NamesWork
from senso.tasks import readers
from senso.tasks.app import stage
from senso.tasks.attempts import Stopwatch, failed_report, guarded, keep, report, wait_seconds
from senso.tasks.pipelines import publish
from senso.tasks.process import owner
from senso.tasks.reach import completer
from senso.tasks.score import finish

log = logger(__name__)
# Beyond the slowest provider (20 minutes) and the longest waits between tries; a batch that is not done by then ends.
DEADLINE_SECONDS = 6 * 3600
# Should the chain that opened the batch be lost, this row has the rest of it sent again.
SAFETY_NET_SECONDS = 20
# Should whoever asks for names be lost, answers are read with those that there are.
NAMES_PATIENCE_SECONDS = 120


def prepare_key(batch: Batch) -> str:
    return f"prepare:{batch.id}:{batch.episode}"


@stage("open_batch")
def open_batch(batch_id: str, **_: object) -> str:
    with transaction() as db:
        batch = batches.load(db, UUID(batch_id), lock=True)
        wanted = batch.state == "running" and not ledger.is_held(db, batch.id, batch.episode)
        sent = open_now(db, batch) if wanted else []
    publish(sent)
    return batch_id


def open_now(db: Connection, batch: Batch) -> list[int]:
    """Hold, then freeze: what cannot be paid for leaves no rows, and is tried again as it is by then."""
    assert batch.org_id is not None  # noqa: S101  networks have a workflow of their own
    runs = planned_runs(batch.id, batch.org_id, batch.batch_date, batches.org_matrix(db, batch.org_id))
    evaluations = len(runs) if batch.planned is None else batches.undone(db, batch.id)
    if not evaluations and batch.planned:  # all of it was read before: it ends as what it has
        return finish(db, batch, "rows", left_over=False)
    if not evaluations:
        batches.end(db, batch.id, "failed", error="the org has no questions, models or locations to ask")
        return []
    if not ledger.hold(db, batch.id, batch.episode, batch.org_id, evaluations * batch.credits_per_evaluation):
        batches.end(
            db, batch.id, "blocked", error=f"{counted(evaluations * batch.credits_per_evaluation, 'credit')} needed"
        )
        log.info("batch blocked", org=str(batch.org_id))
        return []
    plan(db, batch, runs)
    batches.opened(db, batch.id, evaluations, DEADLINE_SECONDS)
    ids = json.dumps([str(batch.id)])
    outbox.add(db, prepare_key(batch), "prepare", ids, batch=batch.id, after_seconds=SAFETY_NET_SECONDS)
    log.info("batch opened", org=str(batch.org_id), episode=batch.episode, evaluations=evaluations)
    return []


def plan(db: Connection, batch: Batch, runs: Sequence[PlannedRun]) -> None:
    """A retry asks for names once more where the call for them had failed, and answers that it has wait for these."""
    assert batch.org_id is not None  # noqa: S101  networks have a workflow of their own
    names_wanted = batch.episode > 1 and name_rows.ask_again(db, batch.org_id)
    if batch.planned is None:
        batches.freeze(db, batch.id, batch.org_id, runs)
    else:
        batches.plan_again(db, batch.id, read_after_seconds=NAMES_PATIENCE_SECONDS if names_wanted else 0)


@stage("find_names")
def find_names(batch_id: str, **_: object) -> str:
    """One call per org, kept in its table while the fingerprint holds."""
    with transaction() as db:
        batch = batches.load(db, UUID(batch_id))
        if batch.state != "running" or batch.org_id is None:
            return batch_id
        org = name_rows.org(db, batch.org_id)
        mark = names.fingerprint(org.name, org.websites)
        model, version = readers.naming(db), names.NAMES_VERSION
        work = name_rows.claim(db, org.id, mark, owner(), batch=batch.id, model=model, prompt_version=version)
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
    done = report("found", work.model.price, found.completion.usage, watch)
    keep(lambda db: name_rows.save(db, work, found.names, mark, done, is_fallback=False))
    log.info("names found", org=str(org.id), names=len(found.names))


def call_for_names(work: NamesWork, org: name_rows.OrgNames) -> names.Found:
    """Not made at all once its tries are used up: workers may have died of it."""
    if work.failures >= name_rows.TRIES:
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
    if seconds is not None and (waited or work.failures + 1 < name_rows.TRIES):
        keep(lambda db: name_rows.put_back(db, work, failed, seconds=seconds, counts_as_failure=not waited))
        return
    plain = names.fallback(org.name, org.websites)
    keep(lambda db: name_rows.save(db, work, plain, mark, failed, is_fallback=True))
