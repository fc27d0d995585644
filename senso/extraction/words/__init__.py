"""Finds where an answer names an organisation: compares whole words, never parts of words or similar words.

False mentions are a common complaint about systems of this kind ("LI" in "believe", "you" for you.com), so the
comparison is exact. It ignores only differences within one name: capitals, accents, emphasis marks, an ending that its
language adds, an apostrophe, a hyphen for a space, "&" for "and", dots and spaces in initials. A name does not extend
across a comma, a full stop or the end of a line: "Chase, Bank of America" does not name Chase Bank. What a reader does
not see, and an address, names nobody.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from senso.extraction.words.endings import among_foreign, has_foreign, inflected, is_latin, language
from senso.extraction.words.folding import Folded, folded
from senso.extraction.words.legal_forms import without_legal_form
from senso.extraction.words.tokens import Words, divided
from senso.extraction.words.visible import seen
from senso.extraction.words.wanted import Form, Wanted, as_domain, joins, wanted

__all__ = ["Span", "Text", "key", "located", "namings", "occurs", "text"]

Span = tuple[int, int]  # start and end: offsets in the original answer
# Before an apostrophe, of which the name is the rest: French, Italian, Catalan.
ELISIONS = frozenset(
    re.findall(
        r"\w+",
        "l d j m t n s c v qu jusqu lorsqu puisqu quoiqu quelqu presqu entr un dell all nell sull dall dagli degl agl "
        "negl sugl dagl coll bell gl quest quell sant",
    )
)
MOST_PLACES = 1000  # an answer that a person reads has a hundredth of that; it bounds the time
LONGEST_LABEL = 64
DOMAIN_REST = re.compile(r"(?:-[\w-]{1,62})?(?:\.[\w-]{1,62}){1,3}")
LAST_THAI, CONSONANT = re.compile("[\u0e01-\u0eff]"), re.compile("[\u0e01-\u0e2e\u0e81-\u0eae]")
SILENT = re.compile("[\u0e01-\u0e2e\u0e81-\u0eae][\u0e34\u0e38]?[\u0e4c\u0ecc]")
LONGEST_SUFFIX = 6  # behind an apostrophe: "Acme'll", and of Turkish


@dataclass(frozen=True, slots=True)
class Text:
    """An answer prepared for the search of names."""

    answer: str
    words: Words
    folded: Folded

    @property
    def starts(self) -> Sequence[int]:
        """`starts[i]`: offset in the answer of folded character i."""
        return self.folded.starts

    def span(self, first: int, last: int) -> Span:
        start, end = self.words.edges[2 * first], self.words.edges[2 * last + 1]
        # up to the next character, so that a combining accent stays with its letter
        starts = self.folded.starts
        return starts[start], starts[end] if end < len(starts) else len(self.answer)


@lru_cache(maxsize=64)  # a quote is searched for in the answer and then searched itself
def text(answer: str) -> Text:
    plain = folded(seen(answer))
    return Text(answer, divided(plain.text), plain)


def namings(found_in: Text, name: str) -> list[Span]:
    """The places where the answer names `name`, in order; of each form at most a thousand."""
    found: dict[int, int] = {}
    for first, last in named(found_in, name):
        found.setdefault(first, last)
    return [found_in.span(first, with_suffix(found_in.words, found[first])) for first in sorted(found)]


def occurs(found_in: Text, name: str) -> bool:
    """Whether the answer names `name` anywhere."""
    return next(named(found_in, name), None) is not None


def named(found_in: Text, name: str) -> Iterator[tuple[int, int]]:
    """The first and the last token of each naming; some places by several forms."""
    sought, words = wanted(name), found_in.words
    for form in sought.forms:
        if (form.stem or form.line[1:]) in words.line:
            for first in islice(places(words, form), MOST_PLACES):
                last = first + len(form.apart) - 1
                if fits(found_in, first, last, form, sought):
                    yield first, last


def places(words: Words, form: Form) -> Iterator[int]:
    """The numbers of the tokens where the form begins, as it is and with endings."""
    return numbers(words.line, chain(exact(words.line, form), with_endings(words.line, form), glued(words.line, form)))


def exact(line: str, form: Form) -> Iterator[int]:
    sought = f"{form.line} "
    place = line.find(sought)
    while place >= 0:
        yield place
        place = line.find(sought, place + 1)


def with_endings(line: str, form: Form) -> Iterator[int]:
    """Only where the beginning of the name occurs more often than the name: few names cost a second search."""
    if not form.stem or form.quoted or line.count(form.stem) <= line.count(f"{form.line} "):
        return
    pattern = inflected(form.line, language(line) if is_latin(form.line[-1]) else None)
    for found in pattern.finditer(line) if pattern else ():
        yield found.start() - 1


def glued(line: str, form: Form) -> Iterator[int]:
    """A name in ASCII with Korean particles or Arabic and Hebrew prefixes."""
    if form.line.isascii() and not line.isascii() and form.line[1:] in line and has_foreign(line):
        for found in among_foreign(form.line).finditer(line):
            yield found.start() - 1


def fits(found_in: Text, first: int, last: int, form: Form, sought: Wanted) -> bool:
    words = found_in.words
    if not all(joins(words, first + i, apart=apart) for i, apart in enumerate(form.apart) if i):
        return False
    if form.quoted and words.gap(first + form.quoted) != "'":
        return False
    if sought.domain and not is_whole_domain(words, first, sought.domain):
        return False
    if sought.is_initials and "." not in words.written[first]:
        start, end = found_in.span(first, last)
        return found_in.answer[start:end].isupper()
    if not sought.domain and is_in_domain(words, first, last):
        return False
    return begins_word(words, first) and ends_syllable(words, last)


def begins_word(words: Words, first: int) -> bool:
    """Not behind an apostrophe, as Brien in O'Brien, but behind an elision."""
    return first == 0 or words.gap(first) != "'" or words.written[first - 1] in ELISIONS


