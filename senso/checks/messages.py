"""Checks promises I7 and I8 against Redis: queues, unacknowledged messages, and rows whose message is in neither.

Redis is read first, at one moment, and the rows after it: a message that was in a queue then and has been processed
since has changed its row, so only a message that is in neither place counts as lost. On its way from a queue to
`unacked`, a message is briefly only in a worker's memory, so each finding is checked a second time before it is
reported. A check reads at most `MOST` messages of a queue, however long it is.
"""

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis.exceptions import RedisError

from senso.db import transaction
from senso.policy import POLICY
from senso.queries.invariants import sent
from senso.queries.invariants.base import Promise
from senso.queries.invariants.sent import LiveWorker, Sent
from senso.redis_access import address, client, trouble

MOST: Final = 300
UNACKED, INDEX = "unacked", "unacked_index"
# A snapshot of Redis: the length and the oldest messages of each queue, and the oldest unacknowledged messages.
LOOK: Final = """
    local most, found = tonumber(ARGV[1]), {}
    for place = 3, #KEYS do
        found[#found + 1] = {redis.call('llen', KEYS[place]), redis.call('lrange', KEYS[place], -most, -1)}
    end
    local index = redis.call('zrange', KEYS[2], 0, most - 1, 'withscores')
    local held, unindexed = {}, 0
    for place = 1, #index, 2 do held[#held + 1] = redis.call('hget', KEYS[1], index[place]) or '' end
    local count = redis.call('hlen', KEYS[1])
    if count <= most then
        for _, tag in ipairs(redis.call('hkeys', KEYS[1])) do
            if not redis.call('zscore', KEYS[2], tag) then unindexed = unindexed + 1 end
        end
    end
    found[#found + 1] = {count, index, held, unindexed}
    return found
"""
# Longer than the sweep needs: if queues are long, it takes a message for lost after 5 minutes, and it runs each minute.
LOST_SECONDS: Final = 420
IDLE_SECONDS: Final = 90
LYING_SECONDS: Final = 300
# Kombu redelivers ten messages at a time, every ten seconds.
GIVING_BACK_SECONDS: Final = 300
AGAIN_SECONDS: Final = 2
# Queues that only provider calls empty: the rows show whether they move.
OF_CALLS: Final = ("matrix", "ask", "extract")
OF_MOMENTS: Final = ("control", "score")

TAKES: Final = "senso doctor says which workers live and what they do; restart the one that takes nothing"
LOST = Promise(
    "I7",
    "what was sent stands in a queue, is in somebody's hands, or has begun",
    "a message was lost and the sweep did not send it again: the row waits for nothing",
    "senso doctor says whether beat and the control worker live; they send it again within a minute",
)
UNACKNOWLEDGED = Promise(
    "I7",
    "what a worker has taken is done or given back",
    "work is in the hands of a process that died, and nobody gives it to another",
    "restart a worker: each gives back what lies there for longer than 15 minutes; its row is sent again meanwhile",
)
STALLED = Promise(
    "I8", "a message does not lie in its queue beside who could take it", "work waits although it could be done", TAKES
)
CHECKS: Final = (LOST, UNACKNOWLEDGED, STALLED)
Found = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Message:
    """`sent`: seconds since 1970, None if the sender did not record it; `ids`: of the rows that it is for."""

    task: str
    ids: frozenset[str]
    sent: float | None


@dataclass(frozen=True, slots=True)
class Queue:
    """`oldest`: up to `MOST` of its messages, the next ones to be taken."""

    name: str
    length: int
    oldest: tuple[Message, ...]

    @property
    def since(self) -> float | None:
        """When the oldest was sent; None if the queue is empty or the time of a message is not known."""
        said = [message.sent for message in self.oldest]
        return None if None in said or not said else min(one for one in said if one is not None)


@dataclass(frozen=True, slots=True)
class RedisSnapshot:
    """A snapshot of Redis. `held`: unacknowledged messages, the oldest first, each with the time when it was taken."""

    now: float
    queues: Mapping[str, Queue]
    held: tuple[tuple[float, Message], ...]
    held_count: int
    unindexed: int


def broken(queues: Sequence[str], visible_seconds: float) -> Found:
    """Returns violations by promise. Raises ConfigError and Unreachable.

    `visible_seconds`: the visibility timeout, after which an unacknowledged message is redelivered.
    """
    first = look(queues, visible_seconds)
    if not first:
        return {}
    time.sleep(AGAIN_SECONDS)
    again = {(name, key(row)) for name, found in look(queues, visible_seconds).items() for row in found}
    both = {name: [row for row in found if (name, key(row)) in again] for name, found in first.items()}
    return {name: found for name, found in both.items() if found}


def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["what"], row.get("id"), row.get("queue")


