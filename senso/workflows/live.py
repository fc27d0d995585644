"""Writes live events: how batches stand, as often as it is worth looking, and what breakers did.

No stage of the pipeline writes an event. A look compares the batches that may have changed with what was last told of
them, by the statement of `senso status`: so an event costs a batch nothing while nobody looks, and what a look misses
the next one finds. docs/decisions/0037.
"""

import json
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from senso.db import Connection, Engine, transaction
from senso.queries import live
from senso.queries.live import Last, Telling
from senso.reads import status
from senso.reads.status import BatchStatus
from senso.records import plain
from senso.states import EventKind

# Between two looks: while something happens, and while nothing does. No look takes more than SHARE of the time until
# the next one.
BUSY_SECONDS: Final = 0.5
IDLE_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 5.0
SHARE: Final = 0.05
BATCHES_AT_ONCE: Final = 200
# Running batches whose own rows stand still are looked at so often, the longest ago first, so many in a look.
STALE_SECONDS: Final = 2.0
STALE_AT_ONCE: Final = 50
# As `senso status BATCH --json` names them.
TOLD: Final = (
    *("id", "kind", "org_id", "network_id", "org", "network", "date", "episode", "state"),
    *("planned", "remaining", "asking", "answered", "evaluated", "failed", "failed_tries"),
    *("charged", "cost_microusd", "llm_calls", "queued_at", "started_at", "ended_at", "error", "note", "seen_at"),
)


def look(of: Engine | None = None) -> bool:
    """One look, if one is due and no other process is at it. Returns whether it took place."""
    with transaction(of) as db:
        turn = live.take(db)
        if turn is None:
            return False
        began = time.monotonic()
        found, is_full = due(db, is_whole=turn.is_whole)
        told = tell(db, found) + live.tell_breakers(db)
        if turn.is_whole and not is_full:
            live.prune(db)
            live.whole_done(db)
        live.next_after(db, 0 if is_full else pause(time.monotonic() - began, is_busy=bool(told or found)))
    return True


def due(db: Connection, *, is_whole: bool) -> tuple[list[UUID], bool]:
    """The batches to look at, and whether there may be more."""
    found = live.changed(db, BATCHES_AT_ONCE)
    of_all = live.changed_of_all(db, BATCHES_AT_ONCE) if is_whole else []
    still = live.stale(db, STALE_SECONDS, STALE_AT_ONCE)
    return list(dict.fromkeys([*found, *of_all, *still])), BATCHES_AT_ONCE in {len(found), len(of_all)}


def pause(spent: float, *, is_busy: bool) -> float:
    return max(BUSY_SECONDS if is_busy else IDLE_SECONDS, min(LONGEST_SECONDS, spent / SHARE))


def tell(db: Connection, batches: Sequence[UUID]) -> int:
    """Writes an event for each that stands otherwise than was last told; returns how many."""
    if not batches:
        return 0
    last = live.last(db, batches)
    stand = {one.id: one for one in status.batches(db, batches)}
    news = [one for id_, now in stand.items() if (one := telling(last[id_], now))]
    if news:
        live.tell(db, news)
    if same := stand.keys() - {one.batch for one in news}:
        live.looked(db, list(same))
    return len(news)


def telling(before: Last, now: BatchStatus) -> Telling | None:
    """None if nothing is new but the time."""
    data = document(now, before.partner_id)
    if before.data is not None and content(before.data) == content(data):
        return None
    is_same = (before.state, before.episode) == (now.state, now.episode)
    return Telling(now.id, EventKind.PROGRESS if is_same else EventKind.STATE, before.partner_id, data)


def document(now: BatchStatus, partner: UUID) -> dict[str, Any]:
    said = {name: getattr(now, name) for name in TOLD} | {"partner_id": partner}
    found: dict[str, Any] = json.loads(json.dumps(said, default=plain))
    return found


def content(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "seen_at"}
