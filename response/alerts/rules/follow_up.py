"""Alerts of scans that did not come. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from response.alerts.facts import Scanned
from response.alerts.rules.case import AHEAD, About, Case, Grade, make_alert
from response.alerts.rules.progression import UNCONFIRMED
from response.endpoints import longest_gap_days, select_effective
from response.model import Alert, SubjectResult
from response.terms import Audience, Category, Severity, find_kin

FOLLOW_UP = "follow-up"
"""The story of a scan that is waited for."""

_OVERDUE = Grade(Severity.MEDIUM, Audience.CLINICIAN, lasting=False)
_MISSED = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=False)
_TO_COME = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=False)


@dataclass(frozen=True, slots=True)
class Due:
    """The next scan by the schedule, and the day from which two are missed."""

    last: Scanned | None
    on: dt.date
    missed_from: dt.date


def find_missing_scans(case: Case) -> Iterator[Alert]:
    """A scheduled scan that has not come; high where two have not (A24). One for each subject.

    Scans count whether or not anybody read them. Nobody waits for one after death or another
    therapy, nor after progression (of iRECIST: once confirmed) unless the protocol follows on, nor
    so long after that the course is only kept. What is dated in the future was not scanned yet.
    """
    case = case.until_today()
    due = find_due(case)
    if due is None or case.is_over():
        return
    if not case.settings.follow_after_progression and has_progressed(case):
        return
    passed = due.on + dt.timedelta(case.protocol.endpoints.tolerance_days)
    archived = due.on + dt.timedelta(case.settings.overdue_archive_days)
    if passed < case.today <= archived:
        yield _tell(case, due)


def find_due(case: Case) -> Due | None:
    """When the next scan is due: by the schedule and an interval after the last; else ``None``.

    The later of the two counts: who was scanned a little early is not asked to come again sooner
    than the interval. The schedule counts from randomisation or the start of treatment; a scan
    within the tolerance of a scheduled day belongs to it, as it does to :mod:`response.outlook`.
    """
    options, facts = case.protocol.endpoints, case.picture.subject.facts
    last = max(case.picture.scanned, key=lambda one: (one.date, one.time_point), default=None)
    start = facts.randomisation or facts.treatment_start
    gap = dt.timedelta(longest_gap_days(options) + 1)
    if start is None:
        if last is None:
            return None
        return Due(
            last, last.date + dt.timedelta(options.assessment_interval_days), last.date + gap
        )
    since = max(last.date, start) if last else start
    days = (since - start).days + options.tolerance_days
    number = max(days // options.assessment_interval_days + 1, 1)
    interval = dt.timedelta(options.assessment_interval_days)
    due = max(start + number * interval, since + interval)
    return Due(last, due, since + gap)


def has_progressed(case: Case) -> bool:
    """Whether progression ended the follow-up: by any reader and the protocol's own criterion.

    Where that was not assessed, by any criterion; of several lines of therapy, in the last.
    """
    results = case.picture.results
    own = [one for one in results if one.summary.criterion == case.protocol.criterion.name]
    chosen = _of_last_line(own or list(results))
    return any(
        find_kin(row.overall_response) == Category.PD and row.overall_response not in UNCONFIRMED
        for result in chosen
        for row in select_effective(result.assessments)
    )


def _of_last_line(results: list[SubjectResult]) -> list[SubjectResult]:
    begun = [
        (one.assessments[0].date, one.summary.line or "") for one in results if one.assessments
    ]
    line = max(begun, default=(dt.date.min, ""))[1]
    return [one for one in results if (one.summary.line or "") == line]


def _tell(case: Case, due: Due) -> Alert:
    missed = case.today >= due.missed_from
    name, options = (due.last.time_point if due.last else ""), case.protocol.endpoints
    about = About(
        time_point=name,
        date=due.missed_from if missed else due.on,
        episode=name,
        story=FOLLOW_UP,
    )
    seen = f"since {name} on {due.last.date}" if due.last else "since the start of treatment"
    numbers = {
        "due_on": str(due.on),
        "interval_days": str(options.assessment_interval_days),
        "tolerance_days": str(options.tolerance_days),
    }
    if due.last:
        numbers["last_scan_on"] = str(due.last.date)
    late = "two scheduled scans were missed" if missed else "the next scan is overdue"
    return make_alert(
        case,
        "missed_follow_up" if missed else "scan_overdue",
        _MISSED if missed else _OVERDUE,
        about,
        text=f"{late}: none {seen}; it was due on {due.on} (± {options.tolerance_days} days)",
        suggestion=(
            f"the schedule asks for a scan every {options.assessment_interval_days} days: "
            "make the scan, or record why there is none (death, another therapy)"
        ),
        numbers=numbers,
    )


# ---------------------------------------------------------------------------------- dates to come


def find_dates_to_come(case: Case) -> Iterator[Alert]:
    """Time points dated in the future; ours.

    A mistyped year would make a scan that nobody made end every wait for one. What such a time
    point shows alerts as it is.
    """
    last = case.today + AHEAD
    before = max(
        (one for one in case.picture.scanned if one.date <= last), key=_order, default=None
    )
    for one in case.picture.scanned:
        if one.date > last:
            yield _tell_to_come(case, one, before)


def _order(one: Scanned) -> tuple[dt.date, str]:
    return one.date, one.time_point


def _tell_to_come(case: Case, one: Scanned, before: Scanned | None) -> Alert:
    far, numbers = "", {"dated": str(one.date)}
    if before is not None:
        days = (one.date - before.date).days
        far = f", {days} days after {before.time_point} on {before.date}"
        numbers["days_after_last_scan"] = str(days)
    return make_alert(
        case,
        "date_to_come",
        _TO_COME,
        About(time_point=one.time_point, date=one.date, episode=one.time_point),
        text=f"{one.time_point} is dated {one.date}, in the future{far}",
        suggestion=(
            "correct its date: until then it counts as no scan where one is due, and what was "
            "derived from its date is wrong"
        ),
        numbers=numbers,
    )
