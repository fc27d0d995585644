"""What an assistant said, as a reader is shown it: without the marks of its formatting, short at first."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from senso.extraction.mentions import SEPARATOR
from senso.extraction.sentences import sentences

SHORT = 280  # characters: three lines of a page
WHOLE = 3_000
MORE = " …"
MARKDOWN = MarkdownIt("commonmark")
# Marks of sources: [3], the brackets of ChatGPT, what vendors write in letters of their own; the edges of a table; and
# emphasis that is not closed.
MARKS = re.compile(r" *(?:\[\d{1,3}\]|\u3010[^\u3011\n]*\u3011|[\ue000-\uf8ff])|^\s*\||\|\s*$|\*\*|__")
UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def passage(quotes: str) -> str:
    """The sentences of a reading's `mention_text`, set one after the other; empty where nothing is left to read."""
    parts = filter(None, map(plain, quotes.split(SEPARATOR)))
    return cut(f"{MORE} ".join(dict.fromkeys(parts)), WHOLE)


def plain(markdown: str) -> str:
    seen = MARKS.sub("", "".join(visible(MARKDOWN.parse(markdown))))
    return " ".join(UNREADABLE.sub(" ", seen).split())


def visible(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "inline":
                yield from (*visible(token.children or []), " ")
            case "text" | "text_special" | "code_inline" | "code_block" | "fence":
                yield token.content
            case "softbreak" | "hardbreak":
                yield " "


def shortened(text: str) -> str:
    return cut(text, SHORT)


def cut(text: str, longest: int) -> str:
    """After the last sentence that fits, else after the last word that does, and in no case inside a letter."""
    if len(text) <= longest:
        return text
    ends = [end for _, end in sentences(text) if end <= longest] or [word_end(text, longest)]
    return text[: ends[-1]].rstrip(MORE) + MORE


def word_end(text: str, longest: int) -> int:
    """Scripts without spaces are cut between letters."""
    space = text.rfind(" ", longest // 2, longest + 1)
    end = space if space > 0 else longest
    while end > 1 and (unicodedata.combining(text[end]) or text[end - 1] == "\u200d" or text[end] in "\u200d\ufe0f"):
        end -= 1
    return end
