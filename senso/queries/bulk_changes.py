"""A cancel or a retry of many batches, as rows of the audit.

One row says which filters were asked for, a second one that all of it is done; the row of each changed batch names the
change. So a command that was killed is continued by the next one with the same filters, and no batch is changed twice
by it, even if the batch has failed again meanwhile.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import first
from senso.states import Action

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('bulk change:' || :action || :filters, 0))")
ENDED = """EXISTS (SELECT FROM audit e WHERE e.batch_id IS NULL AND e.action = a.action
            AND e.details->>'bulk' = a.details->>'bulk' AND e.details->'ended' IS NOT NULL)"""
UNFINISHED = text(f"""
    SELECT CAST(a.details->>'bulk' AS uuid) AS id, a.id AS row, a.at AS started_at, a.actor,
        CAST(a.details->>'since' AS timestamptz) AS since
    FROM audit a
    WHERE a.batch_id IS NULL AND a.action = :action AND a.details->'filters' = CAST(:filters AS jsonb)
        AND a.at > now() - make_interval(secs => :seconds) AND NOT {ENDED}
    ORDER BY a.id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A change that was begun and not ended: its command was interrupted, or is still at work.

    `row`: of the audit, that says so.
    """

    id: UUID
    row: int
    started_at: datetime
    actor: str
    since: datetime | None


def unfinished(db: Connection, action: Action, filters: Mapping[str, Any], seconds: float) -> Unfinished | None:
    """The latest one with the same filters, begun at most `seconds` ago.

    Locks the filters until the transaction ends: of several commands only one begins the change.
    """
    said = json.dumps(filters, sort_keys=True)
    db.execute(LOCK, {"action": action, "filters": said})
    return first(Unfinished, db.execute(UNFINISHED, {"action": action, "filters": said, "seconds": seconds}))


IS_DONE = text("""
    SELECT EXISTS (SELECT FROM audit WHERE batch_id = :batch AND action = :action AND details->>'bulk' = :bulk)
""")
IS_ENDED = text("""
    SELECT EXISTS (SELECT FROM audit WHERE batch_id IS NULL AND action = :action AND details->>'bulk' = :bulk
        AND details->'ended' IS NOT NULL)
""")
DONE = text("""
    SELECT DISTINCT batch_id FROM audit
    WHERE id > :row AND action = :action AND details->>'bulk' = :bulk AND batch_id IS NOT NULL
""")


def is_done(db: Connection, action: Action, bulk: UUID, batch: UUID) -> bool:
    """Whether the change has been made to the batch. Under the batch's lock this is final."""
    return bool(db.execute(IS_DONE, {"action": action, "bulk": str(bulk), "batch": batch}).scalar_one())


def is_ended(db: Connection, action: Action, bulk: UUID) -> bool:
    return bool(db.execute(IS_ENDED, {"action": action, "bulk": str(bulk)}).scalar_one())


def done(db: Connection, action: Action, change: Unfinished) -> set[UUID]:
    """The batches that have been changed."""
    return set(db.execute(DONE, {"action": action, "bulk": str(change.id), "row": change.row}).scalars())
