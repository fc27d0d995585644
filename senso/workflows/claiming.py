"""Claims of each kind of paid call: what its model's limits allow and, under a ceiling of cost, what still fits."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from senso.db import Bare, Connection, Link, together
from senso.extraction.names import NAMES_VERSION
from senso.policy import POLICY
from senso.prices import in_batch
from senso.queries import ceilings as rows
from senso.queries import evaluations, names, reading_jobs, runs, submissions
from senso.queries.ceilings import Candidate
from senso.queries.evaluations import ReadWork
from senso.queries.models import Model, Reader
from senso.queries.names import NamesWork
from senso.queries.prompts import Prompts
from senso.queries.runs import AskWork
from senso.queries.vendor_jobs import JobWork
from senso.runtime.heartbeat import worker_id
from senso.states import Purpose
from senso.workflows import ceilings, limiting
from senso.workflows.ceilings import fitting, room


def claim_runs(db: Bare, wanted: Sequence[UUID]) -> tuple[list[AskWork], set[UUID]]:
    """What was claimed, and what was put off because its model is at its limit."""
    allowed, late = limiting.allow_runs(db, wanted)
    if not allowed:
        return [], late
    with limiting.claiming(Purpose.ASK, allowed) as claimed:
        works = runs_that_fit(db, sorted(allowed)) if ceilings.in_effect(db) else claim_these(db, sorted(allowed))
        claimed((work.id, work.provider, work.run.model) for work in works)
    return works, late


def claim_these(db: Link, wanted: Sequence[UUID]) -> list[AskWork]:
    return runs.claim(db, wanted, worker_id(), POLICY)


def runs_that_fit(db: Bare, wanted: Sequence[UUID]) -> list[AskWork]:
    with together(db), room(db) as left:
        each = fitting(left, rows.runs(db, wanted, POLICY))
        works = claim_these(db, list(each)) if each else []
        rows.reserve(db, {work.call_id: each[work.id] for work in works})
        return works


def claim_readings(db: Bare, wanted: Sequence[UUID], readers: Sequence[Reader], prompts: Prompts) -> list[ReadWork]:
    """`wanted`: runs. What the limits of its model do not allow is put off."""

    def claim(these: Sequence[UUID]) -> list[ReadWork]:
        return evaluations.claim(*(db, these, worker_id(), POLICY), readers=readers, prompts=prompts)

    allowed = limiting.allow_readings(db, wanted, readers)
    if not allowed:
        return []
    with limiting.claiming(Purpose.READ, allowed) as claimed:
        these = sorted(allowed)
        works = readings_that_fit(db, these, readers, claim) if ceilings.in_effect(db) else claim(these)
        claimed((work.run_id, work.reader.provider, work.reader.name) for work in works)
    return works


def readings_that_fit(
    db: Bare,
    wanted: Sequence[UUID],
    readers: Sequence[Reader],
    claim: Callable[[Sequence[UUID]], list[ReadWork]],
) -> list[ReadWork]:
    """All readings of an answer are claimed, or none."""
    with together(db), room(db) as left:
        each = fitting(left, reading_candidates(db, wanted, readers))
        works = claim(list(each)) if each else []
        rows.reserve(db, {work.call_id: each[work.run_id] for work in works})
    return works


def reading_candidates(db: Link, wanted: Sequence[UUID], readers: Sequence[Reader]) -> list[Candidate]:
    found = rows.readings(db, wanted, POLICY, readers)
    models = [one.model for one in readers]
    return [reading(run, partner, models[min(place, len(models) - 1)], Purpose.READ) for run, partner, place in found]


def reading(id_: UUID, partner: UUID | None, model: Model, purpose: Purpose) -> Candidate:
    return Candidate(id_, partner, model.provider, model.name, model.price, purpose)


def claim_names(db: Connection, org: UUID, fingerprint: str, *, batch: UUID, model: Model) -> NamesWork | None:
    if not ceilings.in_effect(db):
        return names.claim(
            db, org, fingerprint, worker_id(), POLICY, batch=batch, model=model, prompt_version=NAMES_VERSION
        )
    with room(db) as left:
        each = left.take(reading(org, rows.partner_of_org(db, org), model, Purpose.NAMES))
        if each is None:
            return None
        work = names.claim(
            db, org, fingerprint, worker_id(), POLICY, batch=batch, model=model, prompt_version=NAMES_VERSION
        )
        if work:
            rows.reserve(db, {work.call_id: each})
    return work


def claim_jobs(db: Connection, wanted: Sequence[UUID], rooms: Mapping[str, int]) -> list[JobWork]:
    """A job is claimed whole. One that may have been sent is looked up, which costs nothing.

    `rooms`: how many requests may go to a provider now.
    """
    if not ceilings.in_effect(db):
        return submissions.claim(db, wanted, worker_id(), POLICY, rooms)
    ready = submissions.ready(db, wanted, POLICY, rooms)
    with room(db) as left:
        each = fitting(left, rows.jobs(db, ready))
        claimed = submissions.claim_ready(db, [*each, *rows.jobs_in_doubt(db, ready)], worker_id(), POLICY)
        for work in claimed:
            if work.id in each:
                rows.reserve_job(db, work.id, each[work.id])
    return claimed


class Beyond(Exception):
    """A file whose readings cost more than a whole day may: it would wait for ever, and hold up all else."""


def estimate_file(db: Connection, work: JobWork, readings: int) -> int | None:
    """The estimate of each of the readings of a file; None if they do not fit now, and the job waits.

    Raises Beyond; nothing was written.
    """
    partner = rows.partner_of_job(db, work.id)
    file = Candidate(
        work.id, partner, work.provider, work.model, in_batch(work.price) or work.price, Purpose.READ, readings
    )
    with room(db) as left:
        if left.is_beyond(file):
            raise Beyond
        each = left.take(file)
    if each is None:
        reading_jobs.set_aside(db, work)
    return each
