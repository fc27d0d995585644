"""The plan of an answer before it has words: who is named, where, and with what sentiment."""

from dataclasses import dataclass
from random import Random

from senso.sandbox.dice import dice, share
from senso.sandbox.orgs import NETWORK_SIZE, Org, Question

MENTION_OF_A_BRANDED_ORG = 0.92
LISTED = ("numbered", "numbered", "numbered", "plain", "prose")  # three of five answers are a numbered list in bold


@dataclass(frozen=True, slots=True)
class Naming:
    """One org or rival as the answer names it; `org` is None for a rival. `aside`: after the list, without a rank."""

    name: str
    sentiment: str
    aside: bool = False
    org: Org | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    shape: str  # numbered, plain or prose
    namings: tuple[Naming, ...]

    def naming(self, org: Org) -> Naming | None:
        return next((naming for naming in self.namings if naming.org == org), None)

    @property
    def listed(self) -> list[Naming]:
        return [naming for naming in self.namings if not naming.aside] if self.shape != "prose" else []

    @property
    def asides(self) -> list[Naming]:
        return [naming for naming in self.namings if naming not in self.listed]


def plan_for(seed: int, question: Question, model: str, country: str) -> Plan:
    chance = dice(seed, "plan", question.text, model, country)
    namings = [*_rivals(chance, question), *_orgs(chance, seed, question, model, country)]
    chance.shuffle(namings)
    return Plan(chance.choice(LISTED), tuple(namings))


def _rivals(chance: Random, question: Question) -> list[Naming]:
    asked_about = {org.name for org in question.orgs}
    names = [name for name in chance.sample(question.orgs[0].rivals, chance.randint(2, 5)) if name not in asked_about]
    return [Naming(name, chance.choice(("positive", "negative", "neutral"))) for name in names]


def _orgs(chance: Random, seed: int, question: Question, model: str, country: str) -> list[Naming]:
    shared = len(question.orgs) > 1
    return [
        Naming(
            name=chance.choice(org.shared_forms if shared else org.forms),
            sentiment=chance.choices(("positive", "neutral", "negative"), (5, 3, 2))[0],
            aside=chance.random() < 0.15,  # noqa: PLR2004 - about every seventh is named without a rank
            org=org,
        )
        for org in question.orgs
        if chance.random() < _mention_rate(seed, org, question, model, country)
    ]


def _mention_rate(seed: int, org: Org, question: Question, model: str, country: str) -> float:
    """The probability that an answer names the org: the org's fame, plus a bias of each model and location."""
    if (question.text, model) in org.certain:
        return 1.0
    if question.kind == "branded":
        return MENTION_OF_A_BRANDED_ORG
    fame, leaning = share(seed, "fame", org.number), share(seed, "leaning", org.number, model, country)
    crowd = max(1.0, len(question.orgs) / NETWORK_SIZE)  # no answer names half of fifty
    return (0.15 + 0.5 * fame + 0.2 * leaning) / crowd
