"""The real ChatGPT answers in $SENSO_SHARED/answers, each with the text of its question and its labels."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senso.extraction import words

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@dataclass(frozen=True, slots=True)
class Recorded:
    question: str
    text: str
    sources: tuple[dict[str, Any], ...]
    labels: tuple[dict[str, Any], ...]  # products with their brands, at most five, labelled by a model

    def brands(self) -> list[str]:
        return [str(label.get("brand") or "").strip() for label in self.labels]

    def has_label(self, brand: str) -> bool:
        """Whether a label is the brand itself or one of its product lines: "Google Nest" is Google's."""
        wanted = words.key(brand)
        return any(f"{words.key(label)} ".startswith(f"{wanted} ") for label in self.brands())


def folder() -> Path | None:
    found = SHARED / "answers"
    return found if (found / "chatgpt").is_dir() else None


def lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)


def questions(found: Path) -> list[str]:
    """Line i of an answers file is topic i // 4, phrasing i % 4, as SOURCE.txt says."""
    return [one["text"] for topic in lines(found / "queries" / "queries.jsonl") for one in topic["variations"]]


def answers(found: Path) -> list[Recorded]:
    asked = questions(found)
    return [
        Recorded(question, row["response"], tuple(row["sources"] or ()), tuple(row["products_mentioned"] or ()))
        for file in sorted((found / "chatgpt").glob("*.jsonl"))
        for question, row in zip(asked, lines(file), strict=True)
    ]


def write_replay(recorded: list[Recorded], into: Path) -> Path:
    """Writes them in the sandbox's replay format; never inside the repository, because their licence differs."""
    into.mkdir(parents=True)
    rows = (
        {"prompt": one.question, "model": "ChatGPT", "response": one.text, "sources": list(one.sources)}
        for one in recorded
    )
    (into / "chatgpt.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return into
