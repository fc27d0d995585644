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
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from sys import maxsize
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from senso.errors import Malformed
from senso.extraction import (
    citations,
    competitors,
    general_words,
    mentions,
    names,
    naming,
    same_name,
    sentences,
    showing,
    units,
    words,
)
from senso.extraction.competitors import Followed, Tracked
from senso.extraction.instructions import SYSTEM, SYSTEM_TOGETHER
from senso.extraction.mentions import Sentiment
from senso.extraction.words.endings import language
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
MOST_OVERLAPS = 20  # of the occurrences of phrases


@dataclass(frozen=True, slots=True)
class Watched:
    """The properties of the org that are needed to read answers."""

    name: str
    variations: tuple[str, ...]
    websites: tuple[str, ...]
    competitors: tuple[str | Tracked, ...]  # those that the org asked to follow; a name alone has no aliases
    not_names: tuple[str, ...] = ()  # phrases in which a name is not the org's
    by_fallback: bool = False  # the call for its names failed: `variations` are its name and domains alone


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
    return {"organisation": org.name, "variations": _names(org), "websites": org.websites}


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
        named = {number for number, org in enumerate(orgs, start=1) if _is_named(quote, org)}
        if named and one.number not in named:
            found |= {one.number, *named}
    return found


def _is_named(text: words.Text, org: Watched) -> bool:
    return bool(_places(text, org))


def occurs(answer_text: str, org: Watched) -> bool:
    """Whether the answer has one of the org's names: without that it is not mentioned, whatever a model says."""
    return _is_named(words.text(answer_text), org)


def quoted(answer_text: str, org: Watched) -> str:
    """What a model would quote that confirms every occurrence of a name."""
    text = words.text(answer_text)
    spans = _Sentences(text).around(_places(text, org))
    return mentions.SEPARATOR.join(answer_text[start:end] for start, end in spans)


def checked_for(answer_text: str, org: Watched, together: Together, number: int | None) -> Reading:
    """`checked`, of one org of several. `number` None: the model was not asked about it, because it does not occur."""
    others = [{"name": name} for name in together.organisations if _own(org).isdisjoint(same_name.keys(name))]
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
    spans = _Sentences(text)
    others, other_marks = competitors.checked(said, _company(text, org))
    organisations = 1 + max(len(others), len(said.competitors))
    mention, mention_marks = mentions.checked(said, _evidence(text, spans, org, organisations))
    naming_sentences = spans.around(mention.places)
    entries = units.units(answer_text, mention.places, naming_sentences)
    return Reading(
        mentioned=mention.mentioned,
        mention_text=mentions.SEPARATOR.join(answer_text[start:end] for start, end in entries) or None,
        sentiment=mention.sentiment,
        rank=mention.rank,
        share_of_text=_share(set(naming_sentences), spans),
        share_of_entries=_share(spans.within(entries), spans),
        competitors=others,
        marks=tuple(Mark(*storable(list(mark))) for mark in (*mention_marks, *other_marks, *_of_names(org))),
        completion=completion,
    )


class _Sentences:
    """The sentences of an answer, found when they are needed: in most answers nothing is named."""

    def __init__(self, text: words.Text) -> None:
        self.text = text

    @cached_property
    def all(self) -> list[words.Span]:
        return sentences.sentences(self.text.answer)

    def around(self, places: Sequence[words.Span]) -> list[words.Span]:
        return sentences.around(places, self.all) if places else []

    def within(self, entries: Sequence[words.Span]) -> list[words.Span]:
        return [one for one in self.all if sentences.is_within(one, entries)] if entries else []

    def shown(self, places: Sequence[words.Span]) -> str:
        found = dict.fromkeys(self.around(places))
        return mentions.SEPARATOR.join(self.text.answer[start:end] for start, end in found)


def _of_names(org: Watched) -> list[mentions.Marked]:
    return [("names", mentions.FALLBACK_NAMES, ", ".join(_names(org)))] if org.by_fallback else []


@lru_cache(maxsize=4096)
def _names(org: Watched) -> tuple[str, ...]:
    """Never the name of a competitor, which may be tracked only since the org's names were asked for."""
    others = {words.key(name) for one in _followed(org) for name in one.spellings} - {words.key(org.name)}
    return tuple(name for name in org.variations if words.key(name) not in others) or (org.name,)


def _company(text: words.Text, org: Watched) -> competitors.Evidence:
    return competitors.Evidence(
        occurs=lambda name: bool(words.namings(text, name)),
        is_sure=lambda name: _is_sure(text, name),
        is_word=lambda name: _is_word(text, name),
        keys=same_name.keys,
        own=_own(org),
        tracked=_followed(org),
    )


