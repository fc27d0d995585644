"""`status`: the state of batches."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rich.markup import escape

from senso.cli.pausing import print_stops_in_force
from senso.cli.printing import (
    below,
    dollars,
    err,
    identified,
    moment,
    out,
    print_json,
    print_named,
    printable,
    styled,
    table,
)
from senso.cli.wait_reasons import lines
from senso.db import Connection, looking
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.quantities import counted
from senso.reads import batch_waits, waiting
from senso.reads import status as queries
from senso.reads.status import BatchStatus
from senso.reads.waiting import Wait
from senso.settings import settings
from senso.states import OPEN_BATCHES, BatchKind, BatchState

LATEST, CHOSEN = 20, 500
NARROW = 120  # columns; below that an id and the figures do not fit into one row
SPAN = re.compile(r"([0-9]{1,6})([mhdw])")
NEXT = {
    BatchState.QUEUED: "Follow it: senso watch {one.id}",
    BatchState.RUNNING: "Follow it: senso watch {one.id}",
    BatchState.PARTIAL: "Why, run by run: senso runs {one.id} --failed\nAgain: senso retry {one.id}",
    BatchState.FAILED: "Why, run by run: senso runs {one.id} --failed\nAgain: senso retry {one.id}",
    BatchState.CANCELLED: "Ask for the rest: senso retry {one.id}",
    BatchState.BLOCKED: "Pay: senso credits {partner} --grant N --ref REF\nGo on: {trigger}",
}
TRIGGER = {
    BatchKind.ORG: "senso trigger org {one.org_id}",
    BatchKind.NETWORK: "senso trigger network {one.network_id}",
    BatchKind.NETWORK_ORG: "senso trigger missing {one.network_id} {one.org_id}",
}
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def steps_after(one: BatchStatus) -> str:
    """What to do about a batch in its state. Of a network, each org's own partner pays."""
    return NEXT[one.state].format(one=one, partner=one.partner_id or "PARTNER", trigger=trigger_command(one))


def trigger_command(one: BatchStatus) -> str:
    return TRIGGER[one.kind].format(one=one)


def load(batch: UUID) -> BatchStatus:
    """Raises NotFound."""
    return load_all([batch])[0]


def load_all(batches: Sequence[UUID]) -> list[BatchStatus]:
    """The batches in the given order, each with what it waits for. Raises NotFound naming the first unknown one."""
    with looking() as db:
        found = {one.id: one for one in queries.batches(db, batches)}
        for batch in batches:
            if batch not in found:
                raise NotFound(f"no batch {batch}; senso status lists the latest")
        return with_waits(db, [found[batch] for batch in batches])


def with_waits(db: Connection, found: Sequence[BatchStatus]) -> list[BatchStatus]:
    return batch_waits.told(db, found, POLICY, settings().readers[0])


def status(batch: UUID | None, *, states: Sequence[BatchState] = (), since: str | None = None, as_json: bool) -> None:
    if batch is not None:
        if states or since:
            raise ConfigError("a batch, or --state and --since over all of them; not both")
        show(load(batch), as_json=as_json)
        return
    most = CHOSEN if states or since else LATEST
    after = moment_since(since) if since else None
    with looking() as db:
        found = queries.recent(db, most + 1, states=states, since=after)
        total = queries.totals(db, states=states, since=after) if len(found) > most else {}
        open_ones = [one.id for one in found[:most] if one.state in OPEN_BATCHES]
        waits = [] if as_json else waiting.waits(db, open_ones, POLICY, each=False, reader=settings().readers[0])
        shown = with_waits(db, found[:most]) if as_json else found[:most]
    if as_json:
        print_json(shown)
    else:
        print_stops_in_force()
        print_listing(shown, chosen=bool(states or since))
        print_waits(len(open_ones), waits)
    if total:
        err.print(more_than_shown(most, total, chosen=bool(states or since)))


def more_than_shown(shown: int, total: dict[BatchState, int], *, chosen: bool) -> str:
    by_state = ", ".join(f"{number} {state}" for state, number in total.items())
    how = "a later --since leaves out the older ones" if chosen else f"--since 7d or --state shows up to {CHOSEN}"
    return f"The latest {shown} of {sum(total.values())} batches ({by_state}); {how}."


def moment_since(said: str) -> datetime:
    """Raises ConfigError if the text is neither a span back from now nor a moment in the past."""
    span = SPAN.fullmatch(said.strip())
    now = datetime.now(UTC)
    try:
        found = now - timedelta(**{UNITS[span[2]]: int(span[1])}) if span else datetime.fromisoformat(said.strip())
    except (ValueError, OverflowError):
        raise ConfigError(f"--since {said!r}: say 30m, 2h, 3d, 1w, a date (2026-11-21) or an ISO moment") from None
    found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    if found > now:
        raise ConfigError(f"--since {said!r}: that is still to come")
    return found


