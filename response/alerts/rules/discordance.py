"""Alerts of readers who differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from response.alerts.rules.case import About, Case, Grade, make_alert
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


def find_discordance(case: Case) -> Iterator[Alert]:
    """Two readers of one evaluator who read one time point differently, until it is adjudicated.

    Compared are the categories beside which their codes stand; readers never mix (G-05). Not
    evaluable is a reading where that reader recorded something there. What counts as different is
    ours.
    """
    read: dict[tuple[str, str], list[Assessment]] = {}
    recorded = _find_recorded(case)
    for result in case.picture.results:
        rows = [row for row in select_effective(result.assessments) if _is_read(row, recorded)]
        read.setdefault((result.summary.criterion, result.summary.line or ""), []).extend(rows)
    for _asked, rows in sorted(read.items()):
        for together in _gather(rows):
            if not any(_is_adjudicator(row.reader) for row in together):
                yield from _compare(case, together)


def _compare(case: Case, together: Iterable[Assessment]) -> Iterator[Alert]:
    by_evaluator: dict[str, dict[Reader, Assessment]] = {}
    for row in together:
        by_evaluator.setdefault(row.reader.evaluator, {})[row.reader] = row
    for evaluator, rows in sorted(by_evaluator.items()):
        if len(rows) > 1 and _differ(rows.values()):
            yield _tell(case, evaluator, rows)


def _is_adjudicator(reader: Reader) -> bool:
    return ADJUDICATOR in reader.evaluator_id.casefold()


def _gather(rows: Iterable[Assessment]) -> list[list[Assessment]]:
    """Put what readers say of one time point together: by its name, else by its date."""
    named: dict[str, list[Assessment]] = {}
    for row in sorted(rows, key=lambda one: (one.date, one.time_point)):
        named.setdefault(row.time_point, []).append(row)
    gathered: list[list[Assessment]] = []
    for found in sorted(named.values(), key=len, reverse=True):
        place = next((one for one in gathered if _is_same_day(one, found)), None)
        if place is None:
            gathered.append(found)
        else:
            place += found
    return sorted(gathered, key=lambda one: (one[0].date, one[0].time_point))


def _is_same_day(others: Sequence[Assessment], found: Sequence[Assessment]) -> bool:
    """Whether other readers alone read a day that goes by another name."""
    apart = {one.reader for one in others}.isdisjoint(one.reader for one in found)
    return apart and bool({one.date for one in others} & {one.date for one in found})


def _differ(rows: Iterable[Assessment]) -> bool:
    """Whether categories stand beside different ones of RECIST 1.1."""
    kin = {find_kin(row.overall_response) for row in rows}
    return len({ALIKE.get(one, one) for one in kin}) > 1


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


def _tell(case: Case, evaluator: str, rows: Mapping[Reader, Assessment]) -> Alert:
    readers = sorted(rows)
    first = rows[readers[0]]
    about = About(
        time_point=first.time_point,
        date=first.date,
        episode=first.time_point,
        reader=Reader(evaluator, ""),
        criterion=first.criterion,
        line=first.line or "",
    )
    said = ", ".join(f"{rows[one].overall_response} by {_name(one)}" for one in readers)
    return make_alert(
        case,
        "discordance",
        _ASKING,
        about,
        text=f"readers differ at {first.time_point} on {first.date}: {said}",
        suggestion="an adjudicator's reading of this time point settles it",
        provisional=_any_provisional(rows.values()),
    )


def _name(reader: Reader) -> str:
    return " ".join(word for word in (reader.evaluator, reader.evaluator_id) if word)


def _any_provisional(rows: Iterable[Assessment]) -> bool:
    return any(row.status is Status.PROVISIONAL for row in rows)
