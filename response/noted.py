"""What is noted of a time point beside its category: it changes dates and endpoints, no category.

Facts of the whole patient that no criterion weighs are kept as reasons of the assessments, so that
they are stored, shown and exported with them; the endpoints find them again by their row ids.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from response.model import AssessedTimePoint, Assessment, Reason

PARTIAL_DATE = "partial_date"
"""The fact of a time point that keeps its date as given, where the day was imputed (A21)."""

CLINICAL_PROGRESSION = "clinical_progression"
"""The fact that a physician called progression that no scan need show ("true")."""

LAST_SCAN_DATE = "last_scan_date"
"""The fact that the scans of a time point went on until this day (ISO 8601); R1-84."""

CLINICAL_ROW = "CLINICAL.PROGRESSION"
LAST_SCAN_ROW = "DATE.LAST_SCAN"


def note_facts(
    assessments: Sequence[Assessment], time_points: Iterable[AssessedTimePoint]
) -> tuple[Assessment, ...]:
    """Add what is known of each time point to the reasons of its assessments."""
    noted = {one.time_point: _notes(one) for one in time_points}
    return tuple(
        replace(row, reasons=(*row.reasons, *noted[row.time_point]))
        if noted.get(row.time_point)
        else row
        for row in assessments
    )


def _notes(one: AssessedTimePoint) -> list[Reason]:
    notes, facts = [], one.facts
    if PARTIAL_DATE in facts:
        text = f"date given as {facts[PARTIAL_DATE]}: taken as the last day of the month"
        notes.append(Reason("DATE.IMPUTED", text))
    if facts.get(CLINICAL_PROGRESSION) == "true":
        text = f"clinical progression was recorded on {one.date}; it changes no category"
        notes.append(Reason(CLINICAL_ROW, text))
    if facts.get(LAST_SCAN_DATE):
        notes.append(note_last_scan(dt.date.fromisoformat(facts[LAST_SCAN_DATE])))
    return notes


def note_last_scan(date: dt.date) -> Reason:
    """The note of a time point whose scans were taken over several days.

    Examples
    --------
    >>> find_last_scan([note_last_scan(dt.date(2025, 3, 4))])
    datetime.date(2025, 3, 4)
    """
    return Reason(LAST_SCAN_ROW, f"the last scan of this time point was on {date}")


def find_last_scan(reasons: Iterable[Reason]) -> dt.date | None:
    """The day of the last scan that :func:`note_last_scan` wrote down, if it did."""
    for reason in reasons:
        if reason.row_id == LAST_SCAN_ROW:
            return dt.date.fromisoformat(reason.text.split()[-1])
    return None


def find_clinical_progression(assessments: Iterable[Assessment]) -> dt.date | None:
    """Date of the first time point with clinical progression, apart from what scans show."""
    dates = [
        row.date for row in assessments for reason in row.reasons if reason.row_id == CLINICAL_ROW
    ]
    return min(dates, default=None)
