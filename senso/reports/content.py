"""The data of a report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from uuid import UUID

from senso.reports.basis import Basis
from senso.score import CitedDomain, Claimed, CompetitorCount, Metric
from senso.states import BatchKind, BatchState, QuestionKind, Sentiment, Surface

# The order of reading: questions that do not name the org come first, and consumer apps before APIs.
ORDER = tuple(product((QuestionKind.UNBRANDED, QuestionKind.BRANDED), (Surface.CONSUMER, Surface.API)))


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that has numbers. Only batches of one `kind` and network ask the same questions and make one trend."""

    id: UUID
    date: date
    kind: BatchKind
    network_id: UUID | None
    state: BatchState
    metrics: tuple[Metric, ...]
    basis: Basis = field(default_factory=Basis)
    network: str | None = None  # whose questions they are; None: the org's own
    claimed: Claimed = field(default_factory=Claimed)  # without items


@dataclass(frozen=True, slots=True)
class Quote:
    """An assistant's own words: about the org, or about `instead`, a competitor that it named and not the org."""

    text: str
    sentiment: Sentiment | None
    rank: int | None
    instead: str | None
    question: str
    model: str
    location: str
    on: date
    run: int  # its number: `senso show` has the whole answer


@dataclass(frozen=True, slots=True)
class Pool:
    """Answers that may be counted together: never branded with unbranded questions, or consumer apps with APIs."""

    kind: QuestionKind
    surface: Surface
    answers: int
    mentioned: int  # of `answers`
    competitors: tuple[CompetitorCount, ...]
    sources: tuple[CitedDomain, ...]
    quotes: tuple[Quote, ...] = ()  # chosen by the rule of `senso.reads.quotes`


@dataclass(frozen=True, slots=True)
class Heard:
    """What one surface answered to one question."""

    surface: Surface
    read: int
    mentioned: int  # of `read`


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    kind: QuestionKind
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a batch asked, and its outcome. `failures` are reasons with the number of answers lost to each."""

    questions: tuple[Question, ...]
    models: tuple[tuple[str, str], ...]  # slug and surface
    locations: tuple[str, ...]
    planned: int
    answered: int
    read: int
    failed: int
    failures: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Report:
    org: str
    batches: Sequence[Batch]  # oldest first; the report is about the last one, the others are its history
    pools: Sequence[Pool]
    asked: Asked
    claimed: Claimed = field(default_factory=Claimed)

    @property
    def batch(self) -> Batch:
        return self.batches[-1]