def print_listing(found: Sequence[BatchStatus], *, chosen: bool) -> None:
    if not found:
        out.suggest("No such batches." if chosen else "No batches yet. Open one: senso trigger org <id>")
    elif out.width < NARROW:
        for one in found:
            print_narrow(one)
    else:
        out.print(table(None, *listing(found), numbers=("done", "failed", "charged", "cost")))
    if any(one.calls_of_unknown_cost for one in found):
        out.print("+ and calls whose cost is not known: senso status BATCH has how many")


def print_waits(open_ones: int, waits: Sequence[Wait]) -> None:
    if not waits:
        return
    out.print(f"\n{counted(open_ones, 'batch is open and waits', 'batches are open and wait')} for")
    for line in lines(waits, waits[0].seen_at):
        out.print(below(f"- {escape(line)}"))
    err.suggest("Follow: senso watch")


def print_narrow(one: BatchStatus) -> None:
    """Prints a few lines instead of a row whose cells would be cut."""
    whole = one.planned if one.planned is not None else "?"
    out.print(identified(str(one.id), styled(one.state)))
    about = f"{escape(printable(one.subject))}, {one.date}: {one.evaluated}/{whole} done"
    out.print(below(f"{about}, {one.failed} failed, {one.charged} charged, {cost_of(one)}"))


def cost_of(one: BatchStatus) -> str:
    """Followed by a sign where the cost of some calls is not known."""
    return dollars(one.cost_microusd) + ("+" if one.calls_of_unknown_cost else "")


def listing(found: Sequence[BatchStatus]) -> tuple[list[str], list[list[str]]]:
    columns = ["batch", "org", "date", "state", "done", "failed", "charged", "cost"]
    rows = [
        [
            str(one.id),
            escape(one.subject),
            str(one.date),
            styled(one.state),
            f"{one.evaluated}/{one.planned if one.planned is not None else '?'}",
            str(one.failed),
            str(one.charged),
            cost_of(one),
        ]
        for one in found
    ]
    return columns, rows


def show(found: BatchStatus, *, as_json: bool, next_steps: bool = True) -> None:
    if as_json:
        print_json(found)
        return
    named = {
        "batch": str(found.id),
        "org": f"{escape(found.org)} ({found.org_id})" if found.org else "",
        "network": f"{escape(found.network)} ({found.network_id})" if found.network else "",
        "partner": payer(found),
        "date": f"{found.date}, episode {found.episode}",
        "state": styled(found.state) + (f", ended by {found.finished_by}" if found.finished_by else ""),
        "waits for": waits_of(found),
        "runs": counts(found),
        "orgs": ", ".join(f"{count} {styled(BatchState(state))}" for state, count in (found.orgs or {}).items()),
        "charged": counted(found.charged, "credit"),
        "cost": f"{dollars(found.cost_microusd)} for {counted(found.llm_calls, 'call')}"
        + (f", {found.calls_of_unknown_cost} of unknown cost" if found.calls_of_unknown_cost else ""),
        "tries that failed": ", ".join(f"{count} {how}" for how, count in found.failed_tries.items()),
        "push": found.push or "-",
        "queued": moment(found.queued_at),
        "started": moment(found.started_at),
        "ended": moment(found.ended_at),
        "note": escape(found.note or ""),
        "pruned": f"{moment(found.pruned_at)}: its answers are deleted" if found.pruned_at else "",
        "error": escape(found.error or ""),
    }
    print_named(named)
    if next_steps and not found.pruned_at and found.state in NEXT:
        err.suggest(steps_after(found))


def waits_of(found: BatchStatus) -> str:
    said = lines(found.waiting_for or (), found.seen_at)
    return "\n".join(escape(f"- {line}" if len(said) > 1 else line) for line in said)


def counts(found: BatchStatus) -> str:
    """For an episode that has not opened yet, what is left to do: failures of the former episode are not its own."""
    planned, read = found.planned, found.evaluated
    if planned is not None and found.remaining is None and found.state in OPEN_BATCHES:
        return f"{planned} planned, {read} evaluated before, {planned - read} to be asked or read again"
    left = planned - read - found.failed if planned is not None and found.state is BatchState.CANCELLED else 0
    said = f"{'?' if planned is None else planned} planned, {found.answered} answered"
    if found.kind is not BatchKind.NETWORK:  # it reads nothing itself
        said = f"{said}, {read} evaluated"
    return f"{said}, {found.failed} failed" + (f", {left} cancelled" if left else "")


def payer(found: BatchStatus) -> str:
    if found.partner is None:
        return ""
    has = (
        "not metered" if found.partner_available is None else f"{counted(found.partner_available, 'credit')} available"
    )
    return f"{escape(found.partner)} ({found.partner_id}), {has}"
