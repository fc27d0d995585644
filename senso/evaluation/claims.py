"""What the rules check of claims, measured on claims as a model would report them, some of them wrong.

No model is asked: the statements are the labelled ones, their sentences are quoted as models quote, and a model that
judges by chance says of each that a fact supports it and that the fact contradicts it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from senso.evaluation.counting import Count
from senso.evaluation.labelled import LABELS, Answer, Span, rows
from senso.extraction import Watched, claims, words
from senso.extraction.citations import canonical
from senso.extraction.claims import Claim, SaidClaim
from senso.states import ClaimKind, Polarity, Verdict

FIELDS = ("claim sentence", "claim source", "claim verdict")
# Formatting, links and marks of sources, which a model leaves out.
LINK = re.compile(r"\[([^\[\]\n]*)\](?:\([^()\s]*\)|\[\d+\])")
LABELS_OF_SOURCES = re.compile(r" ?\((?:\[[^\[\]\n]*\](?:\[\d+\]|\([^()\s]*\))[, ]*)+\)|\\?\[\^?\d+\\?\]|【[^】]*】")
FORMATTING = re.compile(r"^[ \t]*(?:[-*+]|\d+\.|#{1,6})[ \t]+|\*\*|\*|\\")


@dataclass(frozen=True, slots=True)
class ClaimLabel:
    """`docs/labelling.md` says what the fields mean. `sentence`: None if the answer does not have it."""

    answer: str
    brand: str
    aliases: tuple[str, ...]
    statement: str
    quoted: str
    sentence: Span | None
    dropped: str | None
    url: str | None
    facts: tuple[str, ...]
    fact: int | None
    verdict: Verdict | None


def labels() -> list[ClaimLabel]:
    return [label_of(row) for row in rows(LABELS / "claims.jsonl")]


def label_of(row: Mapping[str, Any]) -> ClaimLabel:
    return ClaimLabel(
        **{name: row[name] for name in ("answer", "brand", "statement", "quoted", "dropped", "url", "fact")},
        aliases=tuple(row["aliases"]),
        sentence=tuple(row["sentence"]) if row["sentence"] else None,
        facts=tuple(row["facts"]),
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
    )


def measured(answers: Sequence[Answer]) -> dict[str, list[tuple[Answer, Count]]]:
    """For each field, a count of each answer that has claims."""
    by_id = {one.id: one for one in answers}
    found: dict[str, list[tuple[Answer, Count]]] = {name: [] for name in FIELDS}
    for id_, some in groupby(sorted(labels(), key=lambda one: one.answer), key=lambda one: one.answer):
        if id_ in by_id:
            for name, count in counts(by_id[id_], list(some)).items():
                found[name].append((by_id[id_], count))
    return found


def counts(answer: Answer, some: Sequence[ClaimLabel]) -> dict[str, Count]:
    total = dict.fromkeys(FIELDS, Count())
    for label in some:
        claim = kept(answer, label, None)
        total["claim sentence"] += of_sentence(answer, label, claim)
        if claim is not None and not label.dropped:
            total["claim source"] += of_source(label, claim)
        if label.facts:
            total["claim verdict"] += of_verdict(answer, label)
    return total


def of_sentence(answer: Answer, label: ClaimLabel, claim: Claim | None) -> Count:
    """Right: the very sentence is kept of a claim about the brand. Words are compared, not signs around them."""
    wanted = None if label.dropped or label.sentence is None else line(answer.text[slice(*label.sentence)])
    found = None if claim is None else line(claim.sentence)
    is_right = wanted is not None and wanted == found
    return Count(is_right, found is not None and not is_right, wanted is not None and not is_right)


def line(text: str) -> str:
    return words.text(text).words.line


def of_source(label: ClaimLabel, claim: Claim) -> Count:
    wanted = canonical(label.url) if label.url else None
    is_right = wanted is not None and wanted == claim.url
    return Count(is_right, claim.url is not None and not is_right, wanted is not None and not is_right)


def of_verdict(answer: Answer, label: ClaimLabel) -> Count:
    """Both verdicts are said: the right one must stand, the wrong one must not."""
    total = Count()
    for said in (Verdict.SUPPORTED, Verdict.CONTRADICTED):
        claim = kept(answer, label, said)
        stands = claim is not None and claim.verdict is said
        total += Count(
            stands and said is label.verdict, stands and said is not label.verdict, not stands and said is label.verdict
        )
    return total


def kept(answer: Answer, label: ClaimLabel, verdict: Verdict | None) -> Claim | None:
    org = Watched(label.brand, (label.brand, *label.aliases), (), (), facts=label.facts)
    said = SaidClaim(
        statement=label.statement,
        sentence=quote(answer.text, label),
        kind=ClaimKind.FACT.value,
        polarity=Polarity.NEUTRAL.value,
        verdict=(verdict or Verdict.NOT_COVERED).value,
        fact=(label.fact or 1) if verdict else None,
    )
    found, _ = claims.as_confirmed(answer.text, org, [said], answer.sources)
    return next(iter(found), None)


def quote(text: str, label: ClaimLabel) -> str:
    """The sentence as a model quotes it."""
    if label.sentence is None:
        return label.quoted
    exact = text[slice(*label.sentence)]
    return next(done for name, done in altered(exact) if name == label.quoted)


def plain(sentence: str) -> str:
    """Without formatting, links and marks of sources."""
    return FORMATTING.sub("", LINK.sub(r"\1", LABELS_OF_SOURCES.sub("", sentence))).strip()


def altered(exact: str) -> Iterator[tuple[str, str]]:
    some = plain(exact).split(" ")
    half, third = len(some) // 2, len(some) // 3
    yield "exact", exact
    yield "plain", plain(exact)
    yield "cut", " ".join(some[:half])
    yield "clause", " ".join(some[half:])
    yield "ellipsis", " ".join([*some[:third], "...", *some[-third:]])
