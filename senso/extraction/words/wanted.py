"""A name to search for, in the forms in which it may be written."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tldextract import TLDExtract

from senso.extraction.words.endings import stem
from senso.extraction.words.folding import folded
from senso.extraction.words.tokens import Words, divided

SUFFIXES = TLDExtract(cache_dir=None, suffix_list_urls=())
RESERVED = frozenset({"example", "test", "invalid", "localhost"})
DOMAIN = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)+")
UMLAUTS = str.maketrans(
    {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00c4": "Ae", "\u00d6": "Oe", "\u00dc": "Ue"}
    | {"\u00f8": "oe", "\u00e5": "aa", "\u00d8": "Oe", "\u00c5": "Aa"}
)
# Between two words of one name: emphasis marks and either spaces or one hyphen; a dot only after "St", "Inc" and such.
JOINT = re.compile(r"[*_`~\\']{0,6}(?: {0,8}|-|[\u00b7\u30fb])[*_`~\\']{0,6}")
ABBREVIATION = re.compile(r"[^\W\d_]|st|ste|mt|ft|dr|mr|mrs|ms|jr|sr|bros|inc|ltd|llc|corp|co|no|natl|intl|assn")
POSSESSIVE = re.compile(r"(?<=[^\W\d_]{3})s(?= |$)")
KOREAN = re.compile(r"[\uac00-\ud7a3 ]+")
BETWEEN_KATAKANA = re.compile("(?<=[\u30a1-\u30fa\u30fc])[\u30fb ](?=[\u30a1-\u30fa])")
FIGURE_APART = re.compile(r"(?<=[^\W\d_]{3}) (?=\d{1,4}$)")
SPACED_INITIALS = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_])+(?= [^\W\d_]{2})")
# "and" where names are written with it or with "&", as it is folded.
ANDS = ("und", "et", "y", "e", "en", "och", "og", "i", "ja", "es", "ve", "si", "\u0438", "\u03ba\u03b1\u03b9")
AND = re.compile(rf"(?<=\S) (?:{'|'.join(ANDS)}) (?=\S)")


class Form(NamedTuple):
    """`line`: tokens with a space before each. `apart`: for each, whether the name has a sign of its own before it.

    `quoted`: the token before which an apostrophe must stand; 0: none. `stem`: what all its inflected forms hold, too;
    None: it is looked for as it is.
    """

    line: str
    apart: Sequence[bool]
    quoted: int = 0
    stem: str | None = ""


class Wanted(NamedTuple):
    """`domain`: the name where it is one. `is_initials`: only initials with dots, as "e.m.f."."""

    forms: Sequence[Form]
    domain: str | None
    is_initials: bool


@lru_cache(maxsize=4096)
def wanted(name: str) -> Wanted:
    found = list(dict.fromkeys(with_stem(form) for form in forms(name) if form.apart))
    return Wanted(found, as_domain(name), is_initials(name))


def with_stem(form: Form) -> Form:
    return form if form.stem is None else form._replace(stem=stem(form.line))


def forms(name: str) -> Iterator[Form]:
    words = divided(folded(name).text)
    apart = tuple(i > 0 and not joins(words, i) for i in range(len(words.written)))
    yield Form(words.line[:-1], apart)
    yield from joined(words)
    yield from signed(words.line[:-1], apart)
    yield from with_other_and(name, words.line[:-1], apart)
    yield from possessive(words.line[:-1], apart)
    yield from spread(words)
    if (spelt := name.translate(UMLAUTS)) != name:
        yield from forms(spelt)


def joined(words: Words) -> Iterator[Form]:
    """Without its apostrophes: "Macys" for "Macy's". Without dots and spaces in Katakana, spaces in Korean.

    "Motel6" for "Motel 6".
    """
    if (undotted := BETWEEN_KATAKANA.sub("", words.folded)) != words.folded:
        yield from plain(undotted)
    if "'" in words.folded:
        inner = re.sub(r"(?<=\w)'(?=\w)", "", words.folded)
        if inner != words.folded:
            yield from plain(inner)
    if (glued := FIGURE_APART.sub("", words.folded)) != words.folded:
        yield from plain(glued)
    if KOREAN.fullmatch(words.folded) and " " in words.folded.strip():
        yield from plain(words.folded.replace(" ", ""))


def plain(text: str) -> Iterator[Form]:
    words = divided(text)
    yield Form(words.line[:-1], tuple(i > 0 and not joins(words, i) for i in range(len(words.written))))


def signed(line: str, apart: Sequence[bool]) -> Iterator[Form]:
    """ "Black & Dale" is also "Black and Dale" and "Black + Dale"; the plus of "Disney+" is its own."""
    for one, other in ((" and ", " + "), (" + ", " and ")):
        if one in line:
            yield Form(line.replace(one, other), apart)


def with_other_and(name: str, line: str, apart: Sequence[bool]) -> Iterator[Form]:
    """ "Fir und Oak" for "Fir & Oak", and the other way round; a capital, as in "Vitamin E Shop", is no "and"."""
    if " and " in line:
        yield from (Form(line.replace(" and ", f" {one} ", 1), apart, stem=None) for one in ANDS)
    elif AND.search(line) and AND.search(name):
        yield Form(AND.sub(" and ", line, count=1), apart, stem=None)


def possessive(line: str, apart: Sequence[bool]) -> Iterator[Form]:
    """ "Lowe's" for "Lowes": one word that ends in s at a time."""
    for found in POSSESSIVE.finditer(line):
        place = line.count(" ", 0, found.start())
        split = f"{line[: found.start()]} {line[found.start() :]}"
        yield Form(split, (*apart[:place], False, *apart[place:]), place)


def spread(words: Words) -> Iterator[Form]:
    """ "J P Morgan" for "J.P. Morgan", and the other way round."""
    if gathered := SPACED_INITIALS.search(words.folded):
        yield from plain(SPACED_INITIALS.sub(gathered[0].replace(" ", ""), words.folded, count=1))
    if any("." in one for one in words.written) and len(words.written) > 1:
        yield from plain(" ".join(" ".join(one.split(".")) if "." in one else one for one in words.written))


def is_initials(name: str) -> bool:
    written = divided(folded(name).text).written
    return len(written) == 1 and "." in written[0]


@lru_cache(maxsize=4096)
def as_domain(name: str) -> str | None:
    """None also for "J.Crane", whose ending is no domain's."""
    found = folded(name.strip()).text
    if not DOMAIN.fullmatch(found):
        return None
    return found if found.rpartition(".")[2] in RESERVED or SUFFIXES(found).suffix else None


def joins(words: Words, number: int, *, apart: bool = False) -> bool:
    """Whether a token may continue the name of the one before. `apart`: the name has a sign of its own between them."""
    gap = words.gap(number)
    if gap == " ":
        return True
    if apart:
        return "\n" not in gap
    if gap.startswith(".") and ABBREVIATION.fullmatch(words.written[number - 1]):
        gap = gap[1:]
    return JOINT.fullmatch(gap) is not None
