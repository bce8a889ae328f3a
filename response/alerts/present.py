"""What the facts say now of what an alert was about, for the note of its end. Pure."""

from __future__ import annotations

import datetime as dt

from response.alerts.facts import Picture, Scanned
from response.endpoints import select_effective
from response.model import Alert, Assessment, Finding
from response.terms import LesionState


def describe_present(picture: Picture, alert: Alert) -> str:
    """Say in short words how what an alert was about stands now; empty: nothing to say.

    Parameters
    ----------
    picture
        Everything known of the alert's subject, as it was evaluated.
    """
    if alert.tracking_uid:
        return _describe_lesion(picture, alert)
    if alert.criterion:
        return _describe_category(picture, alert)
    return _describe_scans(picture, alert)


def _describe_category(picture: Picture, alert: Alert) -> str:
    rows = [
        row
        for result in picture.results
        if (result.summary.criterion, result.summary.reader) == (alert.criterion, alert.reader)
        and (result.summary.line or "") == alert.line
        for row in select_effective(result.assessments)
    ]
    here = next((row for row in rows if row.time_point == alert.time_point), None)
    if here is None:
        return f"{alert.time_point} is not assessed now" if alert.time_point else ""
    return _say_category(here)


def _say_category(row: Assessment) -> str:
    category = row.overall_response or "baseline"
    words = f"{row.time_point} is {category} now"
    total = row.sum_of_diameters_mm
    return words if total is None else f"{words}, sum {total} mm"


def _describe_lesion(picture: Picture, alert: Alert) -> str:
    name = alert.tracking_id or "the lesion"
    for tracking in picture.trackings:
        if alert.reader is None or tracking.reader == alert.reader:
            for finding in tracking.findings:
                if (finding.tracking_uid, finding.time_point) == _place(alert):
                    return f"{name} is {_say_finding(finding)} at {alert.time_point} now"
    for given in picture.readings:
        if alert.reader is None or given.reader == alert.reader:
            for row in given.readings:
                if (row.lesion, row.time_point) == _place(alert):
                    size = None if row.diameter_mm is None else f"{row.diameter_mm} mm"
                    words = size or (row.state.value if row.state else "there")
                    return f"{name} is {words} at {alert.time_point} now"
    return f"{name} is not there at {alert.time_point} now"


def _place(alert: Alert) -> tuple[str, str]:
    return alert.tracking_uid, alert.time_point


def _say_finding(finding: Finding) -> str:
    words = finding.event.value.replace("_", " ")
    if finding.state is LesionState.ABSENT:
        words = f"{words}, called absent"
    if finding.measurement:
        words = f"{words}, {finding.measurement.longest_diameter_mm} mm"
    return words


def _describe_scans(picture: Picture, alert: Alert) -> str:
    after = [one for one in picture.scanned if one.date > _seen_on(picture, alert)]
    if not after:
        return ""
    newest: Scanned = max(after, key=lambda one: (one.date, one.time_point))
    return f"{newest.time_point} was scanned on {newest.date}"


def _seen_on(picture: Picture, alert: Alert) -> dt.date:
    days = {one.time_point: one.date for one in picture.scanned}
    return days.get(alert.time_point, dt.date.max)
