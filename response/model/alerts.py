"""What somebody must look at, what became of it, and the messages that say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from response.model.people import Reader
from response.terms import AlertChange, Audience, Channel, Outcome, Severity


@dataclass(frozen=True, slots=True)
class Alert:
    """One fact that a person must see, as it stands.

    ``alert_id`` is opaque and made of ``rule``, subject, reader, criterion, line, lesion and
    episode, so that the same fact is the same alert in every evaluation. ``date`` is the day of the
    fact: of the scan that shows it, or the day something fell due. Alerts of one ``thread`` tell
    one story: a new one supersedes what it replaces. ``lasting`` facts are withdrawn when they turn
    out not to hold; the others are conditions, resolved when they end. ``numbers`` are the figures
    behind it, each with its unit in its name. ``subject`` is empty where the program itself is what
    must be looked at.
    """

    alert_id: str
    rule: str
    severity: Severity
    audience: Audience
    date: dt.date
    text: str
    suggestion: str
    subject: str = ""
    subject_key: str = ""
    reader: Reader | None = None
    criterion: str = ""
    line: str = ""
    time_point: str = ""
    tracking_uid: str = ""
    tracking_id: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    untrusted: bool = False
    lasting: bool = True
    thread: str = ""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something that became of an alert, by an evaluation (``actor`` is ``system``) or a person.

    ``at`` is the moment it was written, ``as_of`` the day that was evaluated. ``value`` is who it
    was assigned to, until when it is snoozed (ISO date), or the alert that superseded it.
    """

    event_id: str
    alert_id: str
    at: dt.datetime
    as_of: dt.date
    change: AlertChange
    actor: str
    note: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message to one recipient over one channel, kept until it is delivered.

    ``message_id`` stays the same however often it is sent, so that a mail server or receiver can
    drop the copies. ``recipient`` is a name of the protocol, never an address.
    """

    message_id: str
    at: dt.datetime
    not_before: dt.datetime
    channel: Channel
    recipient: str
    alert_ids: tuple[str, ...]
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt to send a message; a failed one says when to try again."""

    attempt_id: str
    message_id: str
    at: dt.datetime
    outcome: Outcome
    detail: str = ""
    next_at: dt.datetime | None = None
