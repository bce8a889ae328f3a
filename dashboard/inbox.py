"""What the pages read of alerts: the list, one with its history, the outbox, whether all runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.alert_list import (
    Wanted,
    choose_records,
    count_open,
    read_wanted,
)
from response.alerts.beat import Beat
from response.alerts.beat_file import read_beat
from response.alerts.last_protocol import read_protocol_or_last
from response.alerts.outbox import Posted
from response.alerts.record import AlertRecord
from response.alerts.rules_program import evaluate_program, is_in_use
from response.alerts.settings import AlertSettings
from response.model import Alert
from response.store import Store
from response.terms import AccountRole, AlertState, Outcome, Severity
from response.workspace import Workspace

MAY_ACT = frozenset({AccountRole.ADMIN, AccountRole.READER})
"""The roles that may acknowledge, snooze, assign and note."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether somebody is told: when alerts were evaluated last, and what has stopped.

    ``in_use`` is whether anybody relies on alerts here.
    """

    last_at: dt.datetime | None
    in_use: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """One alert: how it stands, how its facts stood before, and the messages that told of it."""

    record: AlertRecord
    versions: tuple[Alert, ...]
    told: tuple[Posted, ...]


@dataclass(frozen=True, slots=True)
class InboxView:
    """What the page of alerts shows.

    Attributes
    ----------
    chosen
        The alerts that the address asks for, the gravest first.
    considered
        All there are of the states it asks for, to choose rules from.
    subject
        The name of the subject that it asks for; empty: of any.
    opened, missing
        The alert that it opens; whether it names one that there is not.
    names
        The accounts that an alert may be assigned to.
    outbox
        Messages that wait or were given up.
    """

    wanted: Wanted
    chosen: tuple[AlertRecord, ...]
    considered: tuple[AlertRecord, ...]
    subject: str
    opened: Opened | None
    missing: bool
    names: tuple[str, ...]
    outbox: tuple[Posted, ...]
    watch: Watch
    today: dt.date
    zone: dt.tzinfo


class Inbox:
    """Reads alerts for the pages.

    Parameters
    ----------
    workspace
        Where the protocol and the heartbeat are.
    store
        Where the alerts are.
    """

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._workspace = workspace
        self._store = store

    def read(self, query: Mapping[str, str], me: str) -> InboxView:
        """Read what the page of alerts shows, as an address asks and somebody looks."""
        wanted, settings = read_wanted(query), self.settings
        now = _now()
        today = now.astimezone(settings.zone).date()
        records = self._store.alerts.read_records(ended=wanted.with_ended)
        outbox = self._store.alerts.read_outbox()
        opened = self._open(query.get("alert", ""), outbox)
        unsent = tuple(one for one in outbox if one.outcome is not Outcome.SENT)
        subject = self._store.read_subject_by_key(wanted.subject) if wanted.subject else None
        return InboxView(
            wanted=wanted,
            chosen=choose_records(records, wanted, today, me),
            considered=choose_records(records, Wanted(wanted.state), today, me),
            subject=subject.subject if subject else "",
            opened=opened,
            missing=bool(query.get("alert")) and opened is None,
            names=self.read_names(),
            outbox=unsent,
            watch=self._find_problems(settings, now, count_dead(unsent)),
            today=today,
            zone=settings.zone,
        )

    def read_names(self) -> tuple[str, ...]:
        """Read the names of the accounts that an alert may be assigned to."""
        accounts = self._store.read_accounts()
        return tuple(a.name for a in accounts if a.role in MAY_ACT and not a.disabled)

    def read_standing(self, subject_key: str) -> tuple[tuple[AlertRecord, ...], dt.date]:
        """Read the alerts of a subject whose facts stand, the gravest first; and the day it is."""
        today = _now().astimezone(self.settings.zone).date()
        records = self._store.alerts.read_records(ended=False)
        return choose_records(records, Wanted("all", subject=subject_key), today, ""), today

    def count(self) -> Mapping[Severity, int]:
        """Count the open alerts of each severity."""
        today = _now().astimezone(self.settings.zone).date()
        return count_open(self._store.alerts.read_records(ended=False), today)

    def read_watch(self) -> Watch:
        """Read whether alerts are evaluated and messages get through."""
        return self._find_problems(self.settings, _now())

    @property
    def settings(self) -> AlertSettings:
        """The choices for alerts; the last ones that could be read while the file is broken."""
        return read_protocol_or_last(self._workspace)[0].alerts

    def _open(self, alert_id: str, outbox: tuple[Posted, ...]) -> Opened | None:
        found = self._store.alerts.read_records(alert_ids=[alert_id]) if alert_id else ()
        if not found:
            return None
        told = tuple(one for one in outbox if alert_id in one.message.alert_ids)
        return Opened(found[0], self._store.alerts.read_versions(alert_id), told)

    def _find_problems(
        self, settings: AlertSettings, now: dt.datetime, dead: int | None = None
    ) -> Watch:
        beat, damaged = read_beat(self._workspace.home)
        _protocol, broken = read_protocol_or_last(self._workspace)
        warnings = [words for words in (damaged, broken) if words]
        given_up = beat.dead_letters if dead is None else dead
        return watch_over(beat, settings, now, given_up, warnings)


def watch_over(
    beat: Beat,
    settings: AlertSettings,
    now: dt.datetime,
    dead: int,
    warnings: Sequence[str] = (),
) -> Watch:
    """Say what has stopped, by the heartbeat.

    Parameters
    ----------
    dead
        How many messages were given up and wait for a person.
    warnings
        What is wrong with the files that say so.
    """
    said = list(warnings)
    in_use = is_in_use(beat, settings)
    if in_use and beat.last_evaluation_at is None and not warnings:
        said.append(
            "Alerts have never been evaluated here, though somebody is to be told of them: "
            "see that 'response alerts serve', or a timer of 'response alerts run', is at work."
        )
    every = settings.model_copy(update={"off": ()})
    said += [f"{one.text}; {one.suggestion}." for one in evaluate_program(beat, now, every)]
    if dead:
        letters = "1 message was" if dead == 1 else f"{dead} messages were"
        said.append(f"{letters} given up and not delivered: administrators find them below Alerts.")
    return Watch(beat.last_evaluation_at, in_use, tuple(s[:1].upper() + s[1:] for s in said))


def count_dead(outbox: tuple[Posted, ...]) -> int:
    """Count the messages that nobody tries again."""
    return sum(one.outcome is Outcome.DEAD for one in outbox)


def is_open(record: AlertRecord, today: dt.date) -> bool:
    """Whether an alert waits for somebody on a day."""
    return record.state_on(today) is AlertState.OPEN


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
