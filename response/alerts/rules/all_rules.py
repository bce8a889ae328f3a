"""What somebody must look at, derived from the facts as they stand. Pure.

Provisional facts, and facts that rest on an untrusted registration, alert too, and say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from response.alerts.facts import Picture
from response.alerts.rules.case import Case
from response.alerts.rules.confirmation import find_confirmations
from response.alerts.rules.discordance import find_discordance
from response.alerts.rules.early_growth import find_early_growth
from response.alerts.rules.follow_up import find_dates_to_come, find_missing_scans
from response.alerts.rules.growth import find_near_progression
from response.alerts.rules.lesions import find_doubted_matches, find_lesion_news
from response.alerts.rules.progression import find_progressions
from response.alerts.rules.uptake import find_uptake_rises
from response.alerts.rules.waiting import (
    find_long_waiting,
    find_missing_references,
    find_untrusted,
)
from response.model import Alert
from response.protocol import Protocol
from response.terms import Severity

OF_SUBJECT = (
    find_progressions,
    find_near_progression,
    find_early_growth,
    find_lesion_news,
    find_uptake_rises,
    find_confirmations,
    find_missing_scans,
    find_dates_to_come,
    find_discordance,
    find_doubted_matches,
    find_untrusted,
    find_missing_references,
)
"""What is asked of every subject; each names its rules and their sources."""

_GRAVITY = {severity: number for number, severity in enumerate(Severity)}


def evaluate(pictures: Iterable[Picture], today: dt.date, protocol: Protocol) -> tuple[Alert, ...]:
    """Return every alert that holds on a day, the gravest first, then the newest.

    Parameters
    ----------
    pictures
        What is known of each subject, in any order.
    today
        The clinic's day: what fell due until then is due.
    protocol
        Its choices; ``alerts.off`` names the rules that are not evaluated.
    """
    found: dict[str, Alert] = {}
    for picture in pictures:
        case = Case(picture, today, protocol)
        alerts = [alert for rule in OF_SUBJECT for alert in rule(case)]
        for alert in (*alerts, *find_long_waiting(case, alerts)):
            if alert.rule not in protocol.alerts.off:
                found.setdefault(alert.alert_id, alert)
    return tuple(sorted(found.values(), key=_order))


def _order(alert: Alert) -> tuple[int, int, str]:
    return _GRAVITY[alert.severity], -alert.date.toordinal(), alert.alert_id
