"""The words of lexicon.toml, and one search for all of them: an automaton passes once over the answer, in linear time."""

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from senso.extraction.injections import disguises

# What an order needs at least one of, in each language; the other words only count beside these.
TELLING = ("override", "reads", "output", "authority", "program", "address", "mentioned", "sentiment", "role", "ending")
# What orders.py scores; the rest is for blocks.py and disguises.
TALK = frozenset((*TELLING, "order"))
# English: beginnings of what english.py knows more exactly.
ENGLISH = {
    "override": "ignore,disregard,forget,overrid,overrul,bypass,discard,not follow,t follow,stop following,no attention"
    ",set aside,abandon,dismiss,supersede,void,obsolete,revoked,no longer,be ignored,neglect,erase,delete all,drop all"
    ",override,skip all,skip the,replaced by,cancelled,canceled,suspended",
    "object": "instruction,prompt,directive,guideline,programming,commands",
    "program": "command for,command to,you the model,hey model,dear model,dear assistant,attention model,attention assistant,attention reviewer,ai ,ai:,ais ,llm,language model,evaluator,annotator,classifier,grader,parser,extractor,labeller,labeler"
    ",summarizer,summariser,to chatgpt,for chatgpt,if chatgpt,chatgpt should,chatgpt must,are chatgpt,attention chatgpt"
    ",dear chatgpt,chatgpt:,chatbot,scraper,crawler,machine reader,neural net,the judge,models reading,models processing"
    ",model reading,model processing,model that reads,model must,model should,models must,models should,the model is to"
    ",artificial intell,reading model,reader model,assistants must,assistants should,assistant must,assistant should"
    ",assistants:,assistants reading,assistant reading,assistants processing,automated "
    ",this answer,this response,this reply,this passage,you analy,machine learning model,brand monitor,ai monitor,extraction model,extraction system,extraction step"
    ",extraction tool,extraction program,extraction agent,as the reviewer,as a reviewer,as the assistant,are an assistant"
    ",your output,your response,your reading,your report,your verdict,your evaluation,your extraction,your classification"
    ",your summary,your answer must,your answer should,your analysis,you extract,you evaluate,you classify,you parse"
    ",you summari,you process,bot:,bots:",
    "mentioned": "mentioned,a mention,mention_text,mention text,mention=,mention:",
    "sentiment": "sentiment",
    "role": "let s play,let’s play,in character,break character,breaks character,filling in,fill in the form,you are now,from now on,your new,your real,your actual,your only,your true,pretend,act as,roleplay,role play"
    ",new instructions,new task,updated instructions,developer mode,debug mode,admin mode,god mode,jailbreak,you will now"
    ",you must now,instructions:,instruction:,you are no longer,assume the role,new system,maintenance mode,test mode"
    ",important instruction,special instruction,instructions for,instruction for,instructions to,instruction to",
    "order": "number one,rank 1,rank one,ranked first,ranked 1,rank first,rank it first,as positive,in first place"
    ",first place,position 1,rank: 1,rank=1",
    "ending": "end of answer,end of the answer,end of response,end of the response,end of document,end of text,end of input"
    ",end of context,end of article,end of data,end of content,end of user,end of conversation,end of prompt,answer ends"
    ",end answer,end_of_answer,begin system,start system,end of output,end of quoted,end of untrusted,end of passage"
    ",text ends,end of web,end of search,end of source,answer end",
    "example": "output:,expected:,gold label,label:,result:",
    "turn": "system:,system prompt:,system message:,assistant:,user:,human:,developer:,system instruction,system note"
    ",system override,system notice,system update,inst  ,color white,phantom ",
    "call": "tool: ,tool result,observation:,tool output,tool call,function call,tool_call,function_call,antml,invoke name,arguments,to=functions,call:"
    ",submit_,report_,tool code,tool_use,tool use",
    "schema": "occurrences,position=,mention text,mentioned,judged,sentiment,competitors,verdict,readings,rank:,rank =,rank=,polarity,missed",
}
# Signs of ASCII become spaces, so that a word has a border; capitals of ASCII small letters.
TABLE = bytes(
    number + 32
    if 65 <= number <= 90  # noqa: PLR2004
    else number
    if chr(number).isalnum() or number >= 128 or number == ord(":")  # noqa: PLR2004
    else 32
    for number in range(256)
)


MOST = 2000  # places: an answer for people has a few dozen
CHUNK, LONGEST = 8192, 96  # bytes: of a part that is searched at once, and of a word


class Kind(NamedTuple):
    category: str
    language: str  # "en", ...; of a disguise: its name


