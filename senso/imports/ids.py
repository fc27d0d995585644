"""A file of ids: one per line, or a table (CSV) whose first line names the id column."""

import csv
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from senso.errors import ConfigError
from senso.imports.text import read_text
from senso.settings.texts import cleaned
from senso.typed_ids import id_in

MOST_BYTES = 50_000_000
SEPARATORS = ",;\t|"
HEADINGS = {"id", "org_id", "org id", "orgid", "org", "uuid"}
SHOWN = 60


def read_ids(path: Path) -> list[UUID]:
    """The ids in file order; a # begins a comment. Raises ConfigError naming file and line."""
    lines = read_text(path, MOST_BYTES, "a file with one id a line").split("\n")
    said = [(number, cleaned(line)) for number, line in enumerate(lines, start=1)]
    said = [(number, line) for number, line in said if line and not line.startswith("#")]
    found = [id_at(path, number, word) for number, word in words(path, said)]
    if not found:
        raise ConfigError(f"{path}: no ids in it")
    return found


def words(path: Path, said: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Each text that should be an id, with its line number."""
    separator, column = heading(path, *said[0]) if said else (None, None)
    if column is None:
        yield from ((number, without_comment(line)) for number, line in said)
        return
    for number, line in said[1:]:
        cells = cells_of(path, number, line, separator or ",")
        if len(cells) <= column:
            raise ConfigError(f"{path}:{number}: too few columns: the ids stand in column {column + 1}")
        yield number, without_comment(cells[column])


def heading(path: Path, number: int, line: str) -> tuple[str | None, int | None]:
    """The separator of the columns and the index of the id column; (None, None) if there is no heading."""
    separator = next((sign for sign in SEPARATORS if sign in line), None)
    named = [without_comment(cell).lower() for cell in cells_of(path, number, line, separator or ",")]
    return next(((separator, place) for place, name in enumerate(named) if name in HEADINGS), (None, None))


def cells_of(path: Path, number: int, line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        raise ConfigError(f"{path}:{number}: too long for a line of ids; write one id a line") from None


def without_comment(text: str) -> str:
    return cleaned(text.partition("#")[0])


def id_at(path: Path, number: int, word: str) -> UUID:
    found = id_in(word.rstrip(SEPARATORS))
    if found is None:
        several = any(sign in word for sign in SEPARATORS)
        instead = (
            "one a line, or under a first line that names the columns, such as id,name" if several else "one a line"
        )
        raise ConfigError(f"{path}:{number}: {word[:SHOWN]!r} is not the id of an org: ids are UUIDs, {instead}")
    return found
