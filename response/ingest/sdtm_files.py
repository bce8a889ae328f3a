"""Tables of a submission as files: CSV or SAS transport, told apart by what their rows say.

A cell is text, stripped; a missing value is the empty text. Nothing is taken from a file's name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from response.errors import ManifestError

DOMAINS = ("TU", "TR", "RS", "DM")
QUALIFIERS = ("TU", "TR")
"""Domains whose supplemental qualifiers are read."""

ANALYSIS = "PARAMCD"
"""A column of analysis data sets (ADaM), which are no source."""

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SdtmRow:
    """One row: the file it stands in, its number there as a spreadsheet shows it, its cells."""

    file: str
    number: int
    cells: Cells

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def where(self) -> str:
        """The file and row, for a message."""
        return f"{self.file} row {self.number}"


@dataclass(slots=True)
class SdtmTables:
    """The rows of a folder by domain, what was passed over, and what is wrong.

    ``qualifiers`` are the rows of supplemental tables by the domain they speak of.
    """

    rows: dict[str, list[SdtmRow]] = field(default_factory=lambda: {name: [] for name in DOMAINS})
    qualifiers: dict[str, list[SdtmRow]] = field(
        default_factory=lambda: {name: [] for name in QUALIFIERS}
    )
    skipped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_tables(folder: Path) -> SdtmTables:
    """Read every table of a folder (not of folders in it).

    Raises
    ------
    ManifestError
        There is no table of a known domain, or a file is not what its ending says.
    """
    tables = SdtmTables()
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] != "."):
        kind = path.suffix.lower()
        if kind not in (".csv", ".xpt"):
            tables.skipped.append(f"{path.name}: neither CSV nor XPT")
            continue
        try:
            columns, lines = (_read_csv if kind == ".csv" else _read_transport)(path, tables)
        except ManifestError as error:
            tables.problems.append(str(error))
            continue
        _sort_rows(path.name, columns, lines, tables)
    if not any(tables.rows.values()) and not tables.problems:
        said = "; ".join(tables.skipped) or "it is empty"
        tables.problems.append(f"{folder.name}: no table of TU, TR, RS or DM is here ({said})")
    return tables


Lines = Iterator[tuple[int, Sequence[str]]]


def _sort_rows(name: str, columns: Sequence[str], lines: Lines, tables: SdtmTables) -> None:
    """Put the rows of one file where their DOMAIN, or RDOMAIN, says."""
    if ANALYSIS in columns:
        tables.skipped.append(f"{name}: an analysis data set (it has {ANALYSIS}), not a source")
        return
    if "DOMAIN" not in columns and "RDOMAIN" not in columns:
        tables.skipped.append(f"{name}: no DOMAIN column")
        return
    place = tables.rows if "DOMAIN" in columns else tables.qualifiers
    at = columns.index("DOMAIN" if "DOMAIN" in columns else "RDOMAIN")
    others: dict[str, int] = {}
    for number, cells in lines:
        domain = cells[at].upper()
        if domain in place:
            place[domain].append(SdtmRow(name, number, dict(zip(columns, cells, strict=True))))
        else:
            others[domain] = others.get(domain, 0) + 1
    of = "domain" if "DOMAIN" in columns else "supplemental qualifiers of"
    for domain, count in sorted(others.items()):
        what = f"{of} {domain}" if domain else "an empty DOMAIN"
        tables.skipped.append(f"{name}: {count} rows of {what}")


# ------------------------------------------------------------------------------------------ CSV


def _read_csv(path: Path, tables: SdtmTables) -> tuple[list[str], Lines]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ManifestError(f"{path.name}: not a CSV in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise ManifestError(f"{path.name}: cannot be read ({error.strerror})") from None
    if "\0" in text:
        raise ManifestError(f"{path.name}: not a CSV (it holds null bytes)")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ManifestError(f"{path.name}: not a CSV ({error})") from None
    columns = [cell.strip().upper() for cell in lines[0]] if lines else []
    _check_columns(path.name, columns)
    return columns, _cut_lines(path.name, lines[1:], len(columns), tables)


def _cut_lines(name: str, lines: Sequence[list[str]], width: int, tables: SdtmTables) -> Lines:
    for number, cells in enumerate(lines, start=2):
        if len(cells) == width:
            yield number, [cell.strip() for cell in cells]
        elif any(cell.strip() for cell in cells):
            tables.problems.append(
                f"{name} row {number}: {len(cells)} cells where the header has {width}"
            )


def _check_columns(name: str, columns: Sequence[str]) -> None:
    if not any(columns):
        raise ManifestError(f"{name}: empty; a table needs a header")
    if len(columns) == 1 and ";" in columns[0]:
        raise ManifestError(f"{name}: columns are separated by semicolons; save it with commas")
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise ManifestError(f"{name}: column {', '.join(twice)} is there twice")


# ------------------------------------------------------------------------------- SAS transport


def _read_transport(path: Path, tables: SdtmTables) -> tuple[list[str], Lines]:
    import pyreadstat

    try:
        read, about = _open_transport(path)
    except (pyreadstat.ReadstatError, OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path.name}: not a SAS transport file ({error})") from None
    columns = [name.upper() for name in about.column_names]
    _check_columns(path.name, columns)
    cells = [[_to_text(value) for value in read[name]] for name in about.column_names]
    return columns, ((number, row) for number, row in enumerate(zip(*cells, strict=True), start=1))


def _open_transport(path: Path) -> tuple[Any, Any]:
    """Read a transport file; its text is UTF-8 or, as SAS on Windows writes it, Windows-1252."""
    import pyreadstat

    options: dict[str, Any] = {"output_format": "dict"}
    try:
        return pyreadstat.read_xport(path, **options)
    except (pyreadstat.ReadstatError, UnicodeDecodeError):
        return pyreadstat.read_xport(path, encoding="WINDOWS-1252", **options)


def _to_text(value: Any) -> str:
    """A cell as text: numbers without needless decimals, missing ones empty.

    Examples
    --------
    >>> [_to_text(value) for value in (3.0, 12.5, float("nan"), None, " CR ")]
    ['3', '12.5', '', '', 'CR']
    """
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    return str(value).strip()
