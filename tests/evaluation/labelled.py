"""The labels, and the answers that they are about: docs/labelling.md says what each field means."""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from senso.evaluation import labelled

LABELS = labelled.LABELS
ANSWERS = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[3] / "shared")) / "answers"

Row = dict[str, Any]
Pair = tuple[str, str]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def labels(name: str) -> dict[Pair, Row]:
    return {(label["answer"], label["brand"]): label for label in rows(LABELS / f"{name}.jsonl")}


def made_texts() -> dict[str, str]:
    return {answer["answer"]: answer["text"] for answer in rows(LABELS / "made_answers.jsonl")}


def real_texts() -> dict[str, str]:
    return {
        f"{run}/{answer['query_id']}": answer["response"]
        for run in ("run_1", "run_2")
        for answer in rows(ANSWERS / "chatgpt" / f"{run}.jsonl")
    }


def chosen() -> list[str]:
    """The recorded answers that are labelled: of each topic the first few by the hash of their id."""
    first = int(rows(ANSWERS / "chatgpt" / "run_1.jsonl")[0]["query_id"].removeprefix("query-"))
    by_topic: dict[int, list[str]] = {}
    for answer in sorted(real_texts(), key=lambda name: sha256(name.encode()).hexdigest()):
        by_topic.setdefault((int(answer.rpartition("-")[2]) - first) // 4, []).append(answer)
    topics = rows(ANSWERS / "queries" / "queries.jsonl")
    return [
        answer
        for number, topic in enumerate(topics)
        for answer in by_topic[number][: 4 if topic["category"] == "electronics" else 5]
    ]


def labelled_twice() -> list[Row]:
    """Every fourth answer of each file, all its pairs."""
    found = []
    for name in ("real", "made"):
        first = labels(name)
        twice = list(dict.fromkeys(answer for answer, _ in first))[::4]
        found += [label for (answer, _), label in first.items() if answer in twice]
    return found
