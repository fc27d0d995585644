"""Text that people do not see, and what stands behind a link or a picture."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from senso.extraction.injections import english, orders, pieces
from senso.extraction.injections.code import Code
from senso.extraction.words import Span

COMMENT = re.compile(
    r"<!--(?P<text>[^<]{0,4000}?(?:<(?!!--)[^<]{0,1000}?){0,20}?)(?:-->|\Z)|^[ \t]{0,3}\[[^\]\n]{1,40}\]:[ \t]*(?:<>|#)[ \t]*[(\"'](?P<note>[^\n]{1,2000})$",
    re.MULTILINE,
)
STYLES = (
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0(?![.\d])|opacity\s{0,3}:\s{0,3}0(?![.\d]*[1-9])"
    r"|(?<![-\w])color\s{0,3}[:=]\s{0,3}[\"']?(?:white|\#fff(?:fff)?\b|transparent|rgba?\(\s?255,\s?255,\s?255)|text-indent\s{0,3}:\s{0,3}-\d{3}"
    r"|(?:left|top)\s{0,3}:\s{0,3}-\d{3}|(?:height|width|max-height|line-height)\s{0,3}:\s{0,3}0(?![.\d])|clip\s{0,3}:\s{0,3}rect\(0|font-size\s{0,3}:\s{0,3}1px|\shidden(?=[\s>=/])|aria-hidden"
)
OPENED = re.compile(rf"<(?P<tag>[a-zA-Z]{{1,10}})\b(?=[^<>]{{0,400}}(?:{STYLES}))[^<>]{{0,500}}>", re.IGNORECASE)
WHITE = re.compile(r"\\(?:text)?color\{white\}\s{0,3}\{?[^{}\n]{1,1000}\}?|\\(?:h|v)?phantom\{[^{}\n]{1,1000}\}")
ATTRIBUTE = re.compile(
    r"<[a-zA-Z]{1,10}\b[^<>]{0,300}?\b(?:alt|title|aria-label|content|data-[a-z-]{1,30}|placeholder|summary)\s?=\s?(?:\"(?P<one>[^\"]{8,1000})\"|'(?P<two>[^']{8,1000})')[^<>]{0,300}>"
)
IMAGE = re.compile(r"!\[(?P<text>[^\[\]\n]{8,600})\](?:\([^()\n]{0,700}\)|\[[^\]\n]{0,60}\])")
LINK = re.compile(
    r"(?<!!)\[(?P<text>[^\[\]\n]{1,600})\]\((?P<to>[^()\s]{0,700})(?:[ \t]+[\"'(](?P<title>[^\n]{1,600}?)[\"')])?\s?\)"
)
DEFINED = re.compile(
    r"^[ \t]{0,3}\[[^\]\n]{1,60}\]:[ \t]*\S{1,700}[ \t]+[\"'(](?P<title>[^\n]{1,600})[\"')][ \t]*$", re.MULTILINE
)
LONGEST = 5000
MOST = 300  # of each kind: more is looked at by no one
WORDS = re.compile(r"\w{2,}\W+\w{2,}")
JOINED, PARTED = re.compile(r"[-_+]"), re.compile(r"[=/?&.:#]{1,3}")
FEWEST = 6  # blanks between the words of an address: fewer hold no order
BEHIND, IN_COMMENT = 2, 1  # points that are enough there


def hidden(answer: str, *, talks: bool) -> list[Span]:
    """`talks`: whether it has any word of an order. Text that is hidden by its style needs none."""
    spans: list[Span] = []
    if "<" in answer:
        spans += elements(answer, Code(answer))
    if "\\" in answer:
        spans += [found.span() for found in WHITE.finditer(answer) if WORDS.search(found[0])]
    if not talks:
        return spans
    if "<" in answer:
        spans += attributes(answer)
    return [*spans, *comments(answer), *links(answer)] if "<" in answer or "[" in answer else spans


def comments(answer: str) -> Iterator[Span]:
    for found in islice(COMMENT.finditer(answer), MOST):
        if orders.strongest((found["text"] or found["note"] or "").strip("()\"' ")) >= IN_COMMENT:
            yield found.span()


def elements(answer: str, code: Code) -> Iterator[Span]:
    """With their end; a name in one is seen by no reader of the answer. Code that shows how to hide may stay."""
    lower = answer.lower() if len(answer.lower()) == len(answer) else answer
    for found in islice(OPENED.finditer(answer), MOST):
        end = lower.find(f"</{found['tag'].lower()}", found.end(), found.end() + LONGEST)
        close = answer.find(">", end) + 1 if end >= 0 else 0
        stop = close or pieces.line_around(answer, found.end())[1]
        text = answer[found.end() : stop]
        if orders.strongest(text) >= IN_COMMENT or (WORDS.search(text) and not code.holds(found.start())):
            yield found.start(), stop


def attributes(answer: str) -> Iterator[Span]:
    for found in islice(ATTRIBUTE.finditer(answer), MOST):
        if orders.strongest(found["one"] or found["two"]) >= BEHIND:
            yield found.span()


def links(answer: str) -> Iterator[Span]:
    """The whole link; the sentence around it may stay."""
    for pattern in (IMAGE, LINK, DEFINED):
        for found in islice(pattern.finditer(answer), MOST):
            if any(text and orders.strongest(text) >= BEHIND for text in found.groupdict().values()) or orders_by(
                found.groupdict().get("to")
            ):
                yield found.span()


def orders_by(address: str | None) -> bool:
    """Whether the words of an address say what to report, and to ignore what was ordered before."""
    words = JOINED.sub(" ", PARTED.sub("; ", unquote(address or "")))
    if words.count(" ") < FEWEST or english.override(words, alone=False) < orders.ENOUGH:
        return False
    return english.fields(words) > 0 or english.says_first(words)
