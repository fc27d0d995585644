"""Where an answer gives orders to the model that reads it. What is named there is no mention."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from senso.extraction.words import Span

# "Ignore previous instructions": a verb and, close to it, its object, in languages that are written often.
VERB = re.compile(
    r"\b(?:ignor(?:e|ez|a|ar|iere?|ieren|eer|uj)|disregard|missachten?|zignoruj)\b|\b(?:игнорируй|ігноруй)|تجاهل|התעלמ|"
    r"忽略|无视|無視|무시",
    re.IGNORECASE,
)
OBJECT = re.compile(
    r"instru(?:ctions|cciones|ções|cties|ktion|kcj)|istruzioni|anweisungen|consignes|prompts?\b|инструкци|указани|інструкці|"
    r"вказівк|تعليمات|הוראות|指示|指令|命令|지시|지침|명령",
    re.IGNORECASE,
)
SYSTEM = re.compile(r"(?:^|\n)[ *#>\[<]{0,6}system(?: prompt| message)?[\]>]?[:：]", re.IGNORECASE)
# Without one of these there is no such verb: most answers need no search.
STEMS: tuple[str, ...] = ("gnor", "GNOR", "isregard", "ISREGARD", "issacht", "гнор", "忽略", "无视", "無視", "무시")
STEMS += ("\u062a\u062c\u0627\u0647\u0644", "\u05d4\u05ea\u05e2\u05dc\u05de")  # Arabic, Hebrew
NEAR = 50  # characters between the two
MOST = 200  # verbs that are looked at


@lru_cache(maxsize=64)
def orders(answer: str) -> tuple[Span, ...]:
    """In order, apart; each to the end of its paragraph, since what is ordered may stand in the next sentence."""
    starts: dict[int, int] = {}
    for start, end in sorted(paragraph(answer, place) for place in islice(places(answer), MOST)):
        starts.setdefault(end, start)
    return tuple((start, end) for end, start in starts.items())


def places(answer: str) -> Iterator[int]:
    if "ystem" in answer or "YSTEM" in answer:
        yield from (found.end() for found in islice(SYSTEM.finditer(answer), MOST // 2))
    verbs = VERB.finditer(answer) if any(stem in answer for stem in STEMS) else iter(())
    for found in islice(verbs, MOST):
        if OBJECT.search(answer, max(0, found.start() - NEAR), found.end() + NEAR):
            yield found.start()


def paragraph(answer: str, place: int) -> Span:
    start, end = answer.rfind("\n", 0, place) + 1, answer.find("\n\n", place)
    return start, len(answer) if end < 0 else end
