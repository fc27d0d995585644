"""`cancel` and `retry` of all batches that match filters, and what either would do."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from senso.cli.acting_user import actor
from senso.cli.environment import connected, require_redis
from senso.cli.leaving import deferred_signals, sigterm_as_exit
from senso.cli.left_alone import NOTHING, print_left
from senso.cli.printing import below, err, moment, out, print_json
from senso.cli.selecting import Chosen
from senso.cli.stopping import dry_run as cancelling_dry_run
from senso.cli.stopping import said_of_under_way
from senso.db import looking
from senso.errors import InsufficientCredits, NotFound, SensoError
from senso.policy import POLICY
from senso.quantities import counted
from senso.queries import workers
from senso.queries.selections import Filters, Matched
from senso.reads import stopping
from senso.settings import settings
from senso.states import Action
from senso.workflows import bulk_changes
from senso.workflows.bulk_changes import BulkChange, Cancelling, Retrying, Step, StepOutcome
from senso.workflows.initiator import Initiator

DONE = {Action.CANCEL: "cancelled", Action.RETRY: "retried"}


@dataclass(frozen=True, slots=True)
class Tally:
    """What a command over many batches has done. Steps that were not reached are missing."""

    change: BulkChange
    steps: Sequence[Step]

    def of(self, outcome: StepOutcome) -> list[Step]:
        return [one for one in self.steps if one.outcome is outcome]

    @property
    def done_before(self) -> int:
        return self.change.done_before + len(self.of(StepOutcome.DONE_BEFORE))

    @property
    def matched(self) -> int:
        return len(self.change.batches) + self.change.done_before

    @property
    def not_applicable(self) -> Counter[str]:
        return Counter(one.why or "" for one in self.of(StepOutcome.NOT_APPLICABLE))

    def total(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.steps)


def cancel(chosen: Chosen, *, as_json: bool) -> None:
    """Works without Redis, as for one batch. Raises as `require_all`."""
    filters = chosen.filters()
    with sigterm_as_exit(), connected():
        change = begin(Action.CANCEL, filters, chosen.said())
        tally = worked_off(change, Cancelling(change, settings().application_api_url is not None).step)
        with looking() as db:
            done = [one.batch for one in tally.of(StepOutcome.DONE)]
            going_on = stopping.under_way(db, done, POLICY.lease_seconds)
        if as_json:
            print_json(told(tally) | {"charged": tally.total("charged"), "under_way": going_on})
        else:
            print_done(tally, f"charged {counted(tally.total('charged'), 'answer')} that had been read")
            if said := said_of_under_way(going_on):
                out.print(said)
    require_all(tally)


def retry(chosen: Chosen, *, reopen: bool, as_json: bool) -> None:
    """Raises as `require_all`."""
    filters = chosen.filters()
    with sigterm_as_exit(), connected():
        require_redis()
        change = begin(Action.RETRY, filters, chosen.said(reopen=reopen))
        tally = worked_off(change, Retrying(change, reopen).step)
        if as_json:
            sums = {name: tally.total(name) for name in ("asked_again", "read_again", "credits")}
            print_json(told(tally) | sums)
        else:
            print_retried(tally)
    require_all(tally)


def foresee_cancel(chosen: Chosen, *, as_json: bool) -> None:
    """Raises NotFound."""
    filters = chosen.filters()
    with connected():
        cancelling_dry_run(found_by(filters), as_json=as_json)


def foresee_retry(chosen: Chosen, *, reopen: bool, as_json: bool) -> None:
    """Raises NotFound."""
    filters = chosen.filters()
    with connected():
        from senso.cli import retry_dry_run  # noqa: PLC0415  estimates need all providers

        retry_dry_run.dry_run(found_by(filters), reopen=reopen, as_json=as_json)


def found_by(filters: Filters) -> Sequence[Matched]:
    found = bulk_changes.found_by(filters)
    if not found:
        raise NotFound(NOTHING if filters.batch is None else f"no batch {filters.batch}; senso status lists the latest")
    return found


def begin(action: Action, filters: Filters, said: dict[str, Any]) -> BulkChange:
    """Raises NotFound if nothing matches, and nothing did when the command was interrupted."""
    change = bulk_changes.begin(action, filters, said, Initiator(actor()))
    if not change.batches and not change.done_before:
        raise NotFound(NOTHING)
    if change.continued is not None:
        began, done = moment(change.continued.started_at), counted(change.done_before, "batch is", "batches are")
        err.print(f"Goes on with the same command of {began}, which has not ended: {done} done.")
    return change


def worked_off(change: BulkChange, step: Callable[[Matched], Step]) -> Tally:
    """All steps, with progress on a terminal. A signal or an error between two says what is done."""
    steps: list[Step] = []
    try:
        with deferred_signals() as between, progress(change) as advance:
            for one in change.batches:
                between()
                steps.append(step(one))
                advance()
    except (KeyboardInterrupt, SystemExit):
        err.print(f"Stopped: {partly(change, steps)}.")
        raise
    except SensoError as error:
        error.args = (f"{error}; {partly(change, steps)}",)
        raise
    tally = Tally(change, steps)
    bulk_changes.end(change, Counter(str(one.outcome) for one in steps))
    return tally


def partly(change: BulkChange, steps: Sequence[Step]) -> str:
    done = change.done_before + sum(one.outcome is StepOutcome.DONE for one in steps)
    left = len(change.batches) - len(steps)
    return f"{counted(done, 'batch is', 'batches are')} {DONE[change.action]}, and the same command goes on with {left}"


@contextmanager
def progress(change: BulkChange) -> Iterator[Callable[[], None]]:
    if not err.is_terminal or err.is_dumb_terminal:
        yield lambda: None
        return
    from rich.progress import Progress  # noqa: PLC0415  only a terminal shows it

    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(change.action, total=len(change.batches))
        yield lambda: bar.advance(task)


def told(tally: Tally) -> dict[str, Any]:
    failed = [{"batch": one.batch, "error": one.why} for one in tally.of(StepOutcome.FAILED)]
    continued = tally.change.continued
    return {
        "action": tally.change.action,
        "matched": tally.matched,
        "done": [one.batch for one in tally.of(StepOutcome.DONE)],
        "done_before": tally.done_before,
        "not_applicable": tally.not_applicable,
        "no_credits": [one.batch for one in tally.of(StepOutcome.NO_CREDITS)],
        "failed": failed,
        "continues": continued.started_at if continued else None,
    }


def print_done(tally: Tally, more: str) -> None:
    action = tally.change.action
    done = len(tally.of(StepOutcome.DONE))
    out.print(f"{counted(tally.matched, 'batch matches', 'batches match')}; {done} {DONE[action]}: {more}.")
    if tally.done_before:
        out.print(below(f"- {tally.done_before} {DONE[action]} before, by the same command"))
    print_left(action, tally.not_applicable)
    if lacking := tally.of(StepOutcome.NO_CREDITS):
        out.print(below(f"- {len(lacking)} not {DONE[action]}: their partners have too few credits"))
    for why, count in Counter(reason(one) for one in tally.of(StepOutcome.FAILED)).items():
        out.print(below(f"- {count} not {DONE[action]}: {why}"))


def reason(one: Step) -> str:
    """Without the batch's id, so that equal reasons are counted together."""
    return (one.why or "").replace(f"batch {one.batch} ", "")


def print_retried(tally: Tally) -> None:
    asks, reads = counted(tally.total("asked_again"), "run"), counted(tally.total("read_again"), "answer")
    credit = counted(tally.total("credits"), "credit")
    print_done(tally, f"{asks} will be asked again and {reads} read again, for {credit}")
    if tally.of(StepOutcome.DONE):
        err.suggest("Follow: senso watch")
        with looking() as db:
            if not workers.living(db, POLICY):
                err.suggest("No worker is running: start them with `senso up`.")


def require_all(tally: Tally) -> None:
    """Raises InsufficientCredits if a partner could not pay, else SensoError if another batch was refused."""
    done = DONE[tally.change.action]
    if lacking := tally.of(StepOutcome.NO_CREDITS):
        batches = counted(len(lacking), "batch was", "batches were")
        raise InsufficientCredits(
            f"{batches} not {done} for want of credits, such as {lacking[0].batch}: its partner and its credits: "
            f"senso status {lacking[0].batch}; grant some, then say this again"
        )
    if failed := tally.of(StepOutcome.FAILED):
        raise SensoError(f"{counted(len(failed), 'batch was', 'batches were')} not {done}, such as: {failed[0].why}")
