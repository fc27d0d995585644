"""How often an interval holds what it says, how wide it is, and how often a change is seen that is there or is not.

    python bench/coverage.py [--samples 10000] [--write]

Simulates answers whose truth is known. A question has a chance of its own to name the org, drawn from a beta
distribution around the rate of all questions; the correlation of two answers to one question is `alike`. Prints tables
in Markdown; `--write` puts them into docs/numbers.md, each below its own mark. Takes minutes.
"""

import argparse
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from candidates import CANDIDATES, FEW, SLOW, Bounds, Samples, bootstrap, textbook
from scipy import stats

from senso.comparison import Period
from senso.comparison import compared as compared_periods
from senso.numbers.change import Question, difference
from senso.numbers.intervals import rank_like, share_like, share_these
from senso.numbers.repeats import within_repeats
from senso.numbers.sums import Sums
from senso.numbers.verdicts import Verdict
from senso.score import Fact
from senso.states import QuestionKind, Sentiment, Surface

PAGE = Path(__file__).parents[1] / "docs" / "numbers.md"
ALIKE = (0.0, 0.1, 0.3, 0.6)
QUESTIONS = (5, 10, 30, 60)
BEYOND = (3, 200)
ANSWERS = (6, 30)
RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # beyond .5 everything mirrors; the others therefore count twice
LEAST, CONSERVATIVE = 0.93, 0.975
ONE_RATE = 0.3
PLACES = ("US", "GB")


@dataclass(frozen=True)
class Cell:
    alike: float
    questions: int
    answers: int
    rate: float

    @property
    def weight(self) -> int:
        return 1 if self.rate == 0.5 else 2  # noqa: PLR2004


@dataclass(frozen=True)
class Kept:
    held: float
    width: float


def chances(rng: np.random.Generator, cell: Cell, shape: tuple[int, ...]) -> np.ndarray:
    if cell.alike == 0:
        return np.full(shape, cell.rate)
    strength = (1 - cell.alike) / cell.alike
    return rng.beta(cell.rate * strength, (1 - cell.rate) * strength, shape)


def all_or_chance(rng: np.random.Generator, cell: Cell, shape: tuple[int, ...]) -> np.ndarray:
    """Another world: some questions always or never name the org, all others with the same chance."""
    fixed = rng.random(shape) < cell.alike
    return np.where(fixed, rng.random(shape) < cell.rate, cell.rate)


def drawn(cell: Cell, count: int, world: Callable[..., np.ndarray] = chances) -> Samples:
    rng = np.random.default_rng([int(1000 * cell.alike), cell.questions, cell.answers, int(1000 * cell.rate)])
    return Samples(rng.binomial(cell.answers, world(rng, cell, (count, cell.questions))), cell.answers)


def product(samples: Samples) -> Bounds:
    """The product's own function, once for each set of sums."""
    each, n = float(samples.answers), float(samples.n)
    x, xx = samples.hits.sum(1), (samples.hits**2).sum(1)
    keys, places = np.unique(np.stack([x, xx], 1), axis=0, return_inverse=True)
    found = [
        share_like(Sums(samples.questions, float(a), n, float(b), float(a) * each, n * each)) for a, b in keys.tolist()
    ]
    bounds = np.array([(one.low, one.high) for one in found], dtype=float)[places.ravel()]
    return bounds[:, 0], bounds[:, 1]


def kept(method: Callable[[Samples], Bounds], samples: Samples, rate: float) -> Kept:
    low, high = method(samples)
    held = (low <= rate + 1e-9) & (rate - 1e-9 <= high)
    return Kept(float(held.mean()), float((high - low).mean()))


def cells(questions: Sequence[int], rates: Sequence[float] = RATES) -> list[Cell]:
    return [Cell(*values) for values in itertools.product(ALIKE, questions, ANSWERS, rates)]


def mean_width(found: dict[Cell, Kept]) -> float:
    """Geometric, so that wide intervals do not outweigh narrow ones."""
    weights = [cell.weight for cell in found]
    return float(np.exp(np.average([np.log(max(one.width, 1e-6)) for one in found.values()], weights=weights)))


