"""A clinic that lives through a simulated year with the program's real parts.

A real workspace and database, the real rules, ledger, outbox and SMTP, and a mail server of its own
that fails when it is told to. Only the clock is given.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn
from unittest.mock import patch

import year_process
from year_calendar import (
    EVALUATE,
    PERSONS,
    PROCESS,
    PROCESSES,
    RECORDS,
    THREADS,
    ZONE,
    Calendar,
    Step,
)
from year_mail import MailHouse
from year_patients import Action, Plan
from year_process import plant_kill, run_once

from response.alerts.acts import Person, acknowledge
from response.alerts.run import RunReport
from response.model import Reader
from response.pipeline import assess_all
from response.store import Store
from response.terms import AlertState
from response.workspace import Workspace

LINK = "https://tracker.example"
PROTOCOL = """
[alerts]
time_zone = "Europe/Zurich"
link = "{link}"
escalate_medium_hours = 0
[alerts.mail]
server = "127.0.0.1"
port = {port}
security = "none"
[[alerts.recipients]]
name = "ward"
address = "ward@clinic.example"
[[alerts.recipients]]
name = "chief"
address = "chief@clinic.example"
severities = ["high"]
escalation = true
[[alerts.recipients]]
name = "registry"
address = "registry@clinic.example"
severities = ["high", "medium", "low"]
mode = "digest"
[[alerts.recipients]]
name = "operator"
address = "operator@clinic.example"
audiences = ["operator"]
"""


class Killed(BaseException):
    """The runner was killed."""


def _die() -> NoReturn:
    raise Killed


@dataclass
class Clinic:
    """The clinic; :meth:`live` goes through the days."""

    home: Path
    plans: Sequence[Plan]
    calendar: Calendar
    mail: MailHouse
    reports: list[tuple[Step, RunReport]] = field(default_factory=list)
    idle_cpu_s: list[float] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        self.workspace = Workspace.open(self.home, create=True)
        text = PROTOCOL.format(port=self.mail.port, link=LINK)
        (self.home / "protocol.toml").write_text(text)
        self.store = Store(self.workspace, keep=True)
        self._answered = {plan.subject for plan in self.plans if plan.answered}
        self._by_day: dict[int, list[Action]] = defaultdict(list)
        for plan in self.plans:
            for action in plan.actions:
                self._by_day[action.day].append(action)

    def live(self) -> None:
        """Take in what is there already, and go through all days."""
        for day in sorted(day for day in self._by_day if day < 0):
            for action in self._by_day[day]:
                self._write(action, self.calendar.begin)
        do = {EVALUATE: self._evaluate, RECORDS: self._record, PERSONS: self._answer}
        for step in self.calendar.steps():
            self.mail.now = step.now
            self.mail.fail(self.calendar.mail_fails(step.true))
            do[step.what](step)
        self.mail.fail("")

    # ------------------------------------------------------------------------------- the records

    def _record(self, step: Step) -> None:
        day = self.calendar.day_of(step.true.astimezone(ZONE).date())
        for action in self._by_day.get(day, ()):
            self._write(action, step.clock_date)
        if day % self.calendar.trouble.restarts == 0:
            self._restart()

    def _write(self, action: Action, today: dt.date) -> None:
        store, actor = self.store, "data manager"
        store.write_subject_facts(action.facts, actor=actor)
        store.write_readings(action.subject, Reader(), action.readings, actor=actor)
        if not action.assess:
            return
        subject = store.read_subject(action.subject)
        assert subject is not None
        clock = SimpleNamespace(date=SimpleNamespace(today=lambda: today))
        for name in action.criteria:
            with patch("response.pipeline.dt", clock):
                report = assess_all(self.workspace, store, [subject], actor=actor, criterion=name)
            assert not report.refused, report.refused

    def _answer(self, step: Step) -> None:
        person = Person("Dr Ada", step.now, step.clock_date)
        for record in self.store.alerts.read_records(ended=False):
            is_open = record.state_on(dt.date.min) is AlertState.OPEN
            if is_open and record.alert.subject in self._answered:
                acknowledge(self.store, record.alert.alert_id, person)

    def _restart(self) -> None:
        self.store.close()
        self.store = Store(self.workspace, keep=True)

    # ------------------------------------------------------------------------------- evaluations

    def _evaluate(self, step: Step) -> None:
        if step.how == PROCESS:
            self._run_processes(step, 1)
        elif step.how == PROCESSES:
            self._run_processes(step, 2)
        elif step.how == THREADS:
            self._run_threads(step)
        elif step.kill:
            self._run_until_killed(step)
        else:
            begun = time.process_time()
            report = run_once(self.workspace, self.store, step.now)
            self._note(step, report)
            if not report.changes.events and not report.sent and not report.failed:
                self.idle_cpu_s.append(time.process_time() - begun)

    def _note(self, step: Step, report: RunReport) -> None:
        assert not report.refused, report.refused
        assert not report.at_work
        self.reports.append((step, report))

    def _run_until_killed(self, step: Step) -> None:
        plant_kill(self.store, step.kill, _die)
        try:
            run_once(self.workspace, self.store, step.now)
        except Killed:
            self.killed += 1
        self._restart()

    def _run_processes(self, step: Step, number: int) -> None:
        self.store.close()
        command = [sys.executable, year_process.__file__, str(self.home), step.now.isoformat()]
        command += [step.kill] if step.kill else []
        running = [subprocess.Popen(command) for _ in range(number)]
        ended = [one.wait(timeout=120) for one in running]
        self.killed += sum(code == -9 for code in ended)
        assert set(ended) <= ({0, -9} if step.kill else {0}), ended
        self.store = Store(self.workspace, keep=True)

    def _run_threads(self, step: Step) -> None:
        made: list[RunReport] = []

        def run() -> None:
            store = Store(self.workspace)
            made.append(run_once(self.workspace, store, step.now))
            store.close()

        threads = [threading.Thread(target=run) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(120)
        assert len(made) == 2
        for report in made:
            self._note(step, report)
