"""What is counted, what it is counted for, and what comes of it."""

from dataclasses import dataclass
from typing import Any

from senso.states import Category, QuestionKind, Sentiment, Surface, Verdict


@dataclass(frozen=True, slots=True)
class Fact:
    """The data of one finished evaluation that score needs.

    `share_of_text`, `share_of_entries`: None where the reading does not have them. `categories`: of each citation.
    `verdicts`: of the claims that were held against facts of the org.
    """

    question_id: str
    question_kind: QuestionKind
    surface: Surface
    model: str
    location: str
    mentioned: bool
    sentiment: Sentiment | None
    rank: int | None
    competitors: tuple[str, ...]
    citations: int
    owned_citations: int  # of `citations`, those on the org's own sites
    share_of_text: float | None = None
    share_of_entries: float | None = None
    categories: tuple[Category, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    tags: tuple[str, ...] = ()  # of the question


@dataclass(frozen=True, slots=True)
class Slice:
    """Answers that are counted together. An answer is in the slice of each tag of its question."""

    kind: str
    surface: str
    model: str | None = None  # None: all models
    location: str | None = None  # None: all locations
    tag: str | None = None  # None: all questions


@dataclass(slots=True)  # a frozen one takes three times as long to make, and a batch has a thousand
class Metric:
    """`value`, `low` and `high` are None if there is nothing to divide by; `method`: how the interval was computed.

    Numerator and denominator of a share of text are in ten-thousandths of an answer's text. Net sentiment is -1 to 1.

    `about`: what the interval is about. `answers`: of the slice; `questions`: those that the denominator comes from;
    `effective_n`: as many independent answers (or namings, or citations) would say as much of questions like these.
    `these_low` and `these_high`: what the same questions would give if they were asked again. Numbers by an older rule
    have none of these.
    """

    name: str
    kind: str
    surface: str
    model: str | None
    location: str | None
    value: float | None
    numerator: int
    denominator: int
    low: float | None
    high: float | None
    method: str
    rule_version: str
    about: str | None = None
    answers: int | None = None
    questions: int | None = None
    effective_n: float | None = None
    these_low: float | None = None
    these_high: float | None = None
    these_method: str | None = None
    tag: str | None = None

    def values(self) -> dict[str, Any]:
        """The same as dataclasses.asdict in a tenth of the time: asdict would deep-copy each number."""
        return {name: getattr(self, name) for name in self.__slots__}
