"""How values become JSON."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from senso.records import TOLD_IF_SET, UNTOLD, plain, record
from senso.states import BatchState


@dataclass(frozen=True, slots=True)
class Part:
    place: int = field(metadata=UNTOLD)
    on: date


@dataclass(frozen=True, slots=True)
class Whole:
    id: UUID
    state: BatchState
    at: datetime | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class More(Whole):
    names: dict[str, str]
    found: tuple[str, ...] | None = field(default=None, metadata=TOLD_IF_SET)


WHOLE = Whole(UUID(int=7), BatchState.QUEUED, datetime(2026, 11, 28, 9, tzinfo=UTC), (Part(1, date(2026, 11, 28)),))


def test_a_value_is_written_by_its_fields_in_their_order_and_what_it_holds_with_it():
    assert json.dumps(WHOLE, default=plain) == (
        '{"id": "00000000-0000-0000-0000-000000000007", "state": "queued", "at": "2026-11-28T09:00:00+00:00", '
        '"parts": [{"on": "2026-11-28"}]}'
    )


def test_fields_of_another_come_after_its_own():
    more = More(**record(WHOLE), names={"a": "b"})

    assert list(record(more)) == ["id", "state", "at", "parts", "names"]
    assert more.parts is WHOLE.parts


def test_what_nobody_looked_for_is_left_out_and_what_was_not_found_is_told():
    assert "found" not in record(More(**record(WHOLE), names={}))
    assert record(More(**record(WHOLE), names={}, found=()))["found"] == ()
