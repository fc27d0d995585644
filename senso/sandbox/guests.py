"""Organisations from outside the world: those of a user's import file, and those whose names were asked for.

Questions about them are answered as those about the world's own, with made-up opinions in words that fit any trade.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from senso.sandbox.dice import number
from senso.sandbox.orgs import Org, Question, identity
from senso.sandbox.trades import ANYTHING

# Used in addition to the competitors in the file: an answer names up to five others.
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
MOST_KNOWN = 1000  # each is searched for in every unknown question


@dataclass(frozen=True, slots=True)
class Guest:
    """What answers need of an organisation. `questions`: each text with its kind, branded or unbranded.

    `models` are the names of its first model, ours and its provider's. That model always names the organisation in its
    answer to the first question, so that no report is all zeros.
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
        """The file's question; else one about the organisations that the text names, or about those met last."""
        if text in self.asked or not self.met:
            return self.asked.get(text)
        named = [name for name in self.met if name in text]
        orgs = [self._certain(name, text, model) for name in named or list(self.met)[-MOST_MET:]]
        return question_about(self.seed, text, "branded" if named else "unbranded", orgs)

    def _certain(self, name: str, text: str, model: str) -> Org:
        """The answer to the first question after an organisation was met names it, so that no report is all zeros."""
        if not self.met[name].certain:
            self.met[name] = replace(self.met[name], certain=frozenset({(text, model)}))
        return self.met[name]


def guests_of(seed: int, given: Iterable[Guest]) -> Guests:
    """A question that belongs to several organisations is answered about all of them."""
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
