"""Alerts of single lesions: new ones, and those that are seen again. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from response.alerts.case import About, Case, Grade, make_alert
from response.model import Alert, Finding, Tracking
from response.terms import Audience, Event, LesionState, Role, Severity

LESION = "lesion"
"""The story of one lesion."""

_GRAVE = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=True)
_ASKING = Grade(Severity.LOW, Audience.READER, lasting=False)
_CALLED = (LesionState.UNEQUIVOCAL, LesionState.UNEQUIVOCAL_PROGRESSION)


def find_lesion_alerts(case: Case) -> Iterator[Alert]:
    """New lesions, lesions that reappeared, and matches that a person has to look at."""
    for tracking in case.picture.trackings:
        yield from _of_tracking(case, tracking)


def _of_tracking(case: Case, tracking: Tracking) -> Iterator[Alert]:
    roles = {one.tracking_uid: one.role for one in tracking.lesions}
    called = {f.tracking_uid for f in tracking.findings if f.state in _CALLED}
    for finding in tracking.findings:
        new = finding.event in (Event.NEW, Event.NEWLY_IMAGED)
        if new and roles[finding.tracking_uid] is Role.NEW:
            waits = finding.tracking_uid not in called
            said = "waits for a reader's call" if waits else ""
            yield _tell(case, finding, "new_lesion", _GRAVE, said)
        elif finding.event is Event.REAPPEARED:
            yield _tell(case, finding, "reappeared", _GRAVE, "was gone and is seen again")
        elif finding.needs_review:
            yield _tell(case, finding, "match_review", _ASKING, finding.reason)


def _tell(case: Case, finding: Finding, rule: str, grade: Grade, said: str) -> Alert:
    measured = finding.measurement
    size = f", {measured.longest_diameter_mm} mm" if measured else ""
    words = (
        f"{finding.tracking_id} {finding.event.value} at {finding.time_point} "
        f"on {finding.date}{size}"
    )
    about = About(
        time_point=finding.time_point,
        date=finding.date,
        episode=finding.time_point,
        story=LESION if grade.lasting else "",
        reader=finding.reader,
        lesion=finding.tracking_uid,
        lesion_name=finding.tracking_id,
    )
    return make_alert(
        case,
        rule,
        grade,
        about,
        text=f"{words}: {said}" if said else words,
        suggestion="a reader's call decides whether it counts",
        numbers={"longest_diameter_mm": str(measured.longest_diameter_mm)} if measured else {},
        provisional=finding.needs_review,
        untrusted=_reached_untrusted(case, finding),
    )


def _reached_untrusted(case: Case, finding: Finding) -> bool:
    return any(
        one.to_time_point == finding.time_point
        for one in case.picture.registrations
        if not one.trusted
    )
