"""`reevaluate`: reads stored answers again, by another prompt or the same one, and shows what is different."""

import threading
import time
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.leaving import sigterm_as_exit
from senso.cli.printing import dollars, err, moment, out, print_json, table
from senso.cli.status import moment_since
from senso.db import at_once, looking
from senso.errors import ConfigError, SensoError
from senso.quantities import counted
from senso.queries import rereadings
from senso.queries.reevaluations import Reevaluation, Scope
from senso.queries.rereadings import Failure, Progress
from senso.settings import settings
from senso.states import ReevaluationState
from senso.workflows import prompt_versions
from senso.workflows.rereading import applying, comparing, opening
from senso.workflows.rereading.applying import Applied, Applying
from senso.workflows.rereading.comparing import Change, Compared
from senso.workflows.rereading.opening import Estimate, Order
from senso.workflows.rereading.reading import Rereader

TELL_SECONDS = 10
MOST_SHOWN = 20
MOST_IN_JSON = 100_000


@dataclass(frozen=True, slots=True)
class Options:
    """As typed. `subject`: of an org or a batch."""

    subject: UUID
    prompt: str | None
    since: str | None
    is_compared: bool
    apply: bool
    cancel: bool
    dry_run: bool

    def require_one(self) -> None:
        """Raises ConfigError."""
        chosen = {"--compare": self.is_compared, "--apply": self.apply, "--cancel": self.cancel}
        if sum(chosen.values()) > 1:
            raise ConfigError(f"{' and '.join(name for name, is_set in chosen.items() if is_set)}: one of them")
        if (self.apply or self.cancel) and (self.prompt or self.since or self.dry_run):
            raise ConfigError("--apply and --cancel go with no other option: they are about what was begun before")

    @property
    def version(self) -> str:
        return prompt_versions.usual() if self.prompt is None else self.prompt

    def day(self) -> date | None:
        return moment_since(self.since).date() if self.since is not None else None


def reevaluate(options: Options, *, as_json: bool) -> None:
    """Raises NotFound, ConfigError, Held, or SensoError if some answers could not be read."""
    options.require_one()
    prompt_versions.require_known(options.version)
    day = options.day()
    with sigterm_as_exit(), connected():
        with looking() as db:
            scope = opening.scope_of(db, options.subject, day)
        if options.dry_run:
            foresee(options, scope, as_json=as_json)
        elif options.cancel:
            cancel(scope, as_json=as_json)
        else:
            work_off(begun(options, scope), as_json=as_json, is_applied=options.apply)


def foresee(options: Options, scope: Scope, *, as_json: bool) -> None:
    found = opening.foresee(scope)
    if as_json:
        about = {"dry_run": True, "prompt": options.version, "model": found.model.name}
        sums = {"batches": found.batches, "answers": found.answers, "characters": found.characters}
        print_json(about | sums | {"asks": 0, "credits": 0, "cost_microusd": found.cost_microusd})
        return
    out.print(said_of_estimate(found, options.version))


def said_of_estimate(found: Estimate, version: str) -> str:
    answers = f"{counted(found.answers, 'answer')} of {counted(found.batches, 'batch', 'batches')}"
    return (
        f"{answers} would be read again by {version}: {counted(found.answers, 'call')} to {found.model.name}, about "
        f"{dollars(found.cost_microusd)}. Nothing is asked, and no credits are charged."
    )


def cancel(scope: Scope, *, as_json: bool) -> None:
    found = opening.cancel(scope, actor())
    if as_json:
        print_json({"id": found.id, "state": found.state})
    else:
        out.print("Ended: what it had read counts for nothing.")