def share(found: dict[Cell, Kept], wanted: Callable[[Kept], bool]) -> float:
    return sum(cell.weight for cell, one in found.items() if wanted(one)) / sum(cell.weight for cell in found)


def percent(amount: float) -> str:
    return f"{100 * amount:.1f}"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))


def methods(count: int) -> Iterator[str]:
    """All methods on the same samples. A method that resamples sees the first FEW of them."""
    grid = cells(QUESTIONS)
    samples = {cell: drawn(cell, count) for cell in grid}
    every = {"**this product**": product, **CANDIDATES}
    own = None
    for name, method in every.items():
        few = FEW if method in SLOW else count
        found = {cell: kept(method, samples[cell].first(few), cell.rate) for cell in grid}
        own = own or mean_width(found)
        yield from (
            name,
            percent(min(one.held for one in found.values())),
            percent(share(found, lambda one: one.held < LEAST)),
            percent(share(found, lambda one: one.held > CONSERVATIVE)),
            percent(float(np.mean([one.held for one in found.values()]))),
            f"{mean_width(found) / own:.2f}",
        )


def compared(count: int) -> str:
    values = list(methods(count))
    heads = ("method", "lowest coverage, %", "cells under 93 %", "cells over 97.5 %", "mean coverage, %", "width")
    return table(heads, [values[at : at + len(heads)] for at in range(0, len(values), len(heads))])


def by_cell(count: int) -> str:
    """The lowest coverage over all rates, and the width at one of them, in points."""
    lines = []
    for alike, questions, answers in itertools.product(ALIKE, sorted((*QUESTIONS, *BEYOND)), ANSWERS):
        row = [f"{alike:.1f}", str(questions), str(answers)]
        found = {}
        for name, method, few in (("own", product, count), ("w", textbook, count), ("b", bootstrap, FEW)):
            for rate in RATES:
                cell = Cell(alike, questions, answers, rate)
                found[name, rate] = kept(method, drawn(cell, few), rate)
        row += [percent(min(found[name, rate].held for rate in RATES)) for name in ("own", "w", "b")]
        row += [f"{100 * found[name, ONE_RATE].width:.0f}" for name in ("own", "w", "b")]
        lines.append(row)
    heads = ("alike", "questions", "answers each", "coverage, %", "Wilson's", "bootstrap's", "width at 30 %, points")
    return table((*heads, "Wilson's", "bootstrap's"), lines)


def uneven(rng: np.random.Generator, cell: Cell) -> tuple[Sums, float]:
    """Questions with very different numbers of answers."""
    sizes = rng.geometric(1 / cell.answers, cell.questions)
    return sums(rng.binomial(sizes, chances(rng, cell, (cell.questions,))), sizes), cell.rate


def voices(rng: np.random.Generator, cell: Cell) -> tuple[Sums, float]:
    """Share of voice: answers that name the org by all namings; questions differ in how many others are named."""
    shape = (cell.questions, cell.answers)
    own = rng.random(shape) < chances(rng, cell, (cell.questions, 1))
    others = rng.poisson(rng.gamma(3, 1, (cell.questions, 1)), shape)
    return sums(own.sum(1), (own + others).sum(1)), cell.rate / (cell.rate + 3)


def ranks(rng: np.random.Generator, cell: Cell) -> tuple[Sums, float]:
    """Ranks 1 and more, up to about 8: each question has its own mean, and a number of answers that rank the org."""
    sizes = 1 + rng.binomial(cell.answers - 1, 0.5, cell.questions)
    mean = 4 * cell.rate * (rng.gamma(1 / cell.alike, cell.alike, cell.questions) if cell.alike else 1)
    return sums(sizes + rng.poisson(mean * sizes), sizes), 1 + _ratio_of_ranks(cell)


def _ratio_of_ranks(cell: Cell) -> float:
    return 4 * cell.rate


def sums(x: np.ndarray, n: np.ndarray) -> Sums:
    return Sums.of(zip(x.tolist(), n.tolist(), strict=True))


