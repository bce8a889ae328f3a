"""``subjects.csv`` read again: best responses and endpoints of subjects, as they were written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from response.criteria import CRITERIA
from response.errors import InputError, ManifestError
from response.export.tables import SUBJECT_COLUMNS
from response.ingest.csv_table import Row, read_table
from response.model import Reader, SubjectSummary

LINE = "line"
"""The line of therapy, a column where subjects have several."""

T = TypeVar("T")


def read_summaries(path: Path) -> tuple[SubjectSummary, ...]:
    """Read a table of subjects as ``assess-table`` and ``export csv`` write it.

    Raises
    ------
    ManifestError
        Not such a table, or a row that cannot be what it should; all problems listed.
    """
    found: dict[tuple[object, ...], SubjectSummary] = {}
    problems = []
    optional = [name for name in (*SUBJECT_COLUMNS, LINE) if name not in REQUIRED]
    for row in read_table(path, REQUIRED, optional):
        try:
            one = _parse(row)
            key = (one.subject, one.criterion, one.reader, one.line)
            if key in found:
                raise InputError("the subject is there twice for one criterion, reader and line")
            found[key] = one
        except ValueError as error:
            problems.append(f"{path.name} row {row.line}: {error}")
    if problems:
        raise ManifestError(f"{path.name}: {'; '.join(problems)}", problems)
    return tuple(found.values())


REQUIRED = (
    "subject",
    "criterion",
    "evaluator",
    "evaluator_id",
    "best_overall_response",
    "confirmed_best_overall_response",
    "response_date",
    "pfs_days",
    "pfs_event",
    "duration_of_response_days",
)


def _parse(row: Row) -> SubjectSummary:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    for name in ("subject", "criterion", "best_overall_response"):
        if not cells[name]:
            raise InputError(f"{name} is empty")
    if cells["criterion"] not in CRITERIA:
        known = ", ".join(sorted(CRITERIA))
        raise InputError(f"criterion {cells['criterion']!r} is not one of {known}")
    return SubjectSummary(
        subject=cells["subject"],
        criterion=cells["criterion"],
        reader=Reader(cells["evaluator"] or Reader().evaluator, cells["evaluator_id"]),
        best_overall_response=cells["best_overall_response"],
        confirmed_best_overall_response=cells["confirmed_best_overall_response"],
        response_date=_read(cells, "response_date", dt.date.fromisoformat, "a date"),
        progression_date=_read(cells, "progression_date", dt.date.fromisoformat, "a date"),
        pfs_days=_read(cells, "pfs_days", _to_days, "a number of days"),
        pfs_event=_read(cells, "pfs_event", FLAGS.__getitem__, "true or false"),
        pfs_reason=cells.get("pfs_reason", ""),
        duration_of_response_days=_read(
            cells, "duration_of_response_days", _to_days, "a number of days"
        ),
        line=cells.get(LINE) or None,
    )


FLAGS = {"true": True, "false": False}


def _to_days(text: str) -> int:
    days = int(text)
    if days < 0:
        raise ValueError
    return days


def _read(cells: Mapping[str, str], name: str, parse: Callable[[str], T], what: str) -> T | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise InputError(f"{name} is {text!r}: not {what}") from None
