"""Stage 3: reads each answer for the org.

One model call reads an answer: whether the org is named, how, at which rank, and which competitors are. What the model
says is checked against the words of the answer; what was dropped or corrected is kept as marks. The owners of cited
pages are determined by rule. The names of the org are requested once and stored.

An answer that is read for several orgs is searched for the names of all of them first: one call then reads it for those
that occur. An org whose names do not occur is not mentioned, whatever a model would say, and needs of the call only
which other organisations there are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from senso.errors import Malformed
from senso.extraction import (
    citations,
    claims,
    competitors,
    mentions,
    names,
    naming,
    orders,
    same_name,
    sentences,
    units,
    words,
)
from senso.extraction.claims import Claim
from senso.extraction.competitors import Tracked
from senso.extraction.evidence import companies, occurrences
from senso.extraction.evidence.watched import Watched, followed, keys_of, names_in_use, own_keys
from senso.extraction.instructions import SYSTEM, SYSTEM_TOGETHER
from senso.extraction.mentions import Sentiment
from senso.providers import Completion, Prompt, Usage
from senso.records import storable

__all__ = [
    "READING_VERSION",
    "SYSTEM",
    "SYSTEM_TOGETHER",
    "TOGETHER_VERSION",
    "Mark",
    "Reading",
    "Sentiment",
    "Together",
    "Tracked",
    "Watched",
    "checked",
    "checked_for",
    "citations",
    "claims",
    "competitors",
    "followed",
    "keys_of",
    "mentions",
    "names",
    "naming",
    "occurs",
    "prompt",
    "prompt_together",
    "quoted",
    "said_together",
    "same_name",
    "sentences",
    "units",
    "words",
]

READING_VERSION, TOGETHER_VERSION = "reading-2", "together-2"
SHARE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """Something dropped, corrected or unknown: mostly where the model disagrees with the words of the answer."""

    field: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    mentioned: bool
    mention_text: str | None  # the answer's own units that name the org, joined by " || "
    sentiment: Sentiment | None
    rank: int | None
    share_of_text: float  # characters of naming sentences / characters of all sentences
    share_of_entries: float  # the same of whole units: an entry of a list counts to its end
    competitors: tuple[str, ...]  # each once; a tracked one under the name that the org gave it
    marks: tuple[Mark, ...]
    completion: Completion
    claims: tuple[Claim, ...] = ()


class AnswerReading(competitors.Said, mentions.Said):
    # Pydantic takes the fields of the last base first: the mention, then the competitors, as in the prompt.
    pass


class Numbered(BaseModel):
    number: int = Field(description="the number of the organisation in the user message")


class OrgReading(mentions.Said, Numbered):
    # The number first: see AnswerReading.
    pass


class AnswerReadings(BaseModel):
    # What the model says, not trusted before `checked_for`. A comment, because a docstring is sent with the schema.
    model_config = ConfigDict(extra="forbid", strict=True)

    organisations: list[competitors.Competitor] = Field(
        description="every organisation, brand or provider that the answer names, each once, in the order in which it "
        "ranks or first names them; never a source of the answer, a place, a person, a product category or a general "
        "word; [] if there is none"
    )
    readings: list[OrgReading] = Field(description="one for each organisation of the user message; [] if it has none")


SCHEMA = names.strict_schema(AnswerReading)
SCHEMA_TOGETHER = names.strict_schema(AnswerReadings)


def prompt(answer_text: str, question: str, org: Watched) -> Prompt:
    """Raises Malformed if there is nothing to read. Pass the completion to `checked`."""
    user = _message({**_told(org), "question": question}, answer_text)
    return Prompt(system=SYSTEM, user=user, schema_name="answer_reading", schema=SCHEMA)


def prompt_together(answer_text: str, question: str, orgs: Sequence[Watched]) -> Prompt:
    """`orgs`: those that occur, numbered from 1; possibly none. Raises Malformed as `prompt` does."""
    told = [{"number": number, **_told(org)} for number, org in enumerate(orgs, start=1)]
    user = _message({"organisations": told, "question": question}, answer_text)
    return Prompt(system=SYSTEM_TOGETHER, user=user, schema_name="answer_readings", schema=SCHEMA_TOGETHER)


def _told(org: Watched) -> dict[str, object]:
    return {"organisation": org.name, "variations": names_in_use(org), "websites": org.websites}


def _message(about: dict[str, object], answer_text: str) -> str:
    if not answer_text.strip():
        raise Malformed("senso", "the answer is empty, so there is nothing to read", usage=Usage())
    digits = hashlib.sha256(answer_text.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{json.dumps(about, ensure_ascii=False)}\n<answer-{digits}>\n{answer_text}\n</answer-{digits}>"


def checked(answer_text: str, org: Watched, completion: Completion) -> Reading:
    """The reading after the completion was checked against the answer. Raises Malformed if it cannot be used."""
    said = names.fitting(AnswerReading, "answer_reading", completion)
    return _checked(said, answer_text, org, completion)


@dataclass(frozen=True, slots=True)
class Together:
    """What a call said of an answer: the organisations that it names, and readings by the number of the org.

    Readings whose number cannot be trusted are left out.
    """

    organisations: tuple[str, ...]
    readings: Mapping[int, OrgReading]
    completion: Completion


def said_together(completion: Completion, orgs: Sequence[Watched]) -> Together:
    """`orgs`: those of the prompt. Raises Malformed if it cannot be used for any of them."""
    said = names.fitting(AnswerReadings, "answer_readings", completion)
    doubtful = _said_twice(said.readings) | _mistaken(said.readings, orgs)
    readings = {one.number: one for one in said.readings if one.number not in doubtful}
    return Together(tuple(one.name for one in said.organisations), readings, completion)


def _said_twice(readings: Sequence[OrgReading]) -> set[int]:
    counted = Counter(one.number for one in readings)
    return {number for number, times in counted.items() if times > 1}


def _mistaken(readings: Sequence[OrgReading], orgs: Sequence[Watched]) -> set[int]:
    """Numbers that the model may have mixed up: it quotes for one org what names only others of the call.

    A quote that names the org is its own, whoever else it names; one that names nobody ("it is cheap") may be.
    """
    found: set[int] = set()
    for one in readings:
        quote = words.text(one.mention_text or "")
        named = {number for number, org in enumerate(orgs, start=1) if occurrences.is_named(quote, org)}
        if named and one.number not in named:
            found |= {one.number, *named}
    return found


def occurs(answer_text: str, org: Watched) -> bool:
    """Whether the answer has one of the org's names: without that it is not mentioned, whatever a model says."""
    return occurrences.is_named(words.text(answer_text), org)


