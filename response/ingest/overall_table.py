"""The table of ``best-response``: overall responses by date, one row per assessment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from response.best_response import ND, NOT_DONE, OVERALL_CODES, Visit
from response.errors import InputError
from response.ingest.csv_table import Row, read_table, refuse_rows
from response.ingest.table_cells import (
    GRACE,
    Parsed,
    find_wrong_cells,
    is_partial_date,
    optional,
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
    unsaid: tuple[str, ...] = ()
    """Dates, as given, whose overall response is empty: taken as not done (R1-60)."""


@dataclass(frozen=True, slots=True)
class _Assessed:
    row: Row
    subject: str
    reference: dt.date
    new_therapy: dt.date | None
    visit: Visit | None

    @property
    def date_text(self) -> str:
        """The date as it was written, which may lack its day."""
        return self.row.cells["date"]


def read_overall_table(path: Path, *, today: dt.date | None = None) -> tuple[OverallResponses, ...]:
    """Read overall responses by subject, in the order the subjects first appear.

    A row with an empty ``date`` says that no assessment was made; so does one with a date and an
    empty ``overall_response``, which is kept as not done on that date.

    Parameters
    ----------
    today
        Assessments after it (with a day's grace) are refused.

    Raises
    ------
    ManifestError
        Anything wrong in the table, all of it in ``problems``.
    """
    by_subject: dict[str, list[_Assessed]] = {}
    problems = []
    columns = _Columns((today or dt.date.today()) + GRACE)
    for row in read_table(path, REQUIRED, OPTIONAL):
        try:
            one = columns.parse(row)
            by_subject.setdefault(one.subject, []).append(one)
        except InputError as error:
            wrong = columns.find_wrong(row) or [str(error)]
            problems += [f"{path.name} row {row.line}: {text}" for text in wrong]
    for rows in by_subject.values():
        problems += [f"{path.name} {text}" for text in _find_contradictions(rows)]
    if problems:
        raise refuse_rows(path.name, problems)
    return tuple(_gather(rows) for rows in by_subject.values())


class _Columns:
    """What the cells say, each different one parsed once: subjects share most dates."""

    def __init__(self, latest: dt.date) -> None:
        self._reference = Parsed("reference_date", _parse_reference)
        self._new_therapy = Parsed("new_therapy_date", optional(parse_date))
        self._date = Parsed("date", optional(partial(parse_partial_date, latest=latest)))

    def parse(self, row: Row) -> _Assessed:
        """One row; the first thing that is wrong with it is raised."""
        if row.problem:
            raise InputError(row.problem)
        cells = row.cells
        code = _parse_code("overall_response", cells["overall_response"])
        date = self._date[cells["date"]]
        if date is None and code not in NOT_DONE:
            raise InputError(f"overall_response: {code}, but date is empty")
        return _Assessed(
            row,
            parse_text("subject", cells["subject"]),
            self._reference[cells["reference_date"]],
            self._new_therapy[cells.get("new_therapy_date", "")],
            None if date is None else Visit(date, code or ND),
        )

    def find_wrong(self, row: Row) -> list[str]:
        """Everything that is wrong with the cells of a row, each by itself."""
        if row.problem:
            return []
        parsers = (
            ("subject", parse_text),
            ("reference_date", lambda _column, text: self._reference[text]),
            ("date", lambda _column, text: self._date[text]),
            ("overall_response", _parse_code),
            ("new_therapy_date", lambda _column, text: self._new_therapy[text]),
        )
        return find_wrong_cells(row.cells, parsers)


def _parse_reference(column: str, text: str) -> dt.date:
    return parse_date(column, parse_text(column, text))


def _parse_code(column: str, text: str) -> str:
    code = text.upper()
    if code and code not in OVERALL_CODES:
        raise InputError(f"{column}: {text!r} is not one of {', '.join(sorted(OVERALL_CODES))}")
    return code


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
    unsaid = [one for one in rows if one.visit and not one.row.cells["overall_response"]]
    return OverallResponses(
        rows[0].subject,
        rows[0].reference,
        next((one.new_therapy for one in rows if one.new_therapy is not None), None),
        tuple(one.visit for one in rows if one.visit is not None),
        tuple(one.date_text for one in rows if is_partial_date(one.date_text)),
        tuple(one.date_text for one in unsaid),
    )