def begun(options: Options, scope: Scope) -> Reevaluation:
    if options.apply:
        return opening.apply_compared(scope, actor())
    found, goes_on = opening.begin(Order(scope, options.version, options.is_compared, actor()))
    if goes_on:
        err.print(f"Going on with what was begun on {moment(found.created_at)}.")
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it. `listed`: the first changes."""

    of: Reevaluation
    seconds: float
    progress: Progress
    failures: list[Failure]
    compared: Compared
    listed: list[Change]
    applied: Applied
    is_applied: bool  # a comparison counts now; nothing was read again

    @property
    def state(self) -> ReevaluationState:
        if self.applied.waiting:
            return ReevaluationState.OPEN
        return ReevaluationState.COMPARED if self.of.is_compared else ReevaluationState.DONE


def work_off(of: Reevaluation, *, as_json: bool, is_applied: bool) -> None:
    began = time.monotonic()
    with opening.alone(of):
        planned = opening.plan(of)
        Rereader(planned, Teller(planned).tell).work_off()
        applied = Applied(0, 0, ()) if of.is_compared else apply(planned)
        if not applied.waiting:
            applying.end(planned)
    most = MOST_IN_JSON if as_json else MOST_SHOWN
    ended = looked_at(planned, time.monotonic() - began, applied, most, is_applied=is_applied)
    if as_json:
        print_json(report(ended))
    else:
        show(ended)
    require_all(ended)


def apply(of: Reevaluation) -> Applied:
    return Applying(of, actor(), is_pushed=settings().application_api_url is not None).apply()


def looked_at(of: Reevaluation, seconds: float, applied: Applied, most: int, *, is_applied: bool) -> Ended:
    with looking() as db:
        found, listed = comparing.compared(rereadings.pairs(db, of.id), most)
        return Ended(
            *(of, seconds, rereadings.progress(db, of.id), rereadings.failures(db, of.id), found, listed, applied),
            is_applied=is_applied,
        )


class Teller:
    """Says every few seconds how far it is."""

    def __init__(self, of: Reevaluation) -> None:
        self.of, self.at, self.turn = of, time.monotonic() + TELL_SECONDS, threading.Lock()

    def tell(self) -> None:
        with self.turn:
            if time.monotonic() < self.at:
                return
            self.at = time.monotonic() + TELL_SECONDS
        with at_once() as db:
            found = rereadings.progress(db, self.of.id)
        waits = f"; {found.reason}" if found.reason else ""
        err.print(f"{found.read:,} of {self.of.planned:,} read, {dollars(found.cost_microusd)}{waits}", markup=False)


def report(ended: Ended) -> dict[str, Any]:
    of, far = ended.of, ended.progress
    return {
        "id": of.id,
        "org_id": of.org_id,
        "batch_id": of.batch_id,
        "prompt": of.prompt_version,
        "compare": of.is_compared,
        "state": ended.state,
        "seconds": round(ended.seconds, 3),
        "answers": of.planned,
        "read": far.read,
        "failed": far.failed,
        "failures": ended.failures,
        "calls": far.calls,
        "cost_microusd": far.cost_microusd,
        "asks": 0,
        "charged": 0,
        "applied": far.applied,
        "batches": ended.applied.batches,
        "waiting_batches": ended.applied.waiting,
        "changed": ended.compared.changed,
        "changes": ended.compared.counts,
        "readings": [said(one) for one in ended.listed],
    }


def said(one: Change) -> dict[str, Any]:
    changed = {name: {"was": was, "is": now} for name, (was, now) in one.changed.items()}
    return {"run": one.number, "batch_id": one.batch_id, "changed": changed}


def show(ended: Ended) -> None:
    of, far = ended.of, ended.progress
    if not of.planned:
        out.print("Nothing was read: no batch of it that has ended has answers that are still stored.")
        return
    seconds = "" if ended.is_applied else f" in {ended.seconds:.1f} s"
    before = " when it was compared" if ended.is_applied else ""
    out.print(
        f"{far.read:,} of {counted(of.planned or 0, 'answer')} read again by {of.prompt_version}{seconds}: "
        f"{counted(far.calls, 'call')}, {dollars(far.cost_microusd)}{before}. Nothing was asked, and no credits were "
        "charged."
    )
    rows = [[kind, f"{count:,}"] for kind, count in ended.compared.counts.items()]
    would = "would be" if of.is_compared else "are"
    title = f"{ended.compared.changed:,} of {counted(ended.compared.readings, 'reading')} {would} different"
    out.print(table(title, ["what", "readings"], rows, numbers=["readings"]))
    for one in ended.listed:
        out.print(f"run {one.number}: {line(one)}", markup=False)
    if ended.compared.changed > len(ended.listed):
        err.print(f"The first {len(ended.listed)} of {ended.compared.changed:,}; --json lists more.")
    say_next(ended)


def line(one: Change) -> str:
    return "; ".join(f"{name}: {short(was)} -> {short(now)}" for name, (was, now) in one.changed.items())


LONGEST = 60


def short(value: Any) -> str:
    text = {None: "none", True: "yes", False: "no"}.get(value) if value is None or isinstance(value, bool) else None
    whole = text or (", ".join(value) or "none" if isinstance(value, list) else " ".join(str(value).split()))
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 3]}..."


def say_next(ended: Ended) -> None:
    subject = ended.of.org_id or ended.of.batch_id
    if ended.of.is_compared and ended.compared.changed:
        out.suggest(f"Nothing counts yet. To have it count, without another call: senso reevaluate {subject} --apply")
    elif not ended.of.is_compared:
        done = counted(ended.applied.batches, "batch has", "batches have")
        out.print(f"{done} new numbers, each pushed as its next episode.")


def require_all(ended: Ended) -> None:
    """Raises SensoError."""
    if ended.applied.waiting:
        waiting = counted(len(ended.applied.waiting), "batch is", "batches are")
        raise SensoError(f"{waiting} under way or blocked and keep their readings: say it again when they have ended")
    if ended.progress.failed:
        reasons = "; ".join(f"{one.answers} × {one.error}" for one in ended.failures)
        raise SensoError(f"{counted(ended.progress.failed, 'answer')} could not be read and stay as before: {reasons}")
