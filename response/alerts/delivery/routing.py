"""Who is told what, over which way, and when: from what became of alerts to messages. Pure.

Each recipient gets one message per evaluation with all that it is to be told, or one digest a day.
Told are: alerts raised, open again or graver than before; alerts that nobody acknowledged in time,
to those who are told only then; and, to those who had been told of an alert, that it was withdrawn
or superseded. A condition that has ended stands in the inbox and is not told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from response.alerts.delivery.hours import DAY, find_last_digest, find_quiet_end
from response.alerts.delivery.telling import (
    Telling,
    find_last_state,
    find_news,
    find_opening,
    find_rise,
    is_unanswered,
)
from response.alerts.delivery.words import News, find_gravest, write_body, write_title
from response.alerts.ledger import CLOCK_AHEAD, GRAVEST_FIRST, SYSTEM, Changes
from response.alerts.record import AlertRecord
from response.alerts.settings import AlertSettings
from response.model import Alert, AlertEvent, AlertMessage
from response.terms import AlertChange, Audience, Channel, Severity

Records = dict[str, AlertRecord]
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient or webhook of the protocol: what it is told."""

    channel: Channel
    name: str
    audiences: tuple[Audience, ...]
    severities: tuple[Severity, ...]
    digest: bool
    escalation: bool

    def takes(self, alert: Alert) -> bool:
        """Whether it is told of an alert."""
        return alert.audience in self.audiences and alert.severity in self.severities


def list_addressees(settings: AlertSettings) -> tuple[Addressee, ...]:
    """List everybody who is told, in the order of the protocol; escalations are never a digest."""
    by_mail = [
        Addressee(
            Channel.MAIL,
            one.name,
            one.audiences,
            one.severities,
            one.mode == "digest" and not one.escalation,
            one.escalation,
        )
        for one in settings.recipients
    ]
    by_webhook = [
        Addressee(Channel.WEBHOOK, one.name, one.audiences, one.severities, False, one.escalation)
        for one in settings.webhooks
    ]
    return (*by_mail, *by_webhook)


def route(
    changes: Changes,
    standing: Mapping[str, AlertRecord],
    outbox: Sequence[AlertMessage],
    settings: AlertSettings,
    now: dt.datetime,
    as_of: dt.date | None = None,
) -> tuple[tuple[AlertMessage, ...], tuple[AlertEvent, ...]]:
    """Say which messages to queue after an evaluation, and what else became of alerts.

    Parameters
    ----------
    changes
        What the evaluation made of alerts; may be empty: snoozes run out and nobody acknowledges
        all the same.
    standing
        The alerts by id, before or after `changes`: all that have not ended and, for the digests,
        those that ended in the last eight days.
    outbox
        The messages queued before, sent or not, the oldest first: at least those of 30 days.
    settings
        Who is told what and when.
    now
        This moment, with a time zone.
    as_of
        The day that was evaluated; the local day of `now` if not given.

    Returns
    -------
    tuple of AlertMessage
        To be queued; none that is in `outbox` already.
    tuple of AlertEvent
        ``reopened`` where a snooze has run out, ``escalated`` where nobody acknowledged in time.
    """
    day = as_of or now.astimezone(settings.zone).date()
    addressees = list_addressees(settings)
    records = _apply(changes, standing)
    woken = _end_snoozes(records, day, now)
    _append(records, woken)
    escalated = _escalate(records, addressees, settings, now, day)
    _append(records, escalated)
    made = (*woken, *escalated)
    fresh = frozenset(event.event_id for event in (*changes.events, *made))
    messages = []
    known = {message.message_id for message in outbox}
    for one in addressees:
        told = _Told.of(one, outbox, settings)
        message = _address(one, records, told, fresh, settings, now)
        if message is not None and message.message_id not in known:
            messages.append(message)
    return tuple(messages), made


@dataclass(frozen=True, slots=True)
class _Told:
    """When a recipient was told of anything, and last of each alert, and until when it told."""

    moments: tuple[dt.datetime, ...]
    by_alert: Mapping[str, tuple[dt.datetime, dt.datetime]]

    @classmethod
    def of(cls, one: Addressee, outbox: Iterable[AlertMessage], settings: AlertSettings) -> _Told:
        by_alert: dict[str, tuple[dt.datetime, dt.datetime]] = {}
        moments = []
        for message in outbox:
            if (message.channel, message.recipient) == (one.channel, one.name):
                moments.append(message.at)
                until = find_last_digest(message.at, settings) if one.digest else message.at
                by_alert |= dict.fromkeys(message.alert_ids, (message.at, until))
        return cls(tuple(moments), by_alert)


