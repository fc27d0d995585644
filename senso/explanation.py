"""What each answer adds to a number, and why it adds nothing where it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from senso.extraction.judging import BY_RULE
from senso.score import COUNTS, Fact, Slice, outcome_of
from senso.states import OPEN_RUNS, EvaluationState, RunState, Visibility


class Standing(StrEnum):
    """Where an answer stands in a number."""

    NUMERATOR = "numerator"  # and in the denominator
    DENOMINATOR = "denominator"
    NOTHING = "nothing-to-count"  # of the slice, but it adds to neither
    LEFT_OUT = "left-out"  # of no such slice, or not read


class Reason(StrEnum):
    """Why an answer stands where it does."""

    ANOTHER_KIND = "another-kind-of-question"
    ANOTHER_SURFACE = "another-surface"
    ANOTHER_MODEL = "another-model"
    ANOTHER_LOCATION = "another-location"
    ANOTHER_TAG = "another-tag"
    NOT_ANSWERED = "not-answered-yet"
    NOT_READ = "not-read-yet"
    FAILED = "failed"
    CANCELLED = "cancelled"
    READ_AGAIN = "read-again-since"
    MENTIONED = "mentioned"
    NO_NAME = "no-name-stands-in-it"
    NO_NAME_BY_RULE = "no-name-stands-in-it-read-by-rule"
    NAMES_REJECTED = "names-rejected"
    NO_SENTIMENT = "no-sentiment"
    NO_RANK = "no-rank"
    CITES_NOTHING = "cites-nothing"
    NO_OWN_PAGE = "no-own-page-cited"
    OWN_PAGE = "own-page-cited"
    PAGES = "pages-cited"
    NO_CLAIMS = "no-claim-with-a-verdict"
    CLAIMS = "claims-with-a-verdict"


# Kinds of marks that say why a name that stands in the answer is no mention.
REJECTIONS = (
    "model-rejected",
    "not-quoted",
    "common-word-not-quoted",
    "order-to-the-model",
    "everyday-word",
    "other-entity",
    "source",
    "nothing-known",
    "instruction",
    "common-word-not-judged",
    "addressed-to-a-program",
)
UNREAD = {
    EvaluationState.PENDING: Reason.NOT_READ,
    EvaluationState.EXTRACTING: Reason.NOT_READ,
    EvaluationState.FAILED: Reason.FAILED,
    EvaluationState.CANCELLED: Reason.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading of an answer is. `marks`: kinds of what its checks dropped or corrected."""

    state: EvaluationState
    run_state: RunState
    is_current: bool
    marks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Share:
    """What an answer adds to a number. `rejections`: kinds of marks, why names that stand in it are no mention."""

    numerator: int
    denominator: int
    standing: Standing
    reason: Reason | Visibility | str
    rejections: tuple[str, ...] = ()


def share(name: str, where: Slice, fact: Fact, reading: Reading) -> Share:
    """`name`: of `score.COUNTS`. `fact`: without meaning beyond its slice while the answer is not read."""
    outside = elsewhere(where, fact) or unread(reading)
    if outside:
        return Share(0, 0, Standing.LEFT_OUT, outside)
    numerator, denominator = COUNTS[name](fact)
    reason = why(name, fact, reading)
    rejections = [kind for kind in REJECTIONS if kind in reading.marks] if reason is Reason.NAMES_REJECTED else ()
    return Share(numerator, denominator, standing(numerator, denominator), reason, tuple(rejections))


def standing(numerator: int, denominator: int) -> Standing:
    if numerator:
        return Standing.NUMERATOR
    return Standing.DENOMINATOR if denominator else Standing.NOTHING


def elsewhere(where: Slice, fact: Fact) -> Reason | None:
    differing = {
        Reason.ANOTHER_KIND: fact.question_kind != where.kind,
        Reason.ANOTHER_SURFACE: fact.surface != where.surface,
        Reason.ANOTHER_MODEL: where.model not in {None, fact.model},
        Reason.ANOTHER_LOCATION: where.location not in {None, fact.location},
        Reason.ANOTHER_TAG: where.tag is not None and where.tag not in fact.tags,
    }
    return next((reason for reason, differs in differing.items() if differs), None)


def unread(reading: Reading) -> Reason | None:
    if not reading.is_current:
        return Reason.READ_AGAIN
    if reading.state in UNREAD and reading.run_state in OPEN_RUNS:
        return Reason.NOT_ANSWERED
    return UNREAD.get(reading.state)


def why(name: str, fact: Fact, reading: Reading) -> Reason | Visibility | str:
    if name in set(Visibility):
        return outcome_of(fact)
    if name == "owned_citation_rate":
        return of_citations(fact)
    if name.startswith("citation_share"):
        return Reason.PAGES if fact.citations else Reason.CITES_NOTHING
    return of_mention(name, fact) if fact.mentioned else unmentioned(reading.marks)


def of_mention(name: str, fact: Fact) -> Reason | str:
    if name.startswith("claims_"):
        return Reason.CLAIMS if fact.verdicts else Reason.NO_CLAIMS
    if name in {"average_rank", "first_place_share"} and fact.rank is None:
        return Reason.NO_RANK
    if name.startswith("sentiment_") or name == "net_sentiment":
        return f"{fact.sentiment}" if fact.sentiment else Reason.NO_SENTIMENT
    return Reason.MENTIONED


def of_citations(fact: Fact) -> Reason:
    if not fact.citations:
        return Reason.CITES_NOTHING
    return Reason.OWN_PAGE if fact.owned_citations else Reason.NO_OWN_PAGE


def unmentioned(marks: Sequence[str]) -> Reason:
    if any(kind in REJECTIONS for kind in marks):
        return Reason.NAMES_REJECTED
    return Reason.NO_NAME_BY_RULE if BY_RULE in marks else Reason.NO_NAME
