"""What the facts say now of what an alert was about, for the note of its end. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from response.alerts.facts import Picture
from response.criteria.course import is_no_disease
from response.endpoints import select_effective
from response.model import Alert, Assessment, Finding, LesionReading, Tracking
from response.terms import Category, LesionState, find_kin

PROGRESSED = ("progression", "recurrence")
WAITED = (
    *("scan_overdue", "missed_follow_up", "confirm_response"),
    *("confirm_progression", "confirm_progression_closing"),
)
"""What ends when nobody waits for a scan any more."""

GROWING = ("near_progression", "early_growth", "uptake_rise")
"""What a later scan answers."""

_Seen = tuple[dt.date, str, str]
"""Day, time point, and what is said of a lesion there."""


def describe_present(picture: Picture, alert: Alert) -> str:
    """Say in short words what ended an alert, as the facts are now; empty: nothing to say.

    Parameters
    ----------
    picture
        Everything known of the alert's subject, as it was evaluated.
    """
    over = _describe_end(picture) if alert.rule in WAITED else ""
    if over:
        return over
    if alert.rule == "date_to_come":
        return _describe_date(picture, alert)
    if alert.tracking_uid:
        return _describe_lesion(picture, alert)
    if alert.rule == "discordance":
        return _describe_readers(picture, alert)
    if alert.criterion:
        return _describe_category(picture, alert)
    return _describe_scans(picture, alert)


def is_corrected(picture: Picture, alert: Alert) -> bool:
    """Tell whether a correction took an alert's facts away, and no later scan answered it.

    Of a progression: its own time point says so no more. Of growth and uptake: nothing later was
    scanned.
    """
    if alert.rule in PROGRESSED:
        return not any(
            find_kin(row.overall_response) == Category.PD
            for row in _find_rows(picture, alert)
            if (row.time_point, row.reader) == (alert.time_point, alert.reader)
        )
    return alert.rule in GROWING and not any(one.date > alert.date for one in picture.scanned)


def _describe_end(picture: Picture) -> str:
    facts = picture.subject.facts
    if facts.death_date is not None:
        return f"death on {facts.death_date}"
    if facts.new_therapy_date is not None:
        return f"another therapy began on {facts.new_therapy_date}"
    return ""


def _describe_date(picture: Picture, alert: Alert) -> str:
    days = {one.time_point: one.date for one in picture.scanned}
    if alert.time_point not in days:
        return f"{alert.time_point} is not there now"
    return f"{alert.time_point} is dated {days[alert.time_point]} now"


# ------------------------------------------------------------------------------------ categories


def _find_rows(picture: Picture, alert: Alert) -> list[Assessment]:
    return [
        row
        for result in picture.results
        if result.summary.criterion == alert.criterion and (result.summary.line or "") == alert.line
        for row in select_effective(result.assessments)
    ]


def _describe_readers(picture: Picture, alert: Alert) -> str:
    """Say what each reader says of a time point."""
    said = sorted(
        (row.reader.evaluator, row.reader.evaluator_id, row.overall_response)
        for row in _find_rows(picture, alert)
        if row.time_point == alert.time_point and row.overall_response
    )
    words = [f"{code} by {evaluator} {name}".rstrip() for evaluator, name, code in said]
    return f"{alert.time_point} is {', '.join(words)} now" if words else ""


def _describe_category(picture: Picture, alert: Alert) -> str:
    """Say what is assessed now: at its time point if that changed, else where the cause is."""
    rows = [one for one in _find_rows(picture, alert) if alert.reader in (one.reader, None)]
    here = next((row for row in rows if row.time_point == alert.time_point), None)
    if here is None:
        return f"{alert.time_point} is not assessed now" if alert.time_point else ""
    if alert.rule in PROGRESSED and f"{here.overall_response} at " not in alert.text:
        return _say_category(here)
    if alert.rule in PROGRESSED and alert.lasting:
        return _say_category(_find_earlier(rows, here))
    last = max(rows, key=lambda row: (row.date, row.time_point))
    return (last is here and _describe_scans(picture, alert)) or _say_category(last)


def _find_earlier(rows: list[Assessment], here: Assessment) -> Assessment:
    """The first progression, which makes a later one no news; else what came just before."""
    first = next((row for row in rows if find_kin(row.overall_response) == Category.PD), here)
    before = [row for row in rows if row.date < here.date]
    return before[-1] if first is here and before else first


def _say_category(row: Assessment) -> str:
    category = row.overall_response or "baseline"
    words = f"{row.time_point} is {category} now"
    total = row.sum_of_diameters_mm
    return words if total is None else f"{words}, sum {total} mm"


# --------------------------------------------------------------------------------------- lesions


def _describe_lesion(picture: Picture, alert: Alert) -> str:
    """Say what is known of a lesion: just before, at its time point, and at last."""
    name = alert.tracking_id or "the lesion"
    seen = sorted(set(_find_seen(picture, alert)))
    here = [one for one in seen if one[1] == alert.time_point]
    if not here:
        return f"{name} is not there at {alert.time_point} now"
    before = [one for one in seen if one < here[0]][-1:]
    after = [one for one in seen if one > here[-1]][-1:]
    words = [f"{said} at {point}" for _day, point, said in (*before, *here, *after)]
    return f"{name} is {', '.join(words)} now"


def _find_seen(picture: Picture, alert: Alert) -> Iterator[_Seen]:
    for tracking in picture.trackings:
        if alert.reader in (tracking.reader, None):
            yield from _find_tracked(tracking, alert.tracking_uid)
    for given in picture.readings:
        if alert.reader in (given.reader, None) and any(
            row.lesion == alert.tracking_uid for row in given.readings
        ):
            for row in given.readings:
                if row.lesion == alert.tracking_uid or is_no_disease(row):
                    yield row.date, row.time_point, _say_reading(row)


def _find_tracked(tracking: Tracking, uid: str) -> Iterator[_Seen]:
    for finding in tracking.findings:
        if finding.tracking_uid == uid:
            yield finding.date, finding.time_point, _say_finding(finding)


def _say_reading(row: LesionReading) -> str:
    size = None if row.diameter_mm is None else f"{row.diameter_mm} mm"
    return size or (row.state.value if row.state else "there")


def _say_finding(finding: Finding) -> str:
    words = finding.event.value.replace("_", " ")
    if finding.state is LesionState.ABSENT:
        words = f"{words}, called absent"
    if finding.measurement:
        words = f"{words}, {finding.measurement.longest_diameter_mm} mm"
    return words


# ----------------------------------------------------------------------------------------- scans


def _describe_scans(picture: Picture, alert: Alert) -> str:
    days = {one.time_point: one.date for one in picture.scanned}
    since = days.get(alert.time_point, dt.date.max)
    after = [one for one in picture.scanned if one.date > since]
    if not after:
        return ""
    newest = max(after, key=lambda one: (one.date, one.time_point))
    return f"{newest.time_point} was scanned on {newest.date}"
