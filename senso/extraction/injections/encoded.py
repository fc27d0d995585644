"""Orders that were encoded, written with other letters, backwards, apart, or with signs that nobody sees."""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from urllib.parse import unquote

from senso.extraction.injections import disguises, orders, pieces
from senso.extraction.injections.lexicon import Found
from senso.extraction.words import Span

RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
APART = re.compile(r"(?:(?<!\w)\w[^\w\n]{1,3}){4,400}\w(?!\w)")
MIXED = re.compile(r"[^\W\d_]+")
UNSEEN = re.compile(f"[{disguises.INVISIBLE}\u202a-\u202e\u2066-\u2069]")
TAGS = re.compile("[\U000e0020-\U000e007f]{3,}|[\U000e0100-\U000e01ef]{4,}")
FLAG, LONGEST_FLAG = "\U0001f3f4", 7  # the flag of a region is a black flag and tags
LONG_UNSEEN = re.compile("[\u200b\u200c\u200d\u2060-\u2064\ufeff]{8,}")
ESCAPE = re.compile(r"&#x?[0-9a-fA-F]{2,6};?|%[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}")
ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
MOST = 200  # lines that are decoded
FEW = 2
ALL_WORDS = (*disguises.WORDS, *disguises.FOREIGN)


def encoded(answer: str, data: bytes, found: Sequence[Found], *, talks: bool) -> list[Span]:
    spans: list[Span] = []
    by_name: dict[str, list[Found]] = {}
    for one in found:
        if "disguise" in one.categories:
            for kind in one.kinds:
                if kind.category == "disguise":
                    by_name.setdefault(kind.language, []).append(one)
    for name, ones in by_name.items():
        spans += spans_of(name, answer, [place for place, _ in orders.places(data, ones)])
    return [*spans, *escaped(answer)] if talks or "&#" in answer or "\\" in answer else spans


def spans_of(name: str, answer: str, places: Sequence[int]) -> Iterator[Span]:
    done = -1
    looked = 0
    for place in places:
        if place < done:
            continue
        if looked == MOST:
            return
        looked += 1
        span = pieces.sentence_around(answer, place)
        done = span[1]
        yield from HANDLERS[name](answer, span, place)


def certain(_answer: str, span: Span, _place: int) -> Iterator[Span]:
    """Such a word stands there by no chance."""
    yield span


def in_base64(answer: str, span: Span, _place: int) -> Iterator[Span]:
    for run in RUN.finditer(answer, *span):
        if any(tells(text) or is_prose(text) for text in from_base64(run[0])):
            yield span


def from_base64(run: str) -> Iterator[str]:
    """The bytes of a run that may have begun one to three letters before."""
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(4):
        rest = plain[skipped:]
        try:
            yield base64.b64decode(rest[: len(rest) // 4 * 4 or None]).decode(errors="ignore")
        except (binascii.Error, ValueError):
            continue


def tells(text: str) -> bool:
    lower = text.casefold()
    return any(word in lower for word in ALL_WORDS)


def counted(text: str) -> int:
    lower = text.casefold()
    return sum(word in lower for word in ALL_WORDS) + (sum(map(lower.count, disguises.COMMON)) > FEW)


def is_prose(text: str) -> bool:
    """Whether decoded bytes are words with spaces, and no bytes of another kind."""
    letters = sum(letter.isalpha() or letter in " .,:;'!?-\n" for letter in text)
    return len(text.split()) > 3 and letters > 0.9 * len(text)  # noqa: PLR2004


def in_rot13(answer: str, span: Span, _place: int) -> Iterator[Span]:
    text = codecs.encode(answer[slice(*span)], "rot13")
    if counted(text) >= FEW or orders.strongest(text):
        yield span


def in_reverse(answer: str, span: Span, _place: int) -> Iterator[Span]:
    text = answer[slice(*span)][::-1]
    if counted(text) >= FEW or orders.strongest(text):
        yield span


def letters_apart(answer: str, span: Span, _place: int) -> Iterator[Span]:
    yield span
    for run in APART.finditer(answer, span[0], min(pieces.line_around(answer, span[0])[1], span[0] + pieces.FAR)):
        if tells(re.sub(r"[\W_]", "", run[0])):
            yield run.span()


def other_letters(answer: str, span: Span, _place: int) -> Iterator[Span]:
    original = answer[slice(*span)]
    text = MIXED.sub(lambda word: common_letters(word[0]), original)
    if text != original and orders.strongest(text) > orders.strongest(original) and orders.strongest(text) >= FEW:
        yield span


def common_letters(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word)
    if plain.isascii() or not any(letter.isascii() or letter in disguises.SMALL_CAPITALS for letter in plain):
        return plain
    return "".join(disguises.HOMOGLYPHS.get(letter, letter) for letter in plain)


def unseen(answer: str, span: Span, _place: int) -> Iterator[Span]:
    for run in (*TAGS.finditer(answer, span[0], span[0] + pieces.FAR), *LONG_UNSEEN.finditer(answer, *span)):
        if not (answer[run.start() - 1 : run.start()] == FLAG and len(run[0]) <= LONGEST_FLAG):
            yield run.span()
    original = answer[slice(*span)]
    text = UNSEEN.sub("", original)
    if text != original and orders.strongest(text) >= FEW:
        yield span


def escaped(answer: str) -> Iterator[Span]:
    """Text of which some characters are escaped: entities, percent-encoding, escapes of programming languages."""
    if "&#" not in answer and "%" not in answer and "\\u" not in answer and "\\x" not in answer:
        return
    done = -1
    for number, found in enumerate(ESCAPE.finditer(answer)):
        if number > MOST:
            return
        if found.start() < done:
            continue
        span = pieces.sentence_around(answer, found.start())
        done = span[1]
        if orders.strongest(meant(answer[slice(*span)])) >= orders.ENOUGH:
            yield span


def meant(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), unquote(unescape(text)))


HANDLERS: dict[str, Callable[[str, Span, int], Iterator[Span]]] = {
    "base64": in_base64,
    "numbers": certain,
    "rot13": in_rot13,
    "reversed": in_reverse,
    "apart": letters_apart,
    "leet": certain,
    "homoglyphs": other_letters,
    "unseen": unseen,
}
