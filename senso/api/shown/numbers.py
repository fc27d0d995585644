"""Numbers, what has changed, what stands behind them, who else is named, what is cited and what is claimed."""

import datetime as dt
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field, WithJsonSchema

from senso.api.models import Page, Shown
from senso.explanation import Standing
from senso.numbers.verdicts import Verdict as ChangeVerdict
from senso.states import (
    BatchKind,
    BatchState,
    Category,
    ClaimKind,
    EvaluationState,
    Polarity,
    QuestionKind,
    Sentiment,
    Surface,
    Verdict,
)

T = TypeVar("T")


class Slice(Shown):
    """Null: all models, all locations, all questions."""

    kind: QuestionKind
    surface: Surface
    model: str | None
    location: str | None
    tag: str | None


class Metric(Shown):
    """Null `value`: there was nothing to divide by."""

    name: str
    slice: Slice
    value: float | None
    numerator: int
    denominator: int
    low: Annotated[float | None, Field(description="of the 95 % interval of what `about` says")]
    high: float | None
    method: Annotated[str, Field(description="how `low` and `high` were computed")]
    rule_version: str
    about: Annotated[str | None, Field(description="like: questions like these; null: numbers by an older rule")]
    answers: Annotated[int | None, Field(description="n: answers of the slice")]
    questions: Annotated[int | None, Field(description="questions that the denominator comes from")]
    effective_n: Annotated[float | None, Field(description="so many independent answers would say as much")]
    these_low: Annotated[float | None, Field(description="of the 95 % interval of the same questions asked again")]
    these_high: float | None
    these_method: str | None


class MetricOfBatch(Metric):
    """`date`: of the batch. Only numbers of one `batch_kind` and network make one trend."""

    batch_id: UUID
    date: dt.date
    batch_kind: BatchKind
    network_id: UUID | None


class ComparedPeriod(Shown):
    """`readers`: the models and prompts that read the answers."""

    since: dt.date
    until: dt.date
    answers: int
    readers: list[str]


class ComparedNumber(Shown):
    """`low` to `high`: the 95 % interval of the difference `value`. `detectable`: the least that would be found.

    `needed`: so many questions would find one as large. `shared`: of what either period asked, the smaller share that
    the other asked, too.
    """

    name: str
    slice: Slice
    verdict: Annotated[str, WithJsonSchema({"type": "string", "enum": [*ChangeVerdict]})]
    before: float | None
    after: float | None
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    corrected_p: Annotated[float | None, Field(description="`p` as one of all that were compared")]
    questions: int | None
    detectable: float | None
    needed: int | None
    shared: float
    answers: int


class OrgChanges(Shown):
    """As `senso compare --json`. What moved comes first."""

    org_id: UUID
    before: ComparedPeriod
    after: ComparedPeriod
    changes: list[ComparedNumber]


class NumberedBatch(Shown):
    """`is_pruned`: its answers were deleted since."""

    id: UUID
    date: dt.date
    kind: BatchKind
    state: BatchState
    is_pruned: bool


class Counted(Shown):
    """The answers counted now. `is_as_stored`: false if they, or what they are judged by, have changed since."""

    numerator: int
    denominator: int
    is_as_stored: bool


class Tally(Shown):
    """How many answers stand where and why."""

    standing: Standing
    reason: str
    rejections: list[str]
    answers: int


class CitedPage(Shown):
    url: str
    title: str | None
    is_own: bool


class AnswerShare(Shown):
    numerator: int
    denominator: int
    standing: Standing
    reason: str
    rejections: list[str]


class AnswerCounted(Shown):
    """`number`: of its run. `share`: what it adds to the number, and why."""

    number: int
    run_id: UUID
    question: str
    question_kind: QuestionKind
    surface: Surface
    model: str
    location: str
    state: EvaluationState
    error: str | None
    mentioned: bool | None
    sentiment: Sentiment | None
    rank: int | None
    competitors: list[str]
    citations: list[CitedPage]
    share: AnswerShare


class Explanation(Page[AnswerCounted]):
    """As `senso explain --json`, with the answers that it lists in `items`."""

    org_id: UUID
    batch: NumberedBatch
    metric: Metric
    counted: Counted
    answers: list[Tally]


class BatchCounted(Shown):
    """`is_pruned`: its answers were deleted since, and are not in what is counted here."""

    id: UUID
    date: dt.date
    kind: BatchKind
    network_id: UUID | None
    is_pruned: bool


class OfBatches(Page[T], Generic[T]):
    """A list of what the answers of these batches say."""

    org_id: UUID
    batches: list[BatchCounted]


class CompetitorCounted(Shown):
    """A competitor. `answers`: that name it, of `of` that were read; kinds and surfaces are never counted together."""

    kind: QuestionKind
    surface: Surface
    name: str
    answers: int
    of: int


class DomainCounted(Shown):
    """A domain. `type`: primary: pages of the organisation. `answers`: that cite it, of `of` that were read."""

    kind: QuestionKind
    surface: Surface
    domain: str
    type: str
    category: Category
    answers: int
    of: int


class ClaimCounted(Shown):
    """`run`, `sentence`: of the first answer that claims it. `verdict`: null if there were no facts on file."""

    text: str
    kind: ClaimKind | None
    polarity: Polarity | None
    verdict: Verdict | None
    fact: str | None
    sentence: str | None
    url: str | None
    run: int
    answers: int
