"""``assessments.csv``, ``subjects.csv`` and the table of best responses.

Dates are ISO 8601, lengths keep the digits they came with, flags are ``true`` and ``false``, and
a cell is empty where nothing is known. A last column ``line`` is there only where some line of
therapy is named. A file is written beside its place and moved there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

from response.export.csv_lines import LineWriter
from response.model import Assessment, SubjectResult, SubjectSummary

ASSESSMENT_COLUMNS = (
    "subject",
    "criterion",
    "evaluator",
    "evaluator_id",
    "time_point",
    "date",
    "sum_of_diameters_mm",
    "nadir_mm",
    "change_from_baseline_pct",
    "change_from_nadir_pct",
    "target_response",
    "non_target_response",
    "new_lesion",
    "overall_response",
    "status",
    "as_of",
    "reasons",
)

SUBJECT_COLUMNS = (
    "subject",
    "criterion",
    "evaluator",
    "evaluator_id",
    "best_overall_response",
    "confirmed_best_overall_response",
    "response_date",
    "progression_date",
    "pfs_days",
    "pfs_event",
    "pfs_reason",
    "duration_of_response_days",
)

BETWEEN_REASONS = " | "


LINE = "line"


def write_assessments(path: Path, results: Sequence[SubjectResult]) -> None:
    """Write ``assessments.csv``: every row, superseded and superseding."""
    rows = [row for result in results for row in result.assessments]
    lines = any(row.line is not None for row in rows)
    cells = (assessment_cells(row, with_line=lines) for row in rows)
    write_cells(path, (*ASSESSMENT_COLUMNS, *([LINE] if lines else [])), cells)


def write_subjects(path: Path, results: Sequence[SubjectResult]) -> None:
    """Write ``subjects.csv``: one row per subject, criterion, reader and line of therapy."""
    lines = any(one.summary.line is not None for one in results)
    cells = (summary_cells(one.summary, with_line=lines) for one in results)
    write_cells(path, (*SUBJECT_COLUMNS, *([LINE] if lines else [])), cells)


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class TableOf(Generic[Item]):
    """A table to be written: the name of its file, its columns, and the rows of one item."""

    name: str
    columns: Sequence[str]
    rows_of: Callable[[Item], Iterable[Sequence[str]]]


def write_together(folder: Path, tables: Sequence[TableOf[Item]], items: Iterable[Item]) -> int:
    """Write several tables item by item, all of them or none.

    Only once the last item is written are the files moved into the folder, which is made if need
    be; whatever ends the items with an error leaves no trace.

    Returns
    -------
    int
        How many items there were.
    """
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    count = 0
    with TemporaryDirectory(prefix=".writing-", dir=there) as name, ExitStack() as files:
        written = [Path(name) / table.name for table in tables]
        writers = [files.enter_context(_csv_file(path)) for path in written]
        for table, writer in zip(tables, writers, strict=True):
            writer.writerow(table.columns)
        for item in items:
            count += 1
            for table, writer in zip(tables, writers, strict=True):
                writer.writerows(table.rows_of(item))
        files.close()
        folder.mkdir(parents=True, exist_ok=True)
        for path in written:
            path.replace(folder / path.name)
    return count


def assessment_cells(row: Assessment, *, with_line: bool = False) -> tuple[str, ...]:
    """One row of ``assessments.csv``."""
    cells = (
        row.subject,
        row.criterion,
        row.reader.evaluator,
        row.reader.evaluator_id,
        row.time_point,
        row.date.isoformat(),
        _decimal(row.sum_of_diameters_mm),
        _decimal(row.nadir_mm),
        _decimal(row.change_from_baseline_pct),
        _decimal(row.change_from_nadir_pct),
        row.target_response,
        row.non_target_response,
        row.new_lesion or "",
        row.overall_response,
        row.status,
        row.as_of.isoformat(),
        BETWEEN_REASONS.join([f"[{reason.row_id}] {reason.text}" for reason in row.reasons]),
    )
    return (*cells, row.line or "") if with_line else cells


def summary_cells(one: SubjectSummary, *, with_line: bool = False) -> tuple[str, ...]:
    """One row of ``subjects.csv``."""
    cells = (
        one.subject,
        one.criterion,
        one.reader.evaluator,
        one.reader.evaluator_id,
        one.best_overall_response,
        one.confirmed_best_overall_response,
        one.response_date.isoformat() if one.response_date else "",
        one.progression_date.isoformat() if one.progression_date else "",
        "" if one.pfs_days is None else str(one.pfs_days),
        {True: "true", False: "false", None: ""}[one.pfs_event],
        one.pfs_reason,
        "" if one.duration_of_response_days is None else str(one.duration_of_response_days),
    )
    return (*cells, one.line or "") if with_line else cells


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def write_cells(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file whole, or not at all: UTF-8, comma, one header line."""
    partial = path.with_name(f".{path.name}.partial")
    with _csv_file(partial) as writer:
        writer.writerow(columns)
        writer.writerows(rows)
    partial.replace(path)


@contextmanager
def _csv_file(path: Path) -> Iterator[LineWriter]:
    with path.open("w", encoding="utf-8", newline="") as file:
        yield LineWriter(file)
