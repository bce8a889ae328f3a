"""What somebody must look at, derived from the facts as they stand. Pure.

Provisional facts, and facts that rest on an untrusted registration, alert too, and say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from response.criteria.percist10_comparable import NO_REFERENCE_ROW
from response.endpoints import select_effective
from response.explain import deciding_sentences
from response.model import Assessment, Finding, Registration, SubjectResult, Tracking
from response.terms import Category, Event, LesionState, Role, Status, find_kin

SEVERITIES = ("high", "medium", "low")
"""From what may not wait to what may."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One fact that a person must see.

    ``alert_id`` is made of the rule, the subject, the reader and what it is about, so that the
    same fact is the same alert in every evaluation.
    """

    rule: str
    severity: str
    subject: str
    time_point: str
    date: dt.date
    tracking_id: str
    text: str
    provisional: bool
    alert_id: str


def evaluate(
    results: Iterable[SubjectResult],
    trackings: Sequence[Tracking],
    registrations: Iterable[Registration],
) -> tuple[Alert, ...]:
    """Return every alert the facts give rise to, the gravest first, then the newest.

    Parameters
    ----------
    results
        The current assessments.
    trackings
        The current lesions through time.
    registrations
        The current registrations.
    """
    stood = tuple(results)
    alerts = [
        *(alert for result in stood for alert in _progressions(result)),
        *(alert for result in stood for alert in _waiting_references(result)),
        *(alert for tracking in trackings for alert in _lesion_alerts(tracking)),
        *(_untrusted(r, trackings) for r in registrations if not r.trusted),
    ]
    unique = {alert.alert_id: alert for alert in alerts}
    return tuple(
        sorted(
            unique.values(),
            key=lambda a: (SEVERITIES.index(a.severity), -a.date.toordinal(), a.alert_id),
        )
    )


def _progressions(result: SubjectResult) -> Iterable[Alert]:
    """Alert at the first of each code of progression; what follows it is not news."""
    told = set()
    for row in select_effective(result.assessments):
        code = row.overall_response
        if find_kin(code) == Category.PD and code not in told:
            told.add(code)
            yield _progression(row)


def _waiting_references(result: SubjectResult) -> Iterable[Alert]:
    """Alert at every PET that cannot be compared until a person gives it a reference region."""
    for row in select_effective(result.assessments):
        for reason in row.reasons:
            if reason.row_id == NO_REFERENCE_ROW:
                yield _waiting_reference(row, reason.text)


def _waiting_reference(assessment: Assessment, text: str) -> Alert:
    reader = f"{assessment.reader.evaluator}/{assessment.reader.evaluator_id}"
    return Alert(
        rule="reference_missing",
        severity="medium",
        subject=assessment.subject,
        time_point=assessment.time_point,
        date=assessment.date,
        tracking_id="",
        text=text.removeprefix("warning: "),
        provisional=True,
        alert_id=f"reference_missing|{assessment.subject}|{reader}|{assessment.time_point}",
    )


def _progression(assessment: Assessment) -> Alert:
    reader = f"{assessment.reader.evaluator}/{assessment.reader.evaluator_id}"
    return Alert(
        rule="progression",
        severity="high",
        subject=assessment.subject,
        time_point=assessment.time_point,
        date=assessment.date,
        tracking_id="",
        text="; ".join(deciding_sentences(assessment)),
        provisional=assessment.status is Status.PROVISIONAL,
        alert_id="|".join(
            ("progression", assessment.subject, reader, assessment.criterion, *_code(assessment))
        ),
    )


def _code(assessment: Assessment) -> tuple[str, ...]:
    """Name the line of therapy, and a code that is not plainly PD: to confirm it is news again."""
    code = assessment.overall_response
    return tuple(x for x in (assessment.line, code) if x and x != Category.PD)


def _lesion_alerts(tracking: Tracking) -> Iterable[Alert]:
    roles = {x.tracking_uid: x.role for x in tracking.lesions}
    called = {
        f.tracking_uid
        for f in tracking.findings
        if f.state in (LesionState.UNEQUIVOCAL, LesionState.EQUIVOCAL, LesionState.ABSENT)
    }
    for finding in tracking.findings:
        new = finding.event in (Event.NEW, Event.NEWLY_IMAGED)
        if new and roles[finding.tracking_uid] is Role.NEW:
            waits = finding.tracking_uid not in called
            yield _lesion_alert(finding, "new_lesion", "waits for a reader's call" if waits else "")
        elif finding.event is Event.REAPPEARED:
            yield _lesion_alert(finding, "reappeared", "was gone and is seen again")
        elif finding.needs_review:
            yield _lesion_alert(finding, "match_review", finding.reason)


def _lesion_alert(finding: Finding, rule: str, text: str) -> Alert:
    reader = f"{finding.reader.evaluator}/{finding.reader.evaluator_id}"
    measured = finding.measurement
    size = f", {measured.longest_diameter_mm} mm" if measured else ""
    words = f"{finding.tracking_id} {finding.event.value}{size}"
    return Alert(
        rule=rule,
        severity="low" if rule == "match_review" else "high",
        subject=finding.subject,
        time_point=finding.time_point,
        date=finding.date,
        tracking_id=finding.tracking_id,
        text=f"{words}: {text}" if text else words,
        provisional=finding.needs_review,
        alert_id=(f"{rule}|{finding.subject}|{reader}|{finding.tracking_uid}|{finding.time_point}"),
    )


def _untrusted(registration: Registration, trackings: Sequence[Tracking]) -> Alert:
    dates = {
        f.time_point: f.date
        for tracking in trackings
        if tracking.subject == registration.subject
        for f in tracking.findings
    }
    return Alert(
        rule="registration_review",
        severity="medium",
        subject=registration.subject,
        time_point=registration.to_time_point,
        date=dates.get(registration.to_time_point, dt.date.min),
        tracking_id="",
        text=(
            f"the registration {registration.from_time_point} to {registration.to_time_point} "
            f"is not trusted: {registration.reason}"
        ),
        provisional=True,
        alert_id=f"registration_review|{registration.subject}|{registration.content_key}",
    )
