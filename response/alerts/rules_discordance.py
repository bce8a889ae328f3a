"""Alerts of readers who differ. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from response.alerts.case import About, Case, Grade, make_alert
from response.criteria.course import is_no_disease
from response.endpoints import select_effective
from response.model import Alert, Assessment, Reader
from response.terms import Audience, Category, Event, Severity, Status, find_kin

ADJUDICATOR = "adjudicat"
"""What the ``evaluator_id`` of a reader who settles it holds, in whatever case."""

ALIKE: dict[str, str] = {Category.NED: Category.CR, Category.NON_CR_NON_PD: Category.SD}
"""No disease is no disease, and what persists persists, whether or not a reader chose targets."""

_NOT_SAID = ("", Category.ND, Category.MISSING)
_ASKING = Grade(Severity.MEDIUM, Audience.READER, lasting=False)
_Asked = tuple[str, str, str, dt.date]
"""Criterion, line, evaluator and day that readers are compared at."""


def find_discordance(case: Case) -> Iterator[Alert]:
    """Two readers of one evaluator who read the same day differently, until it is adjudicated.

    Compared are the categories beside which their codes stand; readers never mix (G-05). Not
    evaluable is a reading where that reader recorded something there. What counts as different is
    ours.
    """
    settled, asked = _sort(case)
    for (criterion, line, evaluator, day), rows in sorted(asked.items()):
        if len(rows) > 1 and (criterion, line, day) not in settled and _differ(rows.values()):
            yield _tell(case, criterion, line, evaluator, rows)


def _differ(rows: Iterable[Assessment]) -> bool:
    """Whether categories stand beside different ones of RECIST 1.1."""
    kin = {find_kin(row.overall_response) for row in rows}
    return len({ALIKE.get(one, one) for one in kin}) > 1


def _sort(
    case: Case,
) -> tuple[set[tuple[str, str, dt.date]], dict[_Asked, dict[Reader, Assessment]]]:
    """What an adjudicator said, and what the other readers did, by what they were asked."""
    settled: set[tuple[str, str, dt.date]] = set()
    asked: dict[_Asked, dict[Reader, Assessment]] = {}
    recorded = _find_recorded(case)
    for result in case.picture.results:
        criterion, line = result.summary.criterion, result.summary.line or ""
        for row in select_effective(result.assessments):
            if not _is_read(row, recorded):
                continue
            if ADJUDICATOR in row.reader.evaluator_id.casefold():
                settled.add((criterion, line, row.date))
            else:
                key = (criterion, line, row.reader.evaluator, row.date)
                asked.setdefault(key, {})[row.reader] = row
    return settled, asked


def _is_read(row: Assessment, recorded: set[tuple[Reader, str]]) -> bool:
    if row.overall_response in _NOT_SAID:
        return False
    return row.overall_response != Category.NE or (row.reader, row.time_point) in recorded


def _find_recorded(case: Case) -> set[tuple[Reader, str]]:
    """The time points at which a reader recorded something."""
    picture = case.picture
    found = {
        (given.reader, row.time_point)
        for given in picture.readings
        for row in given.readings
        if row.lesion or is_no_disease(row)
    }
    return found | {
        (tracking.reader, row.time_point)
        for tracking in picture.trackings
        for row in tracking.findings
        if row.label is not None or row.state is not None or row.event is Event.RESOLVED
    }


def _tell(
    case: Case, criterion: str, line: str, evaluator: str, rows: Mapping[Reader, Assessment]
) -> Alert:
    readers = sorted(rows)
    first = rows[readers[0]]
    about = About(
        time_point=first.time_point,
        date=first.date,
        episode=first.time_point,
        reader=Reader(evaluator, ""),
        criterion=criterion,
        line=line,
    )
    said = ", ".join(f"{rows[one].overall_response} by {_name(one)}" for one in readers)
    return make_alert(
        case,
        "discordance",
        _ASKING,
        about,
        text=f"readers differ at {first.time_point} on {first.date} ({criterion}): {said}",
        suggestion="an adjudicator's reading of this time point settles it",
        provisional=_any_provisional(rows.values()),
    )


def _name(reader: Reader) -> str:
    return " ".join(word for word in (reader.evaluator, reader.evaluator_id) if word)


def _any_provisional(rows: Iterable[Assessment]) -> bool:
    return any(row.status is Status.PROVISIONAL for row in rows)
