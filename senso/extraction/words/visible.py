"""What of an answer a reader does not see, or sees only as an address or as the label of a source.

Each is replaced by as many spaces, so that places stay the same. Every pattern has bounds, so that time is linear.
"""

import re
from functools import lru_cache
from html import unescape

from senso.extraction.words.folding import JOINER

LINK_TARGET = r"\((?:[^()\s]{1,2048}+|\([^()\s]{0,200}\)){0,8}(?:[ \t]+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\)"
LINK = rf"\[[^\[\]\n]{{1,200}}\](?:\[[^\]\n]{{1,8}}\]|{LINK_TARGET})"
BETWEEN = r"[ \t]{0,3}[,;·|]?[ \t]{0,3}"
# "Source: Acme", in languages that are written often. A line break or the bracket around it ends it.
SOURCE_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        source sources quelle quellen fuente fuentes fonte fontes fonti bron bronnen kilde kilder källor källa lähteet
        lähde kaynak kaynaklar źródło źródła zdroj zdroje izvor izvori forrás források sursă surse sumber источник
        источники джерело джерела πηγή πηγές المصدر المصادر מקור מקורות स्रोत แหล่งที่มา 出典 参考 来源 來源 출처
        """,
    )
)
# By the last two letters, how long such words are.
LENGTHS = {
    end: sorted({len(word) for word in SOURCE_WORDS if word.endswith(end)}) for end in {w[-2:] for w in SOURCE_WORDS}
}
LONGEST_LABEL = 24  # with marks around it
COLON = re.compile("[:\uff1a](?!//)")
SOURCES = re.compile(r"[^\n()]{0,400}")
DEFINITION = re.compile(r"(?m)^[ \t]{0,8}\[[^\]\n]{1,100}\]:[ \t]*<?https?://[^\n]*")
REFERENCE = re.compile(r"(?m)^[ \t]{0,8}\[\^?\d{1,3}\]:?[ \t]+[^\n]{0,400}https?://[^\n]*")
# A list of links below "Sources".
LISTED = re.compile(
    rf"(?im)^[ \t]{{0,8}}(?:#{{1,6}}[ \t]+)?[*_]{{0,3}}(?:{'|'.join(sorted(SOURCE_WORDS))}|r[eé]f[eé]rences?"
    r"|referencias|referências)[*_:\uff1a]{0,4}[ \t]*\r?\n(?:[ \t]*\r?\n)?"
    r"(?:[ \t]{0,8}(?:[-*+\u2022]|\d{1,3}\\?[.)])[ \t](?=[^\n]{0,400}(?:https?://|\]\())[^\n]*(?:\n|$)){1,100}"
)
IMAGE = re.compile(rf"!\[[^\[\]\n]{{0,500}}\]{LINK_TARGET}")
LABELS = re.compile(rf"\([ \t]{{0,3}}{LINK}(?:{BETWEEN}{LINK}){{0,20}}[ \t]{{0,3}}\)")
TARGET = re.compile(rf"(?<=\]){LINK_TARGET}")
# Of a source, or several: "[1, 2]", "[web:1]", "[1\u2020source]".
LABEL = "(?:web|page|citation|cite|ref|doc|source|src|post|file|memory|chart)[:_]?"
NUMBER = re.compile(
    rf"\[\^?(?:{LABEL})?\d{{1,3}}(?:[ ,;\u2013-]{{1,3}}(?:{LABEL})?\d{{1,3}}){{0,8}}"
    r"(?:\u2020[^\[\]\n]{0,60})?\^?\\?\]"
)
LENTICULAR = re.compile(r"\u3010(?:\d|source|[^\u3010\u3011\u2020\n]{0,60}\u2020)[^\u3010\u3011\n]{0,100}\u3011")
PRIVATE = re.compile(r"\ue200[^\ue200\ue201\n]{0,2000}\ue201|[\ue000-\uf8ff]")
# Marks of ChatGPT, Gemini and Grok in plain characters. Of a company that ChatGPT marks, the name is seen.
TURN = r"turn\d{1,3}[a-z]{3,12}\d{1,4}"
TURNS = re.compile(rf"(?:(?:file|nav)?cite)?{TURN}(?:[\ue202, ]?{TURN}){{0,20}}")
REFERRED = re.compile(r":contentReference\[[^\]\n]{0,60}\](?:\{[^}\n]{0,60}\})?")
CITE = re.compile(r"\[cite(?:_start|_end|:[^\[\]\n]{0,200})\]")
GROK = re.compile(r"<grok:[^<>\n]{0,300}>(?:[^<\n]|<(?!/?grok:)){0,600}+</grok:[a-z]{1,20}>")
IMAGES = re.compile(r"image_group\{[^{}\n]{0,1000}\}")
COMPANY = re.compile(r"\ue200?entity\ue202?\[\"[^\"\n]{0,60}\", ?\"([^\"\n]{1,200})\"[^\]\n]{0,300}\]\ue201?")
ADDRESS = re.compile(r"(?:https?|ftp)://[^\s<>\"\u3000-\u303f\uff00-\uffef]{1,2048}", re.IGNORECASE)
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
HOST = re.compile(
    r"(?<![\w.@-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?:(?::\d{2,5})?/|\?(?=[^\s=?]{1,40}=))"
    r"[^\s<>()\"\u3000-\u303f\uff00-\uffef]{1,2048}"
)
NOTE = re.compile(r"<sup>([^<>\n]{0,20})</sup>", re.IGNORECASE)
TRADE_MARKS = frozenset(("\u00ae", "\u2122", "\u2120", "&reg;", "&trade;", "(R)", "TM", "SM"))
# Marks of letters within a word, or around one word of a name.
FORMAT = r"</?(?:b|strong|i|em|u|mark|span|a|font|s|small|big|abbr|code|q|cite)(?:[ \t][^<>\n]{0,300})?>"
INLINE = re.compile(rf"(?<=\w)(?:{FORMAT}){{1,4}}(?: (?:{FORMAT}){{1,4}})?(?=\w)", re.IGNORECASE)
UNBROKEN = re.compile(r"(?<=[^\W\d_])[\u2060\ufeff]{1,4}(?=[A-Z])")
TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,15}(?:[ \t\n][^<>]{0,300})?/?>|<!--[^<\n]{0,300}?-->")
# The first letter of a word in bold, as where initials are explained.
INITIAL = re.compile(r"\*\*([A-Z])\*\*(?=[a-z])")
ENTITY = re.compile(r"&(?:amp;){0,3}(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def seen(answer: str) -> str:
    """`answer` as it is read, of the same length. Tags and addresses are gaps, an entity is what it stands for."""
    if "<" in answer:
        answer = INLINE.sub(unmarked, NOTE.sub(noted, answer))
    if "&" in answer:
        answer = ENTITY.sub(lambda found: stood_for(found[0]), answer)
    if "**" in answer:
        answer = INITIAL.sub(lambda found: f"{JOINER * 2}{found[1]}{JOINER * 2}", answer)
    if '["' in answer:
        answer = COMPANY.sub(named, answer)
    for sign, pattern in GAPS:
        if sign in answer:
            answer = pattern.sub(gap, answer)
    if "\u2060" in answer or "\ufeff" in answer:
        answer = UNBROKEN.sub(gap, answer)
    if holds_host(answer):
        answer = HOST.sub(gap, answer)
    if not answer.isascii():
        answer = PRIVATE.sub(gap, answer)
    return without_sources(answer)


def holds_host(answer: str) -> bool:
    """Whether it may hold an address without a scheme."""
    if "/" not in answer and "=" not in answer:
        return False
    return any("." in one.partition("/")[0].strip(".") for one in answer.split() if "/" in one or "=" in one)


def without_sources(answer: str) -> str:
    pieces, done = [], 0
    for colon in COLON.finditer(answer):
        start = label(answer, colon.start()) if colon.start() >= done else None
        if start is not None and (listed := SOURCES.match(answer, colon.end())):
            pieces += [answer[done:start], " " * (listed.end() - start)]
            done = listed.end()
    return "".join([*pieces, answer[done:]]) if pieces else answer


def label(answer: str, colon: int) -> int | None:
    """Where the word before a colon begins, perhaps in bold, if it says that sources follow."""
    base = max(0, colon - LONGEST_LABEL)
    before = answer[base:colon].rstrip(" \t").rstrip("*_")
    for length in LENGTHS.get(before[-2:].casefold()[-2:], ()):
        if before[-length:].casefold() in SOURCE_WORDS and not before[: -length or None][-1:].isalnum():
            return base + len(before) - length
    return None


@lru_cache(maxsize=256)
def stood_for(entity: str) -> str:
    meant = unescape(unescape(entity))
    return meant.ljust(len(entity), JOINER) if len(meant) == 1 else entity


def gap(found: re.Match[str]) -> str:
    return " " * len(found[0])


def named(found: re.Match[str]) -> str:
    """The name alone, where it stands."""
    start, end = (place - found.start() for place in found.span(1))
    return " " * start + found[1] + " " * (len(found[0]) - end)


def noted(found: re.Match[str]) -> str:
    """A gap; but a trade mark parts no name."""
    return (JOINER if found[1].strip() in TRADE_MARKS else " ") * len(found[0])


def unmarked(found: re.Match[str]) -> str:
    return (" " if " <" in found[0] else "").ljust(len(found[0]), JOINER)


# What must occur before a pattern is worth a search, in the order in which they are tried.
GAPS = (
    ("]:", DEFINITION),
    ("://", LISTED),
    ("://", REFERENCE),
    ("![", IMAGE),
    ("([", LABELS),
    ("](", TARGET),
    (":contentReference", REFERRED),
    ("[cite", CITE),
    ("<grok:", GROK),
    ("image_group{", IMAGES),
    ("turn", TURNS),
    ("<", TAG),
    ("://", ADDRESS),
    ("@", MAIL),
    ("[", NUMBER),
    ("\u3010", LENTICULAR),
)