class Found(NamedTuple):
    place: int  # in bytes
    kinds: tuple[Kind, ...]
    categories: frozenset[str]  # of these kinds


# Languages whose words follow each other without a space, or have others glued before them.
GLUED = frozenset(("zh", "ja", "th", "ko", "ar", "he", "hi"))
UNSPACED = frozenset(("zh", "ja", "th"))
OWNER_FIRST = frozenset(("zh", "ja", "ko", "tr", "th", "hu", "fi", "et", "lt", "lv", "ka", "ur", "bn", "ta"))
VERB_LAST = frozenset(("de", "nl"))
SIGN_BYTES = (
    b"\xe2\x80",
    b"\xe2\x9e",
    b"\xe3\x80",
    b"\xef\xbc",
    b"\xef\xb8",
    b"\xc2\xab",
    b"\xc2\xa0",
    b"\xc2\xa1",
    b"\xc2\xbf",
    b"\xf0\x9f",
)


class Search:
    """Finds all its texts in one pass; which of them overlap does not matter."""

    def __init__(self, texts: dict[bytes, set[Kind]]) -> None:
        self._kinds = [tuple(sorted(kinds)) for kinds in texts.values()]
        self._categories = [frozenset(kind.category for kind in of) for of in self._kinds]
        self._anywhere = [
            any(kind.category == "disguise" or kind.language in GLUED for kind in of) for of in self._kinds
        ]
        self._automaton = BytesAhoCorasick(list(texts), implementation=Implementation.ContiguousNFA)

    def found(self, data: bytes) -> list[Found]:
        """In order of their ends; not more than MOST."""
        if len(data) <= CHUNK:
            return self.within(data, 0, len(data))[:MOST]
        found: list[Found] = []
        for start in range(0, len(data), CHUNK):
            found += [one for one in self.within(data, start, start + CHUNK + LONGEST) if one.place < start + CHUNK]
            if len(found) >= MOST:
                break
        return found[:MOST]

    def within(self, data: bytes, begin: int, end: int) -> list[Found]:
        part = data[begin:end] if begin or end < len(data) else data
        return [
            Found(begin + start, self._kinds[number], self._categories[number])
            for number, start, _ in self._automaton.find_matches_as_indexes(part, overlapping=True)
            if self._anywhere[number] or begins_word(data, begin + start)
        ]


def begins_word(data: bytes, place: int) -> bool:
    before = data[place - 1] if place else 32
    if before < 128:  # noqa: PLR2004
        return not 97 <= before <= 122  # noqa: PLR2004
    return any(sign in data[max(place - 4, 0) : place] for sign in SIGN_BYTES)


def lowered(answer: str) -> bytes:
    """UTF-8, and a space behind."""
    return answer.encode(errors="surrogatepass").translate(TABLE) + b" "


@cache
def by_language() -> dict[str, dict[str, list[str]]]:
    told = tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))
    lines = {**told, "en": ENGLISH}
    return {language: {name: listed(line) for name, line in words.items()} for language, words in lines.items()}


def listed(line: str) -> list[str]:
    """Words between commas; a space belongs to a word unless it only stands behind the comma."""
    parts = line.replace("\n", " ").split(",")
    return [part if line.isascii() and ", " not in line else unspaced(part) for part in parts if part.strip()]


def unspaced(part: str) -> str:
    return part.removeprefix(" ")


def spellings(word: str) -> Iterator[bytes]:
    """Without accents, too, and where it has letters beyond ASCII, with capitals, which TABLE does not fold."""
    forms = {word, plain(word), word.replace("'", "\u2019")}
    forms |= {form.upper() for form in forms} | {form[:1].upper() + form[1:] for form in forms}
    for form in forms:
        yield lowered(form)[:-1]


def plain(word: str) -> str:
    """Without the accents of Latin letters."""
    if not any(letter.isascii() and letter.isalpha() for letter in word):
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def texts(wanted: Iterable[str] | None) -> dict[bytes, set[Kind]]:
    """`wanted`: the categories; None: all."""
    found: dict[bytes, set[Kind]] = {}
    for language, words in by_language().items():
        for category in words if wanted is None else [name for name in words if name in wanted]:
            for word in words[category]:
                for spelling in spellings(word):
                    found.setdefault(spelling, set()).add(Kind(category, language))
    return found


@cache
def first_look() -> Search:
    """What an answer with an order has at least one of, disguised or not."""
    found = texts((*TELLING, "order", "example", "turn", "call", "schema"))
    for text, name in disguises.texts():
        found.setdefault(text, set()).add(Kind("disguise", name))
    return Search(found)


@cache
def second_look() -> Search:
    return Search(texts(None))
