"""What has changed between two periods: each number of each slice, with a verdict.

Compared is what both periods have asked: the same questions, models and places. Each cell counts once, however often it
was asked, so that more weeks in one of the periods change nothing by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from senso.numbers.change import Difference, Question, difference
from senso.numbers.sums import Place, Sums
from senso.numbers.verdicts import Verdict, adjusted, before_correction, by_chance, is_near
from senso.score import PLACES, Counted, Fact, Slice, counted, naming_places, namings, slices

# Not the four outcomes and neutral mentions: they follow from these, and each further number makes all less certain.
NUMBERS: Final = (
    "mention_rate",
    "share_of_voice",
    "owned_citation_rate",
    "average_rank",
    "sentiment_positive",
    "sentiment_negative",
)
RANK = "average_rank"
# Of each number: its name, its place in the row of an answer, whether it is a rank.
COMPARED = [(name, PLACES[name], name == RANK) for name in NUMBERS]
HEADLINES: Final = ("mention_rate", "share_of_voice")

Cell = tuple[str, str, str]  # question, model, place
Versions = dict[str, frozenset[str]]  # of a model: by which versions it answered


@dataclass(frozen=True, slots=True)
class Period:
    """`versions`: which versions of a model answered, as far as it says."""

    facts: Sequence[Fact]
    versions: Versions


@dataclass(frozen=True, slots=True)
class Change:
    """A number of a slice in two periods.

    `shared`: of the cells of either period, the smaller share that the other has, too. `answers`: of the period that
    has fewer, to what both have asked. `corrected_p`: the probability of such a difference by chance, as one of all
    that were compared; None where the verdict does not rest on it.
    """

    name: str
    kind: str
    surface: str
    model: str | None
    location: str | None
    tag: str | None
    verdict: Verdict
    difference: Difference | None
    corrected_p: float | None
    shared: float
    answers: int


def compared(before: Period, after: Period) -> list[Change]:
    """What moved first, the surest first; then the rest, in the order of slices."""
    was, now = (dict(slices(counted(period.facts))) for period in (before, after))
    found = [
        change
        for where in now
        if where in was
        for change in _of_slice(where, was[where], now[where], (before.versions, after.versions))
    ]
    return sorted(_judged(found), key=_surest)


def compared_namings(before: Period, after: Period, names: Sequence[str]) -> list[Change]:
    """How often answers name each of `names`, in the order given. Both periods: of one pool, and with answers."""
    where = Slice(after.facts[0].question_kind, after.facts[0].surface)
    numbers = [(name, place, False) for name, place in zip(names, naming_places(names), strict=True)]
    was, now = (namings(period.facts, names) for period in (before, after))
    return _judged(list(_of_slice(where, was, now, (before.versions, after.versions), numbers)))


def undecided(changes: Iterable[Change]) -> list[Change]:
    """Headline numbers of whole pools whose verdict a few more answers may change."""
    whole = (one for one in changes if one.name in HEADLINES and not (one.model or one.location or one.tag))
    return [one for one in whole if one.corrected_p is not None and is_near(one.corrected_p)]


def _surest(change: Change) -> float:
    unmoved = 2.0  # above any probability
    return change.corrected_p or 0.0 if change.verdict is Verdict.MOVED else unmoved


def _judged(found: Sequence[Change]) -> list[Change]:
    """What nothing else forbids is decided by chance, corrected for how many are decided together."""
    open_ones = [one for one in found if one.verdict is Verdict.WITHIN_NOISE and one.difference]
    corrected = dict(
        zip(map(id, open_ones), adjusted([one.difference.p for one in open_ones if one.difference]), strict=True)
    )
    return [
        replace(one, verdict=by_chance(corrected[id(one)]), corrected_p=corrected[id(one)])
        if id(one) in corrected
        else one
        for one in found
    ]


def _of_slice(
    where: Slice,
    was: Sequence[Counted],
    now: Sequence[Counted],
    versions: tuple[Versions, Versions],
    numbers: Iterable[tuple[str, Place, bool]] = COMPARED,
) -> Iterable[Change]:
    cells = _cells(was), _cells(now)
    common = cells[0].keys() & cells[1].keys()
    shared = len(common) / max(map(len, cells))
    is_same = not any(_differ(*(one.get(model) for one in versions)) for model in {cell[1] for cell in common})
    was_asked, is_asked = ({cell: of[cell] for cell in sorted(common)} for of in cells)
    for name, place, is_rank in numbers:
        answers = [Sums.of(_pairs(side.values(), place)) for side in (was_asked, is_asked)]
        found = difference(_questions(was_asked, is_asked, place), *answers, is_rank=is_rank)
        least = min(one.units for one in answers)
        verdict = before_correction(found, shared=shared, answers=least, is_same_model=is_same)
        yield Change(
            name=name,
            kind=where.kind,
            surface=where.surface,
            model=where.model,
            location=where.location,
            tag=where.tag,
            verdict=verdict or Verdict.WITHIN_NOISE,
            difference=found,
            corrected_p=None,
            shared=shared,
            answers=least,
        )


def _differ(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """A model that does not say its version may be another one, which nobody can tell."""
    return bool(one and other and one != other)


def _cells(facts: Iterable[Counted]) -> dict[Cell, list[Counted]]:
    found: dict[Cell, list[Counted]] = defaultdict(list)
    for one in facts:
        found[one.fact.question_id, one.fact.model, one.fact.location].append(one)
    return found


def _pairs(cells: Iterable[Sequence[Counted]], place: Place) -> Iterable[tuple[float, float]]:
    above, below = place
    return ((one.row[above], one.row[below]) for cell in cells for one in cell)


def _questions(was: dict[Cell, list[Counted]], now: dict[Cell, list[Counted]], place: Place) -> list[Question]:
    """Of each question, the sums of the means of its cells: numerator and denominator before, then after."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for side, cells in enumerate((was, now)):
        for (question, _, _), answers in cells.items():
            for part, column in enumerate(place):
                sums[question][2 * side + part] += sum(one.row[column] for one in answers) / len(answers)
    return [Question(*one) for one in sums.values()]


def change_json(change: Change) -> dict[str, Any]:
    found = change.difference
    return {
        "name": change.name,
        "slice": {name: getattr(change, name) for name in ("kind", "surface", "model", "location", "tag")},
        "verdict": str(change.verdict),
        **{name: getattr(found, name) if found else None for name in Difference.__slots__},
        "corrected_p": change.corrected_p,
        "shared": change.shared,
        "answers": change.answers,
    }
