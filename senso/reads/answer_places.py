"""Where in an answer something stands: the names of orgs with the verdicts on them, and the sources it refers to."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each


@dataclass(frozen=True, slots=True)
class NamedPlaces:
    """Of one org. `occurrences`: start, end, name, verdict, kept, each as in `senso.extraction.Occurrence`.

    `evidence`: the sentence that carries the sentiment.
    """

    org_id: UUID
    occurrences: list[dict[str, Any]]
    evidence: str | None


NAMED = text("""
    SELECT org_id, coalesce(occurrences, '[]') AS occurrences, sentiment_evidence AS evidence FROM evaluations
    WHERE run_id = :run AND is_current AND org_id = ANY(CAST(:orgs AS uuid[]))
""")
SPANS = text("SELECT spans FROM citations WHERE run_id = :run AND spans IS NOT NULL ORDER BY position")


def named(db: Connection, run: UUID, orgs: Collection[UUID]) -> dict[UUID, NamedPlaces]:
    found = each(NamedPlaces, db.execute(NAMED, {"run": str(run), "orgs": list(map(str, orgs))}))
    return {one.org_id: one for one in found}


def of_sources(db: Connection, run: UUID) -> list[tuple[int, int]]:
    """Spans of characters of the answer, first and last + 1."""
    return [(start, end) for spans in db.execute(SPANS, {"run": str(run)}).scalars() for start, end in spans]
