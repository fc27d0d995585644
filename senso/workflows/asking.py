"""Stage 2: each question is asked once, and its answer stored."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from structlog.contextvars import bind_contextvars

from senso.db import Connection, DBAPIError, Link, at_once
from senso.errors import ConfigError, Misconfigured, OutsideError, Unavailable, Unforeseen, Unreachable
from senso.extraction.citations import cite
from senso.failpoints import failpoint
from senso.log import logger
from senso.policy import POLICY
from senso.providers import Answer
from senso.quantities import counted
from senso.queries import batches, evaluations, job_planning, limited, outbox, planning, runs, stops
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.evaluations import ReadWork
from senso.queries.models import Reader
from senso.queries.outbox import Pipeline
from senso.queries.prompts import Prompts
from senso.queries.runs import AskWork, Report
from senso.registry import JOB_PROVIDERS
from senso.runtime.call_slots import Work, run_concurrently
from senso.runtime.heartbeat import worker_id
from senso.runtime.save_batching import SaveBatcher, save_in_thread
from senso.runtime.saving import save, unstorable
from senso.states import BatchKind, BatchState, Outcome, Purpose
from senso.workflows import ceilings, limiting, prompt_versions, reading_models
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.claiming import claim_readings as claim_readings_within
from senso.workflows.claiming import claim_runs
from senso.workflows.extracting import calls_for, claim_readings
from senso.workflows.gathering import gather_later
from senso.workflows.opening import prepare_later
from senso.workflows.provider_access import direct_provider
from senso.workflows.retry_policy import wait_seconds

log = logger(__name__)
# Wait when the org's names are not stored yet: another process is asking for them, or its call failed and the next try
# is due.
NAMES_RETRY_SECONDS = 3
# The same while anything is stopped: the names may be, too, and the end of a stop sends the batch again at once.
STOPPED_SECONDS = 30
# Of a reply that our own program failed on.
RAW_CHARACTERS = 100_000


def ask_batch(batch: UUID) -> None:
    """Enqueues what is not enqueued yet: jobs for models that answer later, a window of runs for the others.

    Retried while Postgres is unreachable or the batch's row is locked: no other message for it would come soon.
    """
    save(lambda db: hand_out_rest(db, batch))


def hand_out_rest(db: Connection, batch_id: UUID) -> None:
    batches.lock_handing_out(db, batch_id)
    batch = batches.load(db, batch_id)
    if batch.state is BatchState.RUNNING and batch.planned is not None:
        hand_out(db, batch)


def hand_out(db: Connection, batch: Batch) -> None:
    is_fallback = names_settled(db, batch)
    outbox.done(db, Pipeline.PREPARE, batch.id, batch.episode)
    if is_fallback is None:
        naming = reading_models.naming(db)
        shut = limiting.seconds_shut(naming.provider, naming.name)
        prepare_later(db, batch, max(STOPPED_SECONDS if stops.any_now(db) else NAMES_RETRY_SECONDS, shut))
        return
    messages = hand_out_questions(db, batch) if batch.kind is not BatchKind.NETWORK_ORG else gather_later(db, batch)
    if is_fallback:
        batches.note(db, batch.id, "the names call failed: mentions are looked for by name and domain only")
    log.info("batch handed out", subject=str(batch.subject), messages=messages)


def hand_out_questions(db: Connection, batch: Batch) -> int:
    """Of another episode also the answers that are there already."""
    messages = job_planning.plan(db, batch.id, batch.batch_date, batch.episode, JOB_PROVIDERS, POLICY)
    messages += runs.hand_out(db, batch.id, batch.episode, JOB_PROVIDERS, POLICY.window)
    if batch.episode > 1:
        planning.read_now(db, batch.id)
    return messages


def names_settled(db: Connection, batch: Batch) -> bool | None:
    """None: no names yet; otherwise, whether they are only the fallback. False for a batch without an org."""
    if batch.org_id is None:
        return False
    org = name_rows.org(db, batch.org_id)
    return name_rows.valid_names_are_fallback(db, org.id, org.fingerprint)


def ask_and_extract(run_ids: Sequence[UUID]) -> None:
    """Does what each row still lacks: ask, then extract, each under its own claim. Provider failures do not raise."""
    run_concurrently(run_ids, claim_runs_and_readings)


def claim_runs_and_readings(wanted: Sequence[UUID]) -> list[Work]:
    with at_once() as db:
        claimed, late = claim_runs(db, wanted)
    others = sorted(set(wanted) - {work.id for work in claimed} - late)
    to_extract = claim_others(others, beside=bool(claimed)) if others else []
    return [ask_then_extract(work) for work in claimed] + to_extract


def claim_others(runs: Sequence[UUID], *, beside: bool) -> list[Work]:
    """Claims the readings of `runs`. `beside`: other runs of the same message are claimed already.

    An Unreachable must not stop those runs: they would hold their leases unused. Readings that were not claimed are
    found by their rows and sent again.
    """
    try:
        return claim_readings(runs)
    except Unreachable as error:
        if not beside:
            raise
        log.warning("answers could not be claimed for reading", runs=len(runs), error=str(error))
        return []


async def ask_then_extract(work: AskWork) -> None:
    await asyncio.gather(*calls_for(await ask(work)))


async def ask(work: AskWork) -> list[ReadWork]:
    """Asks and saves the answer. Returns the readings that the saving statement has claimed."""
    bind_contextvars(run=str(work.id), batch=str(work.batch_id))
    failpoint("run claimed", work.run.question)
    watch = Stopwatch()
    try:
        with guarded():
            call = ask_now(work)
            answer = await limiting.counted(Purpose.ASK, work.id, work.provider, work.run.model, call)
            price = work.price if runs.is_asked_model(work, answer) else None
            done = report(Outcome.ANSWERED, price, answer.usage, watch)
            row = runs.answer_row(work, answer, cite(answer.sources).citations, done)
    except (OutsideError, ConfigError) as error:
        await ask_failed(work, error, watch)
        return []
    failpoint("answer came", work.run.question)
    try:
        return await answer_saver.save(work.batch_id, row)
    except (DBAPIError, ValueError) as error:
        reason = unstorable(error)
        await save_in_thread(lambda db: runs.fail(db, work, done, reason))
        return []


def save_answers(db: Link, bought: Sequence[Mapping[str, Any]]) -> list[list[ReadWork]]:
    """`bought`: of one batch. Under a ceiling of cost, the readings are claimed by a transaction of their own."""
    readers, prompts = reading_models.readers(db), prompt_versions.in_use()
    if bought[0]["is_counted"] or not ceilings.in_effect(db):
        return save_and_claim(db, bought, readers, prompts)
    evaluations.save_answers_and_claim(db, bought, worker_id(), POLICY, readers=readers, prompts=prompts, claims=False)
    return claim_after(db, [one["id"] for one in bought], readers, prompts)


def save_and_claim(
    db: Link, bought: Sequence[Mapping[str, Any]], readers: Sequence[Reader], prompts: Prompts
) -> list[list[ReadWork]]:
    """Claims the readings that may be called now; the others wait."""
    is_read = not bought[0]["is_counted"]
    allowed, late = limiting.allow_first_readings(bought, readers[0].model) if is_read else ({}, [])
    waiting = {one.id for one in late}
    now, later = [one for one in bought if one["id"] not in waiting], [one for one in bought if one["id"] in waiting]
    found: list[list[ReadWork]] = []
    with limiting.claiming(Purpose.READ, allowed) as claimed:
        if now:
            found = evaluations.save_answers_and_claim(db, now, worker_id(), POLICY, readers=readers, prompts=prompts)
        claimed((one.run_id, one.reader.provider, one.reader.name) for works in found for one in works)
    if later:
        limited.save_answers_and_wait(db, later, late)
    places = iter(found)
    return [[] if one["id"] in waiting else next(places) for one in bought]


def claim_after(db: Link, saved: Sequence[UUID], readers: Sequence[Reader], prompts: Prompts) -> list[list[ReadWork]]:
    """On the same connection: a save that waits for a second one could keep all others waiting."""
    works = [] if isinstance(db, Connection) else claim_readings_within(db, saved, readers, prompts)
    return [[work for work in works if work.run_id == one] for one in saved]


answer_saver = SaveBatcher(save_answers)


async def ask_now(work: AskWork) -> Answer:
    return await direct_provider(work.provider).ask(work.run)


def give_up(db: Link, work: AskWork, failed: Report, error: OutsideError | ConfigError) -> None:
    """Fails the run. Where the account, the key or the model is wrong, nothing more is asked of it in this batch."""
    reason = str(error)
    runs.fail(db, work, failed, reason, reply=raw(error.body) if isinstance(error, Unforeseen) else None)
    stopped = runs.stop(db, work, reason, model_alone=error.concerns_model) if isinstance(error, Misconfigured) else 0
    if stopped:
        batches.note(db, work.batch_id, f"{reason}; {counted(stopped, 'run')} not asked")
        log.error("a provider refuses every call", provider=work.provider, error=reason, not_asked=stopped)


def raw(body: object) -> dict[str, str]:
    """The reply as it came, for whoever mends the program."""
    return {"raw": json.dumps(body, ensure_ascii=False, default=str)[:RAW_CHARACTERS]}


async def ask_failed(work: AskWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    failed = failed_report(error, work.price, watch)
    is_down = isinstance(error, Unavailable) and limiting.is_down(work.provider, work.run.model)
    reason, seconds = str(error), wait_seconds(error, 0 if is_down else work.failures)
    if seconds is None:
        await save_in_thread(lambda db: give_up(db, work, failed, error))
        return
    counts = failed.outcome is not Outcome.RATE_LIMITED and not is_down
    await save_in_thread(lambda db: runs.put_back(db, work, failed, reason, seconds=seconds, counts_as_failure=counts))
