"""The form of what a model says of an answer, and its parts, not trusted before they are checked.

The prompts say what the fields mean; the schema, which costs tokens, too, only says their form. Comments stand in place
of docstrings in the models here, because a docstring is sent with the schema.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from senso.extraction.names import fitting, strict_schema
from senso.providers import Completion

NAME = "answer_reading"
Verdict = Literal["named", "everyday-word", "other-entity", "source", "nothing-known", "instruction"]
AROUND = "⟦⟧[] "  # what a model may copy with the number of a mark
NAMED: Verdict = "named"
Sentiment = Literal["positive", "negative", "neutral", "mixed"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Rejected(Strict):
    mark: str  # as 1.2 or T1.1
    verdict: Literal["everyday-word", "other-entity", "source", "nothing-known", "instruction"]


class SaidClaim(Strict):
    statement: str
    sentence: str
    kind: Literal["fact", "opinion", "comparison"]
    polarity: Literal["positive", "negative", "neutral"]
    verdict: Literal["supported", "contradicted", "not-covered"]
    fact: int | None


class OrgReading(Strict):
    org: int  # its number
    missed: str | None
    sentiment: Sentiment | None
    evidence: str | None
    rank: int | None
    claims: list[SaidClaim] = []


class AnswerReading(Strict):
    ranking: list[str]  # the names of the organisations
    named: list[str]  # marks
    others: list[Rejected]
    readings: list[OrgReading]


@cache
def schema(*, claims: bool) -> dict[str, Any]:
    """`claims`: whether they are asked for. A strict schema requires all that it has."""
    found = strict_schema(AnswerReading)
    defined = found.pop("$defs")
    reading = defined["OrgReading"]
    reading["properties"]["claims"].pop("default")
    if claims:
        reading["required"] = list(reading["properties"])
    else:
        del reading["properties"]["claims"]
    return dict(shortened(found, defined))


def shortened(node: Any, defined: Mapping[str, Any]) -> Any:
    """The same with each definition where it is used, and one list of types for a type or null."""
    if isinstance(node, list):
        return [shortened(entry, defined) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return shortened(defined[node["$ref"].rpartition("/")[2]], defined)
    match node.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}] if not rest:
            return {"type": [kind, "null"]}
    return {name: shortened(value, defined) for name, value in node.items()}


@dataclass(frozen=True, slots=True)
class Said:
    """`verdicts`: by mark, all that were said. `readings`: by number, without those that came twice.

    `tracked`: by the keys of a tracked competitor that occurs, the labels of its places. `strange`: marks that the
    answer does not have.
    """

    organisations: tuple[str, ...]
    verdicts: Mapping[str, Collection[Verdict]]
    readings: Mapping[int, OrgReading]
    completion: Completion
    tracked: Mapping[frozenset[str], Sequence[str]] = field(default_factory=dict)
    strange: tuple[str, ...] = ()

    def verdict(self, mark: str) -> Verdict | None:
        """None if there is none, or `named` beside another. One of several others: it is rejected all the same."""
        found = self.verdicts.get(mark, ())
        return min(found) if found and (len(found) == 1 or NAMED not in found) else None


def parsed(completion: Completion, tracked: Mapping[frozenset[str], Sequence[str]]) -> Said:
    """Raises Malformed if it is not of this form."""
    said = fitting(AnswerReading, NAME, completion)
    verdicts: dict[str, set[Verdict]] = defaultdict(set)
    for mark in said.named:
        verdicts[mark.strip(AROUND)].add(NAMED)
    for one in said.others:
        verdicts[one.mark.strip(AROUND)].add(one.verdict)
    readings = {one.org: one for one in said.readings if one.org not in said_twice(said.readings)}
    return Said(tuple(said.ranking), verdicts, readings, completion, tracked)


def said_twice(readings: Sequence[OrgReading]) -> set[int]:
    counted = Counter(one.org for one in readings)
    return {number for number, times in counted.items() if times > 1}


def nothing(number: int) -> OrgReading:
    """What is said of an org that is not named."""
    return OrgReading(org=number, missed=None, sentiment=None, evidence=None, rank=None)
