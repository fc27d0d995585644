"""Whether the org is really named, how, and at which rank. The model may reject a match of words but not add one.

A model alone says yes to "building a strong community" for Community Financial Credit Union; words alone say yes to
"I could not find information about X". So a variation must occur first, and then the model must confirm it; where the
two disagree, the disagreement is kept as a mark.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Sentiment = Literal["positive", "negative", "neutral"]
Span = tuple[int, int]  # offsets in the answer
Marked = tuple[str, str, str]  # field, kind, value: what was dropped or corrected, and why
SEPARATOR = " || "
MOST_QUOTES = 100  # more parts are no quotation
FALLBACK_NAMES = "fallback-names"  # kept with the reading, because better names may come later
# Of an answer that was read for several orgs, and in which none of this org's names occurs: no model was asked about
# it; or one was, as a sample of what the rule might miss.
BY_RULE, SAMPLED = "read-by-rule", "sampled-beside-rule"


class Said(BaseModel):
    # What the model says, not trusted before `checked`. A comment, because a docstring would be sent with the schema.
    model_config = ConfigDict(extra="forbid", strict=True)

    mentioned: bool = Field(
        description="true only if the answer names this very organisation by one of its variations and says something "
        "about it; false for a word in its everyday sense, for another entity, or if it only says that nothing is known"
    )
    mention_text: str | None = Field(
        description="every sentence of the answer that names the organisation, copied character by character, in "
        "order, joined by ' || '; null if mentioned is false"
    )
    sentiment: Sentiment | None = Field(
        description="how those sentences speak of the organisation; null if mentioned is false"
    )
    rank: int | None = Field(
        description="1 for the organisation that the answer names first or puts first, 2 for the next, counted over "
        "all organisations named in the answer; null if mentioned is false or the answer names only this one in passing"
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of the answer show, found without a model."""

    naming: Sequence[Span]  # where a variation occurs, in order; empty: not mentioned
    located: Callable[[str], Sequence[Span]]  # where the answer has a quote, word for word, in order
    sentences: Callable[[Sequence[Span]], Sequence[Span]]  # the sentence of each place
    shown: Callable[[Sequence[Span]], str]  # the sentences of these places as text
    organisations: int  # how many the answer names, including the org


@dataclass(frozen=True, slots=True)
class Mention:
    """`places`: the occurrences of a name that the model did not reject; empty if the org is not mentioned."""

    places: Sequence[Span]
    sentiment: Sentiment | None
    rank: int | None

    @property
    def mentioned(self) -> bool:
        return bool(self.places)


def checked(said: Said, evidence: Evidence) -> tuple[Mention, list[Marked]]:
    if not evidence.naming or not said.mentioned:
        return Mention(places=(), sentiment=None, rank=None), _refusals(said, evidence)
    places, place_marks = _places(said.mention_text or "", evidence)
    rank, rank_marks = _rank(said.rank, evidence.organisations)
    return Mention(places, said.sentiment, rank), [*place_marks, *rank_marks]


def _refusals(said: Said, evidence: Evidence) -> list[Marked]:
    marks: list[Marked] = []
    if said.mentioned:
        marks.append(("mentioned", "no-literal-mention", "true"))
    elif evidence.naming:
        marks.append(("mentioned", "model-rejected", evidence.shown(evidence.naming)))
    needless = {"mention_text": said.mention_text, "sentiment": said.sentiment, "rank": said.rank}
    return marks + [(name, "not-mentioned", str(value)) for name, value in needless.items() if value is not None]


def _places(quoted: str, evidence: Evidence) -> tuple[Sequence[Span], list[Marked]]:
    """The occurrences that the model quotes; all of them if it quotes none, or badly.

    What an exact quotation leaves out the model rejected, as a word in its everyday sense.
    """
    parts = list(dict.fromkeys(filter(None, (part.strip() for part in quoted.split(SEPARATOR.strip())))))
    located = {part: evidence.located(part) for part in parts[:MOST_QUOTES]}
    marks = [("mention_text", "quote-not-in-answer", part) for part, places in located.items() if not places]
    confirmed = _confirmed(evidence, sorted({place for places in located.values() for place in places}))
    if not confirmed or len(parts) > MOST_QUOTES:
        return evidence.naming, [*marks, ("mention_text", "recovered-by-rule", quoted)]
    if marks or len(confirmed) == len(evidence.naming):
        return evidence.naming, marks
    rejected = sorted(set(evidence.naming).difference(confirmed))
    return confirmed, [("mention_text", "occurrence-not-quoted", evidence.shown(rejected))]


def _confirmed(evidence: Evidence, quotes: Sequence[Span]) -> list[Span]:
    """The occurrences of whose sentence a part is quoted. `quotes`: in order of their starts."""
    ends = list(accumulate((end for _, end in quotes), max))
    starts = [start for start, _ in quotes]
    found = []
    for place, (start, end) in zip(evidence.naming, evidence.sentences(evidence.naming), strict=True):
        before = bisect_left(starts, end)
        if before and ends[before - 1] > start:
            found.append(place)
    return found


def _rank(rank: int | None, organisations: int) -> tuple[int | None, list[Marked]]:
    if rank is None or 1 <= rank <= organisations:
        return rank, []
    return None, [("rank", "rank-out-of-range", str(rank))]
