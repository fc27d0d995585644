"""Whether workers and beat make progress: a process can be alive and still do nothing."""

import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from senso import redis_access
from senso.checks import Finding
from senso.db import transaction
from senso.errors import ConfigError, SensoError
from senso.policy import POLICY
from senso.queries import progress
from senso.queries.progress import Beat, Worker

# The queues that each kind of worker listens to, by the name of the kind.
Kinds = Mapping[str, Sequence[str]]
IDLE_SECONDS: Final = 60
SILENT_SECONDS: Final = 30
LONG_SECONDS: Final = 600
START: Final = "start them: senso up, or the services of compose.yaml"


def findings(kinds: Kinds, *, are_heard: bool = True) -> list[Finding]:
    """No live worker is no fault: `doctor` also runs before `up`. `are_heard`: Postgres stores their heartbeats."""
    try:
        with transaction() as db:
            alive, beats = progress.alive(db, POLICY), progress.beats(db)
            silent = progress.silent_seconds(db)
    except SensoError:
        return [Finding(name, "note", "not known, as Postgres does not tell") for name in ("Workers", "Beat")]
    if not are_heard:
        return unheard(silent, beats)
    waiting = {}
    with suppress(SensoError):  # the checks of Redis report its state
        waiting = queue_lengths(alive)
    return [workers(alive, waiting, kinds), beat(beats)]


def unheard(silent: float | None, beats: Sequence[Beat]) -> list[Finding]:
    """The processes may be well, but Postgres does not store their heartbeats."""
    since = (("Workers", silent), ("Beat", beats[0].silent_seconds if beats else None))
    why = "Postgres refuses what they write, see above"
    return [
        Finding(
            name,
            "note",
            "not known; none has ever been heard of" if ago is None else f"not heard of for {duration(ago)}",
            why,
        )
        for name, ago in since
    ]


def workers(alive: Sequence[Worker], waiting: dict[str, int], kinds: Kinds) -> Finding:
    stuck = [one for one in alive if is_stuck(one, waiting)]
    missing = [kind for kind, queues in kinds.items() if not any(listens(one, queues) for one in alive)]
    if not alive:
        return Finding("Workers", "warning", "none is alive", "what is triggered waits", START)
    if stuck:
        return Finding(
            "Workers", "warning", said_of(stuck[0], waiting), "it takes no work", "restart it; its log says more"
        )
    if missing:
        why = "what is sent to its queues waits"
        return Finding("Workers", "warning", f"{len(alive)} alive, none of kind {', '.join(missing)}", why, START)
    return Finding("Workers", "ok", f"{len(alive)} alive")


def beat(beats: Sequence[Beat]) -> Finding:
    if beats and beats[0].silent_seconds <= SILENT_SECONDS:
        return Finding("Beat", "ok", f"ticked {beats[0].silent_seconds:.0f} s ago")
    said = f"silent for {duration(beats[0].silent_seconds)}" if beats else "none has ever ticked"
    return Finding("Beat", "warning", said, "nothing is due any more: no start, no look, no repair", START)


def of_worker(kind: str, queues: Sequence[str]) -> Finding:
    """On this machine or container: a fault if none of the kind is alive, or one takes no messages from its queues."""
    try:
        with transaction() as db:
            mine = [one for one in progress.alive(db, POLICY) if listens(one, queues) and is_here(one.id)]
        return at_work(kind, mine, queue_lengths(mine))
    except SensoError as error:
        return unknown(kind, error)


def of_beat() -> Finding:
    """On this machine or container: a fault if beat sends no ticks."""
    try:
        with transaction() as db:
            found = beat([one for one in progress.beats(db) if is_here(one.id)])
    except SensoError as error:
        return unknown("beat", error)
    return replace(found, name="beat", state="ok" if found.state == "ok" else "fault")


def unknown(name: str, error: SensoError) -> Finding:
    return Finding(name, "fault", f"not known: {error}", reachable=isinstance(error, ConfigError))


def at_work(kind: str, mine: Sequence[Worker], waiting: dict[str, int]) -> Finding:
    if not mine:
        return Finding(kind, "fault", f"none is alive on {socket.gethostname()}", "what is sent to it waits", START)
    for one in mine:
        if is_stuck(one, waiting):
            return Finding(kind, "fault", said_of(one, waiting), "it takes no work", "restart it; its log says more")
    return Finding(kind, "ok", f"{len(mine)} alive and making progress")


def listens(one: Worker, queues: Sequence[str]) -> bool:
    return any(queue in one.queues for queue in queues)


def is_here(owner: str) -> bool:
    return owner.rpartition(":")[0].rpartition(":")[0] == socket.gethostname()


def is_stuck(one: Worker, waiting: dict[str, int]) -> bool:
    return (one.idle_seconds or 0) > IDLE_SECONDS and any(waiting.get(queue) for queue in one.queues)


def said_of(one: Worker, waiting: dict[str, int]) -> str:
    beside = sum(waiting.get(queue, 0) for queue in one.queues)
    return f"{one.id} has been idle for {duration(one.idle_seconds or 0)} beside {beside} messages"


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < LONG_SECONDS else f"{seconds / 60:.0f} minutes"


def queue_lengths(alive: Iterable[Worker]) -> dict[str, int]:
    """Raises ConfigError and Unreachable."""
    return redis_access.waiting(sorted({queue for one in alive for queue in one.queues}))
