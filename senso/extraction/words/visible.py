"""What of an answer a reader does not see, or sees only as an address or as the label of a source.

Each is replaced by as many spaces, so that places stay the same. Every pattern has bounds, so that time is linear.
"""

import re
from html import unescape

from senso.extraction.words.folding import JOINER

LINK_TARGET = r"\((?:[^()\s]{1,2048}|\([^()\s]{0,200}\)){0,8}(?:[ \t]+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\)"
LINK = rf"\[[^\[\]\n]{{1,200}}\](?:\[[^\]\n]{{1,8}}\]|{LINK_TARGET})"
BETWEEN = r"[ \t]{0,3}[,;·|]?[ \t]{0,3}"
# "Source: Acme", in languages that are written often. A line break or the bracket around it ends it.
SOURCE_WORDS = (
    "sources?|quellen?|fuentes?|fontes?|fonti|bron(?:nen)?|kilder?|källor|källa|lähteet|lähde|kaynak(?:lar)?|źródł[oa]|"
    "zdroje?|izvori?|források?|forrás|surse?|nguồn|sumber|источник[и]?|джерел[оа]|πηγ(?:ή|ές)|المصدر|المصادر|מקורות?|"
    "स्रोत|แหล่งที่มา|出典|参考|来源|來源|출처"
)
DEFINITION = re.compile(r"(?m)^[ \t]{0,8}\[[^\]\n]{1,100}\]:[ \t]*<?https?://[^\n]*")
REFERENCE = re.compile(r"(?m)^[ \t]{0,8}\[\^?\d{1,3}\]:?[ \t]+[^\n]{0,400}https?://[^\n]*")
# A list of links below "Sources".
LISTED = re.compile(
    rf"(?im)^[ \t]{{0,8}}(?:#{{1,6}}[ \t]+)?[*_]{{0,3}}(?:{SOURCE_WORDS}|r[eé]f[eé]rences?"
    r"|referencias|referências)[*_:\uff1a]{0,4}[ \t]*\r?\n(?:[ \t]*\r?\n)?"
    r"(?:[ \t]{0,8}(?:[-*+\u2022]|\d{1,3}\\?[.)])[ \t](?=[^\n]{0,400}(?:https?://|\]\())[^\n]*(?:\n|$)){1,100}"
)
IMAGE = re.compile(rf"!\[[^\[\]\n]{{0,500}}\]{LINK_TARGET}")
LABELS = re.compile(rf"\([ \t]{{0,3}}{LINK}(?:{BETWEEN}{LINK}){{0,20}}[ \t]{{0,3}}\)")
SOURCES = re.compile(rf"(?i)(?<!\w)(?:{SOURCE_WORDS})[*_]{{0,3}}[ \t]?[:\uff1a](?!//)[^\n()]{{0,400}}")
TARGET = re.compile(rf"(?<=\]){LINK_TARGET}")
NUMBER = re.compile(
    r"\\?\[\^?\d{1,3}(?:[ ,;\u2013-]{1,3}\d{1,3}){0,8}\^?\\?\]"
    r"|\u3010(?:\d|source|[^\u3010\u3011\u2020\n]{0,60}\u2020)[^\u3010\u3011\n]{0,100}\u3011|\ue200[^\ue200\ue201\n]{0,200}\ue201|[\ue000-\uf8ff]"
)
ADDRESS = re.compile(
    r"(?:https?|ftp)://[^\s<>\"\u3000-\u303f\uff00-\uffef]{1,2048}"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    r"|(?<![\w.@-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?:(?::\d{2,5})?/|\?(?=[^\s=?]{1,40}=))"
    r"[^\s<>()\"\u3000-\u303f\uff00-\uffef]{1,2048}",
    re.IGNORECASE,
)
NOTE = re.compile(r"<sup>[^<>\n]{0,20}</sup>", re.IGNORECASE)
# Marks of letters within a word, or around one word of a name.
FORMAT = r"</?(?:b|strong|i|em|u|mark|span|a|font|s|small|big|abbr|code|q|cite)(?:[ \t][^<>\n]{0,300})?>"
INLINE = re.compile(rf"(?<=\w)(?:{FORMAT}){{1,4}}(?: (?:{FORMAT}){{1,4}})?(?=\w)", re.IGNORECASE)
UNBROKEN = re.compile(r"(?<=[^\W\d_])[\u2060\ufeff]{1,4}(?=[A-Z])")
TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,15}(?:[ \t\n][^<>]{0,300})?/?>|<!--[^<\n]{0,300}?-->")
ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def seen(answer: str) -> str:
    """`answer` as it is read, of the same length. Tags and addresses are gaps, an entity is what it stands for."""
    if "<" in answer:
        answer = INLINE.sub(unmarked, NOTE.sub(gap, answer))
    if "&" in answer:
        answer = ENTITY.sub(lambda found: stood_for(found[0]), answer)
    for sign, patterns in GAPS:
        if sign in answer:
            for pattern in patterns:
                answer = pattern.sub(gap, answer)
    if "\u2060" in answer or "\ufeff" in answer:
        answer = UNBROKEN.sub(gap, answer)
    return NUMBER.sub(gap, SOURCES.sub(gap, answer) if ":" in answer or "\uff1a" in answer else answer)


def stood_for(entity: str) -> str:
    meant = unescape(entity)
    return meant.ljust(len(entity), JOINER) if len(meant) == 1 else entity


def gap(found: re.Match[str]) -> str:
    return " " * len(found[0])


def unmarked(found: re.Match[str]) -> str:
    return (" " if " <" in found[0] else "").ljust(len(found[0]), JOINER)


# What must occur before a pattern is worth a search, in the order in which they are tried.
GAPS = (
    ("]:", (DEFINITION,)),
    ("://", (LISTED, REFERENCE)),
    ("![", (IMAGE,)),
    ("([", (LABELS,)),
    ("](", (TARGET,)),
    ("<", (TAG,)),
    ("//", (ADDRESS,)),
    ("@", (ADDRESS,)),
    ("/", (ADDRESS,)),
    ("=", (ADDRESS,)),
)
