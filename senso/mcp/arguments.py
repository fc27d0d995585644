"""What tools take. An argument that a tool does not know is refused."""

import json
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from senso.api import chosen_batches
from senso.api.days import Day
from senso.api.models import Body, Line
from senso.api.paging import LONGEST_CURSOR
from senso.api.routes.numbers import MetricName
from senso.reads.findings import Chosen, Part
from senso.score import COUNTS
from senso.states import QuestionKind, Surface

MOST_ROWS, USUAL_ROWS = 100, 25


def unfolded(said: Any) -> Any:
    """Some clients send a list as JSON in a text, or one value alone."""
    if not isinstance(said, str):
        return said
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        found = said
    return found if isinstance(found, list) else [said]


Names = Annotated[
    list[MetricName] | None,
    BeforeValidator(unfolded),
    Field(max_length=len(COUNTS), description="only these numbers; null: all"),
]
Kind = Annotated[
    QuestionKind | None, Field(description="branded: questions that name the organisation; unbranded: that do not")
]
On = Annotated[Surface | None, Field(description="consumer: apps that people use; api: models asked by their API")]
Model = Annotated[Line | None, Field(description="of this model alone", examples=["chatgpt"])]
Place = Annotated[Line | None, Field(description="of this location alone", examples=["US", "US/Ohio"])]
Tag = Annotated[Line | None, Field(description="of questions with this tag alone")]
Since = Annotated[Day | None, Field(description="first date of batches, UTC", examples=["2026-11-01"])]
Until = Annotated[Day | None, Field(description="last date of batches, UTC, included", examples=["2026-11-30"])]
OrgId = Annotated[UUID, Field(description="of list_orgs")]
BatchId = Annotated[UUID, Field(description="of list_batches")]
OneBatch = Annotated[UUID | None, Field(description="of this batch; null, and no dates either: the newest")]
Network = Annotated[UUID | None, Field(description="what the answers of this network say; null: the org's own")]
Partner = Annotated[UUID | None, Field(description="of list_partners; null: all that the token may see")]


class Arguments(Body):
    pass


class Paged(Arguments):
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description="rows at most")] = USUAL_ROWS
    cursor: Annotated[
        str | None,
        Field(max_length=LONGEST_CURSOR, description="`next` of the result before; null: from the beginning"),
    ] = None


class OfOrg(Paged):
    org_id: OrgId


class OfBatches(OfOrg):
    batch_id: OneBatch = None
    since: Since = None
    until: Until = None
    network_id: Network = None

    @property
    def chosen(self) -> Chosen:
        """Raises Problem."""
        return chosen_batches.chosen(self.batch_id, None, self.since, self.until, self.network_id)


class OfPart(OfBatches):
    kind: Kind = None
    surface: On = None
    model: Model = None
    location: Place = None

    @property
    def part(self) -> Part:
        return Part(self.kind, self.surface, self.model, self.location)
