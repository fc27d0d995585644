"""Line breaking at any width: between words, never inside a number, an id or a URL.

A table that does not fit is printed as blocks with one line per cell: a cell that is cut in two can be neither copied
nor compared.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

# A number stays with its percent sign. An interval, "(65 to 99 %)", is treated as one number if there is room for it.
PIECE = re.compile(r"\S+(?: %\S*)?\s*")
WITH_INTERVALS = re.compile(r"(?:\S*\d to (?=\d))?" + PIECE.pattern)
ROOM_FOR_INTERVALS = 20
# Text that users copy from the screen: ids, URLs, paths, names of models.
WHOLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|://|\w/\w")
GAP = 2
BELOW = 2  # indentation of the cells of a block


def wrapped(text: Text, width: int) -> list[Text]:
    """Lines of at most `width` cells. Only text that must stay whole is longer; any other long word is broken."""
    lines = [line for part in text.split("\n", allow_blank=True) for line in part.divide(breaks(part.plain, width))]
    for line in lines:
        line.rstrip()
    return lines


def breaks(plain: str, width: int) -> list[int]:
    """The positions in `plain` at which a new line begins."""
    width, found = max(width, 1), []
    used = cell_len(plain) - cell_len(plain.lstrip())
    for piece in (PIECE if width < ROOM_FOR_INTERVALS else WITH_INTERVALS).finditer(plain):
        word = piece[0].rstrip()
        if used and used + cell_len(word) > width and plain[: piece.start()].strip():
            found.append(piece.start())
            used = 0
        if used + cell_len(word) > width and not WHOLE.search(word):
            parts = chop_cells(word, max(width - used, 1))
            found += places(piece.start(), parts)
            used = cell_len(parts[-1]) - cell_len(word)
        used += cell_len(piece[0])
    return found


def places(start: int, parts: Sequence[str]) -> Iterator[int]:
    """Where each part but the first begins."""
    for part in parts[:-1]:
        start += len(part)
        yield start


@dataclass(frozen=True)
class Listing:
    """A table if all of it fits, else a block for each row. Cells are rich's markup."""

    title: str | None
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Collection[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = [[Text.from_markup(cell) for cell in row] for row in self.rows]
        if self.fits(cells, options.max_width):
            yield self.table(cells)
            return
        if self.title:
            yield from wrapped(Text(self.title, style="italic"), options.max_width)
        for number, row in enumerate(cells):
            if number:
                yield Text()
            for line in self.block(row, options.max_width):
                line.no_wrap, line.overflow = True, "ignore"
                yield line

    def fits(self, cells: Sequence[Sequence[Text]], width: int) -> bool:
        by_column = zip(self.columns, *([cell.plain for cell in row] for row in cells), strict=True)
        needed = sum(max(cell_len(cell) for cell in column) for column in by_column)
        return needed + GAP * (len(self.columns) - 1) <= width

    def table(self, cells: Sequence[Sequence[Text]]) -> Table:
        made = Table(title=self.title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in self.columns:
            made.add_column(column, justify="right" if column in self.numbers else "left", no_wrap=True)
        for row in cells:
            made.add_row(*row)
        return made

    def block(self, row: Sequence[Text], width: int) -> Iterator[Text]:
        """The first cell is the heading. The others follow below it, each after the name of its column."""
        head, *rest = row
        head.stylize("bold")
        yield from wrapped(head, width)
        room = max(cell_len(name) for name in self.columns[1:]) + GAP if rest else 0
        for name, cell in zip(self.columns[1:], rest, strict=True):
            yield from labelled(f"{name:<{room}}", cell, width)


def labelled(label: str, value: Text, width: int) -> list[Text]:
    """The value beside its label, or below it if there is too little room."""
    before, beside = Text(" " * BELOW + label), width - BELOW - cell_len(label)
    if cell_len(value.plain) <= beside:
        return [before.append_text(value)]
    before.rstrip()
    return [before, *(Text(" " * 2 * BELOW).append_text(line) for line in wrapped(value, width - 2 * BELOW))]
