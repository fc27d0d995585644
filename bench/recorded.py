"""The real ChatGPT answers of $SENSO_SHARED/answers: question text joined in, labels by answer."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senso.extraction import words

SHARED = Path(os.environ.get("SENSO_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PHRASINGS = 4


@dataclass(frozen=True, slots=True)
class Recorded:
    question: str
    text: str
    sources: tuple[dict[str, Any], ...]
    labels: tuple[dict[str, Any], ...]  # products with their brands, five at most, made by a model

    def brands(self) -> list[str]:
        return [str(label.get("brand") or "").strip() for label in self.labels]

    def has_label(self, brand: str) -> bool:
        """The brand itself, or one of its lines: "Google Nest" is Google's."""
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
    """Position i of an answers' file is topic i // 4, phrasing i % 4, as SOURCE.txt says."""
    return [one["text"] for topic in lines(found / "queries" / "queries.jsonl") for one in topic["variations"]]


def answers(found: Path) -> list[Recorded]:
    asked = questions(found)
    return [
        Recorded(question, row["response"], tuple(row["sources"] or ()), tuple(row["products_mentioned"] or ()))
        for file in sorted((found / "chatgpt").glob("*.jsonl"))
        for question, row in zip(asked, lines(file), strict=True)
    ]


def write_replay(recorded: list[Recorded], into: Path) -> Path:
    """As the sandbox replays them; never inside the repository, whose licence they do not share."""
    into.mkdir(parents=True)
    rows = (
        {"prompt": one.question, "model": "ChatGPT", "response": one.text, "sources": list(one.sources)}
        for one in recorded
    )
    (into / "chatgpt.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return into
