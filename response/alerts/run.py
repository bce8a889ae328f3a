"""One run of the alerts: look at the facts, keep what became of alerts, queue and send messages.

Runs take turns by a lease. A run first leaves a mark that it wants one: a runner that finds the
mark after its own evaluation looks again, so that facts written while it was at work are not left
for the next one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from response.alerts.delivery.routing import route
from response.alerts.delivery.send_due import Senders, send_due
from response.alerts.facts import Picture, restrict
from response.alerts.ledger import Changes, Evaluation, apply_changes, reconcile
from response.alerts.present import describe_present, is_corrected
from response.alerts.read_facts import read_pictures
from response.alerts.record import AlertRecord
from response.alerts.rules.all_rules import evaluate
from response.alerts.rules.program import evaluate_program
from response.alerts.rules.refused import tell_refused
from response.alerts.runner.beat import Beat, note_evaluation, note_failure, note_protocol
from response.alerts.runner.beat_file import change_beat, read_beat
from response.alerts.runner.lock import hold_lease
from response.model import Alert, AlertMessage, Refusal
from response.protocol import Protocol
from response.store import Store
from response.workspace import Workspace

LEASE_WAIT_S = 10.0
"""How long a run waits for another one."""
LOOKS = 3
"""How often one run looks at most because others asked for it meanwhile."""

WANTED = "alerts.wanted"
"""The mark in a workspace that somebody wants a run."""


@dataclass(frozen=True, slots=True)
class Found:
    """What held on a day, whose facts could not be evaluated, and the rules that were not asked."""

    alerts: tuple[Alert, ...]
    pictures: Mapping[str, Picture]
    refused: tuple[Refusal, ...] = ()
    off: frozenset[str] = frozenset()

    def seen(self, day: dt.date, now: dt.datetime, seen_until: dt.date = dt.date.max) -> Evaluation:
        """Give it to be reconciled with what stands."""
        unknown = frozenset(one.subject for one in self.refused)
        if seen_until != dt.date.max:  # a day by itself says nothing of the program
            unknown |= {""}
        return Evaluation(self.alerts, day, now, seen_until, unknown, self.off)

    def describe(self, alert: Alert) -> str:
        """Say how what an alert was about stands now."""
        picture = self.pictures.get(alert.subject)
        return describe_present(picture, alert) if picture else ""

    def was_corrected(self, alert: Alert) -> bool:
        """Tell whether a correction took an alert's facts away."""
        picture = self.pictures.get(alert.subject)
        return picture is not None and is_corrected(picture, alert)


@dataclass(slots=True)
class RunReport:
    """What a run did.

    Attributes
    ----------
    as_of
        The day that was evaluated.
    at_work
        Whether another run was at work and does what this one would have done.
    shown_only
        Why nothing was written; empty: it was.
    holding
        Every alert that held.
    changes
        What became of alerts, and the messages queued.
    alerts
        The alerts that something became of, by id.
    open_count
        How many alerts stand, acknowledged and snoozed ones included.
    looks
        How often it looked.
    sent, failed, dead
        Messages sent, to be tried again, and given up.
    refused
        Subjects whose facts could not be evaluated: their alerts stand as they did.
    warnings
        What else somebody should know.
    """

    as_of: dt.date
    at_work: bool = False
    shown_only: str = ""
    holding: tuple[Alert, ...] = ()
    changes: Changes = field(default_factory=Changes)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    open_count: int = 0
    looks: int = 1
    sent: int = 0
    failed: int = 0
    dead: int = 0
    refused: tuple[Refusal, ...] = ()
    warnings: list[str] = field(default_factory=list)


