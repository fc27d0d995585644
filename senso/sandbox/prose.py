"""The text of an answer, written from its plan in the style of assistants: intro, list, links, advice, closing."""

from random import Random
from urllib.parse import urlsplit

from senso.sandbox.answers import Answer, Source
from senso.sandbox.dice import dice
from senso.sandbox.links import Links
from senso.sandbox.orgs import Question
from senso.sandbox.plan import Naming, Plan
from senso.sandbox.vocabulary import ORDINARY

ASIDES = ("You may also hear of **{name}**, which {predicate}.", "Outside this list, **{name}** {predicate}.")
GENERIC = """There is no single best answer to this. It helps to:

1. Write down what you need and by when.
2. Compare the total yearly cost of at least three offers.
3. Read recent reviews, and ask friends about their experience.

If you tell me more about your situation, I can be more specific."""


def generic_answer() -> Answer:
    """For an unknown question: it names no organisation."""
    return Answer(GENERIC)


def compose(seed: int, question: Question, plan: Plan, links: Links, place: tuple[str, str]) -> str:
    chance = dice(seed, "prose", question.text, *place)
    cited = dict(zip(plan.namings, links.cited, strict=True))
    blocks = [
        _intro(chance, question, plan),
        question.trade.heading.format(town=question.town) if plan.shape != "prose" and chance.random() < 0.4 else "",  # noqa: PLR2004
        _listed(chance, question, plan, cited),
        _asides(chance, question, plan, cited),
        _ordinary(chance, question, plan),
        question.trade.checks if chance.random() < 0.4 else "",  # noqa: PLR2004
        _closing(chance, question, plan, links.again),
    ]
    return "\n\n".join(filter(None, blocks))


def _intro(chance: Random, question: Question, plan: Plan) -> str:
    unknown = question.kind == "branded" and not plan.naming(question.orgs[0])
    intro = question.trade.not_found if unknown else chance.choice(question.trade.intros)
    return intro.format(town=question.town, topic=question.topic)


def _listed(chance: Random, question: Question, plan: Plan, cited: dict[Naming, Source]) -> str:
    line = "{}. **{}** \N{EN DASH} {}. {}" if plan.shape == "numbered" else "{}. {} - {}. {}"
    return "\n".join(
        line.format(place, naming.name, _predicate(chance, question, naming).removeprefix("is "), _link(cited[naming]))
        for place, naming in enumerate(plan.listed, start=1)
    )


def _asides(chance: Random, question: Question, plan: Plan, cited: dict[Naming, Source]) -> str:
    """In an answer without a list, every naming is an aside and gets a plain sentence."""
    sentences = ("**{name}** {predicate}.",) if plan.shape == "prose" else ASIDES
    return " ".join(
        chance.choice(sentences).format(name=naming.name, predicate=_predicate(chance, question, naming))
        + " "
        + _link(cited[naming])
        for naming in plan.asides
    )


def _ordinary(chance: Random, question: Question, plan: Plan) -> str:
    """Uses a word of an org's name in its ordinary sense: always if the org is not named, sometimes if it is."""
    absent = [org for org in question.orgs if not plan.naming(org)][:2]
    present = [org for org in question.orgs if plan.naming(org)][:1] if chance.random() < 0.3 else []  # noqa: PLR2004
    return " ".join(dict.fromkeys(ORDINARY[org.first] for org in absent + present if org.first in ORDINARY))


def _closing(chance: Random, question: Question, plan: Plan, again: tuple[Source, ...]) -> str:
    org = question.orgs[0]
    customer = question.trade.customer.format(name=org.name) if plan.naming(org) else ""
    customer = customer if chance.random() < 0.3 else ""  # noqa: PLR2004
    more = f"More on this: {_link(again[0])}" if again else ""
    return " ".join(filter(None, [customer, chance.choice(question.trade.closings), more]))


def _predicate(chance: Random, question: Question, naming: Naming) -> str:
    return chance.choice(question.trade.opinions[naming.sentiment])


def _link(source: Source) -> str:
    return f"([{urlsplit(source.page).hostname}]({source.url}))".replace("[www.", "[")
