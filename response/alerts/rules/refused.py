"""The alert that a subject's alerts cannot be evaluated: whatever they would say is missed. Pure.

It is for operators; the subject's other alerts stand as they did meanwhile.
"""

from __future__ import annotations

import datetime as dt

from response.alerts.facts import Picture
from response.alerts.rules.identity import make_alert_id
from response.model import Alert
from response.terms import Audience, Severity

RULE = "subject_refused"


def tell_refused(picture: Picture, kind: str, today: dt.date) -> Alert:
    """Return the alert of a subject whose facts broke a rule.

    Parameters
    ----------
    kind
        The kind of error, which holds nothing of the subject.
    """
    subject = picture.subject
    return Alert(
        alert_id=make_alert_id(RULE, subject.key),
        rule=RULE,
        severity=Severity.HIGH,
        audience=Audience.OPERATOR,
        date=max((one.date for one in picture.scanned), default=today),
        text=f"what is stored of this subject breaks a rule ({kind}): its alerts are not evaluated",
        suggestion="run 'response alerts run' and 'response check', and look at what they say",
        subject=subject.subject,
        subject_key=subject.key,
        lasting=False,
    )
