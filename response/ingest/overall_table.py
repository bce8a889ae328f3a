"""The table of ``best-response``: overall responses by date, one row per assessment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from response.best_response import NOT_DONE, OVERALL_CODES, Visit
from response.errors import InputError
from response.ingest.csv_table import Row, read_table, refuse_rows
from response.ingest.table_cells import (
    Parsed,
    is_partial_date,
    parse_date,
    parse_partial_date,
    parse_text,
)

REQUIRED = ("subject", "reference_date", "date", "overall_response")
OPTIONAL = ("new_therapy_date",)


@dataclass(frozen=True, slots=True)
class OverallResponses:
    """One subject's overall responses, as given."""

    subject: str
    reference: dt.date
    new_therapy: dt.date | None
    visits: tuple[Visit, ...]
    partial_dates: tuple[str, ...] = ()
    """Dates without a day, as given: taken as the last day of their month (A21)."""


@dataclass(frozen=True, slots=True)
class _Assessed:
    row: Row
    subject: str
    reference: dt.date
    new_therapy: dt.date | None
    visit: Visit | None
    partial_date: str


def read_overall_table(path: Path) -> tuple[OverallResponses, ...]:
    """Read overall responses by subject, in the order the subjects first appear.

    A row with an empty ``date`` says that no assessment was made.

    Raises
    ------
    ManifestError
        Anything wrong in the table, all of it in ``problems``.
    """
    by_subject: dict[str, list[_Assessed]] = {}
    problems = []
    days = _Days()
    for row in read_table(path, REQUIRED, OPTIONAL):
        try:
            one = _parse(row, days)
            by_subject.setdefault(one.subject, []).append(one)
        except InputError as error:
            problems.append(f"{path.name} row {row.line}: {error}")
    for rows in by_subject.values():
        problems += [f"{path.name} {text}" for text in _find_contradictions(rows)]
    if problems:
        raise refuse_rows(path.name, problems)
    return tuple(_gather(rows) for rows in by_subject.values())


class _Days:
    """Dates by column, each different one parsed once: subjects share most of them."""

    def __init__(self) -> None:
        self.reference = Parsed("reference_date", parse_date)
        self.new_therapy = Parsed("new_therapy_date", parse_date)
        self.assessed = Parsed("date", parse_partial_date)


def _parse(row: Row, days: _Days) -> _Assessed:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    subject = parse_text("subject", cells["subject"])
    therapy = cells.get("new_therapy_date", "")
    return _Assessed(
        row,
        subject,
        days.reference[parse_text("reference_date", cells["reference_date"])],
        days.new_therapy[therapy] if therapy else None,
        _parse_visit(cells["date"], cells["overall_response"], days),
        cells["date"] if is_partial_date(cells["date"]) else "",
    )


def _parse_visit(date: str, overall: str, days: _Days) -> Visit | None:
    code = overall.upper()
    if code and code not in OVERALL_CODES:
        allowed = ", ".join(sorted(OVERALL_CODES))
        raise InputError(f"overall_response: {overall!r} is not one of {allowed}")
    if not date:
        if code not in NOT_DONE:
            raise InputError(f"overall_response: {code}, but date is empty")
        return None
    if not code:
        raise InputError("overall_response: is empty, but there is a date: say NE or ND")
    return Visit(days.assessed[date], code)


def _find_contradictions(rows: list[_Assessed]) -> Iterable[str]:
    first = rows[0]
    for one in rows[1:]:
        if one.reference != first.reference:
            yield (
                f"row {one.row.line}: reference_date is {one.reference}, but row "
                f"{first.row.line} of the same subject says {first.reference}"
            )
    therapies = sorted({one.new_therapy for one in rows if one.new_therapy is not None})
    if len(therapies) > 1:
        said = " and ".join(str(date) for date in therapies)
        yield f"row {first.row.line}: new_therapy_date is {said} for one subject"


def _gather(rows: list[_Assessed]) -> OverallResponses:
    return OverallResponses(
        rows[0].subject,
        rows[0].reference,
        next((one.new_therapy for one in rows if one.new_therapy is not None), None),
        tuple(one.visit for one in rows if one.visit is not None),
        tuple(one.partial_date for one in rows if one.partial_date),
    )
