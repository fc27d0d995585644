"""What batches wait for, in words: one line for each cause, plain enough for an operator who is woken at night."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from senso.policy import POLICY
from senso.quantities import counted
from senso.reads.waiting import Cause, Stage, Wait
from senso.states import WAITS_FOR

LONGEST_REASON = 160  # characters; lists of runs show all of them
TODO = {
    Stage.ASK: ("run to be asked", "runs to be asked"),
    Stage.EXTRACT: ("answer to be read", "answers to be read"),
    Stage.SUBMIT: ("job to be handed over", "jobs to be handed over"),
    Stage.NAMES: ("org's names to be asked for", "orgs' names to be asked for"),
}
GOING = {
    Stage.ASK: ("call to", "calls to"),
    Stage.EXTRACT: ("answer being read by", "answers being read by"),
    Stage.SUBMIT: ("job being handed to", "jobs being handed to"),
    Stage.NAMES: ("org's names being asked of", "orgs' names being asked of"),
}


def lines(waits: Sequence[Wait], now: datetime, most_running: int, *, most: int = 20) -> list[str]:
    """`now` is the time of the database's clock, as are the times in `waits`. `most_running`: batches at a time.

    Reasons are texts from outside.
    """
    said = [line(wait, now, most_running) for wait in waits[:most]]
    return said + ([f"{len(waits) - most} other things"] if len(waits) > most else [])


def line(wait: Wait, now: datetime, most_running: int) -> str:
    said = WORDS[wait.what](wait, now)
    return f"{said} of at most {most_running} at work" if wait.what in {Cause.TURN, Cause.TURNS} else said


def worker(wait: Wait, now: datetime) -> str:
    seen = f"the last was seen at {clock(wait.since, now)}" if wait.since else "none was ever seen"
    return f"a worker: none is running, {seen}; start them: senso up"


def credit(wait: Wait, _: datetime) -> str:
    return f"credits: {reason(wait)}"


def stopped(wait: Wait, _: datetime) -> str:
    held = of(TODO, wait) if wait.stage else counted(wait.count, "batch", "batches")
    return f"a stop ({held}): {reason(wait)}"


def turn(wait: Wait, _: datetime) -> str:
    ahead = f"{counted(wait.count, 'batch is', 'batches are')} ahead" if wait.count else "it is the next"
    return f"a turn: {ahead}, and {wait.runs}"


def turns(wait: Wait, _: datetime) -> str:
    waiting = counted(wait.count, "batch", "batches")
    return f"a turn: {waiting}, {wait.runs}"


def opening(wait: Wait, now: datetime) -> str:
    return f"{counted(wait.count, 'batch', 'batches')} being opened{lasting(wait, now)}"


def silent_worker(wait: Wait, now: datetime) -> str:
    silent = f"silent for {span(wait.since, now)}" if wait.since else "that is gone"
    back = f"taken back {when(wait.next, now)}" if wait.next else "taken back at the next look"
    held = of(TODO, wait)
    return f"a worker {silent}, which holds {held}: {back}, at {clock(wait.until, now)} at the latest"


def rate_limit(wait: Wait, now: datetime) -> str:
    tries = f"next try {when(wait.next, now)}{lasting(wait, now, ', limited for ')}"
    limit = f"the rate limit of {wait.provider} until {clock(wait.until, now)}"
    return f"{limit}: {of(TODO, wait)}, {tries}. {reason(wait)}"


def left_alone(wait: Wait, now: datetime) -> str:
    told = f"{wait.provider}, which is left alone until {clock(wait.until, now)}: {reason(wait)}"
    return f"{told}; {counted(wait.count, 'job')} ({runs(wait)})"


def jobs(wait: Wait, now: datetime) -> str:
    return f"a place: {reason(wait)}; {of(TODO, wait)} ({runs(wait)}){lasting(wait, now)}"


def limit(wait: Wait, now: datetime) -> str:
    said = reason(wait).removeprefix(WAITS_FOR)
    return f"{said}: {of(TODO, wait)}, next try {when(wait.next, now)}"


def next_try(wait: Wait, now: datetime) -> str:
    failed = f", {wait.tries} of {POLICY.most_failures} failures at most" if wait.tries else ""
    tries = f"next {when(wait.next, now)}{failed}{lasting(wait, now, ', failing for ')}"
    return f"another try at {wait.provider}: {of(TODO, wait)}, {tries}. {reason(wait)}"


def doubt(wait: Wait, now: datetime) -> str:
    job = f"{counted(wait.count, 'job')} ({runs(wait)}) that {wait.provider} may have"
    again = f", sent again after {clock(wait.until, now)} unless found" if wait.until else ""
    return f"{job}, sent {span(wait.since or now, now)} ago: looked up there {when(wait.next, now)}{again}"


def place(wait: Wait, now: datetime) -> str:
    return f"a worker with room: {of(TODO, wait)}, handed out {span(wait.since or now, now)} ago"


def job(wait: Wait, now: datetime) -> str:
    is_read = wait.stage is Stage.EXTRACT
    held = counted(wait.runs, "answer to be read", "answers to be read") if is_read else runs(wait)
    jobs = f"{counted(wait.count, 'job')} at {wait.provider} ({held}; {wait.model})"
    over = f"{'read by calls from' if is_read else 'given up at'} {clock(wait.until, now)}{' on' if is_read else ''}"
    return f"{jobs}{lasting(wait, now)}: next look {when(wait.next, now)}, {over}"


def call(wait: Wait, now: datetime) -> str:
    model = f" ({wait.model})" if wait.model else ""
    return f"{of(GOING, wait)} {wait.provider}{model}{lasting(wait, now)}"


def window(wait: Wait, _: datetime) -> str:
    return f"{counted(wait.count, 'run that is', 'runs that are')} not handed out yet"


def end(wait: Wait, _: datetime) -> str:
    return f"{counted(wait.count, 'batch', 'batches')} of which all is read: scored and charged now"


def push(wait: Wait, now: datetime) -> str:
    if not wait.tries:
        return "the application: the numbers are on their way"
    failed = counted(wait.tries, "try has", "tries have")
    return f"the application: {failed} failed, the next is {when(wait.next, now)}. {reason(wait)}"


WORDS: Mapping[Cause, Callable[[Wait, datetime], str]] = {
    Cause.WORKER: worker,
    Cause.CREDITS: credit,
    Cause.STOPPED: stopped,
    Cause.TURN: turn,
    Cause.TURNS: turns,
    Cause.OPENING: opening,
    Cause.SILENT_WORKER: silent_worker,
    Cause.LEFT_ALONE: left_alone,
    Cause.LIMIT: limit,
    Cause.RATE_LIMIT: rate_limit,
    Cause.NEXT_TRY: next_try,
    Cause.JOBS: jobs,
    Cause.DOUBT: doubt,
    Cause.PLACE: place,
    Cause.JOB: job,
    Cause.CALL: call,
    Cause.WINDOW: window,
    Cause.END: end,
    Cause.PUSH: push,
}


def of(names: Mapping[Stage, tuple[str, str]], wait: Wait) -> str:
    return counted(wait.count, *names[wait.stage or Stage.ASK])


def runs(wait: Wait) -> str:
    return counted(wait.runs, "run")


def reason(wait: Wait) -> str:
    said = " ".join((wait.reason or "why is not known").split())
    return said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 3] + "..."


def lasting(wait: Wait, now: datetime, before: str = " for ") -> str:
    if wait.since is None:
        return ""
    oldest = ", the oldest" if before == " for " and wait.count > 1 else ""
    return f"{oldest}{before}{span(wait.since, now)}"


def when(moment_: datetime | None, now: datetime) -> str:
    return f"in {span(now, moment_)}" if moment_ is not None and moment_ > now else "now"


def clock(moment_: datetime | None, now: datetime) -> str:
    """The time, without the date if that is today."""
    if moment_ is None:
        return "-"
    return f"{moment_:%H:%M:%S} UTC" if moment_.date() == now.date() else f"{moment_:%Y-%m-%d %H:%M:%S} UTC"


def span(start: datetime, end_: datetime) -> str:
    seconds = max(0, round((end_ - start).total_seconds()))
    for size, name, smaller in ((86_400, "d", 3600), (3600, "h", 60), (60, "min", 1)):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {name}" + (f" {rest} {SMALLER[name]}" if rest else "")
    return f"{seconds} s"


SMALLER = {"d": "h", "h": "min", "min": "s"}
