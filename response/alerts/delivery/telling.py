"""Whether one recipient is told of one alert now, and of what about it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from response.alerts.ledger import has_risen
from response.alerts.record import AlertRecord
from response.model import AlertEvent
from response.terms import AlertChange, AlertState, Severity

OPENINGS = frozenset({AlertChange.RAISED, AlertChange.REOPENED})
"""What puts an alert before people."""

TOLD_ENDINGS = frozenset({AlertChange.WITHDRAWN, AlertChange.SUPERSEDED})
"""Endings that are told to those who had been told of the alert."""

ENDINGS = TOLD_ENDINGS | {AlertChange.RESOLVED}

WITHOUT_STATE = frozenset(
    {AlertChange.UPDATED, AlertChange.ASSIGNED, AlertChange.ESCALATED, AlertChange.NOTED}
)
"""What leaves an alert open, acknowledged, snoozed or ended as it was."""

LOOK_BACK = dt.timedelta(days=30)
"""What began longer ago counts as told, so that old messages need not be known."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What is known of one recipient and one alert.

    Attributes
    ----------
    takes
        Whether the recipient is told of such alerts.
    escalation
        Whether only of those that nobody acknowledged in time.
    told_at
        When it was last told of this alert; ``None``: not within ``LOOK_BACK``.
    told_until
        Until when that message told what had happened: a digest, until it was due.
    fresh
        The events of this evaluation: they are told whatever a clock that was set back says.
    since, until
        Only what happened until then is told; what was answered before ``since`` is not.
    now
        This moment.
    """

    takes: bool
    escalation: bool
    told_at: dt.datetime | None
    told_until: dt.datetime | None
    fresh: frozenset[str]
    since: dt.datetime
    until: dt.datetime
    now: dt.datetime


def find_news(record: AlertRecord, telling: Telling) -> AlertEvent | None:
    """Find the event that a recipient is to be told of; ``None``: there is none."""
    begin = find_begin(record, telling)
    if record.ended:
        last = find_last_state(record)
        tells = last.change in TOLD_ENDINGS and _is_news(last, telling, telling.told_until)
        return last if tells and _believes(record, begin, telling) else None
    if begin is None or not telling.takes:
        return None
    if not _is_told(begin, telling):
        return begin if _is_to_be_told(record, begin, telling) else None
    risen = find_rise(record)
    if risen is None or not _is_news(risen, telling, telling.told_at):
        return None
    return risen


def find_opening(record: AlertRecord) -> int:
    """Find the place among its events from which an alert has stood as it stands."""
    return max(n for n, one in enumerate(record.events) if one.change in OPENINGS)


def find_begin(record: AlertRecord, telling: Telling) -> AlertEvent | None:
    """Find what puts an alert before a recipient: its opening, or its escalation since."""
    since = record.events[find_opening(record) :]
    if not telling.escalation:
        return since[0]
    return next((one for one in since if one.change is AlertChange.ESCALATED), None)


def find_last_state(record: AlertRecord) -> AlertEvent:
    """Find the event that made an alert open, acknowledged, snoozed or ended."""
    return next(one for one in reversed(record.events) if one.change not in WITHOUT_STATE)


def find_rise(record: AlertRecord) -> AlertEvent | None:
    """Find the last time that an alert became graver, since it opened."""
    since = record.events[find_opening(record) :]
    return next((one for one in reversed(since) if _rises(one)), None)


def is_unanswered(record: AlertRecord) -> bool:
    """Whether an alert is open, nobody has it, and it has not been escalated since it opened."""
    if record.state_on(dt.date.min) is not AlertState.OPEN:
        return False
    since = record.events[find_opening(record) :]
    return not any(
        one.change is AlertChange.ESCALATED or (one.change is AlertChange.ASSIGNED and one.value)
        for one in since
    )


def _is_to_be_told(record: AlertRecord, begin: AlertEvent, telling: Telling) -> bool:
    if begin.event_id in telling.fresh:
        return True
    if begin.at > telling.until:
        return False
    is_open = record.state_on(dt.date.min) is AlertState.OPEN
    return is_open or begin.at > telling.since


def _is_told(begin: AlertEvent, telling: Telling) -> bool:
    if begin.event_id in telling.fresh:
        return False
    if telling.told_until is not None and telling.told_until >= begin.at:
        return True
    return telling.takes and begin.at < telling.now - LOOK_BACK


def _believes(record: AlertRecord, begin: AlertEvent | None, telling: Telling) -> bool:
    """Whether the last message left the recipient believing that an alert stands."""
    if telling.told_until is None:
        return begin is not None and _is_told(begin, telling)
    known = [
        one
        for one in record.events
        if one.at <= telling.told_until and one.event_id not in telling.fresh
    ]
    last = next((one for one in reversed(known) if one.change not in WITHOUT_STATE), None)
    return last is not None and last.change not in ENDINGS


def _is_news(event: AlertEvent, telling: Telling, told: dt.datetime | None) -> bool:
    if event.event_id in telling.fresh:
        return True
    if event.at > telling.until:
        return False
    return event.at > (told or telling.since)


def _rises(event: AlertEvent) -> bool:
    """Whether an update says first that the severity rose, as the ledger writes it."""
    former, arrow, later = event.note.partition("; ")[0].partition(" → ")
    words = {one.value for one in Severity}
    if event.change is not AlertChange.UPDATED or not arrow or not {former, later} <= words:
        return False
    return has_risen(Severity(former), Severity(later))
