"""Where an answer names somebody: whole words compared, never parts of words, never look-alikes.

A complaint common to all systems of this kind is a mention that is none ("LI" in "believe", "you" for you.com), so
this comparison is exact. It only looks past what the same name may wear: capitals, accents, emphasis marks, a
possessive, a hyphen for a space, "&" for "and", dots in initials. A name does not run across a comma, a full stop or
the end of a line: "Chase, Bank of America" does not name Chase Bank.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

Span = tuple[int, int]  # from, to: places in the answer as it came

# What a reader of the answer does not see, or sees only as the mark of a source: a cited page does not name anybody.
UNSEEN = re.compile(
    r"(?m)(?<=\])\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)"  # the target of a link
    r"|^[ \t]*\[[^\]\n]+\]:[ \t]*<?https?://.*$"  # the list of link targets below an answer
    r"|\[\d{1,3}\]|\u3010[^\u3011\n]*\u3011"  # [3], and the same in the brackets that ChatGPT uses
)
WORD = re.compile(
    r"(?P<initials>(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?)|(?P<plain>[^\W_]+(?:'[^\W_]+)*)|(?P<sign>[&+])"
)
# Between two words of one name: emphasis marks and either spaces or one hyphen; a dot only after "St", "Inc" and such.
JOINT = re.compile(r"[*_`~\\]*(?: *|-)[*_`~\\]*")
ABBREVIATION = re.compile(r"[^\W\d_]|st|ste|mt|ft|dr|mr|mrs|ms|jr|sr|bros|inc|ltd|llc|corp|co|no|natl|intl|assn")
DOMAIN = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)+")
UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
APOSTROPHES = "'\u2018\u2019\u02bc\u2032\u00b4\uff07"
LINE_ENDS = "\n\r\v\f\u0085\u2028\u2029"
LEGAL_FORMS = frozenset({"inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "plc", "na"})


class Word(NamedTuple):  # an answer has hundreds, and a frozen dataclass takes three times as long to make
    form: str
    possessor: str  # the form without a possessive "'s"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """An answer made ready for looking up names. `starts[i]` is where character i of `folded` stands in the answer."""

    answer: str
    folded: str
    starts: Sequence[int]
    words: list[Word]
    places: dict[str, list[int]] = field(repr=False)

    def span(self, first: int, last: int) -> Span:
        end = self.words[last].end  # up to the next character, so that an accent of its own stays with its letter
        return self.starts[self.words[first].start], self.starts[end] if end < len(self.starts) else len(self.answer)


@lru_cache(maxsize=64)  # a quote is looked up in the answer, and then looked through itself
def text(answer: str) -> Text:
    folded, starts = _folded(UNSEEN.sub(lambda unseen: " " * len(unseen[0]), answer))
    words = _words(folded)
    places: dict[str, list[int]] = {}
    for number, word in enumerate(words):
        places.setdefault(word.form, []).append(number)
        if word.possessor != word.form:
            places.setdefault(word.possessor, []).append(number)
    return Text(answer, folded, starts, words, places)


def namings(found_in: Text, name: str) -> list[Span]:
    """Every place where the answer names `name`, in order."""
    wanted = _wanted(name)
    if not wanted:
        return []
    starts = [i for i in found_in.places.get(wanted[0][0], ()) if _stands_at(found_in, i, wanted)]
    if starts and (domain := _as_domain(name)):
        starts = [i for i in starts if _is_whole_domain(found_in, found_in.words[i].start, domain)]
    return [found_in.span(i, i + len(wanted) - 1) for i in starts]


def located(found_in: Text, quote: str) -> str | None:
    """The answer's own characters where its words are those of `quote`, in order and without a gap; None: nowhere.

    Words are compared, not characters, since a model that quotes drops emphasis, links and marks of sources. What is
    kept is the answer's own text, so a stored quote is verbatim whatever the model did to it.
    """
    forms = [word.form for word in text(quote).words]
    for i in found_in.places.get(forms[0], ()) if forms else ():
        if [word.form for word in found_in.words[i : i + len(forms)]] == forms:
            start, end = found_in.span(i, i + len(forms) - 1)
            return found_in.answer[start:end] + _full_stop(found_in.answer[end : end + 1])
    return None


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Equal for two spellings of one name: without capitals, accents, signs, a leading "the" and the legal form."""
    forms = [word.form for word in _words(_folded(name)[0])]
    while len(forms) > 1 and forms[-1] in LEGAL_FORMS:
        forms.pop()
    return " ".join(forms[1:] if len(forms) > 1 and forms[0] == "the" else forms)


