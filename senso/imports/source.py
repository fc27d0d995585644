"""Parses YAML or JSON text into plain values that remember their line in the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from senso.errors import ConfigError

Place = tuple[str | int, ...]  # where in the document: ("orgs", 1, "created_at")

# An alias counts each time it is used: ten lines of aliases of aliases can expand to more than any memory holds.
MOST_VALUES = 5_000_000
DEEPEST = 10  # twice what a valid file needs


class Entries(dict[str, Any]):
    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str | int, int] = {}  # of each key


class Items(list[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []  # of each item


class ImportRefused(ConfigError):
    """Its text begins with the file and the line; `place` and `reason` are for who sent no file."""

    def __init__(self, name: str, line: int, place: Place, reason: str) -> None:
        where = f"{shown(place)}: " if place else ""
        super().__init__(f"{name}:{line}: {where}{reason}")
        self.place, self.reason = place, reason


@dataclass(frozen=True, slots=True)
class Source:
    """The values as they are in the file, to look up their lines."""

    name: str
    root: Any

    def line(self, place: Place) -> int:
        """For a missing value: the line of its parent."""
        here, line = self.root, 1
        for step in place:
            if not holds(here, step):
                break
            line, here = here.lines[step], here[step]
        return line

    def refusal(self, place: Place, reason: str) -> ImportRefused:
        return refusal(self.name, self.line(place), place, reason)


def holds(value: Any, step: str | int) -> bool:
    return isinstance(value, Items) or (isinstance(value, Entries) and step in value)


def refusal(name: str, line: int, place: Place, reason: str) -> ImportRefused:
    return ImportRefused(name, line, place, reason)


def shown(place: Place) -> str:
    """For example orgs[1].created_at. Keys are cut and escaped, so that the error stays one printable line."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{ascii(step[:40])[1:-1]}" for step in place)
    return "".join(steps).removeprefix(".")


# The C parser reads ten times faster. A PyYAML built without it refuses some YAML (a tab in JSON, a bare ? in braces).
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Reader:
    """Builds the values from the parser's events.

    Not `yaml.safe_load`, which loses the lines, lets a duplicate key silently win, follows YAML 1.1 (where the country
    NO is false and the name On is true), and expands aliases without limit. Only true, false, null and whole numbers
    become more than text here; the schema interprets the text.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = json_as_yaml(text.removeprefix("\ufeff"))
        self.values = 0
        self.anchors: dict[str, tuple[Any, int]] = {}  # the value, and how many values it contains
        self.events: Iterator[Any] = yaml.parse(self.text, Loader=LOADER)

    def root(self) -> Any:
        try:
            return self.document()
        except yaml.MarkedYAMLError as error:
            raise refusal(self.name, line_of(error.problem_mark), (), f"not YAML: {problem(error)}") from error
        except yaml.reader.ReaderError as error:
            raise refusal(self.name, self.line_at(error.position), (), "a character that YAML forbids") from error

    def line_at(self, byte: int) -> int:
        return self.text.encode(errors="replace").count(b"\n", 0, byte) + 1

    def document(self) -> Any:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise ConfigError(f"{self.name}: empty; nothing to import")
        value = self.value(next(self.events), ())
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise refusal(self.name, line_of(after.start_mark), (), "a second document; write one file for each")
        return value

    def value(self, event: Any, place: Place) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, place)
        before = self.values
        self.count(event, place, 1)
        made = self.made(event, place)
        if event.anchor:
            self.anchors[event.anchor] = made, self.values - before
        return made

    def alias(self, event: Any, place: Place) -> Any:
        if event.anchor not in self.anchors:
            raise self.refusal(event, place, f"no anchor {event.anchor} before this alias")
        value, values = self.anchors[event.anchor]
        self.count(event, place, values)
        return value

    def count(self, event: Any, place: Place, more: int) -> None:
        self.values += more
        if self.values > MOST_VALUES:
            raise self.refusal(event, place, f"more than {MOST_VALUES} values, aliases counted as often as used")
        if len(place) > DEEPEST:
            raise self.refusal(event, place, "nested too deep")

    def made(self, event: Any, place: Place) -> Any:
        if event.tag is not None:
            raise self.refusal(event, place, "tags are not read; write the value alone")
        if isinstance(event, yaml.MappingStartEvent):
            return self.entries(place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.items(place)
        return plain(event.value) if event.implicit[0] else event.value

    def items(self, place: Place) -> Items:
        found = Items()
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.lines.append(line_of(event.start_mark))
            found.append(self.value(event, (*place, len(found))))
        return found

    def entries(self, place: Place) -> Entries:
        found = Entries()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, place, found)
            found.lines[key] = line_of(event.start_mark)
            found[key] = self.value(next(self.events), (*place, key))
        return found

    def key(self, event: Any, place: Place, found: Entries) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refusal(event, place, "a key is not a word")
        key = str(event.value)
        if key in found:
            raise self.refusal(event, (*place, key), f"this key is given before, on line {found.lines[key]}")
        return key

    def refusal(self, event: Any, place: Place, reason: str) -> ImportRefused:
        return refusal(self.name, line_of(event.start_mark), place, reason)


def line_of(mark: Any) -> int:
    return int(mark.line) + 1


def problem(error: yaml.MarkedYAMLError) -> str:
    """Also names the line of the opening bracket, because the parser notices a missing end far below it."""
    opened = error.context_mark
    if opened is None or error.problem_mark is None or opened.line == error.problem_mark.line:
        return str(error.problem)
    return f"{error.problem}, in what begins on line {line_of(opened)}"


WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "false": False}
WORDS |= {"False": False, "TRUE": True, "FALSE": False}
WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")


def plain(word: str) -> Any:
    """Converts a word without quotes by the core schema of YAML 1.2. A fraction stays text, to keep it exact."""
    if word in WORDS:
        return WORDS[word]
    return int(word) if WHOLE_NUMBER.fullmatch(word) else word


# JSON is YAML with two exceptions: it writes a character beyond U+FFFF as two escapes, and its strings may contain
# characters that YAML treats as line ends or forbids.
JSON_PAIR = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
JSON_BARE = {0x7F: r"\u007f", 0x85: r"\u0085", 0x2028: r"\u2028", 0x2029: r"\u2029"}


def json_as_yaml(text: str) -> str:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    return JSON_PAIR.sub(character, text).translate(JSON_BARE)


def character(pair: re.Match[str]) -> str:
    if pair[1] is None:
        return pair[0]  # an escaped backslash; the text after it is not an escape
    return bytes.fromhex(pair[1] + pair[2]).decode("utf-16-be")
