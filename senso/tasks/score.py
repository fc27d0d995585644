"""Stages 4 and 5: what was read becomes numbers, is charged, and the batch ends, in one transaction."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from senso import push, score
from senso.db import Connection, DBAPIError, may_pass, transaction
from senso.failpoints import failpoint
from senso.log import logger
from senso.matrix import batch_state
from senso.push import Result
from senso.queries import batches, ledger, outbox, pushes, results, runs
from senso.queries.batches import Batch
from senso.queries.history import cited_pages, fact
from senso.queries.results import Counts, Found
from senso.records import record
from senso.reports.basis import Basis, cautions
from senso.settings import settings
from senso.states import BatchState, FinishedBy
from senso.tasks.app import stage
from senso.tasks.pipelines import publish

log = logger(__name__)
REASON_LENGTH = 500


@stage("finish_batch")
def finish_batch(batch_id: str, by: str, **_: object) -> str:
    """Reachable three ways (chord, rows, sweep), and it ends a batch once: a second caller finds it ended."""
    with transaction() as db:
        sent = step(db, batches.load(db, UUID(batch_id)), FinishedBy(by))
    publish(sent)
    return batch_id


def step(db: Connection, batch: Batch, by: FinishedBy) -> list[int]:
    if batch.state is not BatchState.RUNNING or batch.remaining is None:
        return []
    if batch.remaining and not batch.overdue:
        return next_window(db, batch)
    left_over = batch.overdue and results.close_open_work(
        db, batch.id, BatchState.FAILED, "the batch reached its deadline"
    )
    locked = batches.load(db, batch.id, lock=True)
    still = (
        locked.state is BatchState.RUNNING
        and locked.episode == batch.episode
        and (locked.overdue or locked.remaining == 0)
    )
    return finish(db, locked, by, left_over=left_over) if still else []


def next_window(db: Connection, batch: Batch) -> list[int]:
    if not runs.any_unsent(db, batch.id):
        return []
    ids = json.dumps([str(batch.id)])
    return outbox.add(db, f"ask:{batch.id}:{batch.remaining}", "ask", ids, batch=batch.id, after_seconds=5)


def finish(db: Connection, batch: Batch, by: FinishedBy, *, left_over: bool) -> list[int]:
    ledger.settle(db, batch.id, batch.episode)
    failpoint("batch charged")
    counts = results.counts(db, batch.id)
    state = batch_state(counts.evaluated, counts.planned)
    try:
        with db.begin_nested():
            body = numbers(db, batch, state, counts)
            sent = hand_on(db, batch, body, left_over=left_over)
            batches.end(db, batch.id, state, error=summary(db, batch, counts), by=by)
    except (DBAPIError, ValueError) as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        log.exception("the numbers of a batch cannot be stored", batch=str(batch.id))
        sent = hand_on(db, batch, without_numbers(db, batch, state, counts), left_over=left_over)
        said = f"senso: the numbers cannot be stored ({type(error).__name__})"
        batches.end(db, batch.id, state, error=said, by=by)
    outbox.settle(db, f"finish:{batch.id}:{batch.episode}")
    log.info("batch ended", org=str(batch.org_id), state=state, by=by, **record(counts))
    return sent


def numbers(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, object]:
    """After the charges: metrics are kept, answers become the latest, and the body of the push is made."""
    assert batch.org_id is not None  # noqa: S101  networks have a workflow of their own
    found, sites = results.found(db, batch.id), results.websites(db, batch.org_id)
    say_what_it_rests_on(db, batch, found)
    facts = [fact(one, sites) for one in found]
    metrics = score.score(facts)
    results.save_metrics(db, batch.id, metrics)
    results.move_latest(db, batch.id, batch.org_id)
    result = Result(
        metrics=metrics,
        competitors=score.leaderboard(facts),
        citations=score.sources(page for one in found for page in cited_pages(one, sites)),
        **standing(db, batch, state, counts),
    )
    return push.content(result)


def without_numbers(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, object]:
    """Of a batch that would stay open for ever, and say nothing, over a text or a number that cannot be stored."""
    assert batch.org_id is not None  # noqa: S101  networks have a workflow of their own
    results.move_latest(db, batch.id, batch.org_id)
    return push.content(Result(metrics=(), competitors=(), citations=(), **standing(db, batch, state, counts)))


def standing(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "episode": batch.episode,
        "kind": batch.kind,
        "org_id": batch.org_id,
        "network_id": batch.network_id,
        "date": batch.batch_date,
        "state": state,
        "counts": record(counts),
        **record(results.cost(db, batch.id)),
    }


def say_what_it_rests_on(db: Connection, batch: Batch, found: Sequence[Found]) -> None:
    basis = Basis(len(found), sum(one.made_up for one in found), sum(one.by_fallback for one in found))
    if said := cautions(basis):
        batches.note(db, batch.id, "; ".join(said))


def hand_on(db: Connection, batch: Batch, body: dict[str, object], *, left_over: bool) -> list[int]:
    configured = settings().application_api_url is not None
    key = pushes.insert(db, batch.id, batch.episode, body, configured=configured)
    sent = outbox.add(db, key, "push", json.dumps([key]), batch=batch.id, after_seconds=5) if configured else []
    return sent + (call_off(db, batch) if left_over else [])


def call_off(db: Connection, batch: Batch) -> list[int]:
    """Jobs at a vendor that nobody waits for any more."""
    ids = json.dumps([str(batch.id)])
    return outbox.add(db, f"cancel:{batch.id}:{batch.episode}", "cancel", ids, batch=batch.id, after_seconds=5)


def summary(db: Connection, batch: Batch, counts: Counts) -> str | None:
    """The reasons, most frequent first, so that the batch itself says what went wrong."""
    reasons = results.failure_reasons(db, batch.id)
    if not reasons:
        return None
    said = "; ".join(f"{reason.runs} × {reason.error}" for reason in reasons)
    return f"{counts.failed} of {counts.planned} failed: {said}"[:REASON_LENGTH]
