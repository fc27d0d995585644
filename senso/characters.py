"""Text on its way into Postgres: whatever it holds, it can be stored.

Every text goes through here, whichever statement it is a value of: answers, reasons, names, addresses, who did what.
NUL and half of a surrogate pair can be in no text of Postgres. A database that is not UTF8 (`migrate` refuses it) gets
a question mark for what it does not know: a batch that began in it still ends.
"""

from functools import lru_cache
from typing import Any

from psycopg2.extensions import QuotedString, encodings, register_adapter

# Encodings that hold every character; SQL_ASCII holds whatever bytes it is given.
EVERYTHING = {"UTF8", "SQL_ASCII"}


class Text:
    """As psycopg2 asks for it: prepared for a connection, then quoted."""

    def __init__(self, text: str) -> None:
        self.quoted = QuotedString(text)

    def prepare(self, connection: Any) -> None:
        text = storable(self.quoted.adapted, connection.info.parameter_status("server_encoding") or "UTF8")
        if text is not self.quoted.adapted:
            self.quoted = QuotedString(text)
        self.quoted.prepare(connection)

    def getquoted(self) -> bytes:
        return bytes(self.quoted.getquoted())


def storable(text: str, encoding: str) -> str:
    """`encoding` by Postgres's name. The very same text where nothing of it must change."""
    if text.isascii() and "\x00" not in text:
        return text
    codec = "utf-8" if encoding in EVERYTHING else codec_of(encoding)
    text = text.replace("\x00", "")
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return text.encode(codec, "replace").decode(codec)
    return text


@lru_cache(maxsize=8)
def codec_of(encoding: str) -> str:
    """ASCII for one that Python does not know: all of Postgres's hold that."""
    return encodings.get(encoding, "ascii")


def install() -> None:
    register_adapter(str, Text)
