"""Output that cannot hold every character: a terminal or a pipe in ASCII, Latin-1 or another old encoding.

Instead of failing, it gets the most similar ASCII characters: a letter without its accent, a plain punctuation mark.
"""

import codecs
import io
import sys
import unicodedata

# Each is as wide as the character that it replaces, so that columns stay aligned.
MARKS = {"»": ">", "«": "<", "×": "x", "·": "-", "–": "-", "—": "-", "−": "-", "…": "~", "•": "*", "→": ">", "│": "|"}
MARKS |= {"‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "─": "-", "━": "-", "╸": "-", "╺": "-"}
MARKS |= dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+")
LETTERS = {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
PLAIN = str.maketrans(MARKS | LETTERS)


def plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(substitute, error.object[error.start : error.end])), error.end


def substitute(character: str) -> str:
    """Always ASCII; empty for a combining accent and for an invisible character."""
    if unicodedata.category(character) in {"Mn", "Cf"}:
        return ""
    simple = unicodedata.normalize("NFKD", character.translate(PLAIN))
    return "".join(part for part in simple if part.isascii()) or "?"


def be_tolerant() -> None:
    """Replaces such characters in everything that this process prints from now on."""
    codecs.register_error("senso.plainly", plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="senso.plainly")


def holds_everything() -> bool:
    """Whether stdout's encoding can hold every character."""
    return codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
