"""`trigger`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from senso.cli.acting_user import actor
from senso.cli.environment import connected, require_redis, short, uuid
from senso.cli.leaving import deferred_signals, sigterm_as_exit
from senso.cli.printing import err, out, print_json
from senso.cli.status import load_all, show, trigger_command
from senso.cli.summing import SHOWN, print_incomplete
from senso.cli.terms import terms
from senso.cli.watching import FEW, print_continuation, watch
from senso.db import transaction
from senso.errors import ConfigError, InsufficientCredits, SensoError
from senso.imports.ids import read_ids
from senso.policy import POLICY
from senso.queries import workers
from senso.reads.status import BatchStatus
from senso.records import record
from senso.settings import settings
from senso.states import OPEN_BATCHES, BatchKind, BatchState, TriggerOutcome

# If several batches ended badly, the first state in this order is the one that is reported.
ENDED_BADLY = {
    BatchState.BLOCKED: "batch {one.id} is blocked: {one.error}; pay: "
    "senso credits {partner} --grant N --ref REF, then go on: {trigger}",
    BatchState.FAILED: "batch {one.id} failed: {one.error}; why, run by run: senso runs {one.id} --failed; "
    "again: senso retry {one.id}",
    BatchState.CANCELLED: "batch {one.id} was cancelled; to open it again: {trigger} --reopen",
}
SAID = {
    TriggerOutcome.OPENED: "opened",
    TriggerOutcome.ATTACHED: "is under way already; nothing was opened",
    TriggerOutcome.RESUMED: "was blocked and is tried again",
    TriggerOutcome.REOPENED: "had ended and is open again",
    TriggerOutcome.COMPLETED: "is completed already; nothing to do",
    TriggerOutcome.PARTIAL: "has ended with failures; ask again for what failed: senso retry {id}",
    TriggerOutcome.FAILED: "has failed; ask again: senso retry {id}",
    TriggerOutcome.CANCELLED: "was cancelled and stays so; say --reopen to open it again",
}
ATTACHED_TO_NETWORK = "is under way already, and its end opens those of its orgs; nothing was opened"
SAID_OF_MANY = {
    TriggerOutcome.OPENED: "opened",
    TriggerOutcome.ATTACHED: "under way already",
    TriggerOutcome.RESUMED: "blocked before and tried again",
    TriggerOutcome.REOPENED: "open again",
    TriggerOutcome.COMPLETED: "completed already",
    TriggerOutcome.PARTIAL: "ended with failures before",
    TriggerOutcome.FAILED: "failed before",
    TriggerOutcome.CANCELLED: "cancelled before and left so",
}


def ids_of(given: Sequence[str], file: Path | None, what: str = "org") -> list[UUID]:
    """Each id once, in the given order; possibly none. Raises ConfigError, for a file with the line's number."""
    named = [uuid(one, what) for one in given]
    return list(dict.fromkeys([*named, *(read_ids(file) if file else [])]))


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to trigger: orgs, networks, or, with `network`, what orgs of that network lack; no ids: all of its orgs."""

    kind: BatchKind
    ids: Sequence[UUID]
    network: UUID | None = None

    @property
    def what(self) -> str:
        return "network" if self.kind is BatchKind.NETWORK else "org"


@dataclass(slots=True)
class Opened:
    """`done`: how many of the `wanted` ids have been triggered."""

    wanted: int = 0
    done: int = 0
    batches: list[tuple[UUID, TriggerOutcome]] = field(default_factory=list)


def trigger(wanted: Wanted, how: TriggerOptions, *, as_json: bool) -> None:
    how = how.cleaned()
    require_ids(wanted, how)
    opened = Opened(len(wanted.ids))
    with sigterm_as_exit(), saying_what_was_opened(opened), connected():
        wanted = with_all_orgs(wanted)
        opened.wanted = len(wanted.ids)
        if how.dry_run:
            from senso.cli import estimating  # noqa: PLC0415  Celery takes long to import

            estimating.dry_run(wanted.kind, wanted.ids, wanted.network, reopen=how.reopen, as_json=as_json)
            return
        open_all(wanted, how, opened)
        left = left_cancelled(opened.batches)
        if how.wait:
            say_what_is_left(left)
            ids = [one for one, outcome in opened.batches if outcome is not TriggerOutcome.CANCELLED]
            ended = watch(ids, as_json=as_json, without_steps=ENDED_BADLY)
            require_good_end(ended)
            return
        print_triggered(opened.batches, as_json=as_json)


def require_ids(wanted: Wanted, how: TriggerOptions) -> None:
    if not wanted.ids and wanted.network is None:
        raise ConfigError(f"say which {wanted.what}s: their ids, or --file with one id a line")
    if how.idempotency_key is not None and len(wanted.ids) > 1:
        raise ConfigError(f"--idempotency-key is for one {wanted.what}; give each its own")


def with_all_orgs(wanted: Wanted) -> Wanted:
    if wanted.network is None or wanted.ids:
        return wanted
    from senso.workflows.membership import orgs_of  # noqa: PLC0415  providers take long to import, and most commands need none

    return replace(wanted, ids=orgs_of(wanted.network))


def left_cancelled(found: Sequence[tuple[UUID, TriggerOutcome]]) -> list[BatchStatus]:
    """Batches that somebody cancelled and that were not opened again. Raises ConfigError if there are no others."""
    ids = [batch for batch, outcome in found if outcome is TriggerOutcome.CANCELLED]
    left = load_all(ids) if ids else []
    if left and len(left) == len(found):
        more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        raise ConfigError(f"batch {left[0].id} of {left[0].date} was cancelled{more}; say --reopen to open it again")
    return left


def say_what_is_left(left: Sequence[BatchStatus]) -> None:
    for one in left[:SHOWN]:
        err.suggest(f"Batch {one.id} of {one.date} was cancelled and stays so; again: {trigger_command(one)} --reopen")
    if len(left) > SHOWN:
        err.suggest(f"And {len(left) - SHOWN} more; all of them: senso status --state cancelled")


def require_good_end(ended: Sequence[BatchStatus]) -> None:
    """Raises InsufficientCredits or SensoError naming the first batch that ended badly, and how many more there are."""
    bad = [one for state in ENDED_BADLY for one in ended if one.state is state]
    if bad:
        partner, command = bad[0].partner_id or "PARTNER", trigger_command(bad[0])
        said = ENDED_BADLY[bad[0].state].format(one=bad[0], partner=partner, trigger=command)
        kind = InsufficientCredits if bad[0].state is BatchState.BLOCKED else SensoError
        raise kind(f"{said} (and {len(bad) - 1} more)" if len(bad) > 1 else said)


def open_all(wanted: Wanted, how: TriggerOptions, opened: Opened) -> None:
    """Checks all subjects, if they are several, before it opens the first batch. Adds each batch to `opened`."""
    require_redis()
    if len(wanted.ids) > 1 and wanted.network is None:
        require_all(wanted, how)
    try:
        with deferred_signals() as between:
            for one in wanted.ids:
                between()
                opened.batches += [each for each in trigger_one(wanted, one, how) if each not in opened.batches]
                opened.done += 1
            between()
    except (KeyboardInterrupt, SystemExit):
        if opened.done == opened.wanted:
            print_continuation([batch for batch, _ in opened.batches])
        raise


def require_all(wanted: Wanted, how: TriggerOptions) -> None:
    from senso.matrix import Subject  # noqa: PLC0415
    from senso.workflows.estimating import require_triggerable  # noqa: PLC0415  providers take long to import, and most commands need none

    subject = Subject.network if wanted.kind is BatchKind.NETWORK else Subject.org
    with transaction() as db:
        require_triggerable(db, list(map(subject, wanted.ids)), terms(reopen=how.reopen))


@contextmanager
def saying_what_was_opened(opened: Opened) -> Iterator[None]:
    """Says what is open if the block ends early: repeating the command opens the rest and attaches to the open ones."""
    try:
        yield
    except SensoError as error:
        if opened.batches and opened.done < opened.wanted:
            error.args = (f"{error}; {partly(opened)}",)
        raise
    except (KeyboardInterrupt, SystemExit):
        if opened.done < opened.wanted:
            err.suggest(f"Stopped: {partly(opened) if opened.batches else 'nothing was opened'}.")
        raise


def partly(opened: Opened) -> str:
    return f"{opened.done} of {opened.wanted} batches are open, and the same command opens the rest; these: senso watch"


def trigger_one(wanted: Wanted, one: UUID, how: TriggerOptions) -> list[tuple[UUID, TriggerOutcome]]:
    from senso.workflows import trigger  # noqa: PLC0415
    from senso.workflows.initiator import Initiator  # noqa: PLC0415
    from senso.workflows.membership import trigger_missing  # noqa: PLC0415

    by, under = Initiator(actor(), how.triggered_by or "manual", how.user_id), terms(reopen=how.reopen)
    if wanted.network is not None:
        found = trigger_missing(wanted.network, one, by, under, settings().network_history_days)
        return [(each.batch.id, each.outcome) for each in found]
    open_it = trigger.trigger_network if wanted.kind is BatchKind.NETWORK else trigger.trigger_org
    only = open_it(one, by, under, idempotency_key=how.idempotency_key)
    return [(only.batch.id, only.outcome)]


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
            out.suggest(f"Batch {one.id} {said_of(one, outcome)}.")
            show(one, as_json=False)
    if not as_json and not any_worker_alive():
        err.suggest("No worker is running: start them with `senso up`.")


def said_of(one: BatchStatus, outcome: TriggerOutcome) -> str:
    if one.kind is BatchKind.NETWORK and outcome is TriggerOutcome.ATTACHED:
        return ATTACHED_TO_NETWORK
    return SAID[outcome].format(id=one.id)


def print_many(stands: Sequence[tuple[BatchStatus, TriggerOutcome]]) -> None:
    outcomes = Counter(outcome for _, outcome in stands)
    said = ", ".join(f"{outcomes[outcome]} {words}" for outcome, words in SAID_OF_MANY.items() if outcomes[outcome])
    out.print(f"{len(stands)} batches: {said}.")
    print_incomplete([one for one, outcome in stands if outcome in {TriggerOutcome.PARTIAL, TriggerOutcome.FAILED}])
    say_what_is_left([one for one, outcome in stands if outcome is TriggerOutcome.CANCELLED])
    if any(one.state in OPEN_BATCHES for one, _ in stands):
        err.suggest("Follow those that are open: senso watch")


def any_worker_alive() -> bool:
    with transaction() as db:
        return workers.living(db, POLICY) > 0
