"""Tables as CSV: read whole or refused whole; and cells turned into values, or refused by name."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from response.errors import InputError, ManifestError

Code = TypeVar("Code", bound=StrEnum)

EARLIEST = dt.date(1900, 1, 1)

_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0", ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its cells by column (stripped), and a problem of its shape."""

    line: int
    cells: Mapping[str, str]
    problem: str = ""


def read_table(path: Path, required: Sequence[str], optional: Sequence[str]) -> tuple[Row, ...]:
    """Read a comma-separated table with a header row, UTF-8, with or without byte order mark.

    Raises
    ------
    ManifestError
        Not a CSV, or with missing, unknown or repeated columns, or without rows; all listed.
    """
    lines = _read_lines(path)
    if not lines:
        raise ManifestError(f"{path.name}: the file is empty; its first line names the columns")
    header = [cell.strip() for cell in lines[0][1]]
    problems = _find_header_problems(header, required, optional)
    if not problems and len(lines) == 1:
        problems = ["no rows below the header"]
    if problems:
        raise ManifestError(f"{path.name}: {'; '.join(problems)}", problems)
    return tuple(_to_row(line, header, cells) for line, cells in lines[1:])


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Read all rows that are not blank, with the number of the line each ends on."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise ManifestError(f"{path.name}: not a CSV (it holds null bytes)")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise ManifestError(f"{path.name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{path.name}: not a CSV (not UTF-8 text); save it as UTF-8") from None
    except csv.Error as error:
        raise ManifestError(f"{path.name}: not a CSV ({error})") from None


def _find_header_problems(
    header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    if len(header) == 1 and ";" in header[0]:
        return ["columns are separated by semicolons; save it with commas"]
    known = {*required, *optional}
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in known]
    repeated = sorted({name for name in header if header.count(name) > 1})
    return (
        [f"missing column {name!r}" for name in missing]
        + [f"unknown column {name[:40]!r} (known: {', '.join(sorted(known))})" for name in unknown]
        + [f"column {name!r} is there twice" for name in repeated]
    )


def _to_row(line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    problem = ""
    if len(cells) != len(header):
        problem = f"{len(cells)} cells where the header has {len(header)}"
    padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
    return Row(line, dict(zip(header, padded, strict=False)), problem)


def parse_text(column: str, text: str) -> str:
    """Take a cell that may not be empty."""
    if not text:
        raise InputError(f"{column}: is empty")
    return text


def parse_date(column: str, text: str, *, latest: dt.date | None = None) -> dt.date:
    """Read an ISO 8601 day, not after `latest`.

    Examples
    --------
    >>> parse_date("date", "2025-02-30")
    Traceback (most recent call last):
        ...
    response.errors.InputError: date: '2025-02-30' is not a day; write it as 2025-03-31
    """
    try:
        if len(text) != len("2025-03-31"):
            raise ValueError
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{column}: {text!r} is not a day; write it as 2025-03-31") from None
    if day < EARLIEST:
        raise InputError(f"{column}: {text} is too long ago to be true")
    if latest is not None and day > latest:
        raise InputError(f"{column}: {text} is in the future (today is {latest})")
    return day


def parse_flag(column: str, text: str) -> bool:
    """Read true or false (also yes, no, 1, 0, in any case); empty is false."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise InputError(f"{column}: {text!r} is neither true nor false")


def parse_positive(column: str, text: str) -> float:
    """Read a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise InputError(f"{column}: {text!r} is not a number above 0 (decimals with a point)")
    return number


def parse_code(column: str, text: str, codes: type[Code]) -> Code:
    """Read one of the codes of an enumeration."""
    try:
        return codes(text)
    except ValueError:
        allowed = ", ".join(code.value for code in codes)
        raise InputError(f"{column}: {text!r} is not one of {allowed}") from None
