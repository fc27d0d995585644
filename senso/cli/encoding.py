"""Output that cannot hold every character: a terminal or a pipe in ASCII, Latin-1 or another old encoding.

Nothing fails for it, and what a reader needs to see stays to be seen: a letter without its accent, a plain mark.
"""

import codecs
import io
import sys
import unicodedata

# Each as wide as what it stands for, or nothing would be in line any more.
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
    """ASCII in any case; nothing for an accent of its own and for what is not seen anyway."""
    if unicodedata.category(character) in {"Mn", "Cf"}:
        return ""
    simple = unicodedata.normalize("NFKD", character.translate(PLAIN))
    return "".join(part for part in simple if part.isascii()) or "?"


def be_tolerant() -> None:
    """For all that this process prints from now on."""
    codecs.register_error("senso.plainly", plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="senso.plainly")


def holds_everything() -> bool:
    """Whether what is printed now keeps every character."""
    return codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
