"""Whether the org is really named, how, and at which rank. The rule finds places; the model may only judge them.

A model alone says yes to "building a strong community" for Community Financial Credit Union; words alone say yes to
"I could not find information about X". So a place counts if the rule finds a name there and the model says that the
org is meant. Where the model does not judge a place, it counts unless it may be a common word.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from senso.extraction.prompts.reply import NAMED, OrgReading, Said, Sentiment, Verdict
from senso.extraction.words import Span

Marked = tuple[str, str, str]  # field, kind, value: what was dropped or corrected, and why
FALLBACK_NAMES = "fallback-names"  # kept with the reading, because better names may come later
# Of an answer in which none of the org's names occurs: no model was asked about the org; or one was, as a sample of
# what the rule might miss; and where that model found it under another name.
BY_RULE, SAMPLED, MISSED_BY_RULE = "read-by-rule", "sampled-beside-rule", "missed-by-rule"
NOT_JUDGED, COMMON_WORD = "place-not-judged", "common-word-not-judged"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place of the answer that has a name of the org. `verdict`: the model's; None: none, or several that differ."""

    start: int
    end: int
    name: str
    verdict: Verdict | None
    kept: bool

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of the answer show, found without a model."""

    sentence_of: Callable[[Span], str]
    located: Callable[[str], Sequence[Span]]  # the sentences of the answer that a quote is from, in order
    shown: Callable[[Sequence[Span]], str]  # sentences as text
    about: Callable[[Sequence[Span]], Callable[[Span], bool]]  # of kept places: whether a sentence is about the org
    organisations: int  # how many the answer names, including the org


@dataclass(frozen=True, slots=True)
class Mention:
    occurrences: tuple[Occurrence, ...]
    sentiment: Sentiment | None
    evidence: str | None
    rank: int | None

    @property
    def places(self) -> list[Span]:
        return [one.span for one in self.occurrences if one.kept]


def occurrence(span: Span, name: str, verdict: Verdict | None, is_doubtful: Callable[[], bool]) -> Occurrence:
    kept = verdict == NAMED or (verdict is None and not is_doubtful())
    return Occurrence(*span, name, verdict, kept)


def checked(said: OrgReading | None, found: Sequence[Occurrence], evidence: Evidence) -> tuple[Mention, list[Marked]]:
    """`said` None: no model was asked about the org."""
    marks = [*rejected(found, evidence), *missed(said, found, evidence)]
    kept = [one.span for one in found if one.kept]
    if said is None or not kept:
        return Mention(tuple(found), None, None, None), marks + needless(said)
    quote, quote_marks = evidence_of(said, evidence, kept)
    rank, rank_marks = rank_of(said.rank, evidence.organisations)
    return Mention(tuple(found), said.sentiment, quote, rank), [*marks, *quote_marks, *rank_marks]


def rejected(found: Sequence[Occurrence], evidence: Evidence) -> list[Marked]:
    """The sentences of places on which the rule and the model differ, or that the model did not judge, each once."""
    marks: Iterator[Marked] = (
        ("mentioned", one.verdict or (NOT_JUDGED if one.kept else COMMON_WORD), evidence.sentence_of(one.span))
        for one in found
        if one.verdict != NAMED
    )
    return list(dict.fromkeys(marks))


def missed(said: OrgReading | None, found: Sequence[Occurrence], evidence: Evidence) -> list[Marked]:
    """What names the org by the model and not by the rule: never a mention, and counted as what the rule may miss."""
    if said is None or said.missed is None or any(one.kept for one in found):
        return []
    places = evidence.located(said.missed)
    kind = MISSED_BY_RULE if places else "quote-not-in-answer"
    return [("mentioned", kind, evidence.shown(places) if places else said.missed)]


def needless(said: OrgReading | None) -> list[Marked]:
    given = {"sentiment": said.sentiment, "rank": said.rank} if said else {}
    return [(name, "not-mentioned", str(value)) for name, value in given.items() if value is not None]


def evidence_of(said: OrgReading, evidence: Evidence, kept: Sequence[Span]) -> tuple[str | None, list[Marked]]:
    """The sentence of the answer that carries the sentiment; None if the model's is not there, or is about others."""
    if said.sentiment is None or said.evidence is None:
        return None, []
    places = evidence.located(said.evidence)
    about = evidence.about(kept)
    own = [place for place in places if about(place)]
    if own:
        return evidence.shown(own), []
    return None, [("sentiment", "not-about-the-org" if places else "quote-not-in-answer", said.evidence)]


def rank_of(rank: int | None, organisations: int) -> tuple[int | None, list[Marked]]:
    if rank is None or 1 <= rank <= organisations:
        return rank, []
    return None, [("rank", "rank-out-of-range", str(rank))]


def strange(said: Said) -> list[Marked]:
    """Verdicts on marks that the answer does not have."""
    return [("mentioned", "no-such-place", mark) for mark in said.strange]
