"""The stand-in for a reading model: it sees only the request and does not know the truth.

Its heuristics are honest but simple: whole-word names, opinion words, lists. Instructions inside the answer are treated
as text like any other.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from senso.sandbox.passages import Passages, passages, spoken
from senso.sandbox.variations import name_variations, ordinary

PRAISE = re.compile(
    r"\b(recommended|excellent|praised|popular|trusted|friendly|competitive|helpful|quick|best|great"
    r"|top[- ]rated|leading|outstanding|impressive|reliable|superb|ideal|perfect|favou?rite|well[- ]regarded"
    r"|award[- ]winning|low fees)\b",
    re.IGNORECASE,
)
BLAME = re.compile(
    r"\b(criticised|criticized|complaints?|high fees|slow|outdated|poor|hard to reach|avoid|worst|disappointing"
    r"|unreliable|expensive|overpriced|lacks?|limited|frustrating|problems?|weak|not recommended|not ideal)\b",
    re.IGNORECASE,
)
NEGATED = re.compile(r"\b(?:not|never|hardly|less|isn't) (?:\w+ ){0,2}$", re.IGNORECASE)
ANSWER = re.compile(r"<answer-([0-9a-f]{12})>\n(.*)\n</answer-\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Task:
    """What a request asks to be read: the organisation, its names, the question and the answer."""

    organisation: str
    names: tuple[str, ...]
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Request:
    """An answer to be read for one organisation, or for several (`numbers`, one for each task) at once."""

    question: str
    answer: str
    tasks: tuple[Task, ...]
    numbers: tuple[int, ...] | None = None


def request_in(user: str) -> Request | None:
    first, _, rest = user.partition("\n")
    try:
        asked = json.loads(first)
        several = asked.get("organisations")
        about = [asked] if several is None else list(several)
        names = [(str(one["organisation"]), one.get("variations") or []) for one in about]
        numbers = None if several is None else tuple(int(one["number"]) for one in several)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    found, question = ANSWER.search(rest), str(asked.get("question", ""))
    answer = found[2] if found else rest
    tasks = tuple(
        Task(name, tuple(dict.fromkeys([name, *map(str, variations)])), question, answer) for name, variations in names
    )
    return Request(question, answer, tasks, numbers)


def task_in(user: str) -> Task | None:
    """Of a request about one organisation."""
    found = request_in(user)
    return found.tasks[0] if found and found.numbers is None else None


def said_of(request: Request, read: Callable[[Task], dict[str, Any]]) -> dict[str, Any]:
    """What a model says of the request. `read`: its reading for one organisation."""
    readings = list(map(read, request.tasks))
    if request.numbers is None:
        return readings[0]
    found = passages(request.answer)
    named = dict.fromkeys([*found.ranking, *found.bold])
    named |= dict.fromkeys(one["name"] for reading in readings for one in reading["competitors"])
    numbered = zip(request.numbers, readings, strict=True)
    return {
        "organisations": [{"name": name} for name in named],
        "readings": [{"number": number, **reading} for number, reading in numbered],
    }


def organisation_in(user: str) -> tuple[str, list[str]] | None:
    """The organisation whose names are asked for, and its websites."""
    try:
        asked = json.loads(user)
        return str(asked["organisation"]), [str(website) for website in asked.get("websites") or []]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


KINDS = {"news": "news", "times": "news", "forum": "forum", "shop": "shop", "store": "shop", "best": "listing"}


def domains_in(user: str) -> list[dict[str, str]]:
    """The domains that are to be sorted, each by the first word of `KINDS` in it; [] if the request is another."""
    try:
        asked = list(map(str, json.loads(user)["domains"]))
    except (ValueError, KeyError, TypeError):
        return []
    return [
        {"domain": one, "category": next((kind for word, kind in KINDS.items() if word in one), "other")}
        for one in asked
    ]


def variations_for(user: str) -> dict[str, Any]:
    found = organisation_in(user)
    return {"variations": name_variations(*found) if found else []}


def reading_of(task: Task) -> dict[str, Any]:
    found = passages(task.answer)
    named = naming_sentences(task, found)
    others = [name for name in found.ranking + found.bold if not names_it(task, name)]
    return {
        "mentioned": bool(named),
        "mention_text": " || ".join(named) or None,
        "sentiment": _sentiment(named) if named else None,
        "rank": _rank(task, found),
        "competitors": [{"name": name} for name in dict.fromkeys(others)],
    }


def naming_sentences(task: Task, found: Passages) -> list[str]:
    return [sentence for sentence in found.sentences if names_it(task, spoken(sentence))]


def names_it(task: Task, text: str) -> bool:
    return _matcher(task.names).search(text) is not None


@lru_cache(maxsize=1024)
def _matcher(names: tuple[str, ...]) -> re.Pattern[str]:
    """Matches whole words in any case, longest first; a single ordinary word only in the case of the name."""
    longest = sorted((name for name in names if name.strip()), key=len, reverse=True)
    written = [f"(?-i:{re.escape(name)})" if ordinary(name) else re.escape(name) for name in longest]
    return re.compile(rf"(?<!\w)(?:{'|'.join(written) or '(?!)'})(?!\w)", re.IGNORECASE)


def _sentiment(sentences: list[str]) -> str:
    text = spoken(" ".join(sentences))
    praise = [found for found in PRAISE.finditer(text) if not NEGATED.search(text, 0, found.start())]
    balance = len(praise) - len(BLAME.findall(text))
    return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"


def _rank(task: Task, found: Passages) -> int | None:
    places = (place for place, name in enumerate(found.ranking, start=1) if names_it(task, name))
    return next(places, None)
