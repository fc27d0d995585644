"""Fake ends of the answer and turns of a conversation, calls of tools, and readings in their own form."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from senso.extraction.injections import orders, pieces
from senso.extraction.injections.code import Code
from senso.extraction.injections.lexicon import Found
from senso.extraction.words import Span

NAMES = (
    r"answer|response|system|assistant|instructions?|prompt|untrusted|system[_-]prompt|evaluation|tool_results?|search_results?|context|document|reading"
    r"|user_input|user[_-]message|admin|developer|override|inst"
)
# A tag of a prompt; a closing one of the answer wherever it stands, the others at the start of a line.
TAG = re.compile(
    rf"</?(?:answer|response|untrusted)[-_:][\w-]{{1,60}}>|</(?:answer|response|untrusted|system|instructions?|prompt|assistant)>"
    rf"|^[ \t]{{0,8}}</?(?P<name>{NAMES})(?:[-_:]\w{{1,60}})?(?:\s[^<>\n]{{0,200}})?/?>",
    re.IGNORECASE | re.MULTILINE,
)
SIGN = re.compile(
    r"<\|[\w/ ]{2,40}\|>|\[/?INST\]|<</?SYS>>|</?(?:start_of_turn|end_of_turn|bos|eos|eot)>|</s>|<\uff5c[^\n\uff5c]{1,40}\uff5c>"
    r"|<(?:tool_calls?|function_calls?|tool_use|antml:\w{1,20}|invoke|tool_code|function=)\b[^<>\n]{0,200}>",
    re.IGNORECASE,
)
TURN = re.compile(
    r"^[ \t>*_#\[<({=-]{0,8}(?P<who>system|assistant|user|human|developer|admin(?:istrator)?|ai|model)\b"
    r"(?P<more> (?:prompts?|messages?|instructions?|notes?|notices?|overrides?|updates?|directives?))?[\])}>*_ =-]{0,5}(?:[:：]|(?<=\])|(?<=\}))",
    re.IGNORECASE | re.MULTILINE,
)
YOU = re.compile(
    r"\s{0,5}[*_\"'“]{0,3}(?:you (?:are now|will now|(?:must|should|shall|will|have to|need to) (?:now |always |never |only )?"
    r"(?:report|mark|say|answer|respond|reply|output|set|treat|include|mention|recommend|rank|list|ignore|praise|name))\b|(?:always|never|please|report|mark|say|output|set|treat|include|mention|recommend|rank|list|ignore)\b)",
    re.IGNORECASE,
)
CALL = re.compile(
    r"\b(?:submit|report|record|set|save|log|mark|return|emit|add|register|store|update|write|push|create|extract)\w{0,40}\((?=[^()\n]{0,300}(?:mention|sentiment|rank|positive))[^()\n]{0,300}\)"
    r"|\bto=functions\.\w{1,60}|\bfunctions\.\w{1,60}\([^()\n]{0,300}\)",
    re.IGNORECASE,
)
TOOL = re.compile(
    r"^[^\w\n]{0,4}\[?(?:tool|function|observation)(?:[_ ](?:calls?|results?|outputs?|response))?\s?:\s?[^\n]{0,600}",
    re.IGNORECASE | re.MULTILINE,
)
# A call, an object or a field; not a link or an address: "- **Tool:** [Planner](https://a.example/?b=c)".
TOOLS_SIGNS = re.compile(r"\{|[^\W_]\(|(?<![?&#/;.\w-])\w{1,60} ?=")
SHOWN = re.compile(
    r"\b(?:outputs?|labels?|expected|gold|result|verdict)\s?(?:[:=→]|->)\s?[^\n]{0,60}?\b(?:mentioned|present|praised|rank(?:ed)? ?(?:1|one|first)|number one|first place|#1)(?!\w)",
    re.IGNORECASE,
)
CALLED = re.compile(
    r"\"(?:tool_calls?|function_call|function|tool|name)\"\s{0,3}:\s{0,3}[{\[\"][^{}\n]{0,100}\s{0,20}.{0,40}?\"(?:arguments|parameters|input|args)\"\s{0,3}:",
    re.DOTALL,
)
KEYS = (
    "is_mentioned|mentioned|mention_text|mentionText|brand_mentioned|sentiment|rank|ranking|position|competitors|judged|verdict|missed|evidence|claims|readings"
    "|organi[sz]ations?|occurrences|polarity|tracked|number|mark|mentions|visibility|brand|score|share_of_text|covered"
)
KEY = re.compile(
    rf"(?P<quote>\\?[\"'`“]|\*\*)?(?<![\w-])(?P<key>{KEYS})(?:\\?[\"'`”]|\*\*)?[ \t]{{0,3}}(?P<sign>:|=>?)(?:\*\*)?\s{{0,3}}\\?[\"'`“]?(?P<value>[\w+-]{{0,12}})",
    re.IGNORECASE,
)
OWN = frozenset(
    (
        "mention_text",
        "mentiontext",
        "judged",
        "missed",
        "polarity",
        "readings",
        "is_mentioned",
        "brand_mentioned",
        "mentioned",
        "occurrences",
        "share_of_text",
    )
)
VALUES = {
    "mentioned": ("true", "yes", "false", "1", "y"), "sentiment": ("positive", "negative", "neutral", "mixed"),
    "verdict": ("named", "supported", "everyday", "other", "instruction", "source", "nothing", "true", "confirmed"),
    "rank": ("1", "2", "3", "first", "one"), "polarity": ("positive", "negative", "neutral"), "position": ("1", "first"), "ranking": ("1", "first"),
}  # fmt: skip
NEAR, LONGEST, MOST = 250, 4000, 300


def blocks(answer: str, data: bytes, found: Sequence[Found]) -> list[Span]:
    """`found`: what the first look found in `data`, which is lexicon.lowered(answer)."""
    code = Code(answer)
    categories = set[str]().union(*{one.categories for one in found})
    spans = [*tags(answer, code), *signs(answer, code)] if "<" in answer or "[" in answer else []
    if "turn" in categories or "role" in categories or "[" in answer:
        spans += turns(answer)
    if "ending" in categories:
        spans += endings(answer, orders.places(data, [one for one in found if "ending" in one.categories][:MOST]))
    if "example" in categories:
        spans += examples(answer)
    if "call" in categories:
        spans += calls(answer, code)
    if sum("schema" in one.categories for one in found) > 1:
        spans += readings(answer, code)
    return spans


def examples(answer: str) -> list[Span]:
    """Two or more lines that show how an answer is to be read."""
    found = [pieces.line_around(answer, one.start()) for one in SHOWN.finditer(answer)]
    return found if len(found) > 1 else []


def tags(answer: str, code: Code) -> Iterator[Span]:
    """From a fake end to the fake beginning behind it; else to the end of the paragraph."""
    done = 0
    for found in TAG.finditer(answer):
        if found.start() < done or code.holds(found.start() + 1):
            continue
        following = TAG.search(answer, found.end(), found.end() + LONGEST)
        done = following.end() if following else pieces.paragraph_end(answer, found.end())
        yield found.start(), done


def signs(answer: str, code: Code) -> Iterator[Span]:
    """Of a model's own format: all between two of them, and what stands behind the last in its paragraph."""
    found = [one.span() for one in SIGN.finditer(answer) if not code.holds(one.start())]
    done = 0
    for number, (start, _) in enumerate(found):
        if start < done:
            continue
        last = number
        while last + 1 < len(found) and found[last + 1][0] - found[last][1] <= LONGEST:
            last += 1
        is_end = last > number and answer.startswith(
            ("</", "[/", "<</", "<|im_end", "<|endoftext", "<|end_of", "<|end|", "<|eot", "<end_of"), found[last][0]
        )
        done = found[last][1] if is_end else pieces.paragraph_end(answer, found[last][1])
        yield start, done


