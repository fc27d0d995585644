"""What the org's facts say of a claim. The model judges; figures that show it wrong take its word back."""

import re
from collections.abc import Sequence

from senso.extraction.claims.figures import Figure, are_same, figures
from senso.extraction.competitors import Marked
from senso.states import Verdict

FIELD = "claims"
# Words and endings that deny, in languages that are written often. Elsewhere they are rarely anything else.
DENIALS = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|neither|nor|cannot|without|isn|aren|doesn|don|didn|won|wasn|hasn|nicht|kein"
    r"(?:e[mnrs]?)?|nie|niemals|ohne|ne|pas|jamais|aucune?|sans|sin|nunca|ning[uú]n[oa]?|tampoco|não|nao|sem|nenhuma?|non|"
    r"senza|mai|nessun[oa]?|niet|geen|nooit|zonder|nigdy|bez|żad(?:en|na|nych)|není|nemá|žádn[ýáé]|değil|yok|hiç|не|нет|"
    r"без|ни|ні|немає|nem|nincs|nélkül|ei|eivät|ilman|inte|ingen|utan|ikke|uden|uten|δεν|χωρίς|όχι|không|chưa|"
    r"لا|ليس|ليست|لن|لم|بلا|بدون|دون|לא|אין|ללא|בלי|नहीं|बिना)\b"
    r"|\bzero\b|[$€£] ?0(?:[.,]00?)?(?!\d|[.,]\d)|(?<![\d.,])0(?:[.,]00)? ?(?:[$€£]|dollars|euros?|usd|eur)"
    r"|n['\u2019]t\b|\bn['\u2019]|[不没沒無无未非]|ない|ません|ず[、。]|없|않|아니|못|ไม่|s[ıiuü]z\b|m[ıiuü]yor",
    re.IGNORECASE,
)


def verdict_of(
    statement: str, said: Verdict, number: int | None, facts: Sequence[str]
) -> tuple[Verdict | None, str | None, list[Marked]]:
    """The verdict, the fact that it is by, and marks. No verdict if the org has no facts."""
    if not facts:
        return None, None, []
    if said not in (Verdict.SUPPORTED, Verdict.CONTRADICTED):
        return Verdict.NOT_COVERED, None, []
    if number is None or not 1 <= number <= len(facts):
        return Verdict.NOT_COVERED, None, [(FIELD, "no-such-fact", f"{number}: {statement}")]
    fact = facts[number - 1]
    if wrong := doubt(statement, said, fact):
        return Verdict.NOT_COVERED, None, [(FIELD, wrong, f"{statement} | {fact}")]
    return said, fact, []


def doubt(statement: str, said: Verdict, fact: str) -> str | None:
    """The kind of mark, if the figures show that the verdict is wrong."""
    ours, theirs = figures(statement), figures(fact)
    if not ours or not theirs:
        return None
    shared = [one for one in ours if has(theirs, one)]
    if said is Verdict.SUPPORTED:
        return None if shared else "figures-differ"
    same = len(shared) == len(ours) or all(has(ours, one) for one in theirs)
    return "figures-agree" if same and denies(statement) == denies(fact) else None


def has(figures: Sequence[Figure], wanted: Figure) -> bool:
    return any(are_same(one, wanted) for one in figures)


def denies(text: str) -> bool:
    return DENIALS.search(text) is not None
