"""`show`: what happened to a run or a batch, for users who must explain it."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from rich.markup import escape
from rich.text import Text

from senso.cli import answering
from senso.cli.environment import uuid
from senso.cli.printing import below, dollars, moment, out, print_json, print_named, printable, styled
from senso.cli.runs import cost, repeat
from senso.cli.status import show as show_batch
from senso.db import looking
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.quantities import counted
from senso.reads import audits, inspection
from senso.reads import status as queries
from senso.reads.inspection import RunAlone
from senso.reads.run_details import Call, Job, Story, story
from senso.records import record

NUMBER = re.compile(r"[0-9]{1,18}")


def key(wanted: str) -> UUID | int:
    """The number of a run, or the id of a run or a batch."""
    return int(wanted) if NUMBER.fullmatch(wanted) else uuid(wanted, "run or batch")


def show(wanted: UUID | int, *, audit: bool, as_json: bool) -> None:
    """Shows a run by its id or number, else a batch. Raises NotFound if it is neither."""
    with looking() as db:
        run = inspection.run(db, wanted)
        found = story(db, run) if run else None
        batch = queries.batch(db, wanted) if run is None and isinstance(wanted, UUID) else None
    if found is None and batch is None:
        raise NotFound(f"no run and no batch {wanted}; senso status lists the latest batches")
    if found is not None:
        if audit:
            raise ConfigError(f"--audit is for batches; this run belongs to {found.run.batch_id}")
        show_run(found, as_json=as_json)
    elif batch is not None and audit:
        show_audit(batch.id, as_json=as_json)
    elif batch is not None:
        show_batch(batch, as_json=as_json)


def show_run(found: Story, *, as_json: bool) -> None:
    if as_json:
        print_json(record(found.run) | record(found))
        return
    print_head(found.run, tries=len(found.calls))
    print_timeline(found)
    answering.print_answer(found)
    for read in found.evaluations if found.run.answer_text is not None else ():
        answering.print_reading(read, found.visibility.get(str(read.org_id)))
    answering.print_citations(found)


def print_head(run: RunAlone, *, tries: int) -> None:
    lines = {
        "run": f"{run.id}",
        "number": str(run.number),
        "batch": f"{run.batch_id}",
        "of": f"{escape(queries.named(run.org, run.network))}, {run.batch_date}, {run.batch_state}",
        "question": escape(printable(run.question)),
        "asked": f"{escape(run.model)} ({run.provider}, {run.surface}) in {escape(run.location)}{repeat(run)}",
        "state": f"{styled(run.state)}, {counted(tries, 'call')}"
        + (f", {run.failures} of {POLICY.most_failures} failures" if run.failures else ""),
        "cost": cost(run),
        "error": escape(printable(run.error or "")),
        "next": f"tried again at {moment(run.next_at)}" if run.next_at else "",
        "held by": f"{run.lease_owner} until {moment(run.lease_until)}" if run.lease_owner else "",
    }
    print_named(lines)


def print_timeline(found: Story) -> None:
    out.print("\n[bold]What happened[/]")
    events = [(call.started_at, call_line(number, call)) for number, call in enumerate(found.calls, start=1)]
    events += job_events(found.snapshot) if found.snapshot else []
    events += [(found.run.answered_at, "the answer was saved")] if found.run.answered_at else []
    what = "the reading" if found.run.answer_text is not None else "the run, which has no answer,"
    several = len(found.evaluations) > 1
    events += [
        (one.ended_at, f"{what}{f' for {escape(printable(one.org))}' if several else ''} ended: {one.state}")
        for one in found.evaluations
        if one.ended_at
    ]
    if not events:
        out.print(below("nothing yet: no call was made"))
    for when, said in sorted(events, key=lambda event: event[0]):
        out.print(moment(when))
        out.print(below(said))


def call_line(number: int, call: Call) -> str:
    head = f"call {number}: {call.purpose}, {call.provider} {escape(call.model)}"
    if call.outcome is None:
        open_ = "under way" if call.under_way else "[yellow]it never reported back, maybe paid[/]"
        return f"{head}: {open_}"
    took = f" after {call.latency_ms / 1000:.1f} s" if call.latency_ms is not None else ""
    tokens = f", {call.tokens_in} tokens in, {call.tokens_out} out" if call.tokens_in is not None else ""
    price = "cost unknown" if call.cost_microusd is None else dollars(call.cost_microusd)
    why = f": {escape(printable(call.error))}" if call.error else ""
    share = ", a share of one call for several orgs" if call.shared_id else ""
    return f"{head}: {escape(call.outcome)}{took}{tokens}, {price}{share}{why}"


def job_events(job: Job) -> list[tuple[datetime, str]]:
    name = f"snapshot {job.external_id or '(no name at the vendor yet)'}"
    why = f": {escape(printable(job.error))}" if job.error else ""
    events = [
        (
            job.created_at,
            f"planned into a snapshot of {counted(job.runs, 'run')} at {job.provider}",
        )
    ]
    events += [(job.submitted_at, f"{name} was submitted")] if job.submitted_at else []
    if job.ended_at:
        return [*events, (job.ended_at, f"{name} ended: {job.state}{why}")]
    looked = f"; looked at next {moment(job.next_poll_at)}" if job.next_poll_at else ""
    return [
        *events,
        (job.submitted_at or job.created_at, f"{name} is {job.state}{looked}{why}"),
    ]


def show_audit(batch: UUID, *, as_json: bool) -> None:
    with looking() as db:
        found = audits.of_batch(db, batch)
    if as_json:
        print_json(found)
        return
    if not found:
        out.print("Nobody did anything to it that is audited.")
    for one in found:
        out.print(f"{moment(one.at)}  [bold]{escape(one.actor)}[/]  {one.action}", soft_wrap=True)
        said = ", ".join(f"{name} {value}" for name, value in details(one.details).items() if value != one.subject)
        for line in filter(None, (one.subject, said)):
            out.print(below(Text(printable(line))))


def details(said: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The details flattened, without empty values and without an import's counts of unchanged rows."""
    flat: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, dict):
            flat |= details({key: count for key, count in value.items() if key != "unchanged"}, f"{name} ")
        elif value not in (None, 0, "", []):
            flat[before + name] = value
    return flat
