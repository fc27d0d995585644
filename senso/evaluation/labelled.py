"""The labels, and the answers that they are about. The recorded answers are not part of the project."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senso.errors import ConfigError
from senso.providers import Source

LABELS = Path(__file__).parent / "labels"
RECORDED, MADE = "recorded", "made"
RUNS = ("run_1", "run_2")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind`: recorded or made. `sources`: the list that came with it, besides what the text links to."""

    id: str
    kind: str
    language: str
    question: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What a careful person reads in one answer about one brand."""

    answer: str
    brand: str
    aliases: tuple[str, ...]
    websites: tuple[str, ...]
    mentioned: bool
    why: str | None  # why it is not mentioned
    spans: tuple[Span, ...]  # of the text that mentions it
    sentiment: str | None
    rank: int | None
    competitors: tuple[str, ...]
    cited: bool
    claims: tuple[Span, ...] | None = None  # what it says of it that could be checked; None: not labelled


@dataclass(frozen=True, slots=True)
class Labelled:
    answer: Answer
    labels: tuple[Label, ...]


def rows(path: Path) -> list[dict[str, Any]]:
    """Raises ConfigError: the file is missing or no JSON Lines."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON Lines: {error}") from None


def labelled(recorded: Path | None) -> list[Labelled]:
    """`recorded`: the folder with `chatgpt/run_1.jsonl` and `queries/queries.jsonl`; None: the made answers alone."""
    found = all_answers(recorded)
    by_answer: dict[str, list[Label]] = {}
    for label in map(label_of, [*rows(LABELS / "made.jsonl"), *rows(LABELS / "real.jsonl")]):
        by_answer.setdefault(label.answer, []).append(label)
    return [Labelled(answer, tuple(by_answer[answer.id])) for answer in found if answer.id in by_answer]


def all_answers(recorded: Path | None) -> list[Answer]:
    """Also those without labels."""
    return [*made_answers(), *(recorded_answers(recorded) if recorded else ())]


def label_of(row: dict[str, Any]) -> Label:
    return Label(
        answer=row["answer"],
        brand=row["brand"],
        aliases=tuple(row["aliases"]),
        websites=tuple(row["websites"]),
        mentioned=row["mentioned"],
        why=row["why"],
        spans=tuple((start, end) for start, end in row["mention_text"]),
        sentiment=row["sentiment"],
        rank=row["rank"],
        competitors=tuple(row["competitors"]),
        cited=row["cited"],
        claims=tuple((one["span"][0], one["span"][1]) for one in row["claims"]) if "claims" in row else None,
    )


def made_answers() -> Iterator[Answer]:
    for row in rows(LABELS / "made_answers.jsonl"):
        yield Answer(row["answer"], MADE, row["language"], row["question"], row["text"], ())


def recorded_answers(folder: Path) -> Iterator[Answer]:
    """All of them; most have no labels. Line i of a run asks variation i % 4 of topic i // 4."""
    topics = rows(folder / "queries" / "queries.jsonl")
    asked = [variation["text"] for topic in topics for variation in topic["variations"]]
    for run in RUNS:
        for place, row in enumerate(rows(folder / "chatgpt" / f"{run}.jsonl")):
            sources = tuple(sources_of([source["url"] for source in row["sources"]]))
            yield Answer(f"{run}/{row['query_id']}", RECORDED, "en", asked[place], row["response"], sources)


def sources_of(addresses: Sequence[str]) -> Iterator[Source]:
    for position, url in enumerate(addresses, start=1):
        yield Source(url=url, title=None, position=position, cited=True)