class Folding(dict[int, str]):
    """A table for str.translate, filled as characters are met."""

    def __missing__(self, number: int) -> str:
        self[number] = found = _folded_character(chr(number))
        return found


FOLDING = Folding()


def _folded(answer: str) -> tuple[str, Sequence[int]]:
    folded = answer.translate(FOLDING)
    if all(len(FOLDING[ord(character)]) == 1 for character in set(answer)):
        return folded, range(len(answer))
    return folded, [place for place, character in enumerate(answer) for _ in FOLDING[ord(character)]]


def _folded_character(character: str) -> str:
    if character in APOSTROPHES:
        return "'"
    if character in LINE_ENDS:
        return "\n"
    match unicodedata.category(character):
        case "Mn" | "Cf":  # accents of their own, soft hyphens, joiners: nothing that a reader would spell
            return ""
        case "So" | "No" | "Zs" | "Cc" | "Cs":  # a trade mark, an emoji or a footnote number ends a word
            return " "
        case "Pd" if character not in "\u2014\u2015":  # a long dash sets apart, the others join
            return "-"
    plain = unicodedata.normalize("NFKD", character).casefold()
    spelt = "".join(part for part in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(part))
    return spelt.translate(UNDECOMPOSED)


def _words(folded: str) -> list[Word]:
    return [_word(found) for found in WORD.finditer(folded)]


def _word(found: re.Match[str]) -> Word:
    start, end = found.span()
    written = form = possessor = found[0]
    if found.lastgroup == "sign":
        form = possessor = "and" if written == "&" else "+"
    elif found.lastgroup == "initials" or "'" in written:
        form = written.replace(".", "").replace("'", "")
        possessor = form[:-1] if written.endswith("'s") else form
    return Word(form, possessor, start, end)


@lru_cache(maxsize=4096)
def _wanted(name: str) -> tuple[tuple[str, bool], ...]:
    """The name's words; each with whether the name itself has a comma, a dot or the like before it."""
    folded, _ = _folded(name)
    words = _words(folded)
    return tuple((word.form, i > 0 and not _joined(folded, words[i - 1], word)) for i, word in enumerate(words))


@lru_cache(maxsize=4096)
def _as_domain(name: str) -> str | None:
    folded = _folded(name.strip())[0]
    return folded if DOMAIN.fullmatch(folded) else None


def _stands_at(found_in: Text, place: int, wanted: tuple[tuple[str, bool], ...]) -> bool:
    here = found_in.words[place : place + len(wanted)]
    if len(here) < len(wanted) or any(word.form != form for word, (form, _) in zip(here[:-1], wanted, strict=False)):
        return False
    if wanted[-1][0] not in (here[-1].form, here[-1].possessor):
        return False
    pairs = zip(here, here[1:], wanted[1:], strict=False)
    return all(_joined(found_in.folded, one, other, apart=apart) for one, other, (_, apart) in pairs)


def _joined(folded: str, one: Word, other: Word, *, apart: bool = False) -> bool:
    """May these neighbours belong to one name? `apart`: the name has a sign of its own between them."""
    gap = folded[one.end : other.start]
    if apart:
        return "\n" not in gap
    if gap.startswith(".") and ABBREVIATION.fullmatch(folded[one.start : one.end]):
        gap = gap[1:]
    return JOINT.fullmatch(gap) is not None


def _is_whole_domain(found_in: Text, start: int, domain: str) -> bool:
    """acme.com is not named by my-acme.com, acme.com.evil.net or acme.community."""
    end = start + len(domain)
    before, after = found_in.folded[max(start - 1, 0) : start], found_in.folded[end : end + 2]
    follows_on = len(after) > 1 and after[0] in ".-" and after[1].isalnum()
    return found_in.folded[start:end] == domain and before != "-" and not follows_on


def _full_stop(character: str) -> str:
    return character if character in {".", "!", "?"} else ""
