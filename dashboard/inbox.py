"""What the pages read of alerts: the list, one with its history, the outbox, whether all runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.alert_list import (
    Wanted,
    choose_records,
    count_open,
    read_wanted,
)
from response.alerts.delivery.outbox import Posted
from response.alerts.record import AlertRecord
from response.alerts.runner.health import check_health, describe_problem
from response.alerts.runner.last_protocol import read_protocol_or_last
from response.alerts.settings import AlertSettings
from response.model import Alert
from response.store import Store
from response.terms import AccountRole, Severity
from response.workspace import Workspace

MAY_ACT = frozenset({AccountRole.ADMIN, AccountRole.READER})
"""The roles that may acknowledge, snooze, assign and note."""

DEAD_LETTERS = "dead letters"
"""By which the health of alerts names messages that were given up."""


@dataclass(frozen=True, slots=True)
class Watch:
    """When alerts were evaluated last, and what has stopped, in sentences."""

    last_at: dt.datetime | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The alerts whose facts stand, and the clinic's day."""

    records: tuple[AlertRecord, ...]
    today: dt.date

    def count(self) -> Mapping[Severity, int]:
        """Count those that are open, of each severity."""
        return count_open(self.records, self.today)

    def of_subject(self, key: str) -> tuple[AlertRecord, ...]:
        """Return those of a subject, the gravest first."""
        return choose_records(self.records, Wanted("all", subject=key), self.today, "")


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
        today = _now().astimezone(settings.zone).date()
        records = self._store.alerts.read_records(ended=wanted.with_ended)
        opened = self._open(query.get("alert", ""))
        subject = self._store.read_subject_by_key(wanted.subject) if wanted.subject else None
        return InboxView(
            wanted=wanted,
            chosen=choose_records(records, wanted, today, me),
            considered=choose_records(records, Wanted(wanted.state), today, me),
            subject=subject.subject if subject else "",
            opened=opened,
            missing=bool(query.get("alert")) and opened is None,
            names=self.read_names(),
            outbox=self._store.alerts.read_outbox(sent=False),
            watch=self.read_watch(),
            today=today,
            zone=settings.zone,
        )

    def read_names(self) -> tuple[str, ...]:
        """Read the names of the accounts that an alert may be assigned to."""
        accounts = self._store.read_accounts()
        return tuple(a.name for a in accounts if a.role in MAY_ACT and not a.disabled)

    def find_subject_key(self, alert_id: str) -> str:
        """Find whom an alert is about; empty: there is no such alert, or it is about nobody."""
        found = self._store.alerts.read_records(alert_ids=[alert_id]) if alert_id else ()
        return found[0].alert.subject_key if found else ""

    def read_standing(self) -> Standing:
        """Read the alerts whose facts stand."""
        today = _now().astimezone(self.settings.zone).date()
        return Standing(self._store.alerts.read_records(ended=False), today)

    def read_watch(self) -> Watch:
        """Read whether alerts are evaluated and messages get through.

        Messages given up are counted as they are now, not as the last round left them.
        """
        now = _now()
        health = check_health(self._workspace, now)
        found = [one for one in health.problems if one.episode != DEAD_LETTERS]
        said = [f"{describe_problem(one, now)}." for one in found]
        dead = self._store.alerts.count_dead_letters()
        if dead:
            letters = "1 message was" if dead == 1 else f"{dead} messages were"
            where = "administrators find them at the end of the page of alerts"
            said.append(f"{letters} given up and not delivered: {where}.")
        return Watch(health.beat.last_evaluation_at, tuple(said))

    @property
    def settings(self) -> AlertSettings:
        """The choices for alerts; the last ones that could be read while the file is broken."""
        return read_protocol_or_last(self._workspace)[0].alerts

    def _open(self, alert_id: str) -> Opened | None:
        found = self._store.alerts.read_records(alert_ids=[alert_id]) if alert_id else ()
        if not found:
            return None
        told = self._store.alerts.read_outbox(alert_id=alert_id)
        return Opened(found[0], self._store.alerts.read_versions(alert_id), told)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
