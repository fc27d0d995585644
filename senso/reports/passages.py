"""An assistant's words as a report shows them: without formatting marks, and shortened at first."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from senso.extraction import SEPARATOR
from senso.extraction.sentences import sentences

SHORT = 280  # characters: three lines of a page
WHOLE = 3_000
MORE = " …"
MARKDOWN = MarkdownIt("commonmark")
# Source marks ([3], the brackets of ChatGPT, private-use characters of vendors), the edges of a table, and emphasis
# that is not closed.
MARKS = re.compile(r" *(?:\[\d{1,3}\]|\u3010[^\u3011\n]*\u3011|[\ue000-\uf8ff])|^\s*\||\|\s*$|\*\*|__")
UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def passage(quotes: str) -> str:
    """The sentences of a reading's `mention_text`, joined; empty if no text is left."""
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
    """Cuts after the last sentence that fits, else after the last word that fits, and never inside a character."""
    if len(text) <= longest:
        return text
    ends = [end for _, end in sentences(text) if end <= longest] or [word_end(text, longest)]
    return text[: ends[-1]].rstrip(MORE) + MORE


def word_end(text: str, longest: int) -> int:
    """The end of the last word that fits. Scripts without spaces are cut between characters."""
    space = text.rfind(" ", longest // 2, longest + 1)
    end = space if space > 0 else longest
    while end > 1 and (unicodedata.combining(text[end]) or text[end - 1] == "\u200d" or text[end] in "\u200d\ufe0f"):
        end -= 1
    return end
