"""Numbers in words, in languages that are written often: "five", "twenty-five", "treinta y dos", "two million"."""

import re
from collections.abc import Iterator
from typing import Final

from senso.extraction.claims.measures import NUMBERS, SCALES, SMALL

FROM_THIRTEEN: Final = (
    "thirteen dreizehn treize trece treze tredici dertien trzynaście třináct тринадцать",
    "fourteen vierzehn quatorze catorce quattordici veertien czternaście čtrnáct четырнадцать",
    "fifteen fünfzehn quinze quince quindici vijftien piętnaście patnáct пятнадцать",
    "sixteen sechzehn seize dieciséis sedici zestien szesnaście šestnáct шестнадцать",
    "seventeen siebzehn diecisiete diciassette zeventien siedemnaście sedmnáct семнадцать",
    "eighteen achtzehn dieciocho diciotto achttien osiemnaście osmnáct восемнадцать",
    "nineteen neunzehn diecinueve diciannove negentien dziewiętnaście devatenáct девятнадцать",
)
FROM_TWENTY: Final = (
    "twenty zwanzig vingt veinte venti vinte twintig dwadzieścia dvacet yirmi двадцать двадцять",
    "thirty dreißig trente treinta trenta trinta dertig trzydzieści třicet otuz тридцать тридцять",
    "forty vierzig quarante cuarenta quaranta quarenta veertig czterdzieści čtyřicet kırk сорок",
    "fifty fünfzig cinquante cincuenta cinquanta cinquenta vijftig pięćdziesiąt padesát elli пятьдесят п'ятдесят",
    "sixty sechzig soixante sesenta sessanta sessenta zestig sześćdziesiąt šedesát altmış шестьдесят шістдесят",
    "seventy siebzig septante setenta settanta zeventig siedemdziesiąt sedmdesát yetmiş семьдесят сімдесят",
    "eighty achtzig huitante ochenta ottanta oitenta tachtig osiemdziesiąt osmdesát seksen восемьдесят вісімдесят",
    "ninety neunzig nonante noventa novanta negentig dziewięćdziesiąt devadesát doksan девяносто дев'яносто",
)
TEENS: Final = {word: value for value, words in enumerate(FROM_THIRTEEN, start=13) for word in words.split()}
TENS: Final = {word: 10 * value for value, words in enumerate(FROM_TWENTY, start=2) for word in words.split()}
PARTS: Final = {**NUMBERS, **TEENS, **TENS}
ONES: Final = dict.fromkeys(["one", "un", "une", "uno", "um", "jeden", "jedna", "bir", "один", "одна"], 1)
HUNDREDS: Final = dict.fromkeys(["hundred", "hundert", "honderd", "yüz"], 100)
LARGE: Final = {word: int(value) for word, value in SCALES.values.items() if len(word) > len("mn") and int(value)}
DIGITS: Final = {word: value for value, words in enumerate(SMALL, start=2) for word in words.split()}
AFTER: Final = {**DIGITS, **PARTS, **ONES, **HUNDREDS, **LARGE}
JOINING: Final = frozenset(("y", "e", "et", "and"))
CENTS: Final = frozenset(("cent", "cents"))  # a hundredth, or in French a hundred
IN_FRENCH: Final = (
    (re.compile(r"quatre-vingt-dix"), "nonante"),
    (re.compile(r"quatre-vingts?"), "huitante"),
    (re.compile(r"soixante-dix"), "septante"),
)
WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
BETWEEN: Final = re.compile(r"[ \u00a0\u2011-]")


def small_numbers(text: str) -> Iterator[int]:
    """In the order of the text. Not of "one" and of "thousands" alone, which are seldom numbers."""
    plain = text.casefold().replace("\u2019", "'")
    for pattern, word in IN_FRENCH:
        plain = pattern.sub(word, plain)
    run: list[str] = []
    end = 0
    for found in WORD.finditer(plain):
        if not (run and BETWEEN.fullmatch(plain, end, found.start()) and continues(run, found[0])):
            yield from value_of(run)
            run = [found[0]] if found[0] in PARTS else []
        else:
            run.append(found[0])
        end = found.end()
    yield from value_of(run)


def continues(run: list[str], word: str) -> bool:
    before = run[-1]
    if before in JOINING:
        return word in DIGITS or word in PARTS or word in ONES
    if word in JOINING:
        return before in TENS or before in HUNDREDS
    if before in CENTS:
        return False
    small = word in ONES or word in DIGITS or word in TEENS
    return (
        word in CENTS
        or word in HUNDREDS
        or word in LARGE
        or (before in TENS and small)
        or (before in HUNDREDS and word in PARTS)
        or (before in LARGE and word in PARTS)
    )


def value_of(run: list[str]) -> Iterator[int]:
    if not run or run[-1] in CENTS:
        return
    if run[-1] in JOINING:
        run = run[:-1]
    total = current = 0
    for word in run:
        if word in HUNDREDS:
            current *= 100
        elif word in LARGE:
            total, current = total + (current or 1) * LARGE[word], 0
        else:
            current += AFTER.get(word, 0)
    yield total + current
