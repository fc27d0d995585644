"""One rule about faults: where, what, how often and for which question; as an object or as a typed line."""

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senso.sandbox.fault_kinds import KINDS

LONGEST_SECONDS = 86_400.0
HANG_SECONDS = 3600.0
MOST_TIMES = 10**9
FORM = "PLACE KIND [share=10%] [times=3] [match=WORDS] [retry_after=2] [seconds=60]"


@dataclass(frozen=True, slots=True)
class Rule:
    """Hits `share` of the calls, or the first `times` of them, or else all. `match` must occur in the question.

    `retry_after`: the seconds that a 429 or 503 asks to wait. `seconds`: how long a hang lasts until the cut, or how
    much later a slow reply comes.
    """

    where: str
    kind: str
    share: float | None = None
    times: int | None = None
    match: str | None = None
    retry_after: float | None = None
    seconds: float = HANG_SECONDS

    def concerns(self, text: str) -> bool:
        return self.match is None or self.match in text


OPTIONS = ("share", "times", "match", "retry_after", "seconds")
NUMBERS = {"share": 1.0, "retry_after": LONGEST_SECONDS, "seconds": LONGEST_SECONDS}  # their maximum; the minimum is 0


def rule_from(given: Any) -> Rule:
    """Raises ValueError with one line that says what is wrong."""
    known = {"where", "kind", *OPTIONS}
    if not isinstance(given, dict) or not {"where", "kind"} <= set(given) or set(given) - known:
        raise ValueError(f"a rule is an object with where, kind and any of {', '.join(OPTIONS)}")
    require_known(given["where"], given["kind"])
    for name, high in NUMBERS.items():
        require_number(name, given.get(name), high)
    require_times(given.get("times"))
    if not isinstance(given.get("match"), str | None):
        raise ValueError(f"match is text, not {given['match']!r}")  # noqa: TRY004 - every wrong rule is a ValueError
    return Rule(**{name: value for name, value in given.items() if value is not None})


def require_known(where: Any, kind: Any) -> None:
    if not isinstance(where, str) or where not in KINDS:
        raise ValueError(f"{where!r} is no place; places are {', '.join(KINDS)}")
    if not isinstance(kind, str) or kind not in KINDS[where]:
        raise ValueError(f"{kind!r} is no fault at {where}; there are {', '.join(KINDS[where])}")


def require_number(name: str, value: Any, high: float) -> None:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (numeric and math.isfinite(value) and 0 <= value <= high):
        raise ValueError(f"{name} is a number between 0 and {high:g}, not {value!r}")


def require_times(value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (whole and 1 <= value <= MOST_TIMES):
        raise ValueError(f"times is a whole number from 1, not {value!r}")


def rule_in(line: str) -> Rule:
    """Parses a line such as `openai.chat 429 share=10% retry_after=2`. Raises ValueError as `rule_from` does."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"{line!r}: {str(error).lower()}") from None
    if len(words) < 2:  # noqa: PLR2004 - the place and the kind
        raise ValueError(f"{line!r} is no fault; write {FORM}")
    return rule_from({"where": words[0], "kind": words[1]} | dict(option(word) for word in words[2:]))


def option(word: str) -> tuple[str, Any]:
    name, sign, value = word.partition("=")
    if not sign or name not in OPTIONS:
        raise ValueError(f"{word!r} is not one of {', '.join(f'{one}=' for one in OPTIONS)}")
    return name, value_of(name, value)


def value_of(name: str, text: str) -> Any:
    """Raises ValueError. A share may be given in percent."""
    if name == "match":
        return text
    try:
        if name == "times":
            return int(text)
        return float(text.removesuffix("%")) / 100 if name == "share" and text.endswith("%") else float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}") from None


def rule_of(words: Mapping[str, str]) -> Rule:
    """The rule typed into a form, whose empty fields are ignored. Raises ValueError as `rule_from` does."""
    said = {name: words[name].strip() for name in OPTIONS if words.get(name, "").strip()}
    values = {name: value_of(name, text) for name, text in said.items()}
    return rule_from({"where": words.get("where", ""), "kind": words.get("kind", "")} | values)


def line_of(rule: Rule) -> str:
    """The rule as a typed line: the inverse of `rule_in`."""
    said = {name: getattr(rule, name) for name in OPTIONS}
    if said["seconds"] == HANG_SECONDS:
        del said["seconds"]
    options = (f"{name}={shown(name, value)}" for name, value in said.items() if value is not None)
    return shlex.join([rule.where, rule.kind, *options])


def shown(name: str, value: Any) -> str:
    return f"{value * 100:g}%" if name == "share" else f"{value:g}" if isinstance(value, float) else str(value)
