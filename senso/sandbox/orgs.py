"""The made-up orgs. Each is computed from its number and found again by its town, in a world of any size."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

from senso.sandbox.dice import dice, number
from senso.sandbox.trades import LENDING, Trade
from senso.sandbox.vocabulary import (
    BRANDED,
    KINDS,
    ORDINARY,
    RIVALS,
    SHARED,
    TAILS,
    TOPICS,
    TOWN_AFTER,
    TOWN_BEFORE,
    TOWN_MIDDLE,
    UNBRANDED,
)

TOWNS = len(TOWN_BEFORE) * len(TOWN_MIDDLE) * len(TOWN_AFTER)
NETWORK_SIZE, LARGE_NETWORK_SIZE = 10, 50
# Which network's question it is, from the word before the town.
SIZES = {"around": NETWORK_SIZE, "across": LARGE_NETWORK_SIZE}
WORDS = {size: word for word, size in SIZES.items()}
QUESTIONS = 2 * len(TOPICS) * len(BRANDED)  # the number of distinct texts
NETWORK_QUESTIONS = len(TOPICS) * len(SHARED)

# STEP is coprime to TOWNS, so it visits every town once and can be inverted.
STEP = 7919
BACK = pow(STEP, -1, TOWNS)

BEFORE, MIDDLE, AFTER = ("|".join(filter(None, words)) for words in (TOWN_BEFORE, TOWN_MIDDLE, TOWN_AFTER))
TOWN = re.compile(rf"\b(in|{'|'.join(SIZES)}) ((?:(?:{BEFORE}) )?(?:{MIDDLE}) (?:{AFTER}))\b")


@dataclass(frozen=True, slots=True)
class Org:
    """`forms` are the ways in which answers name it; `shared_forms` those that no other org of its network has.

    `certain`: questions and models for which it is named whatever is drawn.
    """

    number: int
    id: UUID
    name: str
    first: str
    forms: tuple[str, ...]
    shared_forms: tuple[str, ...]
    town: str
    websites: tuple[str, ...]
    rivals: tuple[str, ...]
    partner: int
    created_at: datetime
    certain: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    id: UUID
    text: str
    kind: str  # branded or unbranded
    town: str
    topic: str
    orgs: tuple[Org, ...]  # the orgs it belongs to; several for a network's question
    trade: Trade = field(default=LENDING, compare=False)


def identity(seed: int, *parts: object) -> UUID:
    return uuid5(NAMESPACE_URL, "/".join(["senso-sandbox", str(seed), *map(str, parts)]))


def town_name(seed: int, org: int) -> str:
    place = (org * STEP + number(seed, "towns")) % TOWNS
    place, after = divmod(place, len(TOWN_AFTER))
    before, middle = divmod(place, len(TOWN_MIDDLE))
    return f"{TOWN_BEFORE[before]} {TOWN_MIDDLE[middle]} {TOWN_AFTER[after]}".strip()


def org_number(seed: int, town: str) -> int:
    *before, middle, after = town.split()
    place = TOWN_BEFORE.index("".join(before)) * len(TOWN_MIDDLE) + TOWN_MIDDLE.index(middle)
    place = place * len(TOWN_AFTER) + TOWN_AFTER.index(after)
    return (place - number(seed, "towns")) * BACK % TOWNS


@lru_cache(maxsize=4096)
def org_of(seed: int, org: int) -> Org:
    first, tail, again = name_parts(org)
    town = town_name(seed, org)
    name = f"{first} {tail} of {town}" if again else f"{first} {tail}"
    short = tuple(form for tail_form in TAILS[tail] if not KINDS.issuperset((form := tail_form.format(first)).split()))
    initials = "".join(word[0] for word in f"{first} {tail}".split())
    return Org(
        number=org,
        id=identity(seed, "org", org),
        name=name,
        first=first,
        forms=(name, *short, *([initials] if len(initials) > 2 else [])),  # noqa: PLR2004 - two letters are ambiguous
        shared_forms=(name, *short),
        town=town,
        websites=websites_of(name, org),
        rivals=tuple(dice(seed, "rivals", org).sample(RIVALS, 8)),
        partner=org - (org % 4 == 3),  # every fourth org shares the partner of the one before  # noqa: PLR2004
        created_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC) + timedelta(days=number(seed, "created", org) % 180),
    )


def name_parts(org: int) -> tuple[str, str, int]:
    """Each pair of words is used once without the town; after that, the town is part of the name."""
    round_, first = divmod(org, len(ORDINARY))
    again = org // (len(ORDINARY) * len(TAILS))
    return list(ORDINARY)[first], list(TAILS)[(round_ + org) % len(TAILS)], again


def websites_of(name: str, org: int) -> tuple[str, ...]:
    label = re.sub(r"[^a-z]", "", name.lower().replace("credit union", "cu"))
    home = f"https://www.{label}.com"
    return (home, f"https://{label}.co.uk/") if org % 3 == 1 else (home,)


def question_of(seed: int, org: int, place: int) -> Question:
    who = org_of(seed, org)
    kind, topic, text = _worded(who, place)
    return Question(identity(seed, "question", org, place), text, kind, who.town, topic, (who,))


def _worded(who: Org, place: int) -> tuple[str, str, str]:
    """Branded and unbranded questions alternate."""
    nth, odd = divmod(place, 2)
    kind, wordings = ("unbranded", UNBRANDED) if odd else ("branded", BRANDED)
    wording, topic = _wording(wordings, nth)
    return kind, topic, wording.format(name=who.name, town=who.town, topic=topic)


def network_question_of(seed: int, network: int, place: int, size: int = NETWORK_SIZE) -> Question:
    """Of the `size` orgs from number `network * size` on."""
    orgs = tuple(org_of(seed, network * size + member) for member in range(size))
    wording, topic = _wording(SHARED, place)
    text = wording.format(where=WORDS[size], town=orgs[0].town, topic=topic)
    id_ = identity(seed, f"network question {WORDS[size]}", network, place)
    return Question(id_, text, "unbranded", orgs[0].town, topic, orgs)


def _wording(wordings: tuple[str, ...], nth: int) -> tuple[str, str]:
    return wordings[(nth + nth // len(TOPICS)) % len(wordings)], TOPICS[nth % len(TOPICS)]


def question_for(seed: int, text: str) -> Question | None:
    """The question with exactly this text, in a world of any size."""
    found = TOWN.search(text)
    if not found:
        return None
    org = org_number(seed, found[2])
    if size := SIZES.get(found[1]):
        shared = (network_question_of(seed, org // size, place, size) for place in range(NETWORK_QUESTIONS))
        return next((question for question in shared if question.text == text), None)
    who = org_of(seed, org)
    place = next((place for place in range(QUESTIONS) if _worded(who, place)[2] == text), None)
    return None if place is None else question_of(seed, org, place)