def look(queues: Sequence[str], visible_seconds: float) -> Found:
    snapshot = read_snapshot(queues)
    with transaction() as db:
        workers, waiting = sent.live_workers(db, POLICY), sent.overdue(db, LOST_SECONDS, POLICY)
        since_a_call = sent.seconds_since_a_call(db)
    found = {
        LOST.name: list(lost(snapshot, waiting)),
        UNACKNOWLEDGED.name: list(unacknowledged_too_long(snapshot, workers, visible_seconds)),
        STALLED.name: list(stalled_queues(snapshot, workers, since_a_call)),
    }
    return {name: rows for name, rows in found.items() if rows}


def read_snapshot(queues: Sequence[str]) -> RedisSnapshot:
    at = address()
    try:
        with client(at) as redis:
            *of_queues, in_hand = redis.register_script(LOOK)((UNACKED, INDEX, *queues), [MOST])
    except RedisError as error:
        raise trouble(error, at).error from None
    count, index, bodies, unindexed = in_hand
    return RedisSnapshot(
        time.time(),
        {name: Queue(name, one[0], tuple(map(read, one[1]))) for name, one in zip(queues, of_queues, strict=True)},
        tuple((float(taken), read_held(body)) for taken, body in zip(index[1::2], bodies, strict=True) if body),
        count,
        unindexed,
    )


def read_held(body: bytes) -> Message:
    message, *_ = json.loads(body)
    return read(message)


def read(raw: Any) -> Message:
    """Accepts any content: a message that is not ours has no ids."""
    try:
        message = raw if isinstance(raw, dict) else json.loads(raw)
        arguments = json.loads(base64.b64decode(message["body"]))[0]
        moment = message["properties"].get("timestamp")
        return Message(str(message["headers"]["task"]), frozenset(map(str, arguments)), moment and float(moment))
    except (ValueError, KeyError, TypeError, IndexError):
        return Message("unknown", frozenset(), None)


def lost(snapshot: RedisSnapshot, waiting: Sequence[Sent]) -> Iterator[dict[str, Any]]:
    """Skips rows whose message may be in the part of a queue that was not read."""
    present = {id_ for queue in snapshot.queues.values() for message in queue.oldest for id_ in message.ids}
    present |= {id_ for _, message in snapshot.held for id_ in message.ids}
    if snapshot.held_count > len(snapshot.held):
        return
    for row in waiting:
        if str(row.subject) not in present and not any(
            may_have(queue, row.sent_at) for queue in snapshot.queues.values()
        ):
            yield {"what": row.what, "id": row.id, "sent_at": row.sent_at}


def may_have(queue: Queue, sent_at: datetime) -> bool:
    """Whether a message sent at that time may be among the unread ones, which are newer than those that were read."""
    if queue.length <= len(queue.oldest):
        return False
    return queue.since is None or sent_at.timestamp() > queue.since - IDLE_SECONDS


def unacknowledged_too_long(
    snapshot: RedisSnapshot, workers: Sequence[LiveWorker], visible_seconds: float
) -> Iterator[dict[str, Any]]:
    if any(one.uptime_seconds > GIVING_BACK_SECONDS for one in workers):
        for taken, message in snapshot.held:
            if snapshot.now - taken > visible_seconds + GIVING_BACK_SECONDS:
                yield {"what": message.task, "id": ", ".join(sorted(message.ids)), "taken_at": moment_of(taken)}
    if snapshot.unindexed:
        yield {"what": "messages that no worker ever gives back", "count": snapshot.unindexed}


def stalled_queues(
    snapshot: RedisSnapshot, workers: Sequence[LiveWorker], since_a_call: float | None
) -> Iterator[dict[str, Any]]:
    for queue in snapshot.queues.values():
        if queue.length and queue.since is not None:
            why = stall_reason(queue, snapshot.now - queue.since, workers, since_a_call)
            if why:
                yield {"what": why, "queue": queue.name, "messages": queue.length, "since": moment_of(queue.since)}


def stall_reason(queue: Queue, seconds: float, workers: Sequence[LiveWorker], since_a_call: float | None) -> str:
    mine = [one for one in workers if queue.name in one.queues]
    lived = max((one.uptime_seconds for one in mine or workers), default=0)
    if mine and seconds > IDLE_SECONDS and any((one.idle_seconds or 0) > IDLE_SECONDS for one in mine):
        return "a worker is idle beside it"
    if min(seconds, lived) < LYING_SECONDS:
        return ""
    if not mine:
        return "no worker takes from it, and others live"
    stands_still = queue.name in OF_CALLS and (since_a_call is None or since_a_call > LYING_SECONDS)
    return "it does not move" if stands_still or queue.name in OF_MOMENTS else ""


def moment_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
