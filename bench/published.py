"""What two repeats of 132 real questions say, by their labels and by our rules: how steady answers are.

    python bench/published.py

Needs $SENSO_SHARED/answers (amplifying-ai/ai-product-bench, MIT: ChatGPT's web answers of 24 and 25 May 2025, each
question asked twice, brands labelled by a model, of five products an answer at most); without it: "skipped", exit 0.
Each brand is an org in turn, and everything is counted from `senso.score`. Prints the tables of docs/numbers.md.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import recorded
from recorded import Recorded

from senso.extraction import words
from senso.score import Fact, score
from senso.states import QuestionKind, Surface

PHRASINGS = 4  # of one topic, one after the other


@dataclass(frozen=True, slots=True)
class Answer:
    """`labels`: the brands of its labels, each under one spelling in all answers."""

    text: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, by its place, and its two answers."""

    place: int
    answers: tuple[Answer, Answer]

    @property
    def topic(self) -> int:
        return self.place // PHRASINGS

    def labels(self) -> frozenset[str]:
        return self.answers[0].labels | self.answers[1].labels


Named = Callable[[Answer, str], bool]


def asked(known: Sequence[Recorded]) -> list[Asked]:
    """Spellings of a brand that differ only in case are one."""
    spellings: dict[str, str] = {}
    answers = [
        Answer(one.text, frozenset(spellings.setdefault(brand.casefold(), brand) for brand in one.brands() if brand))
        for one in known
    ]
    half = len(answers) // 2
    return [Asked(place, pair) for place, pair in enumerate(zip(answers[:half], answers[half:], strict=True))]


def by_label(answer: Answer, brand: str) -> bool:
    return brand in answer.labels


@cache
def read(text: str) -> words.Text:
    return words.text(text)


@cache
def by_rule(answer: Answer, brand: str) -> bool:
    """Whether the product finds the name, with no model to reject or add anything."""
    return bool(words.namings(read(answer.text), brand))


def facts(questions: Sequence[Asked], brand: str, named: Named) -> list[Fact]:
    return [
        Fact(
            question_id=str(one.place),
            question_kind=QuestionKind.UNBRANDED,
            surface=Surface.CONSUMER,
            model="chatgpt",
            location="US",
            mentioned=named(answer, brand),
            sentiment=None,
            rank=None,
            competitors=(),
            citations=0,
            owned_citations=0,
        )
        for one in questions
        for answer in one.answers
    ]


def mentions(questions: Sequence[Asked], brand: str, named: Named) -> tuple[int, int]:
    """The numerator and the denominator of the mention rate."""
    for metric in score(facts(questions, brand, named)):
        if metric.name == "mention_rate":
            return metric.numerator, metric.denominator
    raise ValueError("no mention rate")


@dataclass(frozen=True, slots=True)
class Pairs:
    """(question, brand) pairs that are named in either repeat, and those of them that are missing from the other."""

    named: int
    missing: int

    @property
    def share(self) -> float:
        return self.missing / self.named


def pairs(questions: Sequence[Asked], named: Named) -> Pairs:
    """Of the brands that either answer to the question is labelled with."""
    counts = [mentions([one], brand, named)[0] for one in questions for brand in sorted(one.labels())]
    return Pairs(sum(count > 0 for count in counts), sum(count == 1 for count in counts))


@dataclass(frozen=True, slots=True)
class Basket:
    """A brand as an org, and the questions that it would watch."""

    brand: str
    questions: tuple[Asked, ...]


def topics(questions: Sequence[Asked]) -> dict[int, tuple[Asked, ...]]:
    return {topic: tuple(one for one in questions if one.topic == topic) for topic in {one.topic for one in questions}}


def of_one_topic(questions: Sequence[Asked]) -> Iterator[Basket]:
    """Four phrasings of one need, for each brand that is labelled there."""
    for members in topics(questions).values():
        for brand in sorted(frozenset().union(*(one.labels() for one in members))):
            yield Basket(brand, members)


def of_its_topics(questions: Sequence[Asked]) -> Iterator[Basket]:
    """All topics in which the brand is labelled, if they are several: what such an org would ask."""
    by_topic = topics(questions)
    for brand in every_brand(questions):
        own = [members for members in by_topic.values() if any(brand in one.labels() for one in members)]
        if len(own) > 1:
            yield Basket(brand, tuple(one for members in own for one in members))


def of_all(questions: Sequence[Asked]) -> Iterator[Basket]:
    """All questions, for each brand that is labelled in several topics."""
    for basket in of_its_topics(questions):
        yield Basket(basket.brand, tuple(questions))


def every_brand(questions: Sequence[Asked]) -> list[str]:
    return sorted(frozenset().union(*(one.labels() for one in questions)))


def alike(baskets: Sequence[Basket], named: Named) -> float:
    """The correlation of two answers to one question of a basket: analysis of variance, pooled over baskets.

    Fleiss, Statistical Methods for Rates and Proportions, 3rd edition, section 15.2.
    """
    between = within = 0.0
    many = sum(len(one.questions) for one in baskets)
    for basket in baskets:
        rates = [sum(named(answer, basket.brand) for answer in one.answers) / 2 for one in basket.questions]
        mean = sum(rates) / len(rates)
        between += 2 * sum((rate - mean) ** 2 for rate in rates)
        within += sum(2 * rate * (1 - rate) for rate in rates)
    between, within = between / (many - len(baskets)), within / many
    return (between - within) / (between + within)


BY: dict[str, Named] = {"brand labels": by_label, "our rules, no model": by_rule}
BASKETS = {
    "four phrasings of one topic": of_one_topic,
    "all topics in which the brand is labelled, if several": of_its_topics,
    "all 132 questions, the same brands": of_all,
}


def steadiness(questions: Sequence[Asked]) -> str:
    lines = ["| named by | pairs named in either repeat | missing from the other | % |", "| --- | --- | --- | --- |"]
    for name, named in BY.items():
        found = pairs(questions, named)
        lines.append(f"| {name} | {found.named} | {found.missing} | {100 * found.share:.1f} |")
    return "\n".join(lines)


def correlations(questions: Sequence[Asked]) -> str:
    lines = [f"| basket | baskets | {' | '.join(BY)} |", f"| --- | --- |{' --- |' * len(BY)}"]
    for name, make in BASKETS.items():
        baskets = list(make(questions))
        found = " | ".join(f"{alike(baskets, named):.2f}" for named in BY.values())
        lines.append(f"| {name} | {len(baskets)} | {found} |")
    return "\n".join(lines)


def main() -> None:
    source = recorded.folder()
    if source is None:
        sys.stdout.write(
            f"skipped: no recorded answers at {recorded.SHARED}/answers; SENSO_SHARED says where they are\n"
        )
        return
    questions = asked(recorded.answers(source))
    sys.stdout.write(f"{steadiness(questions)}\n\n{correlations(questions)}\n")


if __name__ == "__main__":
    main()
