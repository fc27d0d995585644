"""Recorded answers instead of the made-up world: JSON Lines files, one answer per line."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senso.sandbox.answers import Answer, Source
from senso.sandbox.dice import number


class BadRecording(Exception):
    """The message is one line: the file, the line number, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Recorded:
    question: str
    model: str
    country: str | None
    answer: Answer


class Replay:
    """Of several answers to a question, takes the one for this model and country, else always the same one."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._seed = seed
        self._recorded: dict[str, list[Recorded]] = defaultdict(list)
        for recorded in _read(folder):
            self._recorded[_plain(recorded.question)].append(recorded)

    def answer(self, question: str, model: str, country: str) -> Answer | None:
        candidates = self._recorded.get(_plain(question))
        if not candidates:
            return None
        best = max(_fit(recorded, model, country) for recorded in candidates)
        fitting = [recorded for recorded in candidates if _fit(recorded, model, country) == best]
        return fitting[number(self._seed, "replay", question, model, country) % len(fitting)].answer


def _fit(recorded: Recorded, model: str, country: str) -> tuple[bool, bool]:
    return recorded.model.lower() == model.lower(), recorded.country == country


def _plain(question: str) -> str:
    return " ".join(question.split()).lower()


def _read(folder: Path) -> Iterator[Recorded]:
    files = sorted(folder.rglob("*.jsonl"))
    if not files:
        raise BadRecording(f"{folder}: no *.jsonl file in it")
    for file in files:
        for place, line in enumerate(_text(file).split("\n"), start=1):
            if line.strip():
                try:
                    yield _recorded(json.loads(line))
                except (ValueError, TypeError) as error:
                    raise BadRecording(f"{file}:{place}: {error}") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadRecording(f"{file}: not UTF-8 text") from None
    except OSError as error:
        raise BadRecording(f"{file}: {error.strerror}") from None


def _recorded(row: Any) -> Recorded:
    if not isinstance(row, dict):
        raise TypeError("a line is a JSON object")
    question, response = row.get("prompt") or row.get("query"), row.get("response")
    if not isinstance(question, str) or not isinstance(response, str):
        raise TypeError("a line needs prompt (or query) and response, both text")
    return Recorded(question, str(row.get("model", "")), row.get("country"), Answer(response, _sources(row)))


def _sources(row: dict[str, Any]) -> tuple[Source, ...]:
    """A page that the text links to is cited; the others were only offered."""
    given = row.get("sources") or []
    if not isinstance(given, list) or not all(isinstance(source, dict) and source.get("url") for source in given):
        raise TypeError("sources is a list of objects with url and title")
    text = row["response"]
    return tuple(
        Source(source["url"], str(source.get("title") or ""), cited=source["url"] in text, page=source["url"])
        for source in given
    )