def _address(
    one: Addressee,
    records: Records,
    told: _Told,
    fresh: frozenset[str],
    settings: AlertSettings,
    now: dt.datetime,
) -> AlertMessage | None:
    """Write the message to one recipient; ``None``: there is nothing to tell."""
    until, since = now, now
    if one.digest:
        until = find_last_digest(now, settings)
        if any(until <= moment <= now for moment in told.moments):
            return None
        last = max((moment for moment in told.moments if moment <= now), default=until - WEEK)
        since = min(last, until) - DAY
    found: dict[str, News] = {}
    for record in records.values():
        alert = record.alert
        told_at, told_until = told.by_alert.get(alert.alert_id, (None, None))
        # told by a clock that was ahead: what happens now would pass for known in a digest
        at_once = not one.digest or (told_at is not None and told_at > now)
        telling = Telling(
            takes=one.takes(alert),
            escalation=one.escalation,
            told_at=told_at,
            told_until=told_until,
            fresh=fresh if at_once else frozenset(),
            since=since,
            until=until,
            now=now,
        )
        event = find_news(record, telling)
        if event is not None:
            found[alert.alert_id] = News(alert, event)
    news = _sort(_fold_superseded(found, records))
    return _write(one, news, settings, now) if news else None


def _fold_superseded(found: dict[str, News], records: Records) -> list[News]:
    """Tell what was superseded as part of what took its place, where that is told as well."""
    kept = dict(found)
    for alert_id, news in found.items():
        heir = _find_heir(alert_id, records)
        if news.event.change is AlertChange.SUPERSEDED and heir in kept and not kept[heir].ends:
            kept[heir] = replace(kept[heir], replaces=(*kept[heir].replaces, alert_id))
            del kept[alert_id]
    return list(kept.values())


def _find_heir(alert_id: str, records: Records) -> str:
    """Find the last of the alerts that took each other's place."""
    passed: set[str] = set()
    while alert_id in records and alert_id not in passed:
        passed.add(alert_id)
        last = find_last_state(records[alert_id])
        if last.change is AlertChange.SUPERSEDED:
            alert_id = last.value
    return alert_id


def _sort(news: Iterable[News]) -> list[News]:
    """Sort the gravest first, what holds before what ended, then the newest."""
    return sorted(
        news,
        key=lambda one: (
            GRAVEST_FIRST.index(one.alert.severity),
            one.ends,
            -one.alert.date.toordinal(),
            one.alert.alert_id,
        ),
    )


def _write(
    one: Addressee, news: Sequence[News], settings: AlertSettings, now: dt.datetime
) -> AlertMessage:
    gravest = find_gravest(item.alert.severity for item in news)
    wakes = gravest in settings.quiet_lets_through
    kind = "digest" if one.digest else "escalation" if one.escalation else "news"
    told = sorted(item.event.event_id for item in news)
    at = max(now, *(item.event.at for item in news))
    return AlertMessage(
        message_id=_digest(one.channel.value, one.name, kind, *told),
        at=at,
        not_before=now if wakes else find_quiet_end(now, settings) or now,
        channel=one.channel,
        recipient=one.name,
        alert_ids=tuple(
            alert_id for item in news for alert_id in (item.alert.alert_id, *item.replaces)
        ),
        title=write_title(news, settings, digest=one.digest),
        body=write_body(news, settings, digest=one.digest),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _apply(changes: Changes, standing: Mapping[str, AlertRecord]) -> Records:
    """Put what an evaluation made of alerts to what stood."""
    records = dict(standing)
    for alert in changes.alerts:
        former = records.get(alert.alert_id)
        records[alert.alert_id] = AlertRecord(alert, former.events if former else ())
    _append(records, changes.events)
    return {alert_id: record for alert_id, record in records.items() if record.events}


def _append(records: Records, events: Iterable[AlertEvent]) -> None:
    for event in events:
        record = records[event.alert_id]
        if all(event.event_id != one.event_id for one in record.events):
            records[event.alert_id] = replace(record, events=(*record.events, event))


def _end_snoozes(records: Records, day: dt.date, now: dt.datetime) -> tuple[AlertEvent, ...]:
    """Open what was snoozed until a day that has come."""
    ended = []
    for record in records.values():
        last = find_last_state(record)
        if last.change is AlertChange.SNOOZED and dt.date.fromisoformat(last.value) <= day:
            note = f"was snoozed until {last.value}"
            ended.append(_make_event(record, AlertChange.REOPENED, day, now, note))
    return tuple(ended)


def _escalate(
    records: Records,
    addressees: Sequence[Addressee],
    settings: AlertSettings,
    now: dt.datetime,
    day: dt.date,
) -> tuple[AlertEvent, ...]:
    """Escalate what nobody answered in time, where there is somebody to tell."""
    limits = {
        Severity.HIGH: settings.escalate_high_hours,
        Severity.MEDIUM: settings.escalate_medium_hours,
    }
    made = []
    for record in records.values():
        hours = limits.get(record.alert.severity, 0)
        heard = any(one.escalation and one.takes(record.alert) for one in addressees)
        if not hours or not heard or not is_unanswered(record):
            continue
        since = find_rise(record) or record.events[find_opening(record)]
        by_wrong_clock = since.at > now + CLOCK_AHEAD
        if by_wrong_clock or now - since.at >= dt.timedelta(hours=hours):
            note = f"nobody acknowledged it in {hours} hours"
            made.append(_make_event(record, AlertChange.ESCALATED, day, now, note))
    return tuple(made)


def _make_event(
    record: AlertRecord, change: AlertChange, day: dt.date, now: dt.datetime, note: str
) -> AlertEvent:
    alert_id = record.alert.alert_id
    event_id = _digest(alert_id, change.value, record.events[-1].event_id)
    return AlertEvent(event_id, alert_id, now, day, change, SYSTEM, note)
