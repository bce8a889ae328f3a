"""What becomes of alerts when the facts are looked at again: one fact, one alert. Pure.

Evaluating the same facts again changes nothing, in whatever order they come. What an alert says is
kept up to date; it ends only by the facts: never because somebody acknowledged it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from response.alerts.record import AlertRecord
from response.model import Alert, AlertEvent, AlertMessage
from response.terms import AlertChange, AlertState, Severity

GRAVEST_FIRST = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)

EVALUATED = frozenset(
    {
        AlertChange.RAISED,
        AlertChange.UPDATED,
        AlertChange.REOPENED,
        AlertChange.RESOLVED,
        AlertChange.WITHDRAWN,
        AlertChange.SUPERSEDED,
    }
)
"""What an evaluation makes of an alert; the rest is done by persons, or by delivery."""

Thread = tuple[str, str]
"""A story, of one subject."""

CLOCK_AHEAD = dt.timedelta(days=2)
"""A moment farther ahead of the clock was written by a clock that was wrong; ours."""

SYSTEM = "system"
"""The actor of what an evaluation does."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be added: new or changed alerts, what became of alerts, messages."""

    alerts: tuple[Alert, ...] = ()
    events: tuple[AlertEvent, ...] = ()
    messages: tuple[AlertMessage, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What held when the facts were looked at.

    Attributes
    ----------
    holding
        Every alert that the facts give rise to.
    as_of
        The day that was evaluated.
    now
        The moment it was done.
    seen_until
        Facts dated later were not looked at: alerts of later days are left alone.
    unknown
        Subjects whose facts could not be evaluated: their alerts are left alone, nothing ends
        because nobody could look.
    off
        Rules that were not asked: their alerts are resolved, whatever the facts say.
    """

    holding: Sequence[Alert]
    as_of: dt.date
    now: dt.datetime
    seen_until: dt.date = dt.date.max
    unknown: frozenset[str] = field(default_factory=frozenset)
    off: frozenset[str] = field(default_factory=frozenset)


def reconcile(
    standing: Mapping[str, AlertRecord],
    seen: Evaluation,
    make_id: Callable[[], str],
    describe_now: Callable[[Alert], str] = lambda _alert: "",
    was_corrected: Callable[[Alert], bool] = lambda _alert: False,
) -> Changes:
    """Say what becomes of alerts.

    Parameters
    ----------
    standing
        Every alert that has not ended, and those of ``seen.holding`` that have, by id.
    seen
        What held.
    make_id
        Makes the id of an event.
    describe_now
        Says what the facts say now of what an alert was about, for the note of its end.
    was_corrected
        Tells whether a correction took its facts away, rather than a later scan that answered it:
        then it is withdrawn, lasting or not.

    Returns
    -------
    Changes
        New or changed alerts, and events by alert id. Without messages.

    Notes
    -----
    An alert that is not lasting rests on the day: what a later day made of it stands when the clock
    goes back. One that lasts rests on facts alone, whatever the day.
    """
    holding = _gravest_of_each(seen.holding)
    events = _Writer(seen, make_id)
    alerts = []
    newly: dict[Thread, list[Alert]] = {}
    for alert_id in sorted(holding):
        alert, record = holding[alert_id], standing.get(alert_id)
        if record is not None and _is_bound(record, seen):
            continue
        change, note = _compare(alert, record)
        if change is None:
            continue
        if record is None or record.alert != alert:
            alerts.append(alert)
        events.add(alert_id, change, note)
        if change in (AlertChange.RAISED, AlertChange.REOPENED) and alert.thread:
            newly.setdefault(_thread(alert), []).append(alert)
    for alert_id in sorted(standing.keys() - holding.keys()):
        record = standing[alert_id]
        if not record.ended and not _is_left_alone(record, seen):
            withdrawn = record.alert.lasting or was_corrected(record.alert)
            _end(record.alert, newly, events, describe_now, withdrawn=withdrawn)
    return Changes(tuple(alerts), tuple(events.made))


@dataclass(slots=True)
class _Writer:
    """Gathers the events of one evaluation."""

    seen: Evaluation
    make_id: Callable[[], str]
    made: list[AlertEvent] = field(default_factory=list)

    def add(self, alert_id: str, change: AlertChange, note: str, value: str = "") -> None:
        """Add an event, made by the evaluation."""
        at, as_of = self.seen.now, self.seen.as_of
        event = AlertEvent(self.make_id(), alert_id, at, as_of, change, SYSTEM, note, value)
        self.made.append(event)


def _end(
    alert: Alert,
    newly: Mapping[Thread, Sequence[Alert]],
    events: _Writer,
    describe_now: Callable[[Alert], str],
    *,
    withdrawn: bool,
) -> None:
    """Say how an alert whose facts have gone ends."""
    if alert.rule in events.seen.off:
        events.add(alert.alert_id, AlertChange.RESOLVED, f"{alert.rule} is switched off")
        return
    successors = newly.get(_thread(alert), ()) if alert.thread else ()
    words = describe_now(alert)
    if successors:
        heir = min(successors, key=_rank)
        note = f"{heir.rule} took its place" + (f": {words}" if words else "")
        events.add(alert.alert_id, AlertChange.SUPERSEDED, note, heir.alert_id)
        return
    if withdrawn:
        note = f"the facts no longer say so: {words}" if words else "the facts no longer say so"
        events.add(alert.alert_id, AlertChange.WITHDRAWN, note)
    else:
        events.add(alert.alert_id, AlertChange.RESOLVED, words)


def _compare(alert: Alert, record: AlertRecord | None) -> tuple[AlertChange | None, str]:
    """Say what becomes of an alert that holds, and why."""
    if record is None:
        return AlertChange.RAISED, ""
    if record.ended:
        return AlertChange.REOPENED, "the facts say so again"
    former = record.alert
    if former == alert:
        return None, ""
    words = describe_difference(former, alert)
    answered = record.state_on(dt.date.min) in (AlertState.ACKNOWLEDGED, AlertState.SNOOZED)
    if answered and has_risen(former.severity, alert.severity):
        return AlertChange.REOPENED, f"graver than what was answered: {words}"
    return AlertChange.UPDATED, words


def has_risen(former: Severity, severity: Severity) -> bool:
    """Whether a severity is graver than before."""
    return GRAVEST_FIRST.index(severity) < GRAVEST_FIRST.index(former)


def describe_difference(former: Alert, alert: Alert) -> str:
    """Say in words what changed of an alert."""
    words = []
    if former.severity is not alert.severity:
        words.append(f"{former.severity} → {alert.severity}")
    if former.provisional != alert.provisional:
        words.append("provisional" if alert.provisional else "confirmed")
    if former.untrusted != alert.untrusted:
        words.append("rests on an untrusted registration" if alert.untrusted else "trusted now")
    if former.text != alert.text:
        words.append(f"was: {former.text}")
    return "; ".join(words) or "its figures changed"


def _is_left_alone(record: AlertRecord, seen: Evaluation) -> bool:
    """Whether an alert that does not hold may not end: nobody could look."""
    return record.alert.subject in seen.unknown or _is_bound(record, seen)


def _is_bound(record: AlertRecord, seen: Evaluation) -> bool:
    """Whether what a later day made of an alert stands.

    What was written by a clock far ahead of this one binds nothing.
    """
    alert = record.alert
    if alert.date > seen.seen_until:
        return True
    believed = seen.now + CLOCK_AHEAD
    last = [e.as_of for e in record.events if e.change in EVALUATED and e.at <= believed]
    return not alert.lasting and max(last, default=dt.date.min) > seen.as_of


def _thread(alert: Alert) -> Thread:
    return alert.subject, alert.thread


def _gravest_of_each(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """Keep one alert of each id, the same whatever their order."""
    return {alert.alert_id: alert for alert in sorted(alerts, key=_rank, reverse=True)}


def _rank(alert: Alert) -> tuple[object, ...]:
    """Sort the gravest first, then the newest."""
    grave = GRAVEST_FIRST.index(alert.severity)
    return grave, -alert.date.toordinal(), alert.alert_id, repr(alert)


def apply_changes(standing: Mapping[str, AlertRecord], changes: Changes) -> dict[str, AlertRecord]:
    """Return the alerts as they stand after changes; those given and those newly raised."""
    alerts = {one: record.alert for one, record in standing.items()}
    alerts |= {alert.alert_id: alert for alert in changes.alerts}
    became: dict[str, list[AlertEvent]] = {one: list(r.events) for one, r in standing.items()}
    for event in changes.events:
        became.setdefault(event.alert_id, []).append(event)
    return {one: AlertRecord(alert, tuple(became.get(one, ()))) for one, alert in alerts.items()}
