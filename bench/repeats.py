"""What asking each question several times gives, and what asking further only near a decision saves.

    python bench/repeats.py [--samples 2000] [--write]

Needs $SENSO_SHARED/answers (two real answers to each of 132 questions, see published.py); without it: "skipped", exit
0. An org's questions are drawn from the real ones of the baskets "all topics in which the brand is labelled"; the
chance of each is drawn from what its two answers leave open (a beta distribution with the rate and the correlation of
them all). The data have one model and one place; here a question is asked in six of them, with the same chance. A
change moves the chances by as many points and keeps their order. Prints tables in Markdown; `--write` puts them into
docs/numbers.md.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import published
import recorded
from coverage import PAGE, percent, put, table
from scipy import stats

from senso.numbers.change import Question, difference
from senso.numbers.intervals import share_like, share_these
from senso.numbers.repeats import within_repeats
from senso.numbers.sums import Sums
from senso.numbers.verdicts import FALSE_ALARMS, is_near

CELLS = 6  # models x places, of each question
MOST = 4
QUESTIONS = (10, 30, 60)
CHANGES = (0.05, 0.1)
LOW = 0.35
ONE_SIZE = 30
Near = Callable[[float], bool]


@dataclass(frozen=True)
class Real:
    """`named`: of each question, how many of its two answers are labelled with the brand."""

    named: np.ndarray
    alike: float

    @property
    def rate(self) -> float:
        return float(self.named.mean()) / 2

    @property
    def strength(self) -> float:
        return (1 - self.alike) / self.alike

    def chances(self, rng: np.random.Generator, questions: int) -> np.ndarray:
        seen = self.named[rng.integers(0, len(self.named), questions)]
        return rng.beta(self.rate * self.strength + seen, (1 - self.rate) * self.strength + 2 - seen)

    def changed(self, chances: np.ndarray, by: float) -> np.ndarray:
        """The same places in the distribution around a rate that is higher `by`."""
        return stats.beta.ppf(stats.beta.cdf(chances, *self.shape(0)), *self.shape(by))

    def shape(self, by: float) -> tuple[float, float]:
        return (self.rate + by) * self.strength, (1 - self.rate - by) * self.strength


def real(baskets: Sequence[published.Basket]) -> Real:
    named = np.array(
        [
            sum(published.by_label(one, basket.brand) for one in asked.answers)
            for basket in baskets
            for asked in basket.questions
        ]
    )
    rates = named / 2
    within = float((2 * rates * (1 - rates)).mean())
    between = 2 * float(((rates - rates.mean()) ** 2).sum()) / (len(rates) - 1)
    return Real(named, (between - within) / (between + within))


@dataclass(frozen=True)
class Week:
    """`hits`: of each question, among `asked` answers."""

    hits: np.ndarray
    asked: int

    @classmethod
    def of(cls, rng: np.random.Generator, chances: np.ndarray, samples: int) -> "Week":
        return cls(rng.binomial(CELLS * samples, chances), CELLS * samples)

    def more(self, rng: np.random.Generator, chances: np.ndarray) -> "Week":
        return Week(self.hits + rng.binomial(CELLS, chances), self.asked + CELLS)

    @property
    def samples(self) -> int:
        return self.asked // CELLS

    @property
    def answers(self) -> Sums:
        n, x = len(self.hits) * self.asked, float(self.hits.sum())
        return Sums(n, x, n, x, x, n)


def chance_of(before: Week, after: Week) -> float:
    """How probable such a difference is by chance: what `senso compare` says of one number alone."""
    pairs = zip((before.hits / before.asked).tolist(), (after.hits / after.asked).tolist(), strict=True)
    questions = [Question(was * CELLS, CELLS, now * CELLS, CELLS) for was, now in pairs]
    found = difference(questions, before.answers, after.answers)
    return found.p if found else 1.0


def asked(rng: np.random.Generator, chances: np.ndarray, before: Week, near: Near) -> Week:
    """A week that begins with one answer to each question in each model and place."""
    week = Week.of(rng, chances, 1)
    while week.samples < MOST and near(chance_of(before, week)):
        week = week.more(rng, chances)
    return week


@dataclass(frozen=True)
class Shown:
    """`moved`: how often the last week is held to differ from the one before; `samples`: of the last week, mean."""

    moved: float
    samples: float


def fixed(of: Real, questions: int, by: float, samples: int, count: int) -> Shown:
    rng, moved = np.random.default_rng([questions, samples]), 0
    for _ in range(count):
        chances = of.chances(rng, questions)
        before, after = Week.of(rng, chances, samples), Week.of(rng, of.changed(chances, by), samples)
        moved += chance_of(before, after) <= FALSE_ALARMS
    return Shown(moved / count, samples)


def adaptive(of: Real, questions: int, by: float, near: Near, count: int) -> Shown:
    """Three weeks: the second has the truth of the first; each is compared with the one before, as it was asked."""
    rng, moved, samples = np.random.default_rng([questions, 99]), 0, 0
    for _ in range(count):
        chances = of.chances(rng, questions)
        before = asked(rng, chances, Week.of(rng, chances, 1), near)
        after = asked(rng, of.changed(chances, by), before, near)
        moved += chance_of(before, after) <= FALSE_ALARMS
        samples += after.samples
    return Shown(moved / count, samples / count)


def unmoved_yet(p: float) -> bool:
    """Another rule, for comparison: to stop where something has moved."""
    return FALSE_ALARMS < p <= 0.2  # noqa: PLR2004


def same_power(shown: Shown, every: Sequence[Shown]) -> float:
    """So many fixed repeats find as much; as far as they were tried."""
    return float(np.interp(shown.moved, [one.moved for one in every], [one.samples for one in every]))


def strategies(of: Real, count: int) -> str:
    lines = []
    for questions in QUESTIONS:
        every = {by: [fixed(of, questions, by, n, count) for n in range(1, MOST + 1)] for by in (0.0, *CHANGES)}
        for place in range(MOST):
            line = {by: shown[place] for by, shown in every.items()}
            lines.append(row(questions, f"{place + 1} each", line, None))
        for name, near in (("1 to 4, near a decision", is_near), ("1 to 4, until something moved", unmoved_yet)):
            line = {by: adaptive(of, questions, by, near, count) for by in (0.0, *CHANGES)}
            lines.append(row(questions, name, line, same_power(line[CHANGES[-1]], every[CHANGES[-1]])))
    heads = ("questions", "repeats", "answers a cell, nothing changed", "10 points changed", "false alarms, %")
    return table((*heads, "5 points seen, %", "10 points seen, %", "fixed repeats that see as much"), lines)


def row(questions: int, name: str, line: dict[float, Shown], equal: float | None) -> list[str]:
    asked_for = [f"{line[by].samples:.2f}" for by in (0.0, CHANGES[-1])]
    seen = [percent(one.moved) for one in line.values()]
    return [str(questions), name, *asked_for, *seen, "" if equal is None else f"{equal:.2f}"]


def widths(of: Real, count: int) -> str:
    """Of both intervals of a mention rate, in points."""
    lines = []
    for samples in range(1, MOST + 1):
        rng = np.random.default_rng(samples)
        found = [width(rng, of.chances(rng, ONE_SIZE), samples) for _ in range(count // 20)]
        these, like = (100 * float(np.mean(side)) for side in zip(*found, strict=True))
        lines.append([str(samples), f"{these:.1f}", f"{like:.1f}"])
    return table(("repeats", "the same questions again, points", "questions like these, points"), lines)


def width(rng: np.random.Generator, chances: np.ndarray, samples: int) -> tuple[float, float]:
    hits = rng.binomial(samples, chances[:, None], (len(chances), CELLS))
    cells = [[(1.0, 1.0)] * hit + [(0.0, 1.0)] * (samples - hit) for hit in hits.ravel().tolist()]
    answers = Sums.of(pair for cell in cells for pair in cell)
    these = share_these(answers, within_repeats(cells, answers.ratio) if samples > 1 else 1.0)
    like = share_like(Sums.of((float(hit), float(CELLS * samples)) for hit in hits.sum(1)))
    return these.high - these.low, like.high - like.low


def choosing(of: Real, count: int) -> str:
    """The error of a mention rate if further answers are asked of all questions, or of those that seem unsteady."""
    rng, errors = np.random.default_rng(11), []
    for _ in range(count):
        chances = of.chances(rng, ONE_SIZE)
        first, more = rng.binomial(CELLS, chances), rng.binomial(CELLS * (MOST - 1), chances)
        unsteady = np.argsort(np.abs(first / CELLS - 0.5))[: ONE_SIZE // 2]
        some = (first.sum() + more[unsteady].sum()) / (CELLS * ONE_SIZE + CELLS * (MOST - 1) * len(unsteady))
        whole = (first.sum() + more.sum()) / (CELLS * MOST * ONE_SIZE)
        errors.append((whole - chances.mean(), some - chances.mean()))
    means = 100 * np.mean(errors, axis=0)
    lines = [[name, f"{mean:+.1f}"] for name, mean in zip(("all questions", "the unsteadier half"), means, strict=True)]
    return table(("asked further", "mean error of the rate, points"), lines)


def tables(questions: Sequence[published.Asked], count: int) -> Iterator[tuple[str, str]]:
    baskets = list(published.of_its_topics(questions))
    whole = real(baskets)
    rare = replace(real([one for one in baskets if rate_of(one) <= LOW]), alike=whole.alike)  # too few to measure it
    yield "choosing", choosing(rare, count)
    yield "widths", widths(whole, count)
    yield "repeats", strategies(whole, count)


def rate_of(basket: published.Basket) -> float:
    return float(
        np.mean([published.by_label(one, basket.brand) for asked in basket.questions for one in asked.answers])
    )


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--samples", type=int, default=2000)
    said.add_argument("--write", action="store_true")
    options = said.parse_args()
    source = recorded.folder()
    if source is None:
        sys.stdout.write(
            f"skipped: no recorded answers at {recorded.SHARED}/answers; SENSO_SHARED says where they are\n"
        )
        return
    for name, text in tables(published.asked(recorded.answers(source)), options.samples):
        sys.stdout.write(f"{name}\n{text}\n\n")
        sys.stdout.flush()
        if options.write:
            PAGE.write_text(put(PAGE.read_text(), name, text))


if __name__ == "__main__":
    main()
