"""Where time went, as bars on one scale: waiting, and calls with how each ended. For `timeline` of parts.html."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from senso.dashboard.formats import shortened
from senso.quantities import counted
from senso.reads.batch_calls import RunCall, SlowRun
from senso.reads.run_details import Call, Job
from senso.states import USEFUL, Outcome, Purpose

Row = dict[str, Any]
# The start of the scale, the begin and the end; None: it goes on.
Span = tuple[datetime, datetime, datetime | None]
# A gap below that is the machine's own work, not waiting.
LEAST_WAIT = 1.0
LONGEST_SAID = 160
DOES = {Purpose.ASK: "ask", Purpose.READ: "read", Purpose.REREAD: "read again"}


def of_batch(runs: Sequence[SlowRun], calls: Sequence[RunCall], now: datetime) -> list[Row]:
    """`now`: the database's clock. From the start of the batch; each run with its waits and its calls."""
    if not runs:
        return []
    start = min(one.began_at for one in runs)
    by_run = {run: list(found) for run, found in groupby(sorted(calls, key=run_of), key=run_of)}
    return [row for one in runs for row in of_run(one, by_run.get(one.id, []), start, now)]


def run_of(call: RunCall) -> UUID:
    return call.run_id


def of_run(run: SlowRun, calls: Sequence[RunCall], start: datetime, now: datetime) -> Iterable[Row]:
    name, since = f"run {run.number}, {run.model} {run.location}", run.began_at
    for call in calls:
        yield from wait(name, since, call.started_at, start)
        yield bar(name, call, start, is_open=run.ended_at is None)
        since = max(since, ended(call) or now)
    if run.ended_at is None and not any(one.outcome is None for one in calls):
        yield from wait(name, since, now, start)


def of_story(calls: Sequence[Call], job: Job | None, began: datetime, now: datetime) -> list[Row]:
    """Of one run. `began`: from when it could have been asked."""
    start = min([began, *(one.started_at for one in calls)])
    rows = list(of_job(job, start)) if job else []
    since = start
    for number, call in enumerate(calls, start=1):
        rows += wait("waits", since, call.started_at, start)
        rows.append(bar(f"call {number}", call, start, is_open=call.under_way))
        since = max(since, ended(call) or (now if call.under_way else call.started_at))
    return rows


def of_job(job: Job, start: datetime) -> Iterable[Row]:
    """What the vendor did with the job that the run was in."""
    sent = job.submitted_at or job.created_at
    if job.submitted_at and job.submitted_at > job.created_at:
        span = (start, job.created_at, job.submitted_at)
        yield row("job waits", "wait", span, f"{counted(job.runs, 'run')}, at {job.provider}")
    kind = {"collected": "done", "failed": "failed", "cancelled": "failed"}.get(job.state, "call")
    yield row("job", kind, (start, sent, job.ended_at), shortened(f"{job.state} {job.error or ''}", LONGEST_SAID))


def wait(name: str, since: datetime, until: datetime, start: datetime) -> list[Row]:
    if (until - since).total_seconds() < LEAST_WAIT:
        return []
    return [row(name, "wait", (start, since, until))]


def bar(name: str, call: RunCall | Call, start: datetime, *, is_open: bool) -> Row:
    does, whom = DOES.get(call.purpose, str(call.purpose)), f"{call.provider} {call.model}"
    end = ended(call) or (None if is_open else call.started_at)
    how = call.outcome or ("under way" if is_open else "never reported back, maybe paid")
    said = f"{does} {whom}: {how}" + (f", {call.error}" if call.error else "")
    kind = kind_of(call.outcome, is_open=is_open)
    return row(name, kind, (start, call.started_at, end), shortened(said, LONGEST_SAID))


def kind_of(outcome: Outcome | None, *, is_open: bool) -> str:
    if outcome is None:
        return "call" if is_open else "failed"
    return "done" if outcome in USEFUL else "failed"


def ended(call: RunCall | Call) -> datetime | None:
    if call.outcome is None:
        return None
    return call.started_at + timedelta(milliseconds=call.latency_ms or 0)


def row(name: str, kind: str, span: Span, said: str = "") -> Row:
    start, begin, end = span

    def seconds(moment: datetime) -> float:
        return max(0.0, (moment - start).total_seconds())

    until = None if end is None else seconds(end)
    return {"name": name, "kind": kind, "begin": seconds(begin), "end": until, "said": said}
