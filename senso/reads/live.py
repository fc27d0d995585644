"""Live events as rows, from which streams are replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from senso.db.statement import Prepared
from senso.db.typed import typed
from senso.queries.live import OWNER
from senso.states import OPEN_BATCHES, EventKind, among


@dataclass(frozen=True, slots=True)
class Event:
    """`data`: JSON, as listeners get it. `partner_id`: who may see it; None: only tokens of all partners.

    `is_end`: after this event the batch has ended.
    """

    id: int
    batch_id: UUID | None
    partner_id: UUID | None
    kind: EventKind
    data: str
    is_end: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events: of a batch, of a partner, or all."""

    batch: UUID | None = None
    partner: UUID | None = None


COLUMNS = f"""id, batch_id, partner_id, kind, data::text AS data,
    coalesce(NOT ({among("data->>'state'", OPEN_BATCHES)}), false) AS is_end"""
AFTER = "FROM events WHERE id > :after AND id <= :upto"
ALL = Prepared(f"SELECT {COLUMNS} {AFTER} ORDER BY id LIMIT :most")
OF_BATCH = Prepared(f"SELECT {COLUMNS} {AFTER} AND batch_id = :batch ORDER BY id LIMIT :most")
OF_PARTNER = Prepared(f"SELECT {COLUMNS} {AFTER} AND partner_id = :partner ORDER BY id LIMIT :most")
LATEST = Prepared(f"SELECT {COLUMNS} FROM events WHERE batch_id = :batch ORDER BY id DESC LIMIT 1")
BOUNDS = Prepared("""
    SELECT coalesce((SELECT min(id) FROM events), 0) AS oldest, coalesce((SELECT max(id) FROM events), 0) AS newest
""")
HIGHEST = 2**63 - 1


def between(db: Connection, scope: Scope, after: int, upto: int = HIGHEST, *, most: int) -> list[Event]:
    """In the order of their ids, from behind `after` up to `upto`."""
    values: dict[str, Any] = {"after": after, "upto": upto, "most": most}
    if scope.batch is not None:
        return events(OF_BATCH.rows(db, values | {"batch": scope.batch}))
    if scope.partner is not None:
        return events(OF_PARTNER.rows(db, values | {"partner": scope.partner}))
    return events(ALL.rows(db, values))


def latest(db: Connection, batch: UUID) -> Event | None:
    """None if there is none any more, or none yet."""
    return next(iter(events(LATEST.rows(db, {"batch": batch}))), None)


def bounds(db: Connection) -> tuple[int, int]:
    """The oldest and the newest id; both 0 if there is no event."""
    (found,) = BOUNDS.rows(db, {})
    return found["oldest"], found["newest"]


def events(found: Sequence[dict[str, Any]]) -> list[Event]:
    return [typed(Event, one) for one in found]


OWNED = Prepared(f"SELECT {OWNER} AS partner_id FROM batches b WHERE b.id = :batch")


def owner(db: Connection, batch: UUID) -> UUID | None:
    """The partner whose batch it is; None if there is no such batch."""
    return next(iter(OWNED.column(db, {"batch": batch})), None)