def run_alerts(
    workspace: Workspace,
    store: Store,
    *,
    now: dt.datetime,
    as_of: dt.date | None = None,
    deliver: bool = True,
    actor: str,
    by: str = "run",
    quick: bool = False,
    wait_s: float = LEASE_WAIT_S,
    senders: Senders | None = None,
    instead: Protocol | None = None,
) -> RunReport:
    """Evaluate the alerts of a workspace once, and send what is due.

    An evaluation that fails is noted in the heartbeat before its error is raised.

    Parameters
    ----------
    now
        This moment, with a time zone.
    as_of
        The day to look at, with nothing that is dated later; else, and where it is today itself,
        today in the clinic's time zone with everything that is known. A day before the last
        evaluated one, or to come, is only shown: nothing is written or sent.
    deliver
        Whether due messages are sent.
    by
        What evaluates, for the heartbeat: ``run``, ``serve``, ``assess``.
    quick
        Give each message up sooner, where somebody waits for a command to end.
    wait_s
        How long to wait for another run.
    senders
        What sends over each channel; else as the protocol and the environment say.
    instead
        The protocol to go by where ``protocol.toml`` cannot be read.

    Raises
    ------
    ProtocolError
        If the protocol is not valid, and there is none instead.
    StoreError
        If the database cannot be used.
    """
    how = _How(now, as_of, deliver, actor, by, quick, wait_s, senders, instead)
    try:
        return _run(workspace, store, how)
    except Exception as error:
        kind = type(error).__name__
        change_beat(workspace.home, lambda beat: note_failure(beat, now, kind))
        raise


@dataclass(frozen=True, slots=True)
class _How:
    """How a run was asked for."""

    now: dt.datetime
    as_of: dt.date | None
    deliver: bool
    actor: str
    by: str
    quick: bool
    wait_s: float
    senders: Senders | None
    instead: Protocol | None


def is_wanted(workspace: Workspace) -> bool:
    """Whether somebody wanted a run while another, or a round of sending, was at work."""
    return (workspace.home / WANTED).exists()


def _run(workspace: Workspace, store: Store, how: _How) -> RunReport:
    protocol = how.instead or workspace.protocol()
    today = how.now.astimezone(protocol.alerts.zone).date()
    mark = workspace.home / WANTED
    with suppress(OSError):
        mark.touch(mode=0o600)
    with hold_lease(workspace.home, wait_s=how.wait_s) as held:
        if not held:
            return RunReport(how.as_of or today, at_work=True)
        mark.unlink(missing_ok=True)
        refused = how.instead is not None
        change_beat(workspace.home, lambda beat: note_protocol(beat, how.now, refused=refused))
        run = _Run(workspace, store, protocol, how, today)
        as_of = None if how.as_of == today else how.as_of
        report = run.look(as_of)
        while as_of is None and mark.exists() and report.looks < LOOKS:
            mark.unlink(missing_ok=True)
            report = _join(report, run.look(None))
        return report


def find_holding(
    store: Store,
    protocol: Protocol,
    beat: Beat,
    now: dt.datetime,
    as_of: dt.date | None = None,
) -> Found:
    """Find every alert that holds, without writing anything.

    Parameters
    ----------
    beat
        The heartbeat as it was before.
    as_of
        Look at this day, with nothing that is dated later, and not at the program itself.
    """
    day = as_of or now.astimezone(protocol.alerts.zone).date()
    pictures = read_pictures(store)
    if as_of is not None:
        pictures = [restrict(one, as_of) for one in pictures]
    held: list[Alert] = []
    refused = []
    for picture in pictures:
        try:
            held += evaluate([picture], day, protocol)
        except Exception as error:  # the other subjects are evaluated all the same
            words = f"its alerts could not be evaluated: {type(error).__name__}: {error}"
            refused.append(Refusal(picture.subject.subject, "", words))
            held += _tell_operators(picture, error, day, protocol)
    if as_of is None:
        held += evaluate_program(beat, now, protocol.alerts)
    known = {one.subject.subject: one for one in pictures}
    return Found(tuple(held), known, tuple(refused), _list_off(protocol))


def _list_off(protocol: Protocol) -> frozenset[str]:
    early = () if protocol.alerts.early_growth.enabled else ("early_growth",)
    return frozenset((*protocol.alerts.off, *early))


def _tell_operators(
    picture: Picture, error: Exception, day: dt.date, protocol: Protocol
) -> tuple[Alert, ...]:
    told = tell_refused(picture, type(error).__name__, day)
    return () if told.rule in protocol.alerts.off else (told,)


@dataclass(frozen=True, slots=True)
class Preview:
    """Alerts as the next run will leave them.

    Attributes
    ----------
    records
        Those that stand, and those that end now; all of them where those that have ended before
        are asked for.
    pending
        How many of them the next run will raise, change or end.
    refused
        Subjects whose facts could not be evaluated.
    """

    records: tuple[AlertRecord, ...]
    pending: int
    refused: tuple[Refusal, ...]