def _is_sure(text: words.Text, name: str) -> bool:
    """It occurs with its capitals, and if it is a word of the answer's language, with one that shows it as a name."""
    found = words.namings(text, name)[: showing.MOST]
    places = [place for place in found if showing.in_its_case(text, name, place)]
    if not places or not name.isalpha():
        return bool(places)
    spoken = _language(text.words.line)
    if not general_words.is_general(name, spoken):
        return True
    return spoken not in general_words.NOUNS_IN_CAPITALS and any(
        showing.has_own_capital(text, place) for place in places
    )


_language = lru_cache(maxsize=64)(language)


def _is_word(text: words.Text, name: str) -> bool:
    spoken = _language(text.words.line)
    if general_words.is_plural(name, spoken):
        return True
    return general_words.is_general(name, spoken) and not showing.as_name(text, name)


@lru_cache(maxsize=4096)
def _followed(org: Watched) -> tuple[Followed, ...]:
    return followed(org.competitors)


def followed(tracked: Sequence[str | Tracked]) -> tuple[Followed, ...]:
    """Each with all names under which it is looked for."""
    known = [Tracked(one) if isinstance(one, str) else one for one in tracked]
    spellings = [tuple(dict.fromkeys((one.name, *one.aliases, *names.domains(one.websites)))) for one in known]
    return tuple(Followed(some[0], some, keys_of(some)) for some in spellings)


@lru_cache(maxsize=4096)  # all orgs of several networks
def _own(org: Watched) -> frozenset[str]:
    return keys_of((org.name, *_names(org), *names.domains(org.websites)))


def keys_of(spellings: Sequence[str]) -> frozenset[str]:
    """By which a competitor, or the org itself, is recognised under any of these names."""
    return frozenset(key for name in spellings for key in same_name.keys(name))


def _evidence(text: words.Text, spans: _Sentences, org: Watched, organisations: int) -> mentions.Evidence:
    found = _found(text, org)
    return mentions.Evidence(
        naming=sorted(found),
        located=lambda quote: words.located(text, quote),
        sentences=spans.around,
        shown=spans.shown,
        organisations=organisations,
        doubtful=_Doubts(text, spans, found).of,
    )


def _places(text: words.Text, org: Watched) -> list[words.Span]:
    return sorted(_found(text, org))


def _found(text: words.Text, org: Watched) -> dict[words.Span, list[str]]:
    """Where the answer names the org, and by which of its names; not within one of its not_names."""
    found: dict[words.Span, list[str]] = {}
    for name in _names(org):
        for place in words.namings(text, name):
            found.setdefault(place, []).append(name)
    if not found or not org.not_names:
        return found
    others = sorted(place for name in org.not_names for place in words.namings(text, name))
    return {place: by for place, by in found.items() if not _is_within_one(place, others)}


def _is_within_one(place: words.Span, others: Sequence[words.Span]) -> bool:
    """`others`: sorted, of a few names, so that few of them begin close before a place."""
    last = bisect_right(others, (place[0], maxsize))
    return any(_is_within(place, other) for other in others[max(0, last - MOST_OVERLAPS) : last])


class _Doubts:
    """Whether an occurrence may be a common word, by all names that occur there, longer ones included."""

    def __init__(self, text: words.Text, spans: _Sentences, found: Mapping[words.Span, Sequence[str]]) -> None:
        self.text, self.spans, self.found = text, spans, found
        self.doubts: dict[str, naming.Doubt] = {}

    def of(self, place: words.Span) -> bool:
        (sentence,) = self.spans.around([place])
        return all(self.about(name).of(place, sentence) for name in self.names_at[place])

    @cached_property
    def names_at(self) -> dict[words.Span, list[str]]:
        at: dict[words.Span, list[str]] = {}
        around: list[words.Span] = []
        for place in sorted(self.found, key=lambda one: (one[0], -one[1])):
            around = [other for other in around if other[1] > place[0]] + [place]
            at[place] = [name for other in around if _is_within(place, other) for name in self.found[other]]
        return at

    def about(self, name: str) -> naming.Doubt:
        return self.doubts.setdefault(name, naming.Doubt(name, self.text))


def _is_within(place: words.Span, other: words.Span) -> bool:
    return other[0] <= place[0] and place[1] <= other[1]


def _share(some: Collection[words.Span], spans: _Sentences) -> float:
    """Of the characters of all sentences: those of these. Blank lines between them do not count."""
    return round(_size(some) / _size(spans.all), SHARE_DIGITS) if some else 0.0


def _size(spans: Iterable[words.Span]) -> int:
    return sum(end - start for start, end in spans)
