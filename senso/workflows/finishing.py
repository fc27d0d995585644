"""Stages 4 and 5: readings are scored and charged, and the batch ends, in one transaction."""

from collections.abc import Sequence
from uuid import UUID

from senso import push, score
from senso.db import Connection, DBAPIError, may_pass
from senso.failpoints import failpoint
from senso.log import logger
from senso.push import Result
from senso.queries import batches, claims, closing, competitors, domains, ledger, outbox, pushes, results
from senso.queries.batches import Batch
from senso.queries.closing import Counts
from senso.queries.outbox import Pipeline
from senso.queries.results import Found
from senso.reads.history import cited_pages, fact
from senso.records import record
from senso.reports.basis import Basis, cautions
from senso.runtime.saving import save
from senso.states import BatchKind, BatchState, FinishedBy, ended_state
from senso.workflows.further import ask_further
from senso.workflows.result_heads import result_head
from senso.workflows.webhooks import announcing

log = logger(__name__)
REASON_LENGTH = 500


def finish_batch(batch: UUID, by: FinishedBy, *, is_pushed: bool) -> None:
    """Called by the chord, the rows and the sweep; ends a batch once: a second caller finds it ended."""
    save(lambda db: finish_or_go_on(db, batches.load(db, batch), by, is_pushed=is_pushed))


def finish_or_go_on(db: Connection, batch: Batch, by: FinishedBy, *, is_pushed: bool) -> None:
    if batch.state is not BatchState.RUNNING or batch.remaining is None:
        return
    if batch.remaining and not batch.overdue:
        next_window(db, batch)
        return
    left_over = batch.overdue and closing.close_open_work(
        db, batch.id, BatchState.FAILED, "the batch reached its deadline"
    )
    locked = batches.load(db, batch.id, lock=True)
    is_same = locked.state is BatchState.RUNNING and locked.episode == batch.episode
    if not is_same or not (locked.overdue or locked.remaining == 0):
        return
    if locked.overdue or not ask_further(db, locked):
        finish(db, locked, by, left_over=left_over, is_pushed=is_pushed)


def next_window(db: Connection, batch: Batch) -> None:
    if closing.any_unsent(db, batch.id):
        outbox.enqueue(db, Pipeline.ASK, batch.id, batch.remaining, ids=[batch.id], batch=batch.id)


def finish(db: Connection, batch: Batch, by: FinishedBy, *, left_over: bool, is_pushed: bool) -> None:
    ledger.charge_and_release(db, batch.id, batch.episode)
    failpoint("batch charged")
    counts = closing.counts(db, batch)
    state = ended_state(counts.evaluated, counts.planned)
    try:
        with db.begin_nested():
            body = result(db, batch, state, counts)
            enqueue_push(db, batch, body, left_over=left_over, is_pushed=is_pushed)
            batches.end(db, batch.id, state, error=summary(db, batch, counts), by=by)
    except (DBAPIError, ValueError) as error:
        if isinstance(error, DBAPIError) and may_pass(error):
            raise
        log.exception("the numbers of a batch cannot be stored", batch=str(batch.id))
        body = without_numbers(db, batch, state, counts)
        enqueue_push(db, batch, body, left_over=left_over, is_pushed=is_pushed)
        said = f"senso: the numbers cannot be stored ({type(error).__name__})"
        batches.end(db, batch.id, state, error=said, by=by)
    announcing.ended(db, batch, state, counts)
    outbox.done(db, Pipeline.FINISH, batch.id, batch.episode)
    if batch.kind is BatchKind.NETWORK and counts.answered:
        outbox.enqueue(db, Pipeline.MEMBERS, batch.id, batch.episode, ids=[batch.id], batch=batch.id)
    log.info("batch ended", subject=str(batch.subject), state=state, by=by, **record(counts))


def result(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, object]:
    """A batch without an org has no numbers."""
    if batch.org_id is None:
        return without_numbers(db, batch, state, counts)
    return numbers(db, batch, batch.org_id, state, counts)


def numbers(db: Connection, batch: Batch, org: UUID, state: BatchState, counts: Counts) -> dict[str, object]:
    """Called after charging: saves metrics, marks the answers as latest, returns the body of the push."""
    found, sites = results.found(db, batch.id, org), results.websites(db, org)
    note_cautions(db, batch, found)
    answers = [one.competitors for one in found]
    known = competitors.register(db, org, answers)
    facts = [fact(one, sites, known) for one in found]
    metrics = score.score(facts)
    results.save_metrics(db, batch.id, metrics)
    domains.notice(db, unclassified(found))
    results.move_latest(db, batch)
    competitors.remember(db, batch, org, known, answers)
    said = Result(
        metrics=metrics,
        competitors=score.leaderboard(facts),
        citations=score.sources(page for one in found for page in cited_pages(one, sites, known.websites)),
        claims=claims.of_batch(db, batch.id, org),
        **result_head(db, batch, state, counts),
    )
    return push.content(said)


def unclassified(found: Sequence[Found]) -> set[str]:
    """Cited domains of which neither the table nor a model has said what kind of site they are."""
    pages = (page for one in found for page in one.citations)
    return {page.registrable_domain for page in pages if page.registrable_domain and page.category is None}


def without_numbers(db: Connection, batch: Batch, state: BatchState, counts: Counts) -> dict[str, object]:
    """For a batch without an org, or with a text or number that cannot be stored: it must end nevertheless."""
    results.move_latest(db, batch)
    return push.content(Result(metrics=(), competitors=(), citations=(), **result_head(db, batch, state, counts)))


def note_cautions(db: Connection, batch: Batch, found: Sequence[Found]) -> None:
    counted = ("made_up", "by_fallback", "sampled", "missed")
    basis = Basis(len(found), **{name: sum(getattr(one, name) for one in found) for name in counted})
    if said := cautions(basis):
        batches.note(db, batch.id, "; ".join(said))


def enqueue_push(db: Connection, batch: Batch, body: dict[str, object], *, left_over: bool, is_pushed: bool) -> None:
    key = pushes.insert(db, batch.id, batch.episode, body, configured=is_pushed)
    if is_pushed:
        outbox.enqueue(db, Pipeline.PUSH, batch.id, batch.episode, ids=[key], batch=batch.id)
    if left_over:
        closing.enqueue_job_cancellation(db, batch)


def summary(db: Connection, batch: Batch, counts: Counts) -> str | None:
    """The reasons of failures, most frequent first, for the batch's `error`."""
    reasons = results.failure_reasons(db, batch)
    if not reasons:
        return f"{counts.cancelled} of {counts.planned} were cancelled" if counts.cancelled else None
    said = "; ".join(f"{reason.runs} × {reason.error}" for reason in reasons)
    return f"{counts.failed} of {counts.planned} failed: {said}"[:REASON_LENGTH]
