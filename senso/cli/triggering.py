"""`trigger`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from senso.cli.acting_user import actor
from senso.cli.environment import connected, require_redis, short, uuid
from senso.cli.leaving import deferred_signals, sigterm_as_exit
from senso.cli.printing import err, out, print_json
from senso.cli.status import load_all, show
from senso.cli.summing import print_incomplete
from senso.cli.terms import terms
from senso.cli.watching import FEW, print_continuation, watch
from senso.db import transaction
from senso.errors import ConfigError, InsufficientCredits, SensoError
from senso.imports.ids import read_ids
from senso.policy import POLICY
from senso.queries import workers
from senso.reads.status import BatchStatus
from senso.records import record
from senso.states import OPEN_BATCHES, BatchState, TriggerOutcome

# If several batches ended badly, the first state in this order is the one that is reported.
ENDED_BADLY = {
    BatchState.BLOCKED: "batch {one.id} is blocked: {one.error}; pay: "
    "senso credits {one.partner_id} --grant N --ref REF, then go on: senso trigger org {one.org_id}",
    BatchState.FAILED: "batch {one.id} failed: {one.error}; why, run by run: senso runs {one.id} --failed; "
    "again: senso retry {one.id}",
    BatchState.CANCELLED: "batch {one.id} was cancelled; to open it again: senso trigger org {one.org_id} --reopen",
}
SAID = {
    TriggerOutcome.OPENED: "opened",
    TriggerOutcome.ATTACHED: "is under way already; nothing was opened",
    TriggerOutcome.RESUMED: "was blocked and is tried again",
    TriggerOutcome.REOPENED: "was cancelled and is open again",
    TriggerOutcome.COMPLETED: "is completed already; nothing to do",
    TriggerOutcome.PARTIAL: "has ended with failures; ask again for what failed: senso retry {id}",
    TriggerOutcome.FAILED: "has failed; ask again: senso retry {id}",
}
SAID_OF_MANY = {
    TriggerOutcome.OPENED: "opened",
    TriggerOutcome.ATTACHED: "under way already",
    TriggerOutcome.RESUMED: "blocked before and tried again",
    TriggerOutcome.REOPENED: "open again",
    TriggerOutcome.COMPLETED: "completed already",
    TriggerOutcome.PARTIAL: "ended with failures before",
    TriggerOutcome.FAILED: "failed before",
}


def ids_of(given: Sequence[str], file: Path | None) -> list[UUID]:
    """Each id once, in the given order. Raises ConfigError, for a file with the line's number."""
    named = [uuid(one, "org") for one in given]
    found = list(dict.fromkeys([*named, *(read_ids(file) if file else [])]))
    if not found:
        raise ConfigError("say which orgs: their ids, or --file with one id a line")
    return found


@dataclass(frozen=True, slots=True)
class TriggerOptions:
    wait: bool = False
    dry_run: bool = False
    idempotency_key: str | None = None
    reopen: bool = False
    triggered_by: str | None = None
    user_id: str | None = None

    def cleaned(self) -> "TriggerOptions":
        """Raises ConfigError."""
        return replace(
            self,
            idempotency_key=maybe_short("--idempotency-key", self.idempotency_key),
            triggered_by=maybe_short("--triggered-by", self.triggered_by),
            user_id=maybe_short("--user-id", self.user_id),
        )


def maybe_short(option: str, text: str | None) -> str | None:
    return None if text is None else short(option, text)


def trigger(orgs: Sequence[UUID], how: TriggerOptions, *, as_json: bool) -> None:
    how = how.cleaned()
    if how.idempotency_key is not None and len(orgs) > 1:
        raise ConfigError("--idempotency-key is for one org; give each its own")
    found: list[tuple[UUID, TriggerOutcome]] = []
    with sigterm_as_exit(), saying_what_was_opened(found, len(orgs)), connected():
        if how.dry_run:
            from senso.cli import estimating  # noqa: PLC0415  Celery takes long to import

            estimating.dry_run(orgs, reopen=how.reopen, as_json=as_json)
            return
        open_all(orgs, how, found)
        if how.wait:
            ended = watch([batch for batch, _ in found], as_json=as_json, without_steps=ENDED_BADLY)
            require_good_end(ended)
            return
        print_triggered(found, as_json=as_json)


