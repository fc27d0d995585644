"""The figures of a text: amounts, percents, years, phone numbers, in the spellings of many languages.

Two texts about one thing can be compared by their figures, whatever language they are in.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from senso.extraction.claims.measures import SCALES, UNITS
from senso.extraction.claims.spelled import small_numbers

MOST = 100  # figures of one text; a claim or a fact has a few
LONGEST = 2000  # characters that are looked at
PHONE = "phone"
# Spaces, apostrophes and points between groups of digits; the Indian groups of two, too.
GROUP = r"(?:[.,'\u2019 \u00a0\u202f]\d{3})"
# No digit within a word or a number; Thai, Chinese and Japanese are written without spaces.
ALONE = r"(?<!(?![\u0e00-\u0eff\u2e80-\uffef])[\w.,])"
NUMBER = re.compile(
    rf"{ALONE}(?:\d{{1,3}}{GROUP}{{1,6}}(?!\d)(?:[.,]\d{{1,4}})?|\d{{1,2}}(?:,\d\d){{1,4}},\d{{3}}(?!\d)"
    r"|\d{1,15}(?:[.,]\d{1,6})?)(?!\d)"
)
TELEPHONE = re.compile(rf"{ALONE}(?:\+|00)?\(?\d[\d ()/.\u2011\u2013-]{{6,20}}\d(?!\w)")
DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?!\d)")
YEARS = re.compile(r"(?:1[89]|20)\d\d ?[-\u2013/] ?(?:1[89]|20)\d\d")
# From one amount to another: "6.99-24.99", "500-1.500".
AMOUNTS = re.compile(
    r"^(?:[1-9]\d{0,2}(?:[.,']\d{3})+|\d{1,3}[.,]\d{1,2}) ?[-\u2013] ?\d{1,3}(?:(?:[.,']\d{3})+|[.,]\d{1,2}|)$"
    r"|^[1-9]\d{0,2} ?[-\u2013] ?\d{1,3}(?:(?:[.']\d{3})+|[.,]\d{1,2})$"
)
FRACTION = re.compile("(\\d{1,4})? ?([\u00bc-\u00be\u215b-\u215e])")
TIME = re.compile(r"(?<![\d.:])(\d{1,2})(?::(\d\d))?(?: ?([ap])\.?m\b\.?)?(?![\d:])", re.IGNORECASE)
GROUPED = re.compile(rf"\d{{1,3}}{GROUP}+(?:[.,]\d{{1,2}})?")
RATE = re.compile(r"\d{1,2}\.\d{3}")  # before a percent sign: 6.750 % is no 6750 %
AM = re.compile(r"\d ?[ap]\.?m\b", re.IGNORECASE)
FEWEST_DIGITS, ENOUGH_DIGITS = 7, 15
SPANS = ("year", "month")
BEFORE = 12  # characters in which a unit is looked for
SPACES = " \u00a0\u202f\t*_\\"


@dataclass(frozen=True, slots=True)
class Figure:
    """`unit`: None if none is written beside it."""

    value: str
    unit: str | None


def are_same(one: Figure, other: Figure) -> bool:
    """A unit that only one of them has does not tell them apart; of phone numbers, the shorter is the other's end."""
    if PHONE in {one.unit, other.unit}:
        short, long = sorted((one.value, other.value), key=len)
        return one.unit == other.unit and long.endswith(short.removeprefix("0"))
    if {one.unit, other.unit} == set(SPANS):
        return months(one) == months(other)
    return one.value == other.value and (one.unit == other.unit or None in {one.unit, other.unit})


def months(figure: Figure) -> Decimal:
    return Decimal(figure.value) * (12 if figure.unit == "year" else 1)


@lru_cache(maxsize=1024)  # the facts of an org are compared with each claim
def figures(text: str) -> tuple[Figure, ...]:
    """In the order of the text; each once. Numbers in names ("Studio54") are none."""
    plain = FRACTION.sub(in_digits, "".join(map(digit, text[:LONGEST])))
    phones, rest = telephones(plain)
    found = [*phones, *counted(rest), *(Figure(str(value), None) for value in small_numbers(rest))]
    return tuple(dict.fromkeys(found))[:MOST]


