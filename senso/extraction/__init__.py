"""Stage 3: reads each answer for an org, or for several at once.

The rule finds the places where an answer has a name of an org. A model judges each of them, by its number, and says
with what sentiment, at which rank, and what is claimed; it cannot add a mention. What it says is checked against the
words of the answer; what was dropped or corrected is kept as marks. The owners of cited pages are determined by rule.
The names of the org are requested once and stored.

Where none of its names occurs, the org is not mentioned, whatever a model would say, and needs of the call only which
other organisations there are. Passages that address a program are not sent.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Any

from senso.errors import Malformed
from senso.extraction import (
    citations,
    claims,
    competitors,
    injections,
    judging,
    links,
    marking,
    names,
    naming,
    prompts,
    same_name,
    sentences,
    units,
    words,
)
from senso.extraction.claims import Claim
from senso.extraction.competitors import Tracked
from senso.extraction.evidence import companies, occurrences, rivals
from senso.extraction.evidence.occurrences import SEPARATOR
from senso.extraction.evidence.watched import Watched, followed, keys_of, names_in_use, own_keys
from senso.extraction.judging import Occurrence
from senso.extraction.prompts import reply
from senso.extraction.prompts.reply import NAMED, Said, Sentiment
from senso.providers import Completion, Prompt, Source, Usage
from senso.records import storable

__all__ = [
    "READING_VERSION",
    "SEPARATOR",
    "Mark",
    "Occurrence",
    "Reading",
    "Said",
    "Sentiment",
    "Tracked",
    "Watched",
    "checked",
    "checked_for",
    "citations",
    "claims",
    "competitors",
    "confirmed",
    "followed",
    "injections",
    "judging",
    "keys_of",
    "load",
    "names",
    "naming",
    "occurs",
    "prompt",
    "prompts",
    "said",
    "same_name",
    "sentences",
    "units",
    "words",
]

READING_VERSION = prompts.newest()
SHARE_DIGITS = 4
MOST_WEBSITES = 3  # that tell an org from its namesakes
SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
MOST_MARKS = 40  # of an org in an answer; places behind them are not judged


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
    evidence: str | None  # the answer's sentence that carries the sentiment
    rank: int | None
    share_of_text: float  # characters of naming sentences / characters of all sentences
    share_of_entries: float  # the same of whole units: an entry of a list counts to its end
    competitors: tuple[str, ...]  # each once; a tracked one under the name that the org gave it
    occurrences: tuple[Occurrence, ...]
    claims: tuple[Claim, ...]
    marks: tuple[Mark, ...]
    completion: Completion


def load() -> None:
    """What the first reading and the first names would load: 0.3 s of CPU and 40 MB. A worker does it at its start."""
    injections.load()
    naming.load()


def prompt(
    answer: str, question: str, orgs: Sequence[Watched], version: str = READING_VERSION, beside: Sequence[Watched] = ()
) -> Prompt:
    """`orgs`: those that are asked about, numbered from 1; possibly none. `beside`: others that the reply is used for.

    Raises Malformed if there is nothing to read. Pass the completion to `said`, with the same orgs.
    """
    if not answer.strip():
        raise Malformed("senso", "the answer is empty, so there is nothing to read", usage=Usage())
    read = injections.rest(answer)
    told = {str(number): _told(org, version, read) for number, org in enumerate(orgs, start=1)}
    about: dict[str, Any] = {"question": question, "orgs": told}
    if not orgs and len(beside) == 1:
        about["beside"] = beside[0].name  # not asked about; logs of calls show whose answer it is
    tracked = rivals.labelled(read, [*orgs, *beside])
    if tracked:
        about["tracked"] = {one.label: one.name for one in tracked}
    marks = [*_marks(read, orgs), *(mark for one in tracked for mark in one.marks)]
    text = links.cut(marking.marked(answer, marks))
    known = prompts.known()[version]
    return Prompt(
        system=known.system,
        user=_message(about, answer, text),
        schema_name=reply.NAME,
        schema=reply.schema(claims=known.claims),
    )


def _told(org: Watched, version: str, read: str) -> dict[str, object]:
    """Of its names those that stand in the answer; where none does, all: a model may find what the rule misses."""
    occurring = dict.fromkeys(name for place in occurrences.places(read, org) for _, name in place.found)
    told: dict[str, Any] = {
        "name": org.name,
        "also": [name for name in occurring or names_in_use(org) if name != org.name],
        "sites": [SCHEME.sub("", site).rstrip("/") for site in org.websites[:MOST_WEBSITES]],
    }
    if prompts.known()[version].claims:
        told["facts"] = org.facts
    return {name: value for name, value in told.items() if value}


def _marks(answer: str, orgs: Sequence[Watched]) -> Iterator[tuple[int, str]]:
    for number, org in enumerate(orgs, start=1):
        for place, found in enumerate(occurrences.places(answer, org)[:MOST_MARKS], start=1):
            yield found.span[0], f"{number}.{place}"


def _message(about: dict[str, Any], answer: str, text: str) -> str:
    digits = hashlib.sha256(answer.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{LINE.encode(about)}\n<{digits}>\n{text}\n</{digits}>"


def said(completion: Completion, answer: str, orgs: Sequence[Watched], beside: Sequence[Watched] = ()) -> Said:
    """What a call said of an answer, without readings that cannot be trusted.

    Raises Malformed if it cannot be used for any of the orgs.
    """
    read = injections.rest(answer)
    tracked = {one.keys: one.labels for one in rivals.labelled(read, [*orgs, *beside])}
    found = reply.parsed(completion, tracked)
    mistaken = _mistaken(found, orgs) if len(orgs) > 1 else set()
    own = [label for _, label in _marks(read, orgs)]
    known = {*own, *chain(*tracked.values())}
    readings = {**_rejected(found, own), **found.readings}
    return replace(
        found,
        readings={number: one for number, one in readings.items() if number not in mistaken},
        strange=tuple(mark for mark in found.verdicts if mark not in known),
    )


def _rejected(told: Said, marks: Iterable[str]) -> dict[int, reply.OrgReading]:
    """Orgs that a model may leave out, because it rejects each of their places."""
    verdicts: dict[int, set[str | None]] = {}
    for mark in marks:
        verdicts.setdefault(int(mark.partition(".")[0]), set()).add(told.verdict(mark))
    return {number: reply.nothing(number) for number, some in verdicts.items() if some.isdisjoint((NAMED, None))}


def _mistaken(told: Said, orgs: Sequence[Watched]) -> set[int]:
    """Numbers that the model may have mixed up: the evidence for one org names only others of the call.

    A sentence that names the org is its own, whoever else it names; one that names nobody ("it is cheap") may be.
    """
    mistaken: set[int] = set()
    for number, one in told.readings.items():
        quote = marking.unmarked(one.evidence or "")
        named = {place for place, org in enumerate(orgs, start=1) if occurrences.places(quote, org)}
        if named and number not in named:
            mistaken |= {number, *named}
    return mistaken


def confirmed(answer: str, org: Watched) -> Completion:
    """As if a model confirmed every place and added nothing of its own."""
    marks = [label for _, label in _marks(injections.rest(answer), [org])]
    content = {"ranking": [], "named": marks, "others": [], "readings": [reply.nothing(1).model_dump()]}
    return Completion(json.dumps(content), "rules", Usage(), "senso")


def occurs(answer: str, org: Watched) -> bool:
    """Whether the answer has one of the org's names: without that it is not mentioned, whatever a model says."""
    return bool(occurrences.places(injections.rest(answer), org))


