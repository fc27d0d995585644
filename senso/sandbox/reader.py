"""The stand-in for a reading model: it sees only the request and does not know the truth.

Its heuristics are honest but simple: whole-word names, opinion words, lists. Instructions inside the answer are treated
as text like any other.
"""

import json
import re
from collections.abc import Callable, Iterator
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
ANSWER = re.compile(r"<([0-9a-f]{12})>\n(.*)\n</\1>", re.DOTALL)
MARK = re.compile("⟦([^⟦⟧]{1,40})⟧")
MOST_CLAIMS = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What a request asks to be read: the organisation, its names, the question and the answer."""

    organisation: str
    names: tuple[str, ...]
    question: str
    answer: str
    facts: tuple[str, ...] = ()  # what is known to be true of it


@dataclass(frozen=True, slots=True)
class Request:
    """An answer to be read for organisations, each with its number; without numbers, for one in the form of its schema.

    `answer`: without the marks; `marks`: each with its place there. `beside`: the organisation that the answer
    is read for, where nothing is asked about it. `digest`: of the answer before it was prepared.
    """

    question: str
    answer: str
    tasks: tuple[Task, ...]
    numbers: tuple[int, ...] | None = None
    marks: tuple[tuple[str, int], ...] = ()
    beside: str | None = None
    digest: str | None = None


def request_in(user: str) -> Request | None:
    first, _, rest = user.partition("\n")
    found = ANSWER.search(rest)
    sent, digest = (found[2], found[1]) if found else (rest, None)
    try:
        asked = json.loads(first)
        question, answer = str(asked.get("question", "")), MARK.sub("", sent)
        if "orgs" not in asked:
            return Request(question, answer, (task_of(asked, "organisation", "variations", question, answer),))
        tasks = tuple(task_of(one, "name", "also", question, answer) for one in asked["orgs"].values())
        numbers = tuple(map(int, asked["orgs"]))
        return Request(question, answer, tasks, numbers, tuple(marks_in(sent)), asked.get("beside"), digest)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def task_of(about: dict[str, Any], called: str, also: str, question: str, answer: str) -> Task:
    """`called`, `also`: under which the organisation's name stands, and its other names."""
    name = str(about[called])
    names = tuple(dict.fromkeys([name, *map(str, about.get(also) or [])]))
    return Task(name, names, question, answer, tuple(map(str, about.get("facts") or [])))


def marks_in(sent: str) -> Iterator[tuple[str, int]]:
    before = 0
    for found in MARK.finditer(sent):
        if "." in found[1]:
            yield found[1], found.start() - before
        before += len(found[0])


def task_in(user: str) -> Task | None:
    """Of a request about one organisation."""
    found = request_in(user)
    return found.tasks[0] if found and found.numbers is None else None


Read = Callable[[Task], dict[str, Any]]
NOT_MENTIONED = {"mentioned": False, "mention_text": None, "sentiment": None, "rank": None}


def said_of(request: Request, read: Read, unasked: Read | None = None) -> dict[str, Any]:
    """What a model says of the request. `read`: its reading for one organisation.

    `unasked`: what a false model says of the organisation that it was not asked about.
    """
    readings = list(map(read, request.tasks))
    if request.numbers is None:
        return readings[0]
    if request.beside and unasked:
        return with_unasked(request, unasked(Task(request.beside, (), request.question, request.answer)))
    found = passages(request.answer)
    named = dict.fromkeys([*found.ranking, *found.bold])
    named |= dict.fromkeys(one["name"] for reading in readings for one in reading["competitors"])
    numbered = dict(zip(request.numbers, zip(request.tasks, readings, strict=True), strict=True))
    verdicts = {mark: verdict(request, mark, place, numbered) for mark, place in request.marks}
    return {
        "ranking": list(named),
        "named": [mark for mark, one in verdicts.items() if one == "named"],
        "others": [{"mark": mark, "verdict": one} for mark, one in verdicts.items() if one != "named"],
        "readings": [{"org": number, **numbered_reading(request, number, *one)} for number, one in numbered.items()],
    }


def with_unasked(request: Request, reading: dict[str, Any]) -> dict[str, Any]:
    honest = said_of(request, reading_of)
    named = [*honest["ranking"], *(one["name"] for one in reading["competitors"])]
    if not reading["mentioned"]:
        return honest | {"ranking": list(dict.fromkeys(named))}
    task = Task(request.beside or "", (), request.question, request.answer)
    readings = [{"org": 1, **numbered_reading(request, 1, task, reading)}]
    return honest | {"ranking": named, "named": [*honest["named"], "1.1"], "readings": readings}


def verdict(request: Request, mark: str, place: int, numbered: dict[int, tuple[Task, dict[str, Any]]]) -> str:
    """By what the reading quotes; a tracked organisation is named wherever it is marked."""
    number = mark.partition(".")[0]
    if not number.isdigit() or int(number) not in numbered:
        return "named"
    said = numbered[int(number)][1]["mention_text"] or ""
    quoted = [part for part in said.split(" || ") if part in request.answer]
    is_named = any(covers(part, request.answer, place) for part in quoted) if quoted else bool(said)
    return "named" if is_named else "everyday-word"


def covers(part: str, answer: str, place: int) -> bool:
    """Whether a quoted part has this place within."""
    return answer.find(part, max(0, place - len(part)), place + len(part)) >= 0


def numbered_reading(request: Request, number: int, task: Task, reading: dict[str, Any]) -> dict[str, Any]:
    quoted = (reading["mention_text"] or "").split(" || ")
    is_marked = any(mark.partition(".")[0] == str(number) for mark, _ in request.marks)
    mood = reading["sentiment"]
    return {
        "missed": quoted[0] if reading["mentioned"] and not is_marked else None,
        "sentiment": mood,
        "evidence": evidence(quoted, mood) if mood else None,
        "rank": reading["rank"],
        "claims": [claim(one, task.facts) for one in quoted[:MOST_CLAIMS] if one] if reading["mentioned"] else [],
    }


def evidence(quoted: list[str], mood: str) -> str:
    wanted = {"positive": PRAISE, "negative": BLAME}.get(mood)
    return next((one for one in quoted if wanted and wanted.search(spoken(one))), quoted[0])


def claim(sentence: str, facts: tuple[str, ...]) -> dict[str, Any]:
    """A judgement by its words; supported by the fact that shares most of its own words with it."""
    text = spoken(sentence)
    praise, blame = PRAISE.search(text), BLAME.search(text)
    place, fact = max(enumerate(facts, 1), key=lambda one: len(shared(one[1], text)), default=(None, ""))
    is_covered = len(shared(fact, text)) * 2 > len(fact.split())
    return {
        "statement": text,
        "sentence": sentence,
        "kind": "opinion" if praise or blame else "fact",
        "polarity": "positive" if praise and not blame else "negative" if blame and not praise else "neutral",
        "verdict": "supported" if is_covered else "not-covered",
        "fact": place if is_covered else None,
    }


def shared(fact: str, text: str) -> set[str]:
    return set(fact.casefold().split()) & set(text.casefold().split())


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
