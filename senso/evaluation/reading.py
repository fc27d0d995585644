"""What is read of a labelled answer: by the rules alone, or by a model whose words the rules check."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from senso import extraction
from senso.evaluation.labelled import Answer, Label, Labelled, Span, sources_of
from senso.extraction import Watched, citations, names

ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"']+")


@dataclass(frozen=True, slots=True)
class Read:
    """`sentiment`, `rank`: None also where no model was asked. `competitors`: by the rules alone, the tracked ones."""

    mentioned: bool
    text: str | None  # units of the answer, joined by " || "
    sentiment: str | None
    rank: int | None
    competitors: tuple[str, ...]
    cited: bool
    claims: tuple[str, ...] = ()  # the sentence of each


def watched(label: Label, tracked: Sequence[str] = ()) -> Watched:
    """The brand as the product would know it, with its other names imported."""
    known = tuple(dict.fromkeys((label.brand, *label.aliases, *names.domains(label.websites))))
    return Watched(label.brand, known, label.websites, tuple(tracked))


def by_rules(of: Labelled, label: Label) -> Read:
    """As if a model confirmed every occurrence of a name and added nothing of its own."""
    others = [other.brand for other in of.labels if other.brand != label.brand]
    org = watched(label, others)
    completion = extraction.confirmed(of.answer.text, org)
    return read(extraction.checked(of.answer.text, org, completion), of.answer, label)


def read(reading: extraction.Reading, answer: Answer, label: Label) -> Read:
    return Read(
        mentioned=reading.mentioned,
        text=reading.mention_text,
        sentiment=reading.sentiment,
        rank=reading.rank,
        competitors=reading.competitors,
        cited=is_cited(answer, label),
        claims=tuple(one.sentence for one in reading.claims),
    )


def is_cited(answer: Answer, label: Label) -> bool:
    """By the sources that came with the answer and the addresses in its text."""
    in_text = sources_of(ADDRESS.findall(answer.text))
    cited = citations.cite([*answer.sources, *in_text]).citations
    return any(citations.is_primary(one, label.websites) for one in cited)


def spans(text: str, units: str | None) -> list[Span]:
    """Where the units of a mention text lie in the answer; a unit that is not there is left out."""
    found, after = [], 0
    for unit in (units or "").split(extraction.SEPARATOR):
        place = text.find(unit, after) if unit else -1
        place = text.find(unit) if unit and place < 0 else place
        if place >= 0:
            found.append((place, place + len(unit)))
            after = place + len(unit)
    return found