def require_good_end(ended: Sequence[BatchStatus]) -> None:
    """Raises InsufficientCredits or SensoError naming the first batch that ended badly, and how many more there are."""
    bad = [one for state in ENDED_BADLY for one in ended if one.state is state]
    if bad:
        said = ENDED_BADLY[bad[0].state].format(one=bad[0])
        kind = InsufficientCredits if bad[0].state is BatchState.BLOCKED else SensoError
        raise kind(f"{said} (and {len(bad) - 1} more)" if len(bad) > 1 else said)


def open_all(orgs: Sequence[UUID], how: TriggerOptions, found: list[tuple[UUID, TriggerOutcome]]) -> None:
    """Checks all orgs, if they are several, before it opens the first batch. Adds each opened batch to `found`."""
    from senso.workflows.estimating import require_triggerable  # noqa: PLC0415  providers take long to import, and most commands need none

    require_redis()
    if len(orgs) > 1:
        with transaction() as db:
            require_triggerable(db, orgs, terms(reopen=how.reopen))
    try:
        with deferred_signals() as between:
            for org in orgs:
                between()
                found.append(trigger_one(org, how))
            between()
    except (KeyboardInterrupt, SystemExit):
        if len(found) == len(orgs):
            print_continuation([batch for batch, _ in found])
        raise


@contextmanager
def saying_what_was_opened(found: Sequence[tuple[UUID, TriggerOutcome]], wanted: int) -> Iterator[None]:
    """Says what is open if the block ends early: repeating the command opens the rest and attaches to the open ones."""
    try:
        yield
    except SensoError as error:
        if found and len(found) < wanted:
            error.args = (f"{error}; {partly(found, wanted)}",)
        raise
    except (KeyboardInterrupt, SystemExit):
        if len(found) < wanted:
            err.suggest(f"Stopped: {partly(found, wanted) if found else 'nothing was opened'}.")
        raise


def partly(found: Sequence[tuple[UUID, TriggerOutcome]], wanted: int) -> str:
    return f"{len(found)} of {wanted} batches are open, and the same command opens the rest; these: senso watch"


def trigger_one(org: UUID, how: TriggerOptions) -> tuple[UUID, TriggerOutcome]:
    from senso.workflows.trigger import Initiator, trigger_org  # noqa: PLC0415

    by = Initiator(actor(), how.triggered_by or "manual", how.user_id)
    found = trigger_org(org, by, terms(reopen=how.reopen), idempotency_key=how.idempotency_key)
    return found.batch.id, found.outcome


def print_triggered(found: Sequence[tuple[UUID, TriggerOutcome]], *, as_json: bool) -> None:
    loaded = load_all([batch for batch, _ in found])
    stands = [(one, outcome) for one, (_, outcome) in zip(loaded, found, strict=True)]
    if as_json:
        told = [record(one) | {"outcome": outcome} for one, outcome in stands]
        print_json(told if len(told) > 1 else told[0])
    elif len(stands) > FEW:
        print_many(stands)
    else:
        for one, outcome in stands:
            out.suggest(f"Batch {one.id} {SAID[outcome].format(id=one.id)}.")
            show(one, as_json=False)
    if not as_json and not any_worker_alive():
        err.suggest("No worker is running: start them with `senso up`.")


def print_many(stands: Sequence[tuple[BatchStatus, TriggerOutcome]]) -> None:
    outcomes = Counter(outcome for _, outcome in stands)
    said = ", ".join(f"{outcomes[outcome]} {words}" for outcome, words in SAID_OF_MANY.items() if outcomes[outcome])
    out.print(f"{len(stands)} batches: {said}.")
    print_incomplete([one for one, outcome in stands if outcome in {TriggerOutcome.PARTIAL, TriggerOutcome.FAILED}])
    if any(one.state in OPEN_BATCHES for one, _ in stands):
        err.suggest("Follow those that are open: senso watch")


def any_worker_alive() -> bool:
    with transaction() as db:
        return workers.living(db, POLICY) > 0
