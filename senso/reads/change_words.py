"""What a verdict about a change means, in words; the same in a terminal and on a page."""

from senso.comparison import RANK, Change
from senso.numbers.verdicts import FALSE_ALARMS, FEWEST_ANSWERS, FEWEST_QUESTIONS, Verdict
from senso.reports.wording import NAMES

WORDS = {
    Verdict.MOVED: "moved",
    Verdict.WITHIN_NOISE: "within noise",
    Verdict.NOT_ENOUGH: "not enough",
    Verdict.MODEL_CHANGED: "model changed",
    Verdict.QUESTIONS_CHANGED: "questions changed",
}
MEANINGS = {
    Verdict.NOT_ENOUGH: f"fewer than {FEWEST_QUESTIONS} questions or {FEWEST_ANSWERS} answers in both periods",
    Verdict.MODEL_CHANGED: "another version of the model answered, so a difference may be the model's",
    Verdict.QUESTIONS_CHANGED: "less than half of what one period asked was asked in the other",
}
# For who has not learnt statistics.
PLAIN = {
    Verdict.MOVED: "It moved by more than chance.",
    Verdict.WITHIN_NOISE: "The difference may well be chance: take it as unchanged.",
    Verdict.NOT_ENOUGH: f"There is not enough to tell: {MEANINGS[Verdict.NOT_ENOUGH]}.",
    Verdict.MODEL_CHANGED: f"Do not compare: {MEANINGS[Verdict.MODEL_CHANGED]}.",
    Verdict.QUESTIONS_CHANGED: f"Do not compare: {MEANINGS[Verdict.QUESTIONS_CHANGED]}.",
}
READ_OTHERWISE = "The answers were read by another model or prompt, which may explain a difference."


def is_part(one: Change) -> bool:
    """Of a pool: not all its answers."""
    return bool(one.model or one.location or one.tag)


def by_itself(one: Change) -> bool:
    """More than chance alone, but not as one of many that were looked at."""
    return one.verdict is Verdict.WITHIN_NOISE and one.difference is not None and one.difference.p <= FALSE_ALARMS


def amount(one: Change, value: float, *, sign: bool = False) -> str:
    """In points if it is a difference of shares."""
    if one.name == RANK:
        return f"{value:+.1f}" if sign else f"{value:.1f}"
    return f"{100 * value:+.0f}" if sign else f"{100 * value:.0f} %"


def name_of(one: Change) -> str:
    return NAMES.get(one.name, one.name)


def sentence(one: Change) -> str:
    """From what to what, by how much with its interval, and what that means."""
    return " ".join(filter(None, (figures(one), PLAIN[one.verdict], seen_from(one))))


def figures(one: Change) -> str:
    """Empty where there was nothing to count in one of the periods."""
    found = one.difference
    if found is None:
        return ""
    unit = " ranks" if one.name == RANK else " points"
    span = f"{amount(one, found.low, sign=True)} to {amount(one, found.high, sign=True)}"
    now = f"from {amount(one, found.before)} to {amount(one, found.after)}"
    return f"{now}: {amount(one, found.value, sign=True)}{unit} (95 % interval of the change: {span})."


def seen_from(one: Change) -> str:
    """How large a change would have to be to be seen; only where nothing has been."""
    if one.verdict is not Verdict.WITHIN_NOISE or one.difference is None:
        return ""
    least = amount(one, one.difference.detectable, sign=True).removeprefix("+")
    unit = "ranks" if one.name == RANK else "points"
    return f"With these questions a change of {least} {unit} or more would probably be seen."