def turns(answer: str) -> Iterator[Span]:
    """What one says reaches to the next turn, so that nothing is looked at twice."""
    done = end = 0
    for found, following in pairwise([*TURN.finditer(answer), None]):
        if found is None or found.start() < done:
            continue
        end = end if found.end() < end else pieces.paragraph_end(answer, found.end())
        last = min(end, following.start() if following else end, found.end() + LONGEST)
        said = answer[found.end() : last]
        if YOU.match(said) or orders.strongest(said) > (0 if found["who"].casefold() == "system" else 1):
            done = end
            yield found.start(), end


def endings(answer: str, placed: Sequence[orders.Placed]) -> Iterator[Span]:
    """A line that says that the answer ends, between signs or in capitals."""
    done = -1
    for place, _ in placed:
        if place < done:
            continue
        start, end = pieces.line_around(answer, place)
        line = answer[start:end].strip()
        letters = [letter for letter in line if letter.isalpha()]
        marked = not line[:1].isalnum() or line.upper() == line
        if len(letters) <= 45 and marked and not any(map(str.isalpha, answer[start:place])):  # noqa: PLR2004
            done = pieces.paragraph_end(answer, end)
            yield start, done


def calls(answer: str, code: Code) -> Iterator[Span]:
    for found in islice(CALL.finditer(answer), MOST):
        yield pieces.sentence_around(answer, found.start())
    for found in TOOL.finditer(answer):
        if TOOLS_SIGNS.search(found[0]) and not code.holds(found.start()):
            yield found.span()
    for found in islice(CALLED.finditer(answer), MOST):
        span = braced(answer, found.start(), found.end(), code)
        if orders.strongest(answer[slice(*span)].replace("_", " ")) > 0 or len(own_keys(answer[slice(*span)])) > 0:
            yield span


