"""Data sets of a submission: variables with labels, rows, written as CSV and as SAS transport.

Transport files are version 5, as regulators take them: names of 8 characters, labels of 40, text of
200, ASCII but for identifiers. Both files hold the same rows; numbers keep their digits in the CSV.
"""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

MAX_NAME, MAX_LABEL, MAX_TEXT = 8, 40, 200
"""Limits of SAS transport files, version 5."""

Value = str | int | Decimal | dt.date | None
Row = Mapping[str, Value]

DEFINE_COLUMNS = ("DATASET", "VARIABLE", "LABEL", "TYPE", "LENGTH", "FORMAT")
SAS_EPOCH = dt.date(1960, 1, 1)
DATE_FORMAT = "DATE9"

_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "×": "x", "≥": ">=", "≤": "<=", "…": "...", "±": "+/-", "³": "3"}
)
_AS_GIVEN = ("STUDYID", "USUBJID", "SUBJID", "VISIT", "AVISIT", "LNKID", "GRPID", "EVALID")


@dataclass(frozen=True, slots=True)
class Variable:
    """A column of a data set: its name, its label, and whether it is text, number or date.

    A date is a number in the transport file, as SAS keeps it, and ISO 8601 in the CSV.
    """

    name: str
    label: str
    type: Literal["Char", "Num", "Date"] = "Char"

    def __post_init__(self) -> None:
        if len(self.name) > MAX_NAME or len(self.label) > MAX_LABEL:
            raise ValueError(f"{self.name}: a name of {MAX_NAME}, a label of {MAX_LABEL} at most")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set: its name and label, its variables in order, its rows."""

    name: str
    label: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


def write_datasets(folder: Path, datasets: Iterable[Dataset]) -> tuple[Path, ...]:
    """Write data sets into a folder, each as CSV and transport file, and ``define.csv``.

    ``define.csv`` describes every variable: data set, name, label, type, length.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    described: list[Sequence[str]] = []
    for dataset in datasets:
        table = [[_limit(row.get(v.name)) for v in dataset.variables] for row in dataset.rows]
        paths.append(folder / f"{dataset.name.lower()}.csv")
        _write_csv(paths[-1], [v.name for v in dataset.variables], table)
        paths.append(folder / f"{dataset.name.lower()}.xpt")
        described += _write_transport(paths[-1], dataset, table)
    paths.append(folder / "define.csv")
    _write_csv(paths[-1], DEFINE_COLUMNS, described)
    return tuple(paths)


def to_text(value: Value) -> str:
    """A value as a cell: every digit of a number, nothing for ``None``.

    Examples
    --------
    >>> [to_text(value) for value in (Decimal("12.50"), 3, "CR", None)]
    ['12.50', '3', 'CR', '']
    """
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def to_ascii(text: str) -> str:
    """Text without anything that a transport file's readers may not show.

    Examples
    --------
    >>> to_ascii("Läsion −30 % ≥ 5 mm")
    'Lasion -30 % >= 5 mm'
    """
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return apart.encode("ascii", "ignore").decode()


def _limit(value: Value) -> Value:
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([to_text(value) for value in row] for row in rows)
    partial.replace(path)


def _write_transport(
    path: Path, dataset: Dataset, table: Sequence[Sequence[Value]]
) -> list[tuple[str, ...]]:
    """Write the transport file; describe its variables."""
    import pandas as pd
    import pyreadstat

    columns: dict[str, pd.Series] = {}
    formats: dict[str, str] = {}
    described: list[tuple[str, ...]] = []
    for place, variable in enumerate(dataset.variables):
        values = [row[place] for row in table]
        name, length = variable.name, 8
        if variable.type == "Char":
            texts = [_fit(name, to_text(value)) for value in values]
            columns[name] = pd.Series(texts, dtype="object")
            length = max([1, *(len(text.encode()) for text in texts)])
        else:
            columns[name] = pd.Series([_to_number(value) for value in values], dtype="float64")
        if variable.type == "Date":
            formats[name] = DATE_FORMAT
        kind = "Char" if variable.type == "Char" else "Num"
        row = (dataset.name, name, variable.label, kind, str(length), formats.get(name, ""))
        described.append(row)
    partial = path.with_name(f".{path.name}.partial")
    pyreadstat.write_xport(
        pd.DataFrame(columns),
        partial,
        file_label=dataset.label,
        column_labels=[variable.label for variable in dataset.variables],
        table_name=dataset.name,
        file_format_version=5,
        variable_format=formats,
    )
    partial.replace(path)
    return described


def _to_number(value: Value) -> float | None:
    if isinstance(value, dt.date):
        return float((value - SAS_EPOCH).days)
    return None if value is None or value == "" else float(value)


def _fit(name: str, text: str) -> str:
    if not name.endswith(_AS_GIVEN):
        return to_ascii(text)[:MAX_TEXT]
    while len(text.encode()) > MAX_TEXT:
        text = text[:-1]
    return text
