"""Splits an answer into sentences. A list item, a heading and a table row are each a sentence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from sys import maxsize

Span = tuple[int, int]

# Signs that end a sentence: with a space behind them in most scripts; Chinese, Japanese, Devanagari, Burmese, Khmer and
# Armenian ones without. Arabic and Greek have question marks of their own, Ethiopic, Tibetan, Mongolian, Santali and
# Manipuri full stops.
SPACED = ".!?\u2026\u061f\u06d4\u037e\u0589\u1362\u1367\u0f0d\u1803\u1c7e\uabeb"
WHOLE = "\u3002\uff01\uff1f\uff61\uff0e\u0964\u0965\u104b\u17d4\u17d5"
CLOSING = "(?:[\"'\u201d\u2019\u00bb)*_\\]\u300d\u300f\uff09\u3011]|</[a-zA-Z]{1,10}>|<[bB][rR] ?/?>){0,6}+"
SPACE = "(?:[ \t\u00a0\u2000-\u200b\u2028\u2029\u202f\u205f\u3000]|&nbsp;|(?<=>))"
# Chinese and Japanese are also written with signs of ASCII, without a space.
EAST = "[\u3040-\u30ff\u3400-\u9fff]"
# A quotation goes on: "..." he said.
GOES_ON = re.compile("[\u300d\u300f\u201d\uff09](?=[とって、，,のはがをにもでや]|[他她我你它]们?[说說问問道]|[说說])")
# The sources that assistants append to a sentence.
LINK = r"\[[^\]\n]{1,120}\](?:\[\d{1,3}\]|\([^()\s]{0,2048}\))?"
SUPERSCRIPT = r"[\u00b9\u00b2\u00b3\u2070-\u2079]{1,4}+"
LABEL = "(?:web|page|citation|cite|ref|doc|source|src|post|file|memory|chart)[:_]?"
NUMBERS = rf"(?:{LABEL})?\d{{1,3}}(?:[ ,;\u2013-]{{1,3}}(?:{LABEL})?\d{{1,3}}){{0,8}}+"
NUMBER = (
    rf"\\?\[(?:\^?{NUMBERS}(?:\u2020[^\[\]\n]{{0,60}})?\^?|\[\d{{1,3}}\\?\]|{SUPERSCRIPT})\\?\]"
    rf"|{SUPERSCRIPT}(?:,{SUPERSCRIPT}){{0,8}}+|<sup>[^<>\n]{{0,20}}</sup>|\^\d{{1,3}}\^?"
)
SOURCE = (
    rf"(?: ?\((?:{LINK}[, ]{{0,3}}){{1,20}}+\)| ?(?:{NUMBER})(?:\([^()\s]{{0,2048}}\))?"
    r"| ?\u3010(?:\d|source|[^\u3010\u3011\u2020\n]{0,60}\u2020)[^\u3010\u3011\n]{0,100}\u3011"
    r"|\ue200[^\ue200\ue201\n]{0,2000}\ue201| ?\[cite:[^\[\]\n]{0,200}\]| ?\[cite_end\]"
    r"| ?:contentReference\[[^\]\n]{0,60}\](?:\{[^}\n]{0,60}\})?| ?(?:cite)?turn\d{1,3}[a-z]{3,12}\d{1,4}"
    r"| ?<grok:[^<>\n]{0,300}>(?:[^<\n]|<(?!/?grok:)){0,600}+</grok:[a-z]{1,20}>){0,20}+"
)
BEHIND_SOURCE = r"(?:(?<=\d\])|(?<=[\u3011\ue201]))"
END = re.compile(
    rf"[{SPACED}{WHOLE}\r\n](?:(?<=[\r\n])[\r\n]*+|(?<=[{SPACED}])[{SPACED}]{{0,8}}+{CLOSING}{SOURCE}"
    rf"(?={SPACE}|$|[\r\n]|{BEHIND_SOURCE}[^\W\d_])"
    rf"|(?<=[.!?])(?=[^\W\d_]{{2}})|(?<={EAST}[!?])(?={EAST})"
    rf"|(?<=[{WHOLE}])[{WHOLE}]{{0,8}}+{CLOSING}{SOURCE})"
)
# Before a full stop that ends no sentence; before a number only the second ones.
ABBREVIATIONS = frozenset(
    re.findall(
        r"[\w.]+",
        """
    mr mrs ms dr st ste mt ft jr sr inc ltd corp co vs approx est prof bzw ca str inkl evtl max min sog bd bros pty intl
    natl assn dept gov sen messrs blvd ave mio mrd med ggf exkl geb einschl ehem mme mlle av cf sra dra dott ing avv sig
    p.ej p.ex ee uu ee.uu ltda cía ul np tzn tj napr např npr sp šti şti vb bkz esim bijv t.ex bl.a f.eks m.fl tp tbk
    тел ул стр им ім вул напр бр σελ m.in resp cca pga örn kft zrt nyrt
    """,
    )
)
NUMBERED = frozenset(
    re.findall(
        r"\w+",
        """
    no nr art abs tel pp vol fig p s n núm pág pag kap sec jan feb febr mar mär apr jun jul aug sep sept oct okt nov dec
    dez ene abr ago dic janv févr avr juil déc п ст
    """,
    )
)
# Before a capital they end the sentence.
ENUMERATION = frozenset(
    re.findall(r"\w+", "etc al ecc usw osv itd itp atd apod enz stb dll dsb руб тыс млн млрд др пр гг")
)
ENDING = frozenset(("т.д", "т.п"))
HOURS = frozenset(("a.m", "p.m"))
# What follows hours in the same sentence: a day, a zone of time.
OF_HOURS = re.compile(r"[A-Z]{2,4}\b|Mon|Tue|Wed|Thu|Fri|Sat|Sun|East|Cent|Pac")
# "Plan A. Globex is better.", and Russian "and so on", "of 2020": no initial.
LETTER = re.compile(
    r"(?i)(?:\b(?:plan|option|vitamin|class|type|grade|tier|group|rated|typ|klasse|gruppe|opción|clase|tipo|classe)"
    r" [a-z]|\bи т\. ?[дп]|\d г)$"
)
INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
OPENING = "#([{*_\"'\u201c\u201e\u00ab\u2018"
SIGNS = "\\\ufe0f\u20e3"  # behind a number: an escape, the box of an emoji
# Before an ordinal number of German, Danish, Czech and others: "Am 3. Mai", "der 2. Platz".
BEFORE_ORDINAL = frozenset(re.findall(r"\w+", "am im der die das dem den zum zur vom bis seit ab und dne od do"))
# Initials of a country may end a sentence: "They left the U.S. Globex stayed."
COUNTRY = re.compile(r"\b(?:the|in|from|to|of|Washington,) (?:[A-Z]\.){1,3}[A-Z]$")
PART_OF_COUNTRY = re.compile(r"(?:Gov|Treas|Bank|Army|Dep|Sen|Cong|News|Dollar|Postal|Census|Air|Navy|Marine|Econ|Fed)")
ROMAN_SIGNS = ("I", "V", "X")
ROMAN = re.compile(r"[IVX]{1,5}")
# Short, without a vowel and not in capitals: Pvt, Rp. Between consonants Slavic languages have "r" and "l" as vowels.
CONSONANTS = re.compile(
    r"[^\W\d_aeiouyаеёиоуыэюяіїє](?:(?![aeiouyrl])[a-zčšž]){0,3}[b-df-hj-np-tv-xzčšžř]", re.IGNORECASE
)
# Behind an ordinal number without one of those words: "3. Mai", in Hungarian also behind the year.
MONTH = re.compile(
    r"(?i)(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
    r"|január|február|március|április|május|június|július|augusztus|szeptember|október)\b"
)
END_OF_DOMAIN = re.compile(r"(?:Com|Net|Org|Io|Ai|Js|De)\b")
ROW = re.compile(r"(?m)^[ \t]{0,8}\|[^\r\n]*")
GLUED = re.compile(r"(?:[a-z\u00df-\u00ff\u0430-\u044f]{2}|[)\u201d%]|[$\u20ac\u00a3]\d[\d.,]*|[a-z] \d{4})$")
LONGEST_ABBREVIATION = 24  # how many characters before the sign are examined
FOLLOWING = 24
LONGEST_WITHOUT_VOWEL = 5
ALL_ABBREVIATIONS = ABBREVIATIONS | NUMBERED | ENUMERATION
UNITS = frozenset(("km", "kg", "cm", "mm", "mg", "ml", "gb", "mb"))
LONGEST_ORDINAL = 2
DATE = re.compile(r"\d{1,2}\.\d{1,2}")


def sentences(answer: str) -> list[Span]:
    rows = [found.span() for found in ROW.finditer(answer)] if "|" in answer else []
    ends = [found.end() for found in END.finditer(answer) if found[0][0] in "\r\n" or ends_sentence(answer, found)]
    ends = [end for end in ends if not is_within((end - 1, end), rows)] if rows else ends
    return list(trimmed(answer, [*ends, len(answer)]))


def around(places: Sequence[Span], spans: Sequence[Span]) -> list[Span]:
    """For each place the span in which it begins; the place itself where that is none."""
    found = []
    for place in places:
        before = bisect_right(spans, (place[0], maxsize))
        found.append(spans[before - 1] if before and spans[before - 1][1] > place[0] else place)
    return found


def beginning_in(whole: Span, spans: Sequence[Span]) -> Sequence[Span]:
    first, last = (bisect_left(spans, (place, 0)) for place in whole)
    return spans[first:last]


def is_within(span: Span, wholes: Sequence[Span]) -> bool:
    """Whether it begins in one of them. `wholes`: in order, none within another."""
    before = bisect_right(wholes, (span[0], maxsize))
    return before > 0 and span[0] < wholes[before - 1][1]


def ends_sentence(answer: str, found: re.Match[str]) -> bool:
    """Of a sign that is no line end."""
    written = found[0]
    sign = written[0]
    if sign in WHOLE:
        return not goes_on(answer, found)
    if sign not in ".!?\u2026":
        return True
    start, end = found.span()
    before = answer[start - LONGEST_ABBREVIATION if start > LONGEST_ABBREVIATION else 0 : start]
    following = answer[end : end + FOLLOWING]
    if len(written) == 1 and following[:1].isalpha():
        return is_east(following[0]) or is_glued(before, following)
    following = following.lstrip()
    if sign == "." and written[:2] != "..":
        return is_full_stop(before, following)
    return not (following[:1].islower() and is_in_lower_case(following))


def goes_on(answer: str, found: re.Match[str]) -> bool:
    """Whether a sign between figures is a point, or a quotation is only a part of the sentence."""
    if found[0][0] == "\uff0e":
        return answer[found.start() - 1 : found.start()].isdigit()
    return GOES_ON.match(answer, found.end() - 1) is not None


def is_east(letter: str) -> bool:
    return "\u3040" <= letter <= "\u9fff"


def is_glued(before: str, following: str) -> bool:
    """Whether a sentence begins without a space: not in "Booking.Com"."""
    begins = following[0].isupper() and following[1:2].islower() and not END_OF_DOMAIN.match(following)
    return begins and GLUED.search(before) is not None


def is_full_stop(before: str, following: str) -> bool:
    last = before[-1:]
    if not last.isdigit() and is_long_word(before[before.rfind(" ") + 1 :]):
        return True
    line = before.rpartition("\n")[2]
    if last.isdigit() and line.strip().isdigit():  # of a list
        return False
    if last.isupper() and following[:1].isupper() and COUNTRY.search(before):
        return not PART_OF_COUNTRY.match(following)
    word = line[max(line.rfind(" "), line.rfind("\u00a0"), line.rfind("\t")) + 1 :].lstrip(OPENING).rstrip(SIGNS)
    if word[:1].isdigit() and word.replace(".", "").isdigit():
        return not is_first(word, line) and not is_heading(line) and not is_ordinal(line, following)
    if word[:1] in ROMAN_SIGNS and ROMAN.fullmatch(word) and (following[:1].islower() or is_first(word, line)):
        return False
    return not is_abbreviation(word, line, following)


def is_long_word(word: str) -> bool:
    """As most words before a full stop, which need no other look."""
    return len(word) > LONGEST_WITHOUT_VOWEL and word.isalpha() and word.islower() and word not in ALL_ABBREVIATIONS


def is_first(word: str, line: str) -> bool:
    """Whether only signs stand before it."""
    return not any(map(str.isalnum, line.rstrip(SIGNS).removesuffix(word)))


def is_heading(line: str) -> bool:
    """ "## Step 1. Acme": a number in a heading counts."""
    return line.lstrip(" ").startswith("#")


def is_ordinal(line: str, following: str) -> bool:
    """`line`: up to the number."""
    *_, before, number = ("", *line.split())
    if MONTH.match(following):
        return True
    return (len(number) <= LONGEST_ORDINAL or DATE.fullmatch(number) is not None) and (
        before.casefold() in BEFORE_ORDINAL or is_in_lower_case(following)
    )


def is_in_lower_case(following: str) -> bool:
    """Not "iPhone"."""
    return following.split(" ", 1)[0].rstrip(",.;:").islower()


def is_abbreviation(word: str, line: str, following: str) -> bool:
    """Also an initial, as of "J. Smith", and "e.g", before their last dot."""
    if len(word) == 1:
        return word.isalpha() and not is_ideograph(word) and not (following[:1].isupper() and LETTER.search(line))
    known = word.casefold()
    if known in ABBREVIATIONS or (known in NUMBERED and following[:1].isdigit()):
        return True
    if "." in known:
        return is_initials(known, following)
    return (known in ENUMERATION and not following[:1].isupper()) or is_without_vowel(word, line)


def is_initials(word: str, following: str) -> bool:
    if following[:1].isupper() and (word in ENDING or (word in HOURS and not OF_HOURS.match(following))):
        return False
    return INITIALS.fullmatch(word) is not None


def is_without_vowel(word: str, line: str) -> bool:
    """No unit of measure behind a number."""
    if len(word) > LONGEST_WITHOUT_VOWEL or not word[1:].islower() or not CONSONANTS.fullmatch(word):
        return False
    return word not in UNITS and not line[: -len(word)].rstrip()[-1:].isdigit()


def is_ideograph(letter: str) -> bool:
    return letter >= "\u2e80"


def trimmed(answer: str, ends: Iterable[int]) -> Iterator[Span]:
    """What stands before each end, without the blanks around it."""
    start = 0
    for end in ends:
        if piece := answer[start:end].lstrip():
            yield end - len(piece), end - len(piece) + len(piece.rstrip())
        start = end
