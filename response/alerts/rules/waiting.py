"""Alerts of what waits for a reader: registrations, PET references, and what waits long. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.lesions import WAITS
from response.criteria.percist10_comparable import NO_REFERENCE_ROW
from response.endpoints import select_effective
from response.model import Alert, Registration
from response.terms import Audience, Severity

WAITING = {
    "match_review": "match",
    "registration_review": "registration",
    "new_lesion": "new-lesion call",
    "first_lesion": "new-lesion call",
    "reference_missing": "PET reference",
}
"""What waits for a reader, by the rule that says so."""

_ASKING = Grade(Severity.MEDIUM, Audience.READER, lasting=False)


def find_untrusted(case: Case) -> Iterator[Alert]:
    """Registrations that are not trusted: what rests on them waits for a person; ours.

    A person who confirmed the later time point, for every reader who marked lesions there, has
    looked at it.
    """
    for one in case.picture.registrations:
        if not one.trusted and not _is_confirmed(case, one.to_time_point):
            yield _tell_untrusted(case, one)


def _is_confirmed(case: Case, time_point: str) -> bool:
    marked = {
        tracking.reader
        for tracking in case.picture.trackings
        if any(finding.time_point == time_point for finding in tracking.findings)
    }
    return bool(marked) and {(reader, time_point) for reader in marked} <= case.find_confirmed()


def _tell_untrusted(case: Case, one: Registration) -> Alert:
    between = f"{one.from_time_point} to {one.to_time_point}"
    series = " ".join(word for word in (one.modality, one.series) if word)
    about = About(
        time_point=one.to_time_point,
        date=case.date_of(one.to_time_point),
        episode=f"{between} {series}",
    )
    return make_alert(
        case,
        "registration_review",
        _ASKING,
        about,
        text=f"the registration {between} ({series}) is not trusted: {one.reason}",
        suggestion="compare the two scans, correct the matches between them, and confirm them",
        provisional=True,
        untrusted=True,
    )


def find_missing_references(case: Case) -> Iterator[Alert]:
    """PET that cannot be compared until a person gives it a reference region (P-03, P-05)."""
    for result in case.picture.results:
        for row in select_effective(result.assessments):
            for reason in row.reasons:
                if reason.row_id != NO_REFERENCE_ROW:
                    continue
                about = About(row.time_point, row.date, row.time_point, reader=row.reader)
                yield make_alert(
                    case,
                    "reference_missing",
                    _ASKING,
                    about,
                    text=reason.text.removeprefix("warning: "),
                    suggestion="mark or confirm a reference region in the liver or blood pool",
                    provisional=True,
                )


def find_long_waiting(case: Case, alerts: Iterable[Alert]) -> Iterator[Alert]:
    """What has waited for a reader too long since it was raised; ours. One for each subject.

    ``alerts`` are those of the other rules: what is switched off there, or was never raised, waits
    for nobody.
    """
    days = dt.timedelta(case.settings.review_wait_days)
    raised = case.picture.waiting_since
    since: dict[str, list[dt.date]] = {}
    untrusted = False
    for alert in alerts:
        begun = raised.get(alert.alert_id)
        late = begun is not None and case.today > begun + days
        if begun is not None and late and _waits(alert):
            since.setdefault(WAITING[alert.rule], []).append(begun)
            untrusted = untrusted or alert.untrusted
    if since:
        yield _tell_waiting(case, since, untrusted=untrusted)


def _waits(alert: Alert) -> bool:
    """Whether a reader's answer would end it: of new lesions, those that nobody called."""
    called = alert.rule in ("new_lesion", "first_lesion") and WAITS not in alert.text
    return alert.rule in WAITING and not called


def _tell_waiting(case: Case, since: Mapping[str, Sequence[dt.date]], *, untrusted: bool) -> Alert:
    days = case.settings.review_wait_days
    counts = [f"{len(found)} {_plural(what, len(found))}" for what, found in sorted(since.items())]
    oldest = min(day for found in since.values() for day in found)
    about = About(time_point="", date=oldest + dt.timedelta(days + 1), episode="")
    return make_alert(
        case,
        "review_waiting",
        _ASKING,
        about,
        text=f"waiting for a person for more than {days} days: {', '.join(counts)}",
        suggestion="look at them on the page of what needs a person",
        numbers={"waiting_since": str(oldest), "waiting_count": str(_count(since))},
        provisional=True,
        untrusted=untrusted,
    )


def _count(since: Mapping[str, Sequence[dt.date]]) -> int:
    return sum(len(found) for found in since.values())


def _plural(what: str, count: int) -> str:
    if count == 1:
        return what
    return f"{what}es" if what.endswith("ch") else f"{what}s"
