"""Reading CSV tables: comma-separated UTF-8 with a header of known columns, in any order.

The one reader of every table this program takes. A large table is read row by row
(:func:`open_table`), a small one whole (:func:`read_table`). Rows have the numbers that a
spreadsheet shows: the header is row 1, and blank rows count.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from itertools import chain, islice, repeat
from pathlib import Path
from typing import BinaryIO

from response.errors import ManifestError

Problem = tuple[int, str]
"""A row's number and what is wrong with it."""

BLOCK = 1 << 20
ROWS_AT_ONCE = 8192


@dataclass(slots=True)
class Table:
    """A table being read: its columns, the rows below the header, and the problems so far."""

    name: str
    columns: Mapping[str, int]
    lines: Iterator[list[str]]
    problems: list[Problem] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The place of a column in a row's cells; ``-1`` if it is not there."""
        return self.columns.get(name, -1)

    def blocks(self) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """The rows that have a cell for every column, as they are written, with their numbers.

        They come by the thousand: a table may be larger than memory.

        Raises
        ------
        ManifestError
            The file stops being a table, or there is no row.
        """
        first, empty = 2, True
        try:
            while rows := list(islice(self.lines, ROWS_AT_ONCE)):
                numbers: Sequence[int] = range(first, first + len(rows))
                first += len(rows)
                if set(map(len, rows)) != {len(self.columns)}:
                    numbers, rows = self._sort_out(numbers, rows)
                if rows:
                    yield numbers, rows
                empty = empty and not (rows or self.problems)
        except csv.Error as error:
            raise refuse(self.name, f"not a CSV ({error})") from None
        if empty:
            raise refuse(self.name, "no rows below the header")

    def _sort_out(
        self, numbers: Sequence[int], rows: Sequence[list[str]]
    ) -> tuple[list[int], list[list[str]]]:
        """Leave out blank rows, and those of another shape than the header's; report these."""
        width = len(self.columns)
        said = [pair for pair in zip(numbers, rows, strict=True) if not is_blank(pair[1])]
        self.problems += [
            (number, f"{len(cells)} cells where the header has {width}")
            for number, cells in said
            if len(cells) != width
        ]
        good = [pair for pair in said if len(pair[1]) == width]
        return [number for number, _ in good], [cells for _, cells in good]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, its cells by column (stripped), and a problem of its shape."""

    line: int
    cells: Mapping[str, str]
    problem: str = ""


def open_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Begin to read a CSV file.

    Raises
    ------
    ManifestError
        Not a CSV, or with missing, unknown or repeated columns; all of them in ``problems``.
    """
    try:
        lines = _read_lines(path)
        header = [cell.strip() for cell in next(lines, [])]
    except OSError as error:
        raise refuse(path.name, f"cannot be read ({error.strerror})") from None
    except csv.Error as error:
        raise refuse(path.name, f"not a CSV ({error})") from None
    if not any(header):
        raise refuse(path.name, "the file is empty; its first line names the columns")
    problems = _find_header_problems(header, required, optional)
    if problems:
        raise refuse(path.name, *problems)
    return Table(path.name, {name: place for place, name in enumerate(header)}, lines)


def read_table(path: Path, required: Sequence[str], optional: Sequence[str]) -> tuple[Row, ...]:
    """Read a table whole; rows of another shape than the header's say so, blank ones are left out.

    Raises
    ------
    ManifestError
        Not a CSV, or with missing, unknown or repeated columns, or without rows; all listed.
    """
    table = open_table(path, required, optional)
    rows = []
    try:
        for number, cells in enumerate(table.lines, start=2):
            if not is_blank(cells):
                rows.append(_to_row(number, table.columns, cells))
    except csv.Error as error:
        raise refuse(path.name, f"not a CSV ({error})") from None
    if not rows:
        raise refuse(path.name, "no rows below the header")
    return tuple(rows)


def is_blank(cells: Sequence[str]) -> bool:
    """Whether a row says nothing at all."""
    return not any(map(str.strip, cells))


def refuse(name: str, *problems: str) -> ManifestError:
    """Make the error of a file that cannot be used as a whole."""
    return ManifestError(f"{name}: {'; '.join(problems)}", problems)


def refuse_rows(name: str, problems: Sequence[str]) -> ManifestError:
    """Make the error of a table with wrong rows, each problem with its file and row."""
    message = problems[0] if len(problems) == 1 else f"{name}: {len(problems)} problems"
    return ManifestError(message, problems)


def _to_row(number: int, columns: Mapping[str, int], cells: Sequence[str]) -> Row:
    problem = ""
    if len(cells) != len(columns):
        problem = f"{len(cells)} cells where the header has {len(columns)}"
    padded = chain(map(str.strip, cells), repeat(""))
    return Row(number, dict(zip(columns, padded, strict=False)), problem)


def _read_lines(path: Path) -> Iterator[list[str]]:
    """Read the rows of a file once all its bytes are known to be text."""
    with _open_binary(path) as raw:
        _check_bytes(path.name, raw)
        raw.seek(0)
        with TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            yield from csv.reader(text, strict=True)


def _open_binary(path: Path) -> BinaryIO:
    """Open a file; a pipe, which can be read only once, is taken in whole."""
    raw: BinaryIO = path.open("rb")
    if raw.seekable():
        return raw
    with raw:
        return BytesIO(raw.read())


def _check_bytes(name: str, raw: BinaryIO) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := raw.read(BLOCK):
            if b"\0" in block:
                raise refuse(name, "not a CSV (it holds null bytes); save it as CSV in UTF-8")
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise refuse(name, "not a CSV (not UTF-8 text); save it as UTF-8") from None


def _find_header_problems(
    header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    if len(header) == 1 and ";" in header[0]:
        return ["columns are separated by semicolons; save it with commas"]
    known = {*required, *optional}
    missing = [name for name in required if name not in header]
    unknown = sorted({name for name in header if name not in known})
    repeated = sorted({name for name in header if header.count(name) > 1})
    return (
        [f"missing column {name!r}" for name in missing]
        + [f"unknown column {name[:40]!r} (known: {', '.join(sorted(known))})" for name in unknown]
        + [f"column {name[:40]!r} is there twice" for name in repeated]
    )