def other_worlds(count: int) -> str:
    lines = []
    shapes = [(questions, alike) for questions in (2, *sorted((*QUESTIONS, *BEYOND))) for alike in (0.1, 0.3, 0.6)]
    for questions in sorted({questions for questions, _ in shapes}):
        row = [str(questions)]
        grid = [Cell(alike, questions, 6, rate) for alike in (0.1, 0.3, 0.6) for rate in (0.05, 0.2, 0.5)]
        row.append(percent(min(kept(product, drawn(cell, count, all_or_chance), cell.rate).held for cell in grid)))
        for world, interval in ((uneven, share_like), (voices, share_like), (ranks, rank_like)):
            row.append(percent(min(_held(world, interval, cell, count // 10) for cell in grid)))
        lines.append(row)
    return table(
        ("questions", "always, never or by chance", "uneven questions", "share of voice", "average rank"), lines
    )


def _held(world: Callable, interval: Callable, cell: Cell, count: int) -> float:
    """`world`: gives a sample and what is true of all questions."""
    rng, held, counted = np.random.default_rng(7), 0, 0
    for _ in range(count):
        of, truth = world(rng, cell)
        one = interval(of)
        if one.low is not None:
            counted += 1
            held += one.low <= truth <= one.high
    return held / max(1, counted)


def same_questions(count: int) -> str:
    """Each cell has a chance of its own; what is to be held is the mean of just these."""
    lines = []
    for alike, repeats in itertools.product((0.0, 0.3, 0.6, 0.9), (1, 2, 5)):
        row = [f"{alike:.1f}", str(repeats)]
        for places in (10, 60):
            found = [_again(Cell(alike, places, repeats, rate), count // 10) for rate in (0.05, 0.2, 0.5)]
            row += [percent(min(one.held for one in found)), f"{np.mean([one.width for one in found]):.2f}"]
        lines.append(row)
    heads = ("cells alike", "repeats", "10 cells: coverage, %", "width by Wilson's", "60 cells: coverage, %")
    return table((*heads, "width by Wilson's"), lines)


def _again(cell: Cell, count: int) -> Kept:
    rng, held, widths = np.random.default_rng(3), 0, []
    for _ in range(count):
        chance = chances(rng, cell, (cell.questions, 1))
        hits = rng.random((cell.questions, cell.answers)) < chance
        of = Sums.of((float(hit), 1.0) for hit in hits.ravel())
        share_kept = within_repeats([[(float(hit), 1.0) for hit in row] for row in hits], of.ratio)
        found, plain = share_these(of, share_kept), share_these(of)
        held += found.low <= chance.mean() <= found.high
        widths.append((found.high - found.low) / (plain.high - plain.low))
    return Kept(held / count, float(np.mean(widths)))


def changes(count: int) -> str:
    """The same questions in both periods; a change moves the chances of all and keeps their order."""
    lines = []
    for questions, answers in itertools.product((10, 30, 60), (6, 30)):
        row = [str(questions), str(answers)]
        for alike in (0.1, 0.3, 0.6):
            still = [_moves(Cell(alike, questions, answers, rate), 0, count // 10) for rate in (0.05, 0.2, 0.5)]
            row.append(percent(max(still)))
        row += [percent(_moves(Cell(0.3, questions, answers, rate), 0.1, count // 10)) for rate in (0.1, 0.3, 0.45)]
        lines.append(row)
    heads = ("questions", "answers each", "false alarms, % (alike .1)", "(.3)", "(.6)")
    return table((*heads, "10 points seen, % (10 to 20 %)", "(30 to 40 %)", "(45 to 55 %)"), lines)


def _moves(cell: Cell, by: float, count: int) -> float:
    """How often chance is held to explain at most 5 %."""
    rng, seen = np.random.default_rng(5), 0
    strength = (1 - cell.alike) / cell.alike
    of = [(rate * strength, (1 - rate) * strength) for rate in (cell.rate, cell.rate + by)]
    for _ in range(count):
        place = rng.random(cell.questions)
        before, after = (rng.binomial(cell.answers, stats.beta.ppf(place, *one)) for one in of)
        seen += _chance(before, after, cell.answers) <= 0.05  # noqa: PLR2004
    return seen / count


def _chance(before: np.ndarray, after: np.ndarray, answers: int) -> float:
    pairs = [Question(one, answers, other, answers) for one, other in zip(before.tolist(), after.tolist(), strict=True)]
    n = len(pairs) * answers
    sides = [Sums(n, float(hits.sum()), n, float(hits.sum()), float(hits.sum()), n) for hits in (before, after)]
    found = difference(pairs, *sides)
    return found.p if found else 1.0


def answers_of(rng: np.random.Generator, chance: np.ndarray) -> list[Fact]:
    """A period's answers: questions x 3 models x 2 places, with all that a reading may say."""
    named = rng.random((*chance.shape, len(PLACES))) < chance[..., None]
    found = []
    for (question, model, place), is_named in np.ndenumerate(named):
        cited = int(rng.integers(0, 6))
        found.append(
            Fact(
                question_id=f"q{question}",
                question_kind=QuestionKind.UNBRANDED,
                surface=Surface.CONSUMER,
                model=f"m{model}",
                location=PLACES[place],
                mentioned=bool(is_named),
                sentiment=list(Sentiment)[int(rng.integers(0, 3))] if is_named else None,
                rank=int(rng.integers(1, 6)) if is_named else None,
                competitors=tuple("abcdef"[: int(rng.integers(0, 6))]),
                citations=cited,
                owned_citations=int(rng.binomial(cited, 0.15)),
            )
        )
    return found


def pairs(count: int) -> str:
    """The whole of `senso compare` on two periods of the same truth, and on two that differ by 10 points."""
    lines = []
    for questions in (10, 30, 60):
        row = [str(questions)]
        for by in (0.0, 0.1):
            told = [_told(np.random.default_rng([questions, seed]), questions, by) for seed in range(count // 20)]
            numbers = sum(tried for tried, _, _ in told)
            row += [
                percent(np.mean([moved > 0 for _, moved, _ in told])),
                percent(sum(m for _, m, _ in told) / numbers),
            ]
            row += [percent(np.mean([whole for _, _, whole in told]))] if by else []
        lines.append(row)
    heads = (
        "questions",
        "same truth: pairs with any alarm, %",
        "numbers that moved, %",
        "10 points: pairs with any, %",
    )
    return table((*heads, "numbers that moved, %", "the mention rate itself, %"), lines)


def _told(rng: np.random.Generator, questions: int, by: float) -> tuple[int, int, bool]:
    """How many numbers were compared, how many moved, and whether the mention rate of all answers did."""
    strength = 7 / 3  # alike .3
    place = stats.norm.cdf(0.7**0.5 * rng.normal(size=(questions, 1)) + 0.3**0.5 * rng.normal(size=(questions, 3)))
    of = [stats.beta.ppf(place, rate * strength, (1 - rate) * strength) for rate in (ONE_RATE, ONE_RATE + by)]
    found = compared_periods(*(Period(answers_of(rng, chance), {}) for chance in of))
    moved = [one for one in found if one.verdict is Verdict.MOVED]
    whole = any(one.name == "mention_rate" and not (one.model or one.location) for one in moved)
    return sum(one.corrected_p is not None for one in found), len(moved), whole


TABLES: dict[str, Callable[[int], str]] = {
    "methods": compared,
    "cells": by_cell,
    "worlds": other_worlds,
    "again": same_questions,
    "changes": changes,
    "pairs": pairs,
}


def put(page: str, mark: str, text: str) -> str:
    """Replaces what is between the marks of a table."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--samples", type=int, default=10_000)
    asked.add_argument("--only", choices=TABLES, action="append")
    asked.add_argument("--write", action="store_true")
    options = asked.parse_args()
    for name in options.only or TABLES:
        text = TABLES[name](options.samples)
        sys.stdout.write(f"{name}\n{text}\n\n")
        sys.stdout.flush()
        if options.write:
            PAGE.write_text(put(PAGE.read_text(), name, text))


if __name__ == "__main__":
    main()
