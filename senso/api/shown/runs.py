"""Runs, as `senso runs --json` and `senso show --json` have them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType

from senso.api.models import JsonObject, Shown
from senso.states import (
    BatchKind,
    BatchState,
    Category,
    ClaimKind,
    EvaluationState,
    Honoured,
    JobState,
    Outcome,
    Polarity,
    Purpose,
    QuestionKind,
    RunState,
    Searched,
    Sentiment,
    Surface,
    Verdict,
    Visibility,
)


class Run(Shown):
    """`location`: country/region/city, as far as given. `sample`: from 0; a question may be asked several times.

    `fence`: rises with each claim. `failures`: at most 5.
    """

    id: UUID
    number: int
    batch_id: UUID
    question: str
    question_kind: QuestionKind
    model: str
    provider: str
    surface: Surface
    location: str
    sample: int
    state: RunState
    error: str | None
    failures: int
    fence: int


class ListedRun(Run):
    """`evaluation`: the state of its reading. `tries`: calls that were made for it, for any purpose."""

    evaluation: EvaluationState | None
    reason: str | None
    next_at: datetime | None
    tries: int
    cost_microusd: int
    calls_of_unknown_cost: int


class Call(Shown):
    """A paid call. Without an outcome it is `under_way` while its claim holds, afterwards it may have been billed."""

    id: int
    purpose: Purpose
    provider: str
    model: str
    prompt_version: str | None
    fence: int
    started_at: datetime
    outcome: Outcome | None
    error: str | None
    job_id: UUID | None
    org_id: UUID | None
    latency_ms: int | None
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    cost_microusd: int | None
    shared_id: int | None
    under_way: bool


class Job(Shown):
    """A vendor's job that covers `runs` runs. `external_id`: the vendor's id."""

    id: UUID
    provider: str
    external_id: str | None
    state: JobState
    fence: int
    failures: int
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    next_poll_at: datetime | None
    maybe_sent_at: datetime | None
    cancel_due_at: datetime | None
    cancelled_at: datetime | None
    deadline: datetime
    error: str | None
    runs: int


class RunClaim(Shown):
    """A statement of the answer about the org. `verdict` null: the org has no facts on file."""

    text: str
    sentence: str | None
    kind: ClaimKind | None
    polarity: Polarity | None
    verdict: Verdict | None
    fact: str | None
    url: str | None


class Evaluation(Shown):
    """The answer read for an org. `marks`: what was dropped or corrected, and why. `charged`: credits."""

    id: UUID
    org_id: UUID
    org: str
    version: int
    state: EvaluationState
    mentioned: bool | None
    mention_text: str | None
    sentiment: Sentiment | None
    rank: int | None
    share_of_text: float | None
    share_of_entries: float | None
    marks: list[JsonObject]
    extractor: str | None
    prompt_version: str | None
    model_version: str | None
    error: str | None
    failures: int
    fence: int
    lease_owner: str | None
    lease_until: datetime | None
    next_at: datetime | None
    ended_at: datetime | None
    competitors: list[str]
    claims: list[RunClaim]
    websites: list[str]
    websites_of_competitors: list[str]
    charged: int | None


WhosePage = TypeAliasType("WhosePage", Literal["primary", "secondary"])


class RunCitation(Shown):
    """A page that the answer cites, or that was only listed with it. `whose`, `categories`: by the id of each org."""

    url: str
    canonical_url: str
    host: str
    registrable_domain: str
    title: str | None
    position: int
    cited: bool
    category: Category | None
    whose: dict[str, WhosePage]
    categories: dict[str, Category]


class RunStory(Run):
    """A run, its answer, its calls in their order, what was read from the answer, and the pages it cites.

    `reply`: what the vendor said about the answer. `visibility`: for the id of each org whose reading is done.
    """

    batch_kind: BatchKind
    batch_date: date
    batch_state: BatchState
    episode: int
    org: str | None
    org_id: UUID | None
    network: str | None
    network_id: UUID | None
    answer_text: str | None
    answered_at: datetime | None
    model_version: str | None
    reported_country: str | None
    searched: Searched | None
    queries: list[str] | None
    location_honoured: Honoured | None
    other_model: str | None
    vendor_id: str | None
    reply: JsonObject | None
    sent_at: datetime | None
    next_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    snapshot_id: UUID | None
    is_latest: bool
    cost_microusd: int
    calls_of_unknown_cost: int
    calls: list[Call]
    snapshot: Job | None
    evaluations: list[Evaluation]
    citations: list[RunCitation]
    visibility: dict[str, Visibility]
