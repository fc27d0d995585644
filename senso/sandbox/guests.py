"""Organisations that the world did not make: those of a user's own import file, and those whose names were asked for.

They are answered about as the world's own are, with made-up opinions, in words that fit any trade.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from senso.sandbox.dice import number
from senso.sandbox.orgs import Org, Question, identity
from senso.sandbox.trades import ANYTHING

# Beside the competitors that the file names: an answer names up to five others.
OTHERS = (
    "Larkspur & Sons",
    "Kestrel Collective",
    "Tallow & Finch",
    "Birchmere Partners",
    "Quillon",
    "Merriweather House",
    "Halcyon Street",
    "Vantry",
    "Ironbridge & Co",
    "Saltmarsh Group",
)
MOST_OTHERS = 8
MOST_MET = 5  # in one answer
MOST_KNOWN = 1000  # each is looked for in a question that nobody prepared


@dataclass(frozen=True, slots=True)
class Guest:
    """As much of an organisation as answers are made of. `questions`: each text with its kind, branded or unbranded.

    `models` are the names under which the first of them is asked for at its provider: there the first question is
    always answered with the organisation in it, so that no report on it is all zeros.
    """

    name: str
    websites: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    models: frozenset[str] = frozenset()


@dataclass(slots=True)
class Guests:
    """`asked` has the questions of the file; `met` the organisations whose names were asked for, oldest first."""

    seed: int
    asked: Mapping[str, Question] = field(default_factory=dict)
    met: dict[str, Org] = field(default_factory=dict)

    def meet(self, name: str, websites: Sequence[str]) -> None:
        known = self.met.pop(name, None)
        self.met[name] = known or org_for(self.seed, Guest(name, tuple(websites)))
        if len(self.met) > MOST_KNOWN:
            del self.met[next(iter(self.met))]

    def question(self, text: str, model: str) -> Question | None:
        """The file's; else one about those the text names, or about those met last."""
        if text in self.asked or not self.met:
            return self.asked.get(text)
        named = [name for name in self.met if name in text]
        orgs = [self._certain(name, text, model) for name in named or list(self.met)[-MOST_MET:]]
        return question_about(self.seed, text, "branded" if named else "unbranded", orgs)

    def _certain(self, name: str, text: str, model: str) -> Org:
        """The first question after an organisation was met is answered with it: no report on it is all zeros."""
        if not self.met[name].certain:
            self.met[name] = replace(self.met[name], certain=frozenset({(text, model)}))
        return self.met[name]


def guests_of(seed: int, given: Iterable[Guest]) -> Guests:
    """A question that several organisations ask is answered about all of them."""
    kinds: dict[str, str] = {}
    askers: dict[str, list[Org]] = {}
    for guest in given:
        org = org_for(seed, guest)
        for text, kind in guest.questions:
            kinds[text] = kind
            askers.setdefault(text, []).append(org)
    return Guests(seed, {text: question_about(seed, text, kinds[text], orgs) for text, orgs in askers.items()})


def question_about(seed: int, text: str, kind: str, orgs: Sequence[Org]) -> Question:
    return Question(identity(seed, "question", text), text, kind, "", "", tuple(orgs), ANYTHING)


def org_for(seed: int, guest: Guest) -> Org:
    first = guest.questions[0][0] if guest.questions else None
    return Org(
        number=number("guest", guest.name),
        id=identity(seed, "guest", guest.name),
        name=guest.name,
        first="",
        forms=(guest.name,),
        shared_forms=(guest.name,),
        town="",
        websites=guest.websites,
        rivals=rivals_of(guest),
        partner=0,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
        certain=frozenset((first, model) for model in guest.models if first is not None),
    )


def rivals_of(guest: Guest) -> tuple[str, ...]:
    others = dict.fromkeys(name for name in (*guest.competitors, *OTHERS) if name.lower() != guest.name.lower())
    return tuple(others)[: max(MOST_OTHERS, len(guest.competitors))]