def quoted(answer_text: str, org: Watched) -> str:
    """What a model would quote that confirms every occurrence of a name."""
    text = words.text(answer_text)
    spans = occurrences.Sentences(text).around(occurrences.places(text, org))
    return mentions.SEPARATOR.join(answer_text[start:end] for start, end in spans)


def checked_for(answer_text: str, org: Watched, together: Together, number: int | None) -> Reading:
    """`checked`, of one org of several. `number` None: the model was not asked about it, because it does not occur."""
    others = [{"name": name} for name in together.organisations if own_keys(org).isdisjoint(same_name.keys(name))]
    mention = _mention_of(together, number)
    said = AnswerReading.model_validate({**mention, "competitors": others})
    return _checked(said, answer_text, org, together.completion)


NOT_MENTIONED = {"mentioned": False, "mention_text": None, "sentiment": None, "rank": None}


def _mention_of(together: Together, number: int | None) -> dict[str, Any]:
    if number is None:
        return NOT_MENTIONED
    if number not in together.readings:
        said = f"answer_readings: no reading {number} that can be trusted"
        raise Malformed(together.completion.provider, said, usage=together.completion.usage)
    return together.readings[number].model_dump(exclude={"number"})


def _checked(said: AnswerReading, answer_text: str, org: Watched, completion: Completion) -> Reading:
    text = words.text(answer_text)
    spans = occurrences.Sentences(text)
    others, other_marks = competitors.checked(said, companies.evidence(text, org))
    organisations = 1 + max(len(others), len(said.competitors))
    mention, mention_marks = mentions.checked(said, occurrences.evidence(text, spans, org, organisations))
    naming_sentences = spans.around(mention.places)
    entries = units.units(answer_text, mention.places, spans.around)
    return Reading(
        mentioned=mention.mentioned,
        mention_text=mentions.SEPARATOR.join(answer_text[start:end] for start, end in entries) or None,
        sentiment=mention.sentiment,
        rank=mention.rank,
        share_of_text=_share(set(naming_sentences), spans),
        share_of_entries=_share(spans.within(entries), spans),
        competitors=others,
        marks=tuple(
            Mark(*storable(list(mark)))
            for mark in (*mention_marks, *other_marks, *_of_orders(text, org), *_of_names(org))
        ),
        completion=completion,
    )


def _of_orders(text: words.Text, org: Watched) -> list[mentions.Marked]:
    """Parts of the answer that name the org in an order to the model, and therefore were not read."""
    spans = orders.orders(text.answer)
    named = occurrences.places(text, org) if spans else []
    return [
        ("mentioned", "order-to-the-model", text.answer[start:end])
        for start, end in spans
        if any(start <= place[0] < end for place in named)
    ]


def _of_names(org: Watched) -> list[mentions.Marked]:
    return [("names", mentions.FALLBACK_NAMES, ", ".join(names_in_use(org)))] if org.by_fallback else []


def _share(some: Collection[words.Span], spans: occurrences.Sentences) -> float:
    """Of the characters of all sentences: those of these. Blank lines between them do not count."""
    return round(_size(some) / _size(spans.all), SHARE_DIGITS) if some else 0.0


def _size(spans: Iterable[words.Span]) -> int:
    return sum(end - start for start, end in spans)