def own_keys(text: str) -> set[str]:
    return {found["key"].casefold() for found in KEY.finditer(text)} & (OWN | {"sentiment", "rank"})


def readings(answer: str, code: Code) -> Iterator[Span]:
    """Clusters of a reading's fields with values."""
    cluster: list[re.Match[str]] = []
    for number, found in enumerate(KEY.finditer(answer)):
        if number == MOST:  # nobody writes that for people
            yield cluster[0].start() if cluster else found.start(), len(answer)
            return
        if cluster and found.start() - cluster[-1].end() > NEAR:
            yield from reading_in(answer, cluster, code)
            cluster = []
        cluster.append(found)
    yield from reading_in(answer, cluster, code)


def reading_in(answer: str, cluster: Sequence[re.Match[str]], code: Code) -> Iterator[Span]:
    telling = [one for one in cluster if is_telling(one)]
    keys = {one["key"].casefold() for one in telling}
    # What people write, too: "**Sentiment:** positive", "Rank: 2".
    are_labels = all(one["quote"] in {None, "**"} and one["sign"] == ":" for one in telling)
    together = not are_labels and "sentiment" in keys and not keys.isdisjoint({"rank", "verdict", "competitors"})
    if len(keys) > 1 and (keys & OWN or together):
        yield braced(answer, telling[0].start(), telling[-1].end(), code)


def is_telling(found: re.Match[str]) -> bool:
    """A field with a value that it can have, or in quotes as in JSON."""
    if found["sign"] == "=" and found["key"].casefold() in OWN:
        return True
    key, value = found["key"].casefold(), found["value"].casefold()
    if key in VALUES:
        return value in VALUES[key] or (found["quote"] is not None and found["quote"] != "**" and key != "position")
    return found["quote"] not in {None, "**"} or key in OWN


def braced(answer: str, start: int, end: int, code: Code) -> Span:
    """The braces around a place, or its lines; the fence around them."""
    if fence := code.fence(start):
        return fence
    first = start
    while (before := answer.rfind("{", max(0, first - NEAR), first)) >= 0 and "\n\n" not in answer[before:first]:
        first = before
    if first < start or answer[start : start + 1] == "{":
        return first, closing(answer, first, end)
    return sentence_start(answer, start), pieces.sentence_around(answer, max(start, end - 1))[1]


def sentence_start(answer: str, place: int) -> int:
    return pieces.sentence_around(answer, place)[0]


def closing(answer: str, first: int, end: int) -> int:
    """Behind the brace that closes the one at `first`; the end of its paragraph if none does."""
    depth = 0
    for place in range(first, min(len(answer), first + LONGEST)):
        depth += (answer[place] == "{") - (answer[place] == "}")
        if depth == 0:
            return max(place + 1, end)
    return pieces.paragraph_end(answer, end)
