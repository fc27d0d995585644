"""The stored numbers of batches, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.reads.periods import Dated
from senso.score import Metric
from senso.states import BatchKind

OF_METRIC = [one.name for one in fields(Metric)]
PARTS = ("kind", "surface", "model", "location", "tag")
# Numbers of one batch are next to each other in their index; each batch adds at most one page to be sorted.
PAGE = text(f"""
    SELECT b.id AS batch_id, m.* FROM unnest(CAST(:batches AS uuid[])) WITH ORDINALITY AS b (id, at)
    CROSS JOIN LATERAL (
        SELECT m.id, {", ".join(f"m.{name}" for name in OF_METRIC)} FROM metrics m
        WHERE m.batch_id = b.id AND (b.at > 1 OR m.id > :after)
            AND (CAST(:names AS text[]) IS NULL OR m.name = ANY(CAST(:names AS text[])))
            {" ".join(f"AND (CAST(:{part} AS text) IS NULL OR m.{part} = :{part})" for part in PARTS)}
            AND (NOT :whole OR (m.model IS NULL AND m.location IS NULL AND m.tag IS NULL))
        ORDER BY m.id LIMIT :most
    ) m
    ORDER BY b.at, m.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Filter:
    """`parts`: by the names of a slice, what they must be. `whole`: only of all models, locations and tags."""

    names: Sequence[str] | None = None
    parts: dict[str, str | None] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number of a batch. `id`: its place in the order of the numbers of its batch."""

    id: int
    batch_id: UUID
    date: date
    batch_kind: BatchKind
    network_id: UUID | None
    metric: Metric


def page(db: Connection, batches: Sequence[Dated], which: Filter, *, after: int, most: int) -> list[Numbered]:
    """`batches`: in the order of the page. `after`: only numbers of the first batch with a higher id."""
    by_id = {one.id: one for one in batches}
    values = {"batches": [str(one.id) for one in batches], "after": after, "most": most, "whole": which.whole}
    values |= {"names": None if which.names is None else list(which.names)}
    found = rows(db.execute(PAGE, values | {part: which.parts.get(part) for part in PARTS}))
    return [numbered(by_id[one.pop("batch_id")], one) for one in found]


def numbered(batch: Dated, row: dict[str, Any]) -> Numbered:
    return Numbered(row.pop("id"), batch.id, batch.date, batch.kind, batch.network_id, Metric(**row))
