"""``assessments.csv``, ``subjects.csv`` and the table of best responses.

Dates are ISO 8601, lengths keep the digits they came with, flags are ``true`` and ``false``, and
a cell is empty where nothing is known. A file is written beside its place and moved there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

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


def write_assessments(path: Path, results: Iterable[SubjectResult]) -> None:
    """Write ``assessments.csv``: every row, superseded and superseding."""
    rows = (assessment_cells(row) for result in results for row in result.assessments)
    write_cells(path, ASSESSMENT_COLUMNS, rows)


def write_subjects(path: Path, results: Iterable[SubjectResult]) -> None:
    """Write ``subjects.csv``: one row per subject, criterion and reader."""
    write_cells(path, SUBJECT_COLUMNS, (summary_cells(one.summary) for one in results))


def assessment_cells(row: Assessment) -> tuple[str, ...]:
    """One row of ``assessments.csv``."""
    return (
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
        row.new_lesion.value if row.new_lesion is not None else "",
        row.overall_response,
        row.status.value,
        row.as_of.isoformat(),
        BETWEEN_REASONS.join([f"[{reason.row_id}] {reason.text}" for reason in row.reasons]),
    )


def summary_cells(one: SubjectSummary) -> tuple[str, ...]:
    """One row of ``subjects.csv``."""
    return (
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


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def write_cells(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file whole, or not at all: UTF-8, comma, one header line."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    partial.replace(path)
