"""All figures of one evaluation: by rules alone, what needs a model is not measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from senso.evaluation import fields
from senso.evaluation.counting import Count, Figure, by_class, f1, figure, macro_figure, precision, recall
from senso.evaluation.fields import FIELDS, Miss, Reads
from senso.evaluation.labelled import MADE, RECORDED, Answer, Labelled
from senso.extraction import READING_VERSION

NEED_A_MODEL = ("sentiment", "rank", "claims")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Measured:
    """`n`: what precision and recall divide by in all: pairs, characters, names. None: not measured."""

    answers: str  # which: all, recorded, made
    field: str
    n: int | None
    precision: Figure | None
    recall: Figure | None
    f1: Figure | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    reading_version: str
    mode: str  # rules, or the model's name
    answers: int
    pairs: int
    measured: tuple[Measured, ...]
    misses: tuple[Miss, ...]


def evaluated(
    answers: Sequence[Labelled],
    reads: Sequence[Reads],
    mode: str,
    *,
    by_model: bool,
    checked: Mapping[str, Sequence[tuple[Answer, Count]]] | None = None,
) -> Evaluation:
    """`reads`: for each answer, what was read for each of its labels. `checked`: of `claims.measured`."""
    together = list(zip(answers, reads, strict=True))
    groups = {name: [one for one in together if name in (ALL, one[0].answer.kind)] for name in (ALL, RECORDED, MADE)}
    return Evaluation(
        reading_version=READING_VERSION,
        mode=mode,
        answers=len(answers),
        pairs=sum(len(one.labels) for one in answers),
        measured=tuple(
            one
            for name, some in groups.items()
            if some
            for one in (*measured(name, some, by_model=by_model), *of_claims(name, checked or {}))
        ),
        misses=tuple(miss for of, found in together for miss in fields.misses(of, found)),
    )


def measured(name: str, some: Sequence[tuple[Labelled, Reads]], *, by_model: bool) -> list[Measured]:
    counted = {
        "mention": [fields.mention(*one) for one in some],
        "mention text": [fields.mention_text(*one) for one in some],
        "competitors": [fields.competitors(of, reads, None if by_model else brands(of)) for of, reads in some],
        "citations": [fields.citation(*one) for one in some],
    }
    found = {field: of_counts(name, field, counts) for field, counts in counted.items()}
    if by_model:
        found["rank"] = of_counts(name, "rank", [fields.rank(*one) for one in some])
        found["sentiment"] = of_sentiment(name, some)
        if made := [one for one in some if one[0].answer.kind == MADE]:
            found["claims"] = of_counts(name, "claims", [fields.claims(*one) for one in made])
    return [found.get(field) or Measured(name, field, None, None, None, None) for field in FIELDS]


def of_claims(name: str, checked: Mapping[str, Sequence[tuple[Answer, Count]]]) -> Iterator[Measured]:
    """What the rules check of claims, on claims of their own: the same whoever reads the answers."""
    for field, counted in checked.items():
        counts = [count for answer, count in counted if name in (ALL, answer.kind)]
        if counts:
            yield of_counts(name, field, counts)


def brands(of: Labelled) -> list[str]:
    return [label.brand for label in of.labels]


def of_counts(name: str, field: str, counts: Sequence[Count]) -> Measured:
    total = sum(counts, Count())
    n = int(total.right + total.false + total.missed)
    return Measured(name, field, n, *(figure(counts, of) for of in (precision, recall, f1)))


def of_sentiment(name: str, some: Sequence[tuple[Labelled, Reads]]) -> Measured:
    """The mean over the sentiments that occur (macro)."""
    classes = by_class([fields.sentiment(*one) for one in some])
    n = sum(int(count.right + count.missed) for counts in classes for count in counts)
    return Measured(name, "sentiment", n, *(macro_figure(classes, of) for of in (precision, recall, f1)))
