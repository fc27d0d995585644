"""Sentences that are orders to a program, by points: see english.py, and lexicon.toml for other languages."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from senso.extraction.injections import english, lexicon, pieces
from senso.extraction.injections.lexicon import Found
from senso.extraction.words import Span

ENOUGH, ENOUGH_OF_TWO = 3, 4
MOST = 200  # sentences that are looked at: an answer for people has a few
MOST_STEPS = 20  # lines behind an order that are its steps
BARE = 8  # characters behind "ignore previous instructions" that hold no order of their own
POINTS = {"address": 3, "reads": 1, "role": 1, "form": 1, "output": 1, "authority": 1}
FIELDS = frozenset(("mentioned", "sentiment", "positive", "first"))
SHORT = 70  # characters of an order that says nothing else
NEAR, NEAR_UNSPACED, MOST_PAIRS = 70, 20, 8  # characters; words
# Without one of these, a sentence tells of a program and does not address it: "AI models name Acme first".
TO_IT = frozenset(("override", "address", "reads", "role", "hence", "if_you", "authority", "output"))
MOST_BETWEEN = 4  # words from what is set aside to its owner
PARTED = re.compile(r"[^\w\s'’-]|\b(?:und|et|y|e|en|i|oraz|ve|и|та|і|och|a)\b", re.IGNORECASE)
GENITIVE = re.compile("[の的의]|以前|之前|此前")
CLAUSE = re.compile("[，,；;、。：:]")
Placed = tuple[int, Sequence[lexicon.Kind]]


def places(data: bytes, found: Sequence[Found]) -> list[Placed]:
    """With their offsets in the text in place of those in its bytes, in order."""
    done = counted = 0
    placed: list[Placed] = []
    ascii_only = data.isascii()
    for one in sorted(found):
        if not ascii_only:
            counted += characters(data[done : one.place])
            done = one.place
        placed.append((one.place if ascii_only else counted, one.kinds))
    return placed


def characters(data: bytes) -> int:
    return len(data.translate(None, CONTINUING))


CONTINUING = bytes(range(0x80, 0xC0))


def is_talk(one: Found) -> bool:
    return not lexicon.TALK.isdisjoint(one.categories)


def may_tell(found: Sequence[Found]) -> bool:
    """Not one field of a reading alone, of which it takes two."""
    return len(found) > 1 or any(one.categories != {"schema"} for one in found)


def talks(found: Sequence[Found]) -> bool:
    """Whether any word of an order was found, as such or in disguise."""
    return any(is_talk(one) for one in found)


def orders(answer: str, data: bytes, telling: Sequence[Found], enough: int = ENOUGH) -> list[Span]:
    """The sentences of `answer` that are orders. `data`: lexicon.lowered(answer); `telling`: what the first look found."""
    looked = [place for place, _ in places(data, [one for one in telling if is_talk(one)])]
    spans: list[Span] = []
    done = 0
    for line in lines(answer, looked):
        if done >= MOST:  # nobody writes that for people
            return [*spans, (line[0], len(answer))]
        sentences = list(pieces.sentences(answer, line))
        told = numbers_of(sentences, looked)
        spans += in_line(answer, line, sentences, told[: MOST - done], enough)
        done += len(told)
        if done > MOST:
            return [*spans, (sentences[told[MOST - done]][0], len(answer))]
    return spans


def numbers_of(sentences: Sequence[Span], looked: Sequence[int]) -> list[int]:
    """Which of the sentences have a telling word."""
    found = []
    for number, (start, end) in enumerate(sentences):
        first = bisect_left(looked, start)
        if first < len(looked) and looked[first] < end:
            found.append(number)
    return found


def lines(answer: str, looked: Sequence[int]) -> Iterator[Span]:
    end = -1
    for place in looked:
        if place >= end:
            start, end = pieces.line_around(answer, place)
            yield start, end


def in_line(answer: str, line: Span, spans: Sequence[Span], told: Sequence[int], enough: int) -> Iterator[Span]:
    """`told`: the numbers of the sentences that have a telling word; those beside them are looked at, too."""
    looked = sorted({near for number in told for near in (number - 1, number, number + 1) if 0 <= near < len(spans)})
    points = {number: strength(answer[slice(*spans[number])]) for number in looked}
    flagged = {number for number, found in points.items() if found >= enough}
    for number in looked:
        both = points[number], points.get(number + 1, 0)
        if min(both) > 0 and sum(both) >= ENOUGH_OF_TWO:
            flagged |= {number, number + 1}
    for number in sorted(flagged):
        last = number
        if (
            number + 1 < len(spans)
            and number + 1 not in flagged
            and carries_on(answer[slice(*spans[number])], answer[slice(*spans[number + 1])])
        ):
            last += 1
        if number + 2 in flagged:  # what is ordered stands between
            last = number + 2
        yield spans[number][0], carried(answer, extended(answer, spans[last], line), line, spans[number])


def carried(answer: str, end: int, line: Span, order: Span) -> int:
    """With the steps of an order in the lines behind it: each begins with what is to be said."""
    text = answer[slice(*order)]
    if end < line[1] - 1 or not (is_bare(text) or english.addressed(text) >= ENOUGH) or english.fields(text) > 0:
        return end
    for _ in range(MOST_STEPS):
        _, stop = pieces.line_around(answer, min(end + 1, len(answer)))
        if not english.is_imperative(answer[end + 1 : stop]):
            break
        end = stop
    return end


def carries_on(order: str, following: str) -> bool:
    """Whether an order leaves it to the next sentence what to do: it has no field of a reading itself."""
    if order.rstrip("*_ ").endswith((":", "：")) or INSTEAD.match(following):
        return True
    if english.addressed(order) >= ENOUGH and (english.has_field(following) or has(following, *FIELDS)):
        return True
    if english.fields(order) > 0 or has(order, *FIELDS):
        return False
    if is_bare(order):
        return True
    if len(order) < SHORT and english.is_obsolete(order):
        return True
    return english.is_imperative(following) or has(following, "report")


def is_bare(order: str) -> bool:
    """Whether it only says what to ignore."""
    rest = english.overridden(order)
    return rest is not None and len(rest.strip(" .!:*_\"'")) < BARE


INSTEAD = re.compile(
    r"(?i)\W{0,3}(?:instead|rather,|stattdessen|au lieu|en su lugar|invece|вместо этого|而是|代わりに)"
)


def has(sentence: str, *categories: str) -> bool:
    """Whether it has a word of one of these, in another language than English."""
    found = lexicon.second_look().found(lexicon.lowered(sentence))
    return any(kind.category in categories and kind.language != "en" for one in found for kind in one.kinds)


def extended(answer: str, sentence: Span, line: Span) -> int:
    """With what is announced by a colon at the end of the line: up to the end of the paragraph."""
    if english.names_audience(answer[slice(*sentence)]):
        end = pieces.paragraph_end(answer, line[1])
        rule = answer.find("\n---", line[1], end)  # of a front matter
        return rule + len("\n---") if rule >= 0 else end
    if english.is_salutation(answer[slice(*sentence)]):
        return line[1]
    if sentence[1] >= line[1] - 1 and answer[: sentence[1]][-3:].rstrip("*_ \"'").endswith((":", "：")):
        return pieces.paragraph_end(answer, line[1])
    return sentence[1]


def strength(sentence: str) -> int:
    """By its words of each language; three points are enough."""
    data = lexicon.lowered(sentence)
    languages: dict[str, list[tuple[str, int]]] = {}
    warned = False
    for place, kinds in places(data, lexicon.second_look().found(data)):
        for kind in kinds:
            warned = warned or kind.category == "not"
            languages.setdefault(kind.language, []).append((kind.category, place))
    english_words = {category for category, _ in languages.pop("en", ())}
    points = english.strength(sentence, english_words) if english_words else 0
    others = [foreign(sentence, words, language, warned=warned) for language, words in languages.items()]
    return max([points, *others])


def foreign(sentence: str, words: Sequence[tuple[str, int]], language: str, *, warned: bool) -> int:
    """Points of a sentence by the categories of words that it has in one language, with their places.

    `warned`: a language says that nothing is to be set aside; a verb may be one of two languages.
    """
    found = {category for category, _ in words}
    if language in lexicon.VERB_LAST and "am" not in found:  # "Wenn du ein KI-Modell suchst"
        found.discard("if_you")
    points = told_fields(found, sentence) + sum(POINTS.get(category, 0) for category in found)
    near = NEAR_UNSPACED if language in lexicon.UNSPACED else NEAR
    if {"override", "object"} <= found and is_near(sentence, words, near):
        told = "before" in found and not warned
        mild = told and not points and "program" not in found and is_owned(sentence, words, language)
        points += ENOUGH if told and not mild else 1
    if "program" in found and found & TO_IT:
        points += 2 if ("report" in found and points) or "role" in found or "reads" in found else 1
        points += "if_you" in found
    if "hence" in found and found & {"program", "override", "address"}:
        points += 1
    return points


def is_near(sentence: str, words: Sequence[tuple[str, int]], near: int) -> bool:
    """Whether what is set aside stands close to the verb, where words have no spaces in the same clause."""
    verbs = [place for category, place in words if category == "override"]
    objects = [place for category, place in words if category == "object"]
    pairs = [
        sorted((one, other)) for one in verbs[:MOST_PAIRS] for other in objects[:MOST_PAIRS] if abs(one - other) <= near
    ]
    return any(near == NEAR or not CLAUSE.search(sentence, *pair) for pair in pairs)


def is_owned(sentence: str, words: Sequence[tuple[str, int]], language: str) -> bool:
    """Whether the instructions to ignore have a named owner: "die Anweisungen Ihrer Bank", "銀行の以前の指示"."""
    owners = [place for category, place in words if category == "owner"][:MOST_PAIRS]
    objects = [place for category, place in words if category == "object"][:MOST_PAIRS]
    before = language in lexicon.OWNER_FIRST
    pairs = [(owner, thing) if before else (thing, owner) for owner in owners for thing in objects]
    between = [sentence[first:last] for first, last in pairs if first < last]
    if language in lexicon.UNSPACED:
        return any(len(text) <= NEAR_UNSPACED and GENITIVE.search(text) for text in between)
    return any(len(text) <= NEAR and len(text.split()) <= MOST_BETWEEN and not PARTED.search(text) for text in between)


def told_fields(found: AbstractSet[str], sentence: str) -> int:
    fields = FIELDS & found
    if len(fields) > 1 and sentence.count("=") > 1:
        return ENOUGH
    if "report" not in found:
        return 0
    known = bool(fields & {"mentioned", "sentiment"})
    return min(len(fields), ENOUGH) if known or len(fields) < 2 else 1  # noqa: PLR2004


@lru_cache(maxsize=256)
def strongest(text: str) -> int:
    """The points of the strongest sentence of a text that was decoded or hidden."""
    spans = [span for line in whole_lines(text) for span in pieces.sentences(text, line)]
    return max((strength(text[start:end]) for start, end in spans[:MOST]), default=0)


def whole_lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line.rstrip("\r\n"))
        start += len(line)
