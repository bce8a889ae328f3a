"""Reading large CSV tables: rows as lists of cells, and cells parsed once each.

A measurement table has hundreds of thousands of rows that say the same things again and again, so
rows are not dictionaries and a parsed cell is remembered. Everything wrong is collected.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from response.errors import ManifestError

Value = TypeVar("Value")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
MAX_DECIMALS = 12
"""More digits than anybody measures: sums stay exact in 28-digit decimals."""

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199


@dataclass(slots=True)
class Table:
    """A table being read: its columns, the problems so far, and the lines below the header."""

    name: str
    columns: dict[str, int]
    lines: Iterator[list[str]]
    problems: list[str] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The place of a column in a row's cells; ``-1``, an empty cell, if it is not there."""
        return self.columns.get(name, -1)

    def places(self, names: Sequence[str]) -> list[int]:
        """The places of several columns."""
        return [self.column(name) for name in names]

    def report(self, number: int, text: str) -> None:
        """Keep a problem of a row."""
        self.problems.append(f"{self.name} row {number}: {text}")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row once: its number as a spreadsheet shows it, and its cells, stripped.

        Raises
        ------
        ManifestError
            The file stops being a table.
        """
        width, number = len(self.columns), 1
        try:
            for number, cells in enumerate(self.lines, start=2):
                if len(cells) == width:
                    row = [cell.strip() for cell in cells]
                    row.append("")
                    yield number, row
                elif any(cell.strip() for cell in cells):
                    self.report(number, f"{len(cells)} cells where the header has {width}")
        except (csv.Error, UnicodeDecodeError) as error:
            raise _not_a_table(self.name, error) from None
        if number == 1:
            raise _refuse(f"{self.name}: no rows below the header")


def open_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Begin to read a CSV file with known columns in any order.

    Raises
    ------
    ManifestError
        It cannot be read as a CSV table, or a column is missing, unknown or there twice.
    """
    lines = _read_lines(path)
    try:
        header = [name.strip() for name in next(lines)]
    except StopIteration:
        raise _refuse(f"{path.name}: empty; a table needs a header") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise _not_a_table(path.name, error) from None
    _check_header(path, header, required, optional)
    return Table(path.name, {name: place for place, name in enumerate(header)}, lines)


def _read_lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file, strict=True)
    except OSError as error:
        raise _refuse(f"{path.name}: cannot be read: {error.strerror}") from None


def _not_a_table(name: str, error: Exception) -> ManifestError:
    return _refuse(f"{name}: not a CSV table in UTF-8: {error}")


def _refuse(problem: str) -> ManifestError:
    return ManifestError(problem, [problem])


def _check_header(
    path: Path, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> None:
    if len(header) == 1 and ";" in header[0]:
        problem = f"{path.name}: columns are separated by semicolons; save it with commas"
        raise ManifestError(problem, [problem])
    missing = [name for name in required if name not in header]
    known = {*required, *optional}
    unknown = sorted({name for name in header if name not in known})
    twice = sorted({name for name in header if header.count(name) > 1})
    problems = [f"{path.name}: column {name!r} is missing" for name in missing]
    problems += [f"{path.name}: column {name!r} is not known" for name in unknown]
    problems += [f"{path.name}: column {name!r} is there twice" for name in twice]
    if problems:
        said = f"; known are {', '.join((*required, *optional))}" if unknown else ""
        raise ManifestError("; ".join(problems) + said, problems)


# ---------------------------------------------------------------------------------------- cells


def parse_date(text: str) -> dt.date:
    """A whole date, ISO 8601.

    Examples
    --------
    >>> parse_date("2025-02-03")
    datetime.date(2025, 2, 3)
    """
    if _DATE.fullmatch(text):
        try:
            date = dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"is {text!r}: there is no such day") from None
        if EARLIEST_YEAR <= date.year <= LATEST_YEAR:
            return date
    raise ValueError(f"is {text!r}: give a date as YYYY-MM-DD")


def parse_partial_date(text: str) -> dt.date:
    """A date whose day may be missing: the last day of its month (A21).

    Examples
    --------
    >>> parse_partial_date("2024-02")
    datetime.date(2024, 2, 29)
    """
    if not _MONTH.fullmatch(text):
        return parse_date(text)
    first = parse_date(f"{text}-01")
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def is_partial_date(text: str) -> bool:
    """Whether a date has no day."""
    return _MONTH.fullmatch(text) is not None


def parse_number(text: str) -> Decimal:
    """A decimal number, every digit kept."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"is {text!r}: not a number")
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and (-exponent > MAX_DECIMALS or number.adjusted() > MAX_DECIMALS):
        raise ValueError(f"is {text!r}: too many digits to be a measurement")
    return number


def parse_flag(text: str) -> bool:
    """``true`` or ``false``."""
    try:
        return _FLAGS[text.casefold()]
    except KeyError:
        raise ValueError(f"is {text!r}: give true or false") from None


class Parsed(dict[str, Value | None]):
    """What cells of one kind say, remembered. An empty cell says ``None``."""

    def __init__(self, parse: Callable[[str], Value]) -> None:
        super().__init__({"": None})
        self._parse = parse

    def __missing__(self, text: str) -> Value | None:
        value = self._parse(text)
        self[text] = value
        return value
