"""Parses the markup of an answer: its sentences, the names in its list, and the names in bold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Markup that is not part of the text: link targets, citation labels, reference definitions, bare URLs.
UNSPOKEN = re.compile(
    r"^\[\d+\]: .*$"  # [1]: https://... "title"
    r"|\((?:\[[^\]\n]*\](?:\([^)\s]*\)|\[\d+\])(?:, )?)+\)"  # ([site](url)), ([Site][1], [Other][2])
    r"|(?<=\])\([^)\n]*\)"  # the target of [text](target)
    r"|https?://\S+",
    re.MULTILINE,
)
LINE_MARK = re.compile(r"^\s*(?:>\s*)*(?:#{1,6}\s+)?(?:(?:[-*•]|\d{1,2}[.)])\s+)?")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bSt\.)(?<!\bDr\.)\s+")

NUMBERED = re.compile(r"^(?:#{1,6}\s+)?(?:\*\*)?\d{1,2}[.)]\s+(?P<rest>\S.*)$")
BULLET = re.compile(r"^[-*•]\s+(?P<rest>\S.*)$")
HEADING = re.compile(r"^#{2,6}\s+(?P<rest>\S.*)$")
BOLD = re.compile(r"\*\*(.+?)\*\*")
HEAD_END = re.compile(r" [–—-] |: |:$| \(|\(\[|(?<=\w)\. |\*\*")

SMALL_WORDS = {"of", "the", "and", "for", "de", "la", "du", "at", "by", "&", "+"}
# Words that show that a text is a heading or a label and not a name.
LABELS = """
advantages ask availability best budget care check choose choosing compare comparison cons consider
considerations cost costs customer design drawbacks durability ease energy features fees final final-thoughts
here highlights honorable how if key look material materials mentions my note notes option options other
overall panel performance pick picks please price prices pricing pro pros quality quick rates read
recommendation recommendations resolution review service size some specs step strengths suggestions summary
support thoughts tip tips top types value verdict want warranty weaknesses weight what when where why would
write you your
"""
LABEL_WORDS = frozenset(LABELS.split())


@dataclass(frozen=True, slots=True)
class Passages:
    """`sentences` are cut from the answer unchanged; `ranking` has its list's names in order, `bold` the others."""

    sentences: tuple[str, ...]
    ranking: tuple[str, ...]
    bold: tuple[str, ...]


def spoken(text: str) -> str:
    """The text with blanks in place of such markup, so that its length stays the same."""
    return UNSPOKEN.sub(lambda found: " " * len(found[0]), text)


def passages(answer: str) -> Passages:
    heard = spoken(answer)
    lines = heard.splitlines()
    ranking = _ranking(lines)
    return Passages(tuple(_sentences(answer, heard)), ranking, _bold(lines, ranking))


def _sentences(answer: str, heard: str) -> Iterator[str]:
    start = 0
    for line in heard.splitlines(keepends=True):
        begin = start + len(LINE_MARK.match(line)[0]) if LINE_MARK.match(line) else start  # type: ignore[index]
        end = start + len(line.rstrip())
        for cut in [*(found.end() for found in SENTENCE_END.finditer(heard, begin, end)), end]:
            if heard[begin:cut].strip():
                yield answer[begin:cut].strip()
            begin = cut
        start += len(line)


def _ranking(lines: list[str]) -> tuple[str, ...]:
    """Numbered names, else names in bullets, else names in headings: the first of these that the answer has."""
    for mark in (NUMBERED, BULLET, HEADING):
        heads = [found["rest"] for line in lines if (found := mark.match(line))]
        names = [name for head in heads if (name := _head(head, numbered=mark is NUMBERED))]
        if len(names) > 1 or (names and mark is NUMBERED):
            return tuple(dict.fromkeys(names))
    return ()


def _head(text: str, *, numbered: bool) -> str | None:
    """The name at the start of a list item. In bullets, only bold text is a name, and with a colon it is a label."""
    plain = re.sub(r"^\*\*(?:Best|Top)\b[^*:]*: (?=[A-Z0-9])", "**", text.strip())  # **Best overall: Name**
    plain = plain if plain.startswith("**") else plain.removesuffix("**")  # **1. Name**
    bold = BOLD.match(plain)
    if bold:
        label = bold[1].endswith(":") or (not numbered and plain[bold.end() :].startswith(":"))
        return None if label and len(bold[1].split()) == 1 else name_in(bold[1].rstrip(":"))
    if not numbered and not plain.startswith("["):
        return None
    cut = HEAD_END.search(plain)
    return name_in(plain[: cut.start()]) if cut else name_in(plain)


def _bold(lines: list[str], ranking: tuple[str, ...]) -> tuple[str, ...]:
    """Names in bold in running text. Skips the details of list items, and labels, which end in a colon."""
    running = [line for line in lines if line[:1] not in ("", " ", "*", "-", "#") or line.startswith("**")]
    spans = [span for line in running for span in BOLD.findall(line) if not span.endswith((":", ".", "!", "?"))]
    names = dict.fromkeys(name for span in spans if (name := name_in(span)))
    return tuple(name for name in names if name not in ranking)


def name_in(text: str) -> str | None:
    """`text` without marks if it can be a name: one to ten words, capitals, and no word that makes it a label."""
    plain = re.sub(r"^\d{1,2}[.)]\s+", "", re.sub(r"[*\[\]_`]|\\", "", text))
    plain = re.split(r" [–—-] | \(", plain)[0].strip(" .,:;–—-\t")
    words = plain.split()
    looks = 0 < len(words) <= 10 and all(_capital(word) for word in words) and words[0] not in SMALL_WORDS  # noqa: PLR2004
    labelled = any(word.lower() in LABEL_WORDS for word in words[:1] + words[-1:])
    return plain if looks and not labelled and any(word[0].isalpha() for word in words) else None


def _capital(word: str) -> bool:
    return word in SMALL_WORDS or word[0].isupper() or word[0].isdigit() or any(letter.isupper() for letter in word)
