"""Organisations: in a list, and as an import file describes them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from senso.api.models import Shown
from senso.reads.names import Origin
from senso.states import BatchState, ProposalState, QuestionKind


class OrgListed(Shown):
    """`runs`: those of one batch. `batch_*`: of its last one. `weekday`: on which the schedule asks it, in UTC."""

    id: UUID
    name: str
    active: bool
    partner_id: UUID
    partner: str
    created_at: datetime
    questions: int
    models: int
    locations: int
    samples: int
    runs: int
    batch_id: UUID | None
    batch_date: date | None
    batch_state: BatchState | None
    weekday: str | None


class QuestionShown(Shown):
    id: UUID
    text: str
    kind: QuestionKind
    tags: list[str]


class LocationShown(Shown):
    country: str
    region: str | None
    city: str | None


class CompetitorShown(Shown):
    name: str
    aliases: list[str] = Field(default_factory=list)
    websites: list[str] = Field(default_factory=list)


class SamplesShown(Shown):
    """Each question is asked `from` times, and up to `to` times where that may decide a change."""

    least: Annotated[int, Field(alias="from")]
    most: Annotated[int, Field(alias="to")]


class OrgShown(Shown):
    """All that an import file says of it. Models are in the order of their slugs, locations of their countries."""

    id: UUID
    partner_id: UUID
    partner: Annotated[str, Field(description="its name")]
    imported_at: datetime
    name: str
    websites: list[str]
    created_at: Annotated[datetime, Field(description="decides the weekday on which the schedule asks it")]
    active: bool
    competitors: list[str | CompetitorShown]
    aliases: list[str]
    not_names: list[str]
    facts: list[str]
    samples: int | SamplesShown
    questions: list[QuestionShown]
    models: list[str]
    locations: list[LocationShown]


class OrgQuestions(Shown):
    org_id: UUID
    questions: list[QuestionShown]


class RowCount(Shown):
    inserted: int
    updated: int
    removed: int
    unchanged: int


class ImportChanges(Shown):
    """What an import changed in each table. `ledger`: grants. `notes`: what was asked for and was not done."""

    models: RowCount
    locations: RowCount
    partners: RowCount
    questions: RowCount
    orgs: RowCount
    org_websites: RowCount
    org_aliases: RowCount
    org_not_names: RowCount
    org_facts: RowCount
    org_questions: RowCount
    org_models: RowCount
    org_locations: RowCount
    networks: RowCount
    network_orgs: RowCount
    network_questions: RowCount
    network_models: RowCount
    network_locations: RowCount
    ledger: RowCount
    notes: list[str]


class OrgWritten(Shown):
    org: OrgShown
    changes: ImportChanges


class Created(Shown):
    id: UUID
    name: str


class Joined(Shown):
    """An organisation that is new in a network that was there."""

    network_id: UUID
    org_id: UUID


class Imported(ImportChanges):
    """As `senso import --json`. `dry_run`: nothing was written."""

    dry_run: bool
    new_partners: list[Created]
    new_orgs: list[Created]
    new_networks: list[Created]
    joined: list[Joined]


class Name(Shown):
    """`needs_yes`: why an occurrence counts only if a model confirms it; null: it counts by itself."""

    name: str
    origin: Origin
    needs_yes: str | None


class Proposal(Shown):
    """`reason`: why it does not count by itself. `decided_by`: null where a rule decided, or nobody has."""

    id: int
    name: str
    key: str
    state: ProposalState
    reason: str
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class OrgNames(Shown):
    """As `senso names --json`. `asked`: a model was. `is_fallback`: its last call failed. Proposals: waiting first."""

    org_id: UUID
    name: str
    asked: bool
    is_fallback: bool
    expires_at: datetime | None
    names: list[Name]
    not_names: list[str]
    proposals: list[Proposal]


class Decision(Shown):
    """`changed`: false if it was so already."""

    name: str
    state: ProposalState
    changed: bool


class Schedule(Shown):
    """`hour`: UTC; null: no beat has run, or its timetable asks nobody. `stopped_by`: why `next` is empty."""

    org_id: UUID
    weekday: str
    hour: int | None
    time_zone: str
    stopped_by: str | None
    next: list[datetime]
    last_due_date: date | None
    last_batch_id: UUID | None