def preview_alerts(
    workspace: Workspace, store: Store, protocol: Protocol, now: dt.datetime, *, ended: bool = False
) -> Preview:
    """Look at the facts as they stand now, without writing anything.

    Parameters
    ----------
    ended
        Read all that have ended before, too.
    """
    today = now.astimezone(protocol.alerts.zone).date()
    beat, _warning = read_beat(workspace.home)
    found = find_holding(store, protocol, beat, now)
    holding = [one.alert_id for one in found.alerts]
    records = store.alerts.read_records(ended=ended)
    if not ended:
        records = (*records, *store.alerts.read_records(alert_ids=holding))
    known = {one.alert.alert_id: one for one in records}
    made = reconcile(known, found.seen(today, now), lambda: "", found.describe, found.was_corrected)
    changed = {one.alert_id for one in made.events}
    return Preview(tuple(apply_changes(known, made).values()), len(changed), found.refused)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, with the lease held."""

    workspace: Workspace
    store: Store
    protocol: Protocol
    how: _How
    today: dt.date

    def look(self, as_of: dt.date | None) -> RunReport:
        """Evaluate a day, keep what became of alerts, and send what is due."""
        beat, warning = read_beat(self.workspace.home)
        found = find_holding(self.store, self.protocol, beat, self.how.now, as_of)
        day = as_of or self.today
        report = RunReport(day, holding=found.alerts, refused=found.refused)
        report.warnings += [warning] if warning else []
        report.shown_only = self._why_shown_only(as_of, beat)
        if report.shown_only:
            report.open_count = len(found.alerts)
            return report
        report.changes = self._keep(found.seen(day, self.how.now, as_of or dt.date.max), found)
        changed = {event.alert_id for event in report.changes.events}
        known = self.store.alerts.read_records(alert_ids=changed)
        report.alerts = {one.alert.alert_id: one.alert for one in known}
        report.open_count = self.store.alerts.count_standing()
        report.warnings += self._note(day)
        if self.how.deliver:
            self._send(report)
        return report

    def _keep(self, seen: Evaluation, found: Found) -> Changes:
        settings = self.protocol.alerts

        def decide(
            standing: Mapping[str, AlertRecord], outbox: tuple[AlertMessage, ...]
        ) -> Changes:
            made = reconcile(
                standing, seen, lambda: uuid.uuid4().hex, found.describe, found.was_corrected
            )
            messages, more = route(made, standing, outbox, settings, self.how.now, seen.as_of)
            return Changes(made.alerts, (*made.events, *more), messages)

        return self.store.alerts.keep(
            decide,
            alert_ids=[one.alert_id for one in seen.holding],
            now=self.how.now,
            actor=self.how.actor,
        )

    def _note(self, day: dt.date) -> tuple[str, ...]:
        intake = self.store.alerts.find_last_intake()
        noted = change_beat(
            self.workspace.home,
            lambda beat: note_evaluation(beat, self.how.now, day, self.how.by, intake),
        )
        return () if noted else ("the heartbeat could not be written",)

    def _send(self, report: RunReport) -> None:
        made = send_due(
            self.workspace,
            self.store,
            self.protocol.alerts,
            now=self.how.now,
            actor=self.how.actor,
            quick=self.how.quick,
            senders=self.how.senders,
        )
        report.sent, report.failed, report.dead = made.sent, made.failed, made.dead
        report.warnings += [f"{way}: {why}" for way, why in sorted(made.closed.items())]

    def _why_shown_only(self, as_of: dt.date | None, beat: Beat) -> str:
        if as_of is None:
            return ""
        if as_of > self.today:
            return f"{as_of} is to come: nothing was written or sent"
        days = (self.store.alerts.find_last_day(), beat.last_evaluation_as_of)
        last = max((day for day in days if day), default=as_of)
        if last > as_of:
            return f"{last} was evaluated already: nothing was written or sent"
        return ""


def _join(first: RunReport, then: RunReport) -> RunReport:
    """Put two looks of one run together."""
    before, after = first.changes, then.changes
    then.changes = Changes(
        (*before.alerts, *after.alerts),
        (*before.events, *after.events),
        (*before.messages, *after.messages),
    )
    then.alerts = {**first.alerts, **then.alerts}
    then.looks += first.looks
    then.sent += first.sent
    then.dead += first.dead
    return then
