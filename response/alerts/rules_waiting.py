"""Alerts of what waits for a reader: registrations and PET references. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from response.alerts.case import About, Case, Grade, make_alert
from response.criteria.percist10_comparable import NO_REFERENCE_ROW
from response.endpoints import select_effective
from response.model import Alert
from response.terms import Audience, Severity

_ASKING = Grade(Severity.MEDIUM, Audience.READER, lasting=False)


def find_untrusted(case: Case) -> Iterator[Alert]:
    """Registrations that are not trusted: what rests on them waits for a person; ours."""
    for one in case.picture.registrations:
        if one.trusted:
            continue
        between = f"{one.from_time_point} to {one.to_time_point}"
        series = " ".join(word for word in (one.modality, one.series) if word)
        about = About(
            time_point=one.to_time_point,
            date=case.date_of(one.to_time_point),
            episode=f"{between} {series}",
        )
        yield make_alert(
            case,
            "registration_review",
            _ASKING,
            about,
            text=f"the registration {between} ({series}) is not trusted: {one.reason}",
            suggestion="compare the two scans and confirm or correct the matches between them",
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
