"""What an answer claims about an org: what is checked of each claim that the model reports.

The sentence must stand in the answer, where the org is named or just behind; the source is the one that is cited
nearest to it; and the org's facts on file decide about the claim, as far as figures can contradict the model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from senso.extraction import words
from senso.extraction.claims.quotes import Quoted
from senso.extraction.claims.sources import Sources
from senso.extraction.claims.verdicts import FIELD, verdict_of
from senso.extraction.competitors import Marked
from senso.extraction.evidence import occurrences
from senso.extraction.evidence.watched import Watched
from senso.extraction.prompts.reply import SaidClaim
from senso.extraction.words import Span
from senso.providers import Source
from senso.records import storable
from senso.states import ClaimKind, Polarity, Verdict

MOST = 20  # claims of one answer about one org
MOST_SAID = 100  # that are looked at
LONGEST = 300  # characters of a statement
NOT_THERE, NOT_ABOUT = "sentence-not-in-answer", "not-about-the-org"

__all__ = ["LONGEST", "MOST", "Claim", "SaidClaim", "as_confirmed", "checked"]


@dataclass(frozen=True, slots=True)
class Claim:
    """`sentence`: of the answer, word for word. `verdict`: None if the org has no facts. `fact`: that it is by.

    `url`: the canonical address of the cited source nearest to the sentence; None if none is near.
    """

    text: str
    sentence: str
    kind: ClaimKind
    polarity: Polarity
    verdict: Verdict | None
    fact: str | None
    url: str | None


def checked(
    said: Sequence[SaidClaim],
    spans: occurrences.Sentences,
    entries: Sequence[Span],
    org: Watched,
    sources: Sequence[Source | str] = (),
) -> tuple[list[Claim], list[Marked]]:
    """The claims that the answer makes, in the order of the model, and marks of what was dropped or corrected.

    `spans`: of the answer. `entries`: its units that name the org, in order. `sources`: those that came with it,
    with the positions by which numbers in it refer to them, or all in order; needed only where it has no addresses.
    """
    if not said:
        return [], []
    text, answer = spans.text, spans.text.answer
    quoted = Quoted(text, spans.all, spans.outline, entries)
    check = Check(text, quoted, Sources(answer, spans.outline, sources), org)
    found = list(dict.fromkeys(check.kept(said[:MOST_SAID])))[:MOST]
    return found, check.marks


def as_confirmed(
    answer: str, org: Watched, said: Sequence[SaidClaim], sources: Sequence[Source | str] = ()
) -> tuple[list[Claim], list[Marked]]:
    """`checked`, as if a model confirmed every occurrence of a name."""
    spans = occurrences.Sentences(words.text(answer))
    entries = spans.entries([one.span for one in occurrences.places(answer, org)])
    return checked(said, spans, entries, org, sources)


class Check:
    """Of the claims of one answer."""

    def __init__(self, text: words.Text, quoted: Quoted, sources: Sources, org: Watched) -> None:
        self.answer, self.quoted, self.sources, self.org = text.answer, quoted, sources, org
        self.marks: list[Marked] = []

    def kept(self, said: Sequence[SaidClaim]) -> Iterator[Claim]:
        seen: set[tuple[str, str]] = set()
        for one in said:
            (statement,) = storable([" ".join(one.statement.split())[:LONGEST].strip()])
            key = words.key(statement), words.key(one.sentence[:LONGEST])
            if statement and key not in seen:
                seen.add(key)
                yield from self.claim(one, statement)

    def claim(self, said: SaidClaim, statement: str) -> Iterator[Claim]:
        places = self.quoted.places(said.sentence)
        about = next(((place, entry) for place in places if (entry := self.quoted.entry(place))), None)
        if about is None:
            self.marks.append((FIELD, NOT_ABOUT if places else NOT_THERE, f"{statement} | {said.sentence[:LONGEST]}"))
            return
        sentence, entry = about
        verdict, fact, marks = verdict_of(statement, Verdict(said.verdict), said.fact, self.org.facts)
        self.marks += marks
        yield Claim(
            text=statement,
            sentence=self.answer[slice(*sentence)],
            kind=ClaimKind(said.kind),
            polarity=Polarity(said.polarity),
            verdict=verdict,
            fact=fact,
            url=self.sources.nearest(sentence, entry, places[sentence]),
        )
