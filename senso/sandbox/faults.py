"""The fault rules in force while the sandbox runs, and the choice of the one that hits a call."""

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from senso.sandbox.dice import share
from senso.sandbox.fault_rules import Rule

# A model that refuses a text refuses it each time.
LASTING = ("refusal",)


class Faults:
    """Draws are repeatable: the nth call about the same text always gets the same result, in any order of calls."""

    def __init__(self, seed: int, rules: Collection[Rule] = ()) -> None:
        self._seed = seed
        self.clear()
        self.add(rules)

    def clear(self) -> None:
        self._rules: dict[int, Rule] = {}
        self._next = 0
        self._fired: Counter[int] = Counter()
        self._seen: Counter[tuple[int, str]] = Counter()

    def add(self, rules: Collection[Rule]) -> None:
        for rule in rules:
            self._rules[self._next] = rule
            self._next += 1

    def remove(self, number: int) -> bool:
        """Whether there was such a rule."""
        return self._rules.pop(number, None) is not None

    def active(self) -> list[tuple[int, Rule, int]]:
        """Each rule with its number and the number of its hits."""
        return [(number, rule, self._fired[number]) for number, rule in self._rules.items()]

    def listed(self) -> list[dict[str, Any]]:
        return [{"number": number, **asdict(rule), "fired": fired} for number, rule, fired in self.active()]

    def draw(self, where: Collection[str], kinds: Collection[str], text: str) -> Rule | None:
        """The first rule that hits the call. A hit uses up one of its `times`."""
        for number, rule in self._rules.items():
            if rule.where in where and rule.kind in kinds and rule.concerns(text) and self._strikes(number, rule, text):
                self._fired[number] += 1
                return rule
        return None

    def _strikes(self, number: int, rule: Rule, text: str) -> bool:
        if rule.times is not None and self._fired[number] >= rule.times:
            return False
        if rule.share is None:
            return True
        self._seen[number, text] += 1
        time = 1 if rule.kind in LASTING else self._seen[number, text]
        return share(self._seed, "fault", number, text, time) < rule.share
