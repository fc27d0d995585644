"""Reads text files in the encodings that editors and spreadsheets write."""

import codecs
from pathlib import Path

from senso.errors import ConfigError

# The longer first: the UTF-16 mark is the beginning of the UTF-32 mark.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Such files begin with two ASCII characters, so that the zero bytes show the encoding (RFC 4627, section 3).
ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def read_text(path: Path, most_bytes: int, name_instead: str) -> str:
    """Removes the byte-order mark; each line ends with a line feed. Raises ConfigError naming file and line."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}; name {name_instead}") from error
    if len(data) > most_bytes:
        raise ConfigError(f"{path}: larger than {most_bytes // 1_000_000} MB; give it in parts")
    return with_line_feeds(decoded(data, str(path)))


def decoded(data: bytes, name: str) -> str:
    mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
    encoding = MARKS[mark] if mark else ZEROS.get(tuple(byte == 0 for byte in data[:4]), "utf-8")
    body = data[len(mark) :]
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        before = with_line_feeds(body[: error.start].decode(encoding, "replace"))
        called = encoding[:6].rstrip("-").upper()
        raise ConfigError(f"{name}:{before.count(chr(10)) + 1}: not {called} text; save the file as UTF-8") from error


def with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
