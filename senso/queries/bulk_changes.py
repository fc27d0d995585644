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


BEGUN_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('bulk change ' || :bulk, 0))")
BEGUN = text("""
    SELECT CAST(details->>'bulk' AS uuid) AS id, action, actor, at, details->'filters' AS filters
    FROM audit WHERE details->>'bulk' = :bulk AND batch_id IS NULL AND details->'filters' IS NOT NULL
    ORDER BY id LIMIT 1
""")
# Changed by it, or looked at and left as they are.
DEALT_WITH = text("""
    SELECT batch_id FROM audit WHERE details->>'bulk' = :bulk AND batch_id IS NOT NULL
    UNION
    SELECT CAST(one->>'batch' AS uuid) FROM audit, jsonb_array_elements(details->'left') AS one
    WHERE details->>'bulk' = :bulk AND details->'left' IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Begun:
    """A change of many batches. `filters`: as they were said when it began."""

    id: UUID
    action: Action
    actor: str
    at: datetime
    filters: dict[str, Any]


def lock_begin(db: Connection, bulk: UUID) -> None:
    """Until the transaction ends: of several requests with this id only one begins the change."""
    db.execute(BEGUN_LOCK, {"bulk": str(bulk)})


def begun(db: Connection, bulk: UUID) -> Begun | None:
    return first(Begun, db.execute(BEGUN, {"bulk": str(bulk)}))


def dealt_with(db: Connection, bulk: UUID) -> set[UUID]:
    return set(db.execute(DEALT_WITH, {"bulk": str(bulk)}).scalars())


def done(db: Connection, action: Action, change: Unfinished) -> set[UUID]:
    """The batches that have been changed."""
    return set(db.execute(DONE, {"action": action, "bulk": str(change.id), "row": change.row}).scalars())
