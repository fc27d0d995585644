"""All that is known of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from senso.db import Connection
from senso.extraction import citations
from senso.queries import inspection
from senso.queries.inspection import Call, Job, Reading, RunAlone, Source
from senso.records import record


@dataclass(frozen=True, slots=True)
class JudgedSource(Source):
    """`whose`: by the id of each org that the answer was read for."""

    whose: dict[str, Literal["primary", "secondary"]]


@dataclass(frozen=True, slots=True)
class Story(RunAlone):
    calls: Sequence[Call]
    snapshot: Job | None
    evaluations: Sequence[Reading]
    citations: Sequence[JudgedSource]


def story(db: Connection, run: RunAlone) -> Story:
    readings = inspection.evaluations(db, run.id)
    return Story(
        **record(run),
        calls=inspection.calls(db, run.id),
        snapshot=inspection.snapshot(db, run.snapshot_id) if run.snapshot_id else None,
        evaluations=readings,
        citations=[judged(one, readings) for one in inspection.citations(db, run.id)],
    )


def judged(one: Source, readings: Sequence[Reading]) -> JudgedSource:
    page = citations.Citation(**record(one))
    whose = {str(read.org_id): citations.kind(page, read.websites) for read in readings}
    return JudgedSource(**record(one), whose=whose)