def checked(answer: str, org: Watched, completion: Completion) -> Reading:
    """The reading of an answer for one org. Raises Malformed if the completion cannot be used."""
    return checked_for(answer, org, said(completion, answer, [org]), 1)


def checked_for(
    answer: str, org: Watched, told: Said, number: int | None, sources: Sequence[Source | str] = ()
) -> Reading:
    """The reading after what was said was checked against the answer.

    `number`: of the org in the call; None: the model was not asked about it, because it does not occur. Raises
    Malformed if nothing that can be trusted was said of it. `sources`: of the answer, to which numbers in it may refer.
    """
    if number is not None and number not in told.readings:
        fault = f"{reply.NAME}: no reading {number} that can be trusted"
        raise Malformed(told.completion.provider, fault, usage=told.completion.usage)
    read = injections.rest(answer)
    text = words.text(read)
    spans = occurrences.Sentences(text)
    others, other_marks = competitors.checked(told.organisations, companies.evidence(text, org, told))
    own = not own_keys(org).isdisjoint(key for name in told.organisations for key in same_name.keys(name))
    organisations = max(len(others) + 1, len(told.organisations) + (not own))
    found = tuple(_occurrences(read, org, told, number, spans))
    evidence = occurrences.evidence(spans, organisations)
    mention, mention_marks = judging.checked((number and told.readings[number]) or None, found, evidence)
    naming_sentences = spans.around(mention.places)
    entries = spans.entries(mention.places)
    said_claims = told.readings[number].claims if number is not None else []
    claimed, claim_marks = claims.checked(said_claims, spans, entries, org, sources)
    marks = [*mention_marks, *judging.strange(told), *other_marks, *claim_marks, *_of_passages(answer), *_of_names(org)]
    return Reading(
        mentioned=bool(mention.places),
        mention_text=SEPARATOR.join(read[start:end] for start, end in entries) or None,
        sentiment=mention.sentiment,
        evidence=mention.evidence,
        rank=mention.rank,
        share_of_text=_share(set(naming_sentences), spans),
        share_of_entries=_share(spans.within(entries), spans),
        competitors=others,
        occurrences=found,
        claims=tuple(claimed),
        marks=tuple(Mark(*storable(list(mark))) for mark in marks),
        completion=told.completion,
    )


def _occurrences(
    answer: str, org: Watched, told: Said, number: int | None, spans: occurrences.Sentences
) -> Iterator[Occurrence]:
    """Where the model rejects all places that have a mark, those behind MOST_MARKS do not count either."""
    doubts, places = occurrences.Doubts(spans), occurrences.places(answer, org)
    marked = 0 if number is None else min(len(places), MOST_MARKS)
    verdicts = [told.verdict(f"{number}.{place}") for place in range(1, marked + 1)]
    rejected = marked > 0 and {NAMED, None}.isdisjoint(verdicts)
    for one, verdict in zip_longest(places, verdicts):
        yield judging.occurrence(one.span, one.name, verdict, lambda one=one: rejected or doubts.of(one))  # type: ignore[misc]


def _of_passages(answer: str) -> list[judging.Marked]:
    """Passages that address a program, and therefore were not read."""
    return [("answer", "addressed-to-a-program", answer[start:end]) for start, end in injections.passages(answer)]


def _of_names(org: Watched) -> list[judging.Marked]:
    return [("names", judging.FALLBACK_NAMES, ", ".join(names_in_use(org)))] if org.by_fallback else []


def _share(some: Collection[words.Span], spans: occurrences.Sentences) -> float:
    """Of the characters of all sentences: those of these. Blank lines between them do not count."""
    return round(_size(some) / _size(spans.all), SHARE_DIGITS) if some else 0.0


def _size(spans: Collection[words.Span]) -> int:
    size: int = sum(map(itemgetter(1), spans)) - sum(map(itemgetter(0), spans))
    return size
