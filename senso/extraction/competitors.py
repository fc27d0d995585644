"""Which other organisations the answer names. The model finds them; a name counts only if the answer contains it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

Marked = tuple[str, str, str]  # field, kind, value: what was dropped or corrected, and why
LONGEST_NAME = 80
ADDRESS = re.compile(r"\w+://|www\.|[^\s/]+\.[^\s/]+/", re.IGNORECASE)


class Competitor(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(description="the name as the answer writes it")


class Said(BaseModel):
    # What the model says, not trusted before `checked`. A comment, because a docstring would be sent with the schema.
    model_config = ConfigDict(extra="forbid", strict=True)

    competitors: list[Competitor] = Field(
        description="every other organisation, brand or provider that the answer names as an alternative to the "
        "organisation, each once, in the order of the answer; never the organisation itself, never a source of the "
        "answer, a place, a person, a product category or a general word; [] if there is none"
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of the answer show, found without a model."""

    occurs: Callable[[str], bool]  # whether the answer contains this name, in complete words
    key: Callable[[str], str]  # equal for two spellings of one name
    own: frozenset[str]  # the keys of the org's own names and domains
    tracked: Sequence[str]  # the competitors that the org asked to follow


def checked(said: Said, evidence: Evidence) -> tuple[tuple[str, ...], list[Marked]]:
    kept, marks = _believed((entry.name.strip() for entry in said.competitors), evidence)
    for name in evidence.tracked:
        key = evidence.key(name)
        if key not in kept and key not in evidence.own and evidence.occurs(name):
            kept[key] = name
            marks.append(("competitors", "tracked-competitor-missed", name))
    return tuple(kept.values()), marks


def _believed(names: Iterable[str], evidence: Evidence) -> tuple[dict[str, str], list[Marked]]:
    kept: dict[str, str] = {}
    marks: list[Marked] = []
    for name in names:
        if reason := _objection(name, evidence):
            marks.append(("competitors", reason, name))
        else:
            kept.setdefault(evidence.key(name), name)
    return kept, marks


def _objection(name: str, evidence: Evidence) -> str | None:
    if evidence.key(name) in evidence.own:
        return "own-name-as-competitor"
    if _is_junk(name):
        return "not-a-name"
    return None if evidence.occurs(name) else "competitor-not-in-answer"


def _is_junk(name: str) -> bool:
    """A single lower-case word is usually a general word, not a brand; a brand written this way can be tracked."""
    is_general_word = name.isalpha() and name.islower()
    return is_general_word or len(name) > LONGEST_NAME or not re.search(r"[^\W\d_]", name) or bool(ADDRESS.match(name))
