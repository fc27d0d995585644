"""Stage 1: a model is asked, once, for the names that answers may use for the batch's org."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from senso import encryption
from senso.db import transaction
from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Unavailable
from senso.event_loop import wait_for
from senso.extraction import names
from senso.extraction.naming import Judged
from senso.extraction.words import key
from senso.log import logger
from senso.policy import POLICY
from senso.providers import Complete, Usage
from senso.queries import batches
from senso.queries import names as name_rows
from senso.queries.names import NamesWork, OrgNames, Others, ProposedName
from senso.runtime.saving import save
from senso.states import BatchState, Outcome, ProposalState, Purpose
from senso.workflows import limiting, reading_models
from senso.workflows.call_reports import Stopwatch, failed_report, guarded, report
from senso.workflows.claiming import claim_names
from senso.workflows.provider_access import complete
from senso.workflows.retry_policy import wait_seconds

log = logger(__name__)


def find_names(batch_id: UUID) -> None:
    """One call per org; the names are kept in their table while the fingerprint of the org is unchanged."""
    with transaction() as db:
        batch = batches.load(db, batch_id)
        if batch.state is not BatchState.RUNNING or batch.org_id is None:
            return
        org = name_rows.org(db, batch.org_id)
        mark = org.fingerprint
        if name_rows.valid_names_are_fallback(db, org.id, mark) is not None:
            return
        model = reading_models.naming(db)
    wish = limiting.Wish(org.id, 0, has_waited=True)
    allowed, _late = limiting.allow(Purpose.NAMES, model.provider, model.name, model.limits, [wish])
    if not allowed:
        if limiting.is_down(model.provider, model.name):
            do_without(batch.id, org, mark)
        return  # the batch looks again
    with limiting.claiming(Purpose.NAMES, allowed) as claimed:
        with transaction() as db:
            work = claim_names(db, org.id, mark, batch=batch.id, model=model)
            others = name_rows.others(db, org.id)
        claimed([(org.id, model.provider, model.name)] if work else [])
    if work is not None:
        ask_for_names(work, org, mark, others)


def do_without(batch: UUID, org: OrgNames, mark: str) -> None:
    """The vendor may be away for hours, and the questions are asked of others."""
    plain = stored(names.fallback(org.name, org.websites), org)
    with transaction() as db:
        is_done = name_rows.use_plain(db, org.id, plain, mark, POLICY, batch=batch)
    if is_done:
        log.warning("the model that finds names is away: the name and the domains are used", org=str(org.id))


def ask_for_names(work: NamesWork, org: OrgNames, mark: str, others: Others) -> None:
    watch = Stopwatch()
    try:
        with guarded():
            found = call_for_names(work, org, others)
    except (OutsideError, ConfigError) as error:
        names_failed(work, org, mark, error, watch)
        return
    done = report(Outcome.FOUND, work.model.price, found.completion.usage, watch)
    used, waiting = in_use(found.judged, org), proposals(found.judged)
    save(lambda db: name_rows.save(db, work, used, mark, done, POLICY, is_fallback=False, proposals=waiting))
    log.info("names found", org=str(org.id), names=len(used), proposals=len(waiting))


def in_use(judged: Judged, org: OrgNames) -> list[str]:
    """Without the aliases, which are read with each answer: one that the import removes is gone at once."""
    aliases = {name.casefold() for name in org.aliases} - {org.name.casefold()}
    return stored([name for name in judged.names if name.casefold() not in aliases], org)


def stored(found: Sequence[str], org: OrgNames) -> list[str]:
    """Without the org's domains where websites are encrypted: they are read with each answer, too."""
    return names.without_domains(found, org.websites) if encryption.is_on() else list(found)


def proposals(judged: Judged) -> list[ProposedName]:
    waiting = {ProposalState.PROPOSED: judged.proposals, ProposalState.REJECTED: judged.rejected}
    found = [ProposedName(key(one.name), one.name, state, one.reason) for state in waiting for one in waiting[state]]
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def call_for_names(work: NamesWork, org: OrgNames, others: Others) -> names.Found:
    """Raises Malformed without a call when all tries are used: the call may have killed its workers."""
    with limiting.before_call(Purpose.NAMES, org.id, work.model.provider, work.model.name):
        give_up_after(work)
    given = {"aliases": org.aliases, "not_names": org.not_names}
    return names.find(org.name, org.websites, completer(work), **given, **asdict(others))


def give_up_after(work: NamesWork) -> None:
    if work.failures >= POLICY.names_tries:
        raise Malformed("senso", f"given up after {work.failures} failures", usage=Usage())


def completer(work: NamesWork) -> Complete:
    """For a thread, which blocks until the call ends."""
    org, model = work.org_id, work.model
    return lambda prompt: wait_for(
        limiting.counted(Purpose.NAMES, org, model.provider, model.name, complete(prompt, model))
    )


def names_failed(
    work: NamesWork, org: OrgNames, mark: str, error: OutsideError | ConfigError, watch: Stopwatch
) -> None:
    """Puts the row back for a retry, or saves the name and domains as fallback when a retry does not help."""
    log.warning("the names call failed", org=str(org.id), error=str(error))
    failed = failed_report(error, work.model.price, watch)
    is_down = isinstance(error, Unavailable) and limiting.is_down(work.model.provider, work.model.name)
    waited = isinstance(error, RateLimited) or is_down
    seconds = wait_seconds(error, 0 if is_down else work.failures)
    if seconds is not None and (waited or work.failures + 1 < POLICY.names_tries):
        save(lambda db: name_rows.put_back(db, work, failed, seconds=seconds, counts_as_failure=not waited))
        return
    plain = stored(names.fallback(org.name, org.websites), org)
    save(lambda db: name_rows.save(db, work, plain, mark, failed, POLICY, is_fallback=True))
