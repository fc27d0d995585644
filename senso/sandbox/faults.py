"""Faults on request: rules say where, what, how often and for which question something goes wrong."""

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from typing import Any

from senso.sandbox.dice import share

# What can happen to any call, before the work is done.
CALL = frozenset({"429", "429-quota", "429-too-large", "500", "502", "503", "401", "drop", "hang", "malformed"})
ANSWER = frozenset({"refusal", "length", "empty"})  # to an answer of OpenAI's
LATE = frozenset({"drop-after"})  # the work is done, and the reply is lost
UNLISTED = frozenset({"unlisted"})  # the list of jobs is empty, as if it lagged behind
JOB = frozenset({"never-ready", "snapshot-failed", "unknown-status"})  # to a snapshot
RECORD = frozenset(
    {"missing-records", "error-records", "null-index", "echo-prompt", "empty", "wrong-country", "null-citations"}
)

KINDS = {
    "openai.responses": CALL | ANSWER,
    "openai.chat": CALL | ANSWER,
    "brightdata.trigger": CALL | LATE | JOB | RECORD,
    "brightdata.progress": CALL | JOB,
    "brightdata.snapshot": CALL | JOB | RECORD,
    "brightdata.snapshots": CALL | UNLISTED,
    "brightdata.input": CALL,
    "brightdata.cancel": CALL,
    "application": CALL | LATE,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`share` of the calls, or the first `times` of them; neither: all. `match` must occur in the question.

    `retry_after` is what a 429 says in seconds; `seconds` is how long a hang lasts before the line is cut.
    """

    where: str
    kind: str
    share: float | None = None
    times: int | None = None
    match: str | None = None
    retry_after: float | None = None
    seconds: float = 3600.0

    def concerns(self, text: str) -> bool:
        return self.match is None or self.match in text


def rule_from(given: Any) -> Rule:
    """Raises ValueError with one line that says what is wrong."""
    known = {field.name for field in fields(Rule)}
    if not isinstance(given, dict) or not {"where", "kind"} <= set(given) or set(given) - known:
        raise ValueError(f"a rule is an object with where, kind and any of {', '.join(sorted(known))}")
    rule = Rule(**given)
    if rule.where not in KINDS:
        raise ValueError(f"where is one of {', '.join(KINDS)}, not {rule.where!r}")
    if rule.kind not in KINDS[rule.where]:
        raise ValueError(f"kind at {rule.where} is one of {', '.join(sorted(KINDS[rule.where]))}, not {rule.kind!r}")
    if rule.share is not None and not 0 <= rule.share <= 1:
        raise ValueError(f"share is between 0 and 1, not {rule.share}")
    return rule


class Faults:
    """Draws are repeatable: the nth call about the same text always fares alike, in whatever order calls arrive."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        self._rules: list[Rule] = []
        self._fired: Counter[int] = Counter()
        self._seen: Counter[tuple[int, str]] = Counter()

    def add(self, rules: Collection[Rule]) -> None:
        self._rules.extend(rules)

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(rule) | {"fired": self._fired[place]} for place, rule in enumerate(self._rules)]

    def draw(self, where: Collection[str], kinds: Collection[str], text: str) -> Rule | None:
        """The first rule that strikes; a strike uses up one of its `times`."""
        for place, rule in enumerate(self._rules):
            if rule.where in where and rule.kind in kinds and rule.concerns(text) and self._strikes(place, rule, text):
                self._fired[place] += 1
                return rule
        return None

    def _strikes(self, place: int, rule: Rule, text: str) -> bool:
        if rule.times is not None and self._fired[place] >= rule.times:
            return False
        if rule.share is None:
            return True
        self._seen[place, text] += 1
        return share(self._seed, "fault", place, text, self._seen[place, text]) < rule.share
