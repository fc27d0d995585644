"""Makes every text storable in Postgres, whatever it contains.

Every text value of every statement passes through here: answers, reasons, names, addresses, audit entries. Postgres
cannot store NUL or half of a surrogate pair. A database that is not UTF8 (`migrate` refuses it) gets a question mark
for each character it lacks, so that a batch that began in it still ends.
"""

from functools import lru_cache
from typing import Any

from psycopg2.extensions import QuotedString, encodings, register_adapter

# Encodings that can store every character; SQL_ASCII stores any bytes.
EVERYTHING = {"UTF8", "SQL_ASCII"}


class Text:
    """An adapter for psycopg2, which calls `prepare` with the connection and then `getquoted`."""

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
    """`encoding`: Postgres's name for it. Returns the same object if nothing must change."""
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
    """ASCII for an encoding that Python does not know: all of Postgres's encodings contain it."""
    return encodings.get(encoding, "ascii")


def install() -> None:
    register_adapter(str, Text)
