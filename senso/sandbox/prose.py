"""The words of an answer, written from its plan the way assistants write: intro, list, links, advice, closing."""

from random import Random
from urllib.parse import urlsplit

from senso.sandbox.answers import Answer, Source
from senso.sandbox.dice import dice
from senso.sandbox.links import Links
from senso.sandbox.orgs import Question
from senso.sandbox.plan import Naming, Plan
from senso.sandbox.vocabulary import OPINIONS, ORDINARY

INTROS = (
    "Here is how lenders in {town} are usually compared for {topic}.",
    "It depends on what matters most to you, but these names come up for {topic} in {town}:",
    "Based on recent reviews, these are worth a look for {topic} in {town}.",
)
NOT_FOUND = "I could not find much about that lender, so these are others that people in {town} compare."
ASIDES = ("You may also hear of **{name}**, which {predicate}.", "Outside this list, **{name}** {predicate}.")
CHECKS = """### What to compare

* **Fees:** look at the yearly total, not at the monthly figure.
* **Rates:** ask whether the rate is fixed.
* **Service:** try the app and the phone line before you sign."""
CLOSINGS = (
    "Would you like a side-by-side table, or help with the paperwork?",
    "If you tell me your budget, I can narrow this down.",
    "Terms change often, so please check them before you decide.",
)
GENERIC = """There is no single best answer to this. It helps to:

1. Write down what you need and by when.
2. Compare the total yearly cost of at least three offers.
3. Read recent reviews, and ask friends about their experience.

If you tell me more about your situation, I can be more specific."""


def generic_answer() -> Answer:
    """For a question that nobody prepared: it names nobody."""
    return Answer(GENERIC)


def compose(seed: int, question: Question, plan: Plan, links: Links, place: tuple[str, str]) -> str:
    chance = dice(seed, "prose", question.text, *place)
    cited = dict(zip(plan.namings, links.cited, strict=True))
    blocks = [
        _intro(chance, question, plan),
        f"### Lenders in {question.town}" if plan.shape != "prose" and chance.random() < 0.4 else "",  # noqa: PLR2004
        _listed(chance, plan, cited),
        _asides(chance, plan, cited),
        _ordinary(chance, question, plan),
        CHECKS if chance.random() < 0.4 else "",  # noqa: PLR2004
        _closing(chance, question, plan, links.again),
    ]
    return "\n\n".join(filter(None, blocks))


def _intro(chance: Random, question: Question, plan: Plan) -> str:
    unknown = question.kind == "branded" and not plan.naming(question.orgs[0])
    return (NOT_FOUND if unknown else chance.choice(INTROS)).format(town=question.town, topic=question.topic)


def _listed(chance: Random, plan: Plan, cited: dict[Naming, Source]) -> str:
    line = "{}. **{}** \N{EN DASH} {}. {}" if plan.shape == "numbered" else "{}. {} - {}. {}"
    return "\n".join(
        line.format(place, naming.name, _predicate(chance, naming).removeprefix("is "), _link(cited[naming]))
        for place, naming in enumerate(plan.listed, start=1)
    )


def _asides(chance: Random, plan: Plan, cited: dict[Naming, Source]) -> str:
    """In an answer without a list everybody is an aside, and each gets a plain sentence."""
    sentences = ("**{name}** {predicate}.",) if plan.shape == "prose" else ASIDES
    return " ".join(
        chance.choice(sentences).format(name=naming.name, predicate=_predicate(chance, naming))
        + " "
        + _link(cited[naming])
        for naming in plan.asides
    )


def _ordinary(chance: Random, question: Question, plan: Plan) -> str:
    """The word of a name in its ordinary sense: always where the org is absent, sometimes where it is not."""
    absent = [org for org in question.orgs if not plan.naming(org)][:2]
    present = [org for org in question.orgs if plan.naming(org)][:1] if chance.random() < 0.3 else []  # noqa: PLR2004
    return " ".join(dict.fromkeys(ORDINARY[org.first] for org in absent + present))


def _closing(chance: Random, question: Question, plan: Plan, again: tuple[Source, ...]) -> str:
    org = question.orgs[0]
    customer = f"If you already use {org.name}, ask its branch about current terms." if plan.naming(org) else ""
    more = f"More on this: {_link(again[0])}" if again else ""
    return " ".join(filter(None, [customer if chance.random() < 0.3 else "", chance.choice(CLOSINGS), more]))  # noqa: PLR2004


def _predicate(chance: Random, naming: Naming) -> str:
    return chance.choice(OPINIONS[naming.sentiment])


def _link(source: Source) -> str:
    return f"([{urlsplit(source.page).hostname}]({source.url}))".replace("[www.", "[")
