"""Which other organisations the answer names. The model finds them; a name counts only if the answer contains it.

Names that mean one competitor are kept once, as first written. A competitor that the org asked to follow is kept under
the name that the org gave it where the answer uses another one of its names.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Marked = tuple[str, str, str]  # field, kind, value: what was dropped or corrected, and why
LONGEST_NAME = 80
REJECTED = "tracked-competitor-rejected"
MOST_FORMS = 20  # names that another one may be a form of
NAME = re.compile(r"[^\W\d_]|\d ?& ?\d")  # a letter, or as 1&1
ADDRESS = re.compile(r"\w+://|www\.|[^\s/]+\.[^\s/]+/", re.IGNORECASE)


class Tracked(NamedTuple):
    """A competitor that an org asked to follow, with its other names and its own websites."""

    name: str
    aliases: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()


class Followed(NamedTuple):
    """A tracked competitor as it is looked for: under its name, its aliases and its domains. `keys`: of all of them."""

    name: str
    spellings: tuple[str, ...]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of the answer show, found without a model."""

    occurs: Callable[[str], bool]  # whether the answer contains this name, in complete words
    is_sure: Callable[[str], bool]  # whether it occurs, and can mean nothing but this name
    is_word: Callable[[str], bool]  # whether a word in lower case is not shown as a name
    keys: Callable[[str], Sequence[str]]  # two names with a key in common are one
    own: frozenset[str]  # the keys of the org's own names and domains
    tracked: Sequence[Followed]
    verdict: Callable[[Followed], bool | None] = lambda _one: None  # the model's, on the places of a tracked one
    is_form: Callable[[str, str], bool] = lambda _name, _of: False  # the second with an ending of the answer's language
    own_names: Sequence[str] = ()


def checked(said: Iterable[str], evidence: Evidence) -> tuple[tuple[str, ...], list[Marked]]:
    """`said`: the organisations that the model found, the org itself among them where it is named."""
    kept = Kept(evidence)
    for name in said:
        kept.judge(name.strip())
    for one in evidence.tracked:
        kept.look_for(one)
    return tuple(kept.names), list(dict.fromkeys(kept.marks))


class Kept:
    """The names that are kept, in order, and what was dropped or added."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.followed: dict[str, Followed] = {}
        for one in evidence.tracked:
            for key in one.keys:
                self.followed.setdefault(key, one)
        self.names: list[str] = []
        self.keys: set[str] = set()
        self.marks: list[Marked] = []

    def judge(self, name: str) -> None:
        """A name that the model found."""
        keys = self.evidence.keys(name)
        if not self.evidence.own.isdisjoint(keys) or self.is_form_of_own(name):
            return
        followed = next((self.followed[key] for key in keys if key in self.followed), None)
        if reason := objection(name, followed, self.evidence):
            self.marks.append(("competitors", reason, name))
        elif followed is None:
            if not self.is_inflected(name):
                self.keep(name, keys)
        else:
            is_spelling = not set(keys).isdisjoint(self.evidence.keys(followed.name))
            self.keep(name if is_spelling else followed.name, followed.keys)

    def look_for(self, one: Followed) -> None:
        """A tracked competitor that the model did not list."""
        if not one.keys.isdisjoint(self.keys) or not one.keys.isdisjoint(self.evidence.own):
            return
        verdict = self.evidence.verdict(one)
        if verdict is not None:
            if verdict:
                self.keep(one.name, one.keys)
            else:
                self.marks.append(("competitors", REJECTED, one.name))
        elif any(map(self.evidence.is_sure, one.spellings)):
            self.keep(one.name, one.keys)
            self.marks.append(("competitors", "tracked-competitor-missed", one.name))
        elif any(map(self.evidence.occurs, one.spellings)):
            self.marks.append(("competitors", "tracked-competitor-unsure", one.name))

    def is_form_of_own(self, name: str) -> bool:
        """Not where the org follows a competitor of that name."""
        return self.followed.keys().isdisjoint(self.evidence.keys(name)) and any(
            self.evidence.is_form(name, one) for one in self.evidence.own_names[:MOST_FORMS]
        )

    def is_inflected(self, name: str) -> bool:
        """Of a name that is kept, or the other way round."""
        return any(
            self.evidence.is_form(name, other) or self.evidence.is_form(other, name)
            for other in self.names[:MOST_FORMS]
        )

    def keep(self, name: str, keys: Iterable[str]) -> None:
        if self.keys.isdisjoint(keys):
            self.names.append(name)
        self.keys.update(keys)


def objection(name: str, followed: Followed | None, evidence: Evidence) -> str | None:
    if is_junk(name):
        return "not-a-name"
    if not any(map(evidence.occurs, names_of(name, followed))):
        return "competitor-not-in-answer"
    if followed is not None and evidence.verdict(followed) is False:
        return REJECTED
    return "not-a-name" if followed is None and is_one_word(name) and evidence.is_word(name) else None


def names_of(name: str, followed: Followed | None) -> Iterator[str]:
    yield name
    yield from followed.spellings if followed else ()


def is_one_word(name: str) -> bool:
    return name.isalpha() and name.islower()


def is_junk(name: str) -> bool:
    return len(name) > LONGEST_NAME or not NAME.search(name) or bool(ADDRESS.match(name))