def digit(sign: str) -> str:
    """Digits of any script as ASCII; full-width signs as ordinary ones."""
    if sign.isascii():
        return sign
    if (value := unicodedata.decimal(sign, None)) is not None:
        return str(value)
    return {"\u066b": ".", "\u066c": ",", "\uff0c": ",", "\uff0e": ".", "\uff05": "%", "\u066a": "%"}.get(sign, sign)


def in_digits(found: re.Match[str]) -> str:
    """ "3¾" as "3.75"."""
    return normal(Decimal(found[1] or 0) + Decimal(unicodedata.numeric(found[2])).quantize(Decimal("0.001")))


def telephones(text: str) -> tuple[list[Figure], str]:
    """The phone numbers, and the text without them."""
    found, pieces, done = [], [], 0
    for one in TELEPHONE.finditer(text):
        digits = re.sub(r"\D", "", one[0])
        if is_telephone(one[0], digits) and not (unit_behind(text, one.end()) or unit_before(text, one.start())):
            found.append(Figure(digits.removeprefix("00"), PHONE))
            pieces += [text[done : one.start()], " "]
            done = one.end()
    return found, "".join([*pieces, text[done:]])


def is_telephone(written: str, digits: str) -> bool:
    """Not a long number, an amount in groups, a date, or a range of years."""
    if not FEWEST_DIGITS <= len(digits) <= ENOUGH_DIGITS or written.strip("+").isdigit():
        return False
    return not any(one.search(written) for one in (DATE, YEARS, AMOUNTS)) and not GROUPED.fullmatch(written)


def counted(text: str) -> Iterator[Figure]:
    for found in NUMBER.finditer(split(text)):
        whole = found.string
        scale, end = scaled(whole, found.end())
        before, behind = unit_before(whole, found.start()), unit_behind(whole, end)
        unit = before if before and behind in SPANS else behind or before
        is_rate = unit == "%" and RATE.fullmatch(found[0])
        value = Decimal(found[0]) if is_rate else number(found[0])
        yield Figure(normal(value * scale), unit)


def split(text: str) -> str:
    """With a space between the code of a currency and its amount ("EUR5"), and between the numbers of a date."""
    text = DATE.sub(lambda date: re.sub(r"[./-]", " ", date[0]), text)
    text = TIME.sub(of_day, text) if ":" in text or AM.search(text) else text
    return re.sub(r"(?<![^\W\d_])(USD|EUR|GBP|CHF|INR|JPY|CNY|Rs|R)(?=\d)", r"\1 ", text)


def of_day(found: re.Match[str]) -> str:
    """ "5 pm" and "17:00" as "17"."""
    hour, minute, half = int(found[1]), found[2], (found[3] or "").casefold()
    if not (minute or half) or hour > 24 or int(minute or 0) > 59:  # noqa: PLR2004
        return found[0]
    hour = hour % 12 + 12 * (half == "p") if half else hour
    return f"{hour} {minute}" if int(minute or 0) else str(hour)


def number(written: str) -> Decimal:
    """The value of a number whose point may be a comma; one sign before three digits parts thousands ("4.900")."""
    plain = re.sub(r"['\u2019 \u00a0\u202f]", "", written)
    points, commas = plain.count("."), plain.count(",")
    if points and commas:
        last = max(plain.rfind("."), plain.rfind(","))
        return Decimal(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :])
    head, _, tail = plain.replace(",", ".").rpartition(".")
    if points + commas > 1 or (len(tail) == len("000") and head.lstrip("0")):
        return Decimal(re.sub(r"[.,]", "", plain))
    return Decimal(plain.replace(",", "."))


def normal(value: Decimal) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def scaled(text: str, end: int) -> tuple[Decimal, int]:
    """The word for thousands or millions behind a number, and where it ends."""
    word = SCALES.match(text, end)
    return (Decimal(SCALES.value(word)), word.end()) if word else (Decimal(1), end)


def unit_behind(text: str, end: int) -> str | None:
    found = UNITS.match(text, end)
    return UNITS.value(found) if found else None


def unit_before(text: str, start: int) -> str | None:
    before = text[max(0, start - BEFORE) : start].rstrip(SPACES)
    return UNITS.ending(before)