def ends_syllable(words: Words, last: int) -> bool:
    """Not before a Thai or Lao consonant that can only close the syllable: it is silent, or the last one."""
    if not LAST_THAI.match(words.written[last][-1]) or last + 1 >= len(words.written) or words.gap(last + 1):
        return True
    is_end = last + 2 >= len(words.written) or words.gap(last + 2) != ""
    following = words.written[last + 1]
    return not (SILENT.match(following) or (is_end and CONSONANT.fullmatch(following)))


def is_in_domain(words: Words, first: int, last: int) -> bool:
    """Within a longer word of a domain, as in "acme-reviews.com"."""
    start, end = words.edges[2 * first], words.edges[2 * last + 1]
    if words.folded[max(start - 1, 0) : start] != "-" and words.folded[end : end + 1] != "-":
        return False
    rest = DOMAIN_REST.match(words.folded[end : end + LONGEST_LABEL])
    return rest is not None and as_domain("x" + rest[0]) is not None


def with_suffix(words: Words, last: int) -> int:
    """The last token of the naming: a possessive, or another suffix behind an apostrophe, belongs to it."""
    following = last + 1
    if following < len(words.written) and words.gap(following) == "'":
        return following if len(words.written[following]) <= LONGEST_SUFFIX else last
    return last


def is_whole_domain(words: Words, first: int, domain: str) -> bool:
    """acme.com is not named by my-acme.com, acme.com.evil.net or acme.community."""
    start = words.edges[2 * first]
    end = start + len(domain)
    before, after = words.folded[max(start - 1, 0) : start], words.folded[end : end + 2]
    follows_on = len(after) > 1 and after[0] in ".-" and after[1].isalnum()
    return words.folded[start:end] == domain and before != "-" and not follows_on


def located(found_in: Text, quote: str) -> list[Span]:
    """Where the answer has the same words as `quote`, in order and without a gap, each behind the one before.

    At most a thousand places.

    Words are compared, not characters, because a model that quotes drops emphasis, links and marks of sources.
    """
    quoted = text(quote).words
    length, line = len(quoted.written), found_in.words.line
    if not length:
        return []
    firsts = numbers(line, islice(apart(line, quoted.line), MOST_PLACES))
    return [found_in.span(first, first + length - 1) for first in firsts]


def apart(line: str, sought: str) -> Iterator[int]:
    """Where `sought` begins, without overlaps; two may share the space between them."""
    place = line.find(sought)
    while place >= 0:
        yield place
        place = line.find(sought, place + len(sought) - 1)


def numbers(line: str, places: Iterable[int]) -> Iterator[int]:
    """The number of the token at each place, which is the space before it. Places go up, or begin anew."""
    number = counted = 0
    for place in places:
        if place < counted:
            number = counted = 0
        number, counted = number + line.count(" ", counted, place), place
        yield number


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Equal for two spellings of one name: ignores capitals, accents, signs, a leading "the" and the legal form."""
    line = divided(re.sub(r"(?<=\w)'(?=\w)", "", folded(name).text)).line
    forms = without_legal_form(line.split())
    return " ".join(forms[1:] if len(forms) > 1 and forms[0] == "the" else forms)
