"""What a schedule does: one evaluation, or one round of sending. An error ends neither."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from response.alerts.delivery.deliver import DeliveryReport, make_senders
from response.alerts.delivery.send_due import send_due
from response.alerts.delivery.sending import Reply, Sender
from response.alerts.run import RunReport, is_wanted, run_alerts
from response.alerts.runner.beat_file import read_beat
from response.alerts.runner.last_protocol import keep_protocol, read_protocol_or_last
from response.alerts.runner.lock import hold_lease
from response.alerts.runner.outside import tell_outside
from response.alerts.settings import AlertSettings
from response.model import AlertMessage
from response.protocol import Protocol
from response.store import Store
from response.terms import Channel
from response.workspace import Workspace

ACTOR = "alerts serve"


class StoppingError(BaseException):
    """The runner was asked to end before a message was sent; no error of the work itself."""


@dataclass(frozen=True, slots=True)
class StoppableSender:
    """Sends as another does, until the runner is asked to end."""

    sender: Sender
    is_stopping: Callable[[], bool]

    def find_way(self, recipient: str) -> str | None:
        """Name the server a recipient is told through."""
        return self.sender.find_way(recipient)

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        """Send a message once.

        Raises
        ------
        StoppingError
            If the runner was asked to end: the message waits for the next one.
        """
        if self.is_stopping():
            raise StoppingError
        return self.sender.send(message, now)


def finish_run(workspace: Workspace, report: RunReport) -> tuple[str, ...]:
    """Do what a runner does after a good evaluation: keep the protocol, tell somebody outside.

    Returns
    -------
    tuple of str
        What somebody should know, in words that hold no identifier.
    """
    if report.at_work or report.shown_only:
        return ()
    protocol, problem = read_protocol_or_last(workspace)
    if not problem:
        keep_protocol(workspace)
    beat, _warning = read_beat(workspace.home)
    said = tell_outside(protocol.alerts.heartbeat_url, beat)
    return (said,) if said else ()


@dataclass(frozen=True, slots=True)
class Work:
    """The work on one workspace.

    Attributes
    ----------
    read_clock
        Gives this moment, with a time zone.
    say
        Takes a line for the log; none holds an identifier.
    is_stopping
        Whether the runner was asked to end.
    """

    workspace: Workspace
    read_clock: Callable[[], dt.datetime]
    say: Callable[[str], None]
    is_stopping: Callable[[], bool]

    def evaluate(self) -> tuple[AlertSettings, bool]:
        """Evaluate once, and send what is due.

        Nothing is raised but :class:`StoppingError`: what fails is said, and noted in the
        heartbeat.

        Returns
        -------
        AlertSettings
            Those that were gone by.
        bool
            Whether it went through; else it is to be tried again soon.
        """
        protocol, problem = read_protocol_or_last(self.workspace)
        if problem:
            words = "alerts go by the last protocol that could be read, else by the defaults"
            self.say(f"ALERT: {problem}; {words}")
        else:
            keep_protocol(self.workspace)
        try:
            report = self._run(protocol, instead=protocol if problem else None)
        except Exception as error:
            words = f"evaluation failed ({type(error).__name__}); it is tried again in minutes"
            self.say(f"ALERT: {words}; 'response alerts run' says more")
            return protocol.alerts, False
        self._say_report(report)
        for line in finish_run(self.workspace, report):
            self.say(line)
        return protocol.alerts, True

    def deliver(self) -> bool:
        """Send what has fallen due between two evaluations; evaluate if somebody asked for it.

        Returns
        -------
        bool
            Whether an evaluation that was asked for went through; also where none was.
        """
        if is_wanted(self.workspace):
            return self.evaluate()[1]
        protocol, _problem = read_protocol_or_last(self.workspace)
        settings = protocol.alerts
        if settings.recipients or settings.webhooks:
            try:
                with hold_lease(self.workspace.home, wait_s=0) as held:
                    made = self._send(settings) if held else DeliveryReport()
            except Exception as error:
                self.say(f"ALERT: sending failed ({type(error).__name__}); tried again soon")
                return True
            if made.sent or made.failed or made.dead:
                self.say(f"sent {made.sent}, failed {made.failed}, given up {made.dead}")
        return True

    def _run(self, protocol: Protocol, instead: Protocol | None) -> RunReport:
        with closing(Store(self.workspace, keep=True)) as store:
            return run_alerts(
                self.workspace,
                store,
                now=self.read_clock(),
                actor=ACTOR,
                by="serve",
                senders=self._make_senders(protocol.alerts),
                instead=instead,
            )

    def _send(self, settings: AlertSettings) -> DeliveryReport:
        with closing(Store(self.workspace)) as store:
            return send_due(
                self.workspace,
                store,
                settings,
                now=self.read_clock(),
                actor=ACTOR,
                senders=self._make_senders(settings),
            )

    def _make_senders(self, settings: AlertSettings) -> Mapping[Channel, Sender]:
        made = make_senders(settings)
        return {way: StoppableSender(one, self.is_stopping) for way, one in made.items()}

    def _say_report(self, report: RunReport) -> None:
        if report.at_work:
            self.say("another run is at work: it looks at everything there is")
            return
        self.say(
            f"evaluated {report.as_of}: {len(report.changes.events)} changes, "
            f"{report.open_count} open; sent {report.sent}, failed {report.failed}, "
            f"given up {report.dead}"
        )
        if report.refused:
            self.say(f"ALERT: {len(report.refused)} subjects could not be evaluated")
