"""Cited domains that the table does not know are classified by a model: many by one call, each domain once."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from senso.db import Connection, transaction
from senso.errors import ConfigError, OutsideError, RateLimited
from senso.event_loop import wait_for
from senso.extraction.citations import classifying
from senso.log import logger
from senso.policy import POLICY
from senso.providers import READING_TOKENS, Completion
from senso.queries import ceilings as rows
from senso.queries import domains
from senso.queries.domains import DomainsWork
from senso.queries.models import Model
from senso.runtime.heartbeat import worker_id
from senso.runtime.saving import save
from senso.states import Outcome, Purpose
from senso.workflows import ceilings, limiting, reading_models
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.claiming import reading
from senso.workflows.provider_access import complete, completion_provider
from senso.workflows.retry_policy import wait_seconds

log = logger(__name__)


def any_waiting() -> bool:
    """Whether a call is worth a message: a domain waits, and the model that is asked has a key."""
    with transaction() as db:
        return domains.any_waiting(db, POLICY) and is_callable(reading_models.naming(db))


def is_callable(model: Model) -> bool:
    try:
        completion_provider(model.provider)
    except ConfigError:
        return False
    return True


def classify() -> None:
    """One call at most; none where no domain waits, or the model may not be called now."""
    if not any_waiting():
        return
    with transaction() as db:
        model = reading_models.naming(db)
    ours = uuid4()  # the call has no run and no org
    wish = limiting.Wish(ours, 0, has_waited=True)
    allowed, _late = limiting.allow(Purpose.DOMAINS, model.provider, model.name, model.limits, [wish])
    if not allowed:
        return
    with limiting.claiming(Purpose.DOMAINS, allowed) as claimed:
        with transaction() as db:
            work = claim(db, model)
        claimed([(ours, model.provider, model.name)] if work else [])
    if work is not None:
        ask(work, ours)


def claim(db: Connection, model: Model) -> DomainsWork | None:
    if not ceilings.in_effect(db):
        return claim_some(db, model)
    with ceilings.room(db) as left:
        each = left.take(reading(uuid4(), None, model, Purpose.DOMAINS))
        work = claim_some(db, model) if each is not None else None
        if work and each is not None:
            rows.reserve(db, {work.call_id: each})
    return work


def claim_some(db: Connection, model: Model) -> DomainsWork | None:
    return domains.claim(db, worker_id(), POLICY, model=model, prompt_version=classifying.DOMAINS_VERSION)


def ask(work: DomainsWork, ours: UUID) -> None:
    watch, listed = Stopwatch(), list(work.fences)
    try:
        with guarded():
            completion = call(work.model, ours, listed)
            found = classifying.checked(listed, completion)
    except (OutsideError, ConfigError) as error:
        failed(work, error, watch)
        return
    done = report(Outcome.FOUND, work.model.price, completion.usage, watch)
    saved = save(lambda db: domains.save(db, work, found, classifying.DOMAINS_VERSION, done))
    log.info("domains classified", domains=saved)


def call(model: Model, ours: UUID, listed: Sequence[str]) -> Completion:
    """For a thread, which blocks until the call ends."""
    with limiting.before_call(Purpose.DOMAINS, ours, model.provider, model.name):
        prompt = replace(classifying.prompt(listed), max_tokens=READING_TOKENS)
    calling = complete(prompt, model)
    return wait_for(limiting.counted(Purpose.DOMAINS, ours, model.provider, model.name, calling))


def failed(work: DomainsWork, error: OutsideError | ConfigError, watch: Stopwatch) -> None:
    """They wait for another call; after `POLICY.domain_tries` failures they stay without a category."""
    log.warning("the call that classifies domains failed", error=str(error))
    told = failed_report(error, work.model.price, watch)
    seconds = max(wait_seconds(error, 0) or 0, POLICY.domains_wait_seconds)
    counts = not isinstance(error, RateLimited)
    save(lambda db: domains.put_back(db, work, told, str(error), seconds=seconds, counts_as_failure=counts))
