"""``subjects.csv`` read again: best responses and endpoints of subjects, as they were written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from response.assess import find_vocabulary
from response.best_response import MISSING, ND
from response.criteria import CRITERIA
from response.criteria.irecist import MEANS as IRECIST_MEANS
from response.errors import InputError
from response.export.tables import SUBJECT_COLUMNS
from response.ingest.csv_table import Row, read_table, refuse_rows
from response.model import Reader, SubjectSummary

LINE = "line"
"""The line of therapy, a column where subjects have several."""

BEST = ("best_overall_response", "confirmed_best_overall_response")
NEEDED = ("subject", "criterion", "best_overall_response")


def read_summaries(path: Path) -> tuple[SubjectSummary, ...]:
    """Read a table of subjects as ``assess-table`` and ``export csv`` write it.

    Raises
    ------
    ManifestError
        Not such a table, or a row that cannot be what it should; all problems listed.
    """
    found: dict[tuple[object, ...], SubjectSummary] = {}
    problems: list[str] = []
    optional = [name for name in (*SUBJECT_COLUMNS, LINE) if name not in REQUIRED]
    for row in read_table(path, REQUIRED, optional):
        wrong = _find_wrong(row)
        if not wrong:
            one = _parse(row)
            key = (one.subject, one.criterion, one.reader, one.line)
            if key in found:
                wrong = ["the subject is there twice for one criterion, reader and line"]
            found.setdefault(key, one)
        problems += [f"{path.name} row {row.line}: {text}" for text in wrong]
    if problems:
        raise refuse_rows(path.name, problems)
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


def _find_wrong(row: Row) -> list[str]:
    """What is wrong with each cell of a row."""
    if row.problem:
        return [row.problem]
    cells = row.cells
    wrong = [f"{name} is empty" for name in NEEDED if not cells[name]]
    criterion = cells["criterion"]
    if criterion and criterion not in CRITERIA:
        wrong.append(f"criterion {criterion!r} is not one of {', '.join(sorted(CRITERIA))}")
    elif criterion:
        known = find_codes(criterion)
        wrong += [
            f"{name} is {cells[name]!r}: not one of {', '.join(known)}"
            for name in BEST
            if cells[name] and cells[name] not in known
        ]
    for name in READ:
        try:
            _read(cells, name)
        except InputError as error:
            wrong.append(str(error))
    return wrong


def find_codes(criterion: str) -> tuple[str, ...]:
    """What a best overall response by a criterion may be.

    Examples
    --------
    >>> find_codes("percist10")
    ('CMR', 'PMR', 'SMD', 'PMD', 'NE', 'ND', 'MISSING')
    """
    means = IRECIST_MEANS if criterion == "irecist" else find_vocabulary(criterion).means
    return tuple(dict.fromkeys((*means, ND, MISSING)))


def _parse(row: Row) -> SubjectSummary:
    cells = row.cells
    return SubjectSummary(
        subject=cells["subject"],
        criterion=cells["criterion"],
        reader=Reader(cells["evaluator"] or Reader().evaluator, cells["evaluator_id"]),
        best_overall_response=cells["best_overall_response"],
        confirmed_best_overall_response=cells["confirmed_best_overall_response"],
        pfs_reason=cells.get("pfs_reason", ""),
        line=cells.get(LINE) or None,
        **{name: _read(cells, name) for name in READ},
    )


FLAGS = {"true": True, "false": False}


def _to_days(text: str) -> int:
    days = int(text)
    if days < 0:
        raise ValueError
    return days


READ: Mapping[str, tuple[Callable[[str], object], str]] = {
    "response_date": (dt.date.fromisoformat, "a date"),
    "progression_date": (dt.date.fromisoformat, "a date"),
    "pfs_days": (_to_days, "a number of days"),
    "pfs_event": (FLAGS.__getitem__, "true or false"),
    "duration_of_response_days": (_to_days, "a number of days"),
}


def _read(cells: Mapping[str, str], name: str) -> Any:
    text, (parse, what) = cells.get(name, ""), READ[name]
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, KeyError):
        raise InputError(f"{name} is {text!r}: not {what}") from None
