"""False readings on request. Each is recorded with what it says, to show that a check catches it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from senso.sandbox.dice import dice, number, share
from senso.sandbox.obedience import Obedience
from senso.sandbox.passages import passages
from senso.sandbox.reader import (
    NOT_MENTIONED,
    Task,
    domains_in,
    names_it,
    organisation_in,
    reading_of,
    request_in,
    said_of,
    variations_for,
)

Reading = dict[str, Any]
# The reading and what is false in it; None: this lie does not fit the answer.
FalseReading = tuple[Reading, str] | None

INVENTED = ("Vellmoor Savings", "Quarrington Trust", "Ashdown & Pike", "Tidewell Finance", "Brackenridge Loans")
SWAPS = ("reliably", "certainly", "supposedly", "remarkably")


@dataclass(slots=True)
class Lie:
    kind: str
    organisation: str
    question: str
    detail: str
    times: int = 1


def generic_mention(task: Task, reading: Reading, _seed: int) -> FalseReading:
    """Takes an ordinary word of the name for the organisation."""
    words = [word for word in task.organisation.split() if len(word) > 4]  # noqa: PLR2004 - "of" is implausible
    mute = passages(task.answer).sentences if not reading["mentioned"] else ()
    for sentence in mute:
        word = next((word for word in words if word.lower() in sentence.lower().split()), None)
        if word and not names_it(task, sentence):
            found = {"mentioned": True, "mention_text": sentence, "sentiment": "neutral"}
            return reading | found, f"{word!r} in: {sentence}"
    return None


def altered_quote(task: Task, reading: Reading, seed: int) -> FalseReading:
    quote = reading["mention_text"] or ""
    words = [word for word in quote.split() if word.isalpha() and not names_it(task, word)]
    chance = dice(seed, "quote", task.answer)
    for word in chance.sample(words, len(words)):
        altered = quote.replace(f" {word} ", f" {chance.choice(SWAPS)} ", 1)
        if altered.split(" || ")[0] not in task.answer:
            return reading | {"mention_text": altered}, altered
    return None


def invented_competitor(task: Task, reading: Reading, seed: int) -> FalseReading:
    names = [name for name in INVENTED if name not in task.answer]
    if not names:
        return None
    name = names[number(seed, "invented", task.answer) % len(names)]
    return reading | {"competitors": [*reading["competitors"], {"name": name}]}, name


def self_as_competitor(task: Task, reading: Reading, _seed: int) -> FalseReading:
    competitors = [{"name": task.organisation}, *reading["competitors"]]
    return reading | {"competitors": competitors}, task.organisation


def false_mention(task: Task, reading: Reading, seed: int) -> FalseReading:
    """Takes any sentence for one about the organisation."""
    sentences = passages(task.answer).sentences if not reading["mentioned"] else ()
    if not sentences:
        return None
    sentence = sentences[number(seed, "false", task.answer) % len(sentences)]
    return reading | {"mentioned": True, "mention_text": sentence, "sentiment": "positive", "rank": 1}, sentence


KINDS: dict[str, Callable[[Task, Reading, int], FalseReading]] = {
    "generic-mention": generic_mention,
    "false-mention": false_mention,
    "altered-quote": altered_quote,
    "invented-competitor": invented_competitor,
    "self-as-competitor": self_as_competitor,
}
# Of the call for an organisation's names: words that every text has, and names of others.
NAME_KINDS = ("everyday-name", "foreign-name")
EVERYDAY = ("Best", "Bank", "The Best", "Fees", "You", "Online", "BEST", "Rates", "Community", "Local Lender")
NAME_LIES = 3  # in a list of names


class Liar:
    """Lies about a share of the answers, and of the organisations whose names are asked for, always in the same way.

    `others`: names of others that it says are the organisation's; `obedience`: what it does with orders in an answer.
    """

    def __init__(
        self,
        seed: int,
        probability: float,
        others: Iterable[str] = INVENTED,
        obedience: Obedience | None = None,
    ) -> None:
        self._seed, self._others = seed, tuple(others)
        self.obedience = obedience or Obedience()
        self._told: dict[tuple[str, int], Lie] = {}
        self.tune(probability, (*KINDS, *NAME_KINDS))

    def tune(self, probability: float, kinds: Iterable[str], others: Iterable[str] | None = None) -> None:
        self._probability, kinds = probability, tuple(kinds)
        self._kinds = tuple(kind for kind in kinds if kind in KINDS)
        self._name_kinds = tuple(kind for kind in kinds if kind in NAME_KINDS)
        self._others = self._others if others is None else tuple(others)

    def told(self) -> list[dict[str, Any]]:
        return [asdict(lie) for lie in self._told.values()]

    def clear(self) -> None:
        self._told.clear()

    def read(self, user: str) -> Reading:
        """What is said of an answer or of domains; empty if the request is about neither."""
        if known := domains_in(user):
            return {"domains": known}
        request = request_in(user)
        return said_of(request, self._said_of_one, self._unasked) if request else {}

    def _said_of_one(self, task: Task) -> Reading:
        return self.obedience.reading(task, self.reading(task, reading_of(task)))

    def _unasked(self, task: Task) -> Reading:
        return self.obedience.reading(task, self.reading(task, reading_of(task) | NOT_MENTIONED))

    def names(self, user: str) -> dict[str, Any]:
        """What is said of the names of an organisation."""
        honest, found = variations_for(user), organisation_in(user)
        if not found or not self._name_kinds or share(self._seed, "names", found[0]) >= self._probability:
            return honest
        chance = dice(self._seed, "names", found[0])
        kind = chance.choice(self._name_kinds)
        pool = [name for name in (EVERYDAY if kind == "everyday-name" else self._others) if name != found[0]]
        false = chance.sample(pool, min(NAME_LIES, len(pool)))
        self._note(kind, Task(found[0], (), "", ""), ", ".join(false))
        return {"variations": [*honest["variations"], *false]}

    def reading(self, task: Task, honest: Reading) -> Reading:
        if share(self._seed, "lie", task.organisation, task.answer) >= self._probability:
            return honest
        kinds = dice(self._seed, "kind", task.organisation, task.answer).sample(self._kinds, len(self._kinds))
        for kind in kinds:
            told = KINDS[kind](task, honest, self._seed)
            if told:
                self._note(kind, task, told[1])
                return told[0]
        return honest

    def _note(self, kind: str, task: Task, detail: str) -> None:
        key = (task.organisation, number(task.answer))
        if key in self._told:
            self._told[key].times += 1
        else:
            self._told[key] = Lie(kind, task.organisation, task.question, detail)
