"""``response alerts serve``: evaluate every so often, send what falls due, until told to end.

One runner at a time per workspace; others stand by and take over when it ends or is killed. Every
start evaluates at once: runs that were missed are caught up by one. So does a clock that jumps, a
machine that wakes, and a schedule that has come to a halt.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from response.alerts.runner.health import NO_OPERATOR, list_operators
from response.alerts.runner.last_protocol import read_protocol_or_last
from response.alerts.runner.lock import RUNNER, hold_lock
from response.alerts.runner.schedule_file import make_store, read_next_runs, set_aside
from response.alerts.runner.schedule_work import StoppingError, Work
from response.alerts.settings import AlertSettings
from response.workspace import Workspace

EVALUATE, DIGEST, DELIVER = "evaluate", "digest", "deliver"

FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class Pace:
    """How quick a schedule goes, in seconds.

    Attributes
    ----------
    evaluate_s
        In place of ``evaluate_minutes``, where given.
    deliver_s
        How often messages that have fallen due are sent between two evaluations.
    retry_s
        How soon an evaluation that failed is tried again, if the next is not sooner.
    watch_s
        How often the clock, the schedule and the wish to end are looked at.
    jump_s
        By how much the clock must move by itself to count as a jump.
    halt_s
        How late an evaluation may begin before the schedule counts as halted.
    stop_s
        How long the work under way may go on when told to end.
    """

    evaluate_s: float | None = None
    deliver_s: float = 60.0
    retry_s: float = 300.0
    watch_s: float = 0.5
    jump_s: float = 20.0
    halt_s: float = 60.0
    stop_s: float = 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """When things are done."""

    zone: dt.tzinfo
    evaluate_s: float
    digest_at: dt.time

    @classmethod
    def of(cls, settings: AlertSettings, pace: Pace) -> Plan:
        """Make the plan of some settings."""
        seconds = pace.evaluate_s or settings.evaluate_minutes * 60.0
        return cls(settings.zone, seconds, dt.time.fromisoformat(settings.digest_at))


_servers: dict[str, Server] = {}


def run_scheduled(home: str, what: str) -> None:
    """Do what the schedule of a workspace asks for; the schedule calls it by name."""
    server = _servers.get(home)
    if server is not None:
        server.work_on(what)


@dataclass(slots=True)
class Server:
    """Keeps the schedule of one workspace.

    Attributes
    ----------
    say
        Takes a line for the log.
    read_clock, read_steady
        The clock on the wall, and one that is never set.
    """

    workspace: Workspace
    say: Callable[[str], None]
    pace: Pace = field(default_factory=Pace)
    read_clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    read_steady: Callable[[], float] = time.monotonic
    _stopping: bool = False
    _ended: bool = False
    _why_anew: str = ""
    _plan: Plan | None = None
    _scheduler: BlockingScheduler | None = None
    _evaluated_at: float = 0.0
    _again_at: float = FOR_EVER
    _working: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """Ask the server to end; safe to call from a signal handler."""
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping

    def serve(self) -> bool:
        """Keep the schedule until asked to end.

        Returns
        -------
        bool
            Whether nothing is under way any more; else the process is to end all the same: what
            was not finished is done by the next runner.
        """
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what fails is said by us
        lock = self.workspace.home / RUNNER
        with hold_lock(lock, wait_s=0) as held:
            if held:
                return self._keep_schedule()
        self.say("another 'alerts serve' is at work here: standing by")
        with hold_lock(lock, wait_s=FOR_EVER, poll_s=0.5, give_up=self.is_stopping) as held:
            if not held:
                return True
            self.say("the other one has ended: taking over")
            return self._keep_schedule()

    def work_on(self, what: str) -> None:
        """Do one thing, unless another one is under way or the server is ending."""
        if not self._working.acquire(blocking=what != DELIVER):
            return
        try:
            if not self._stopping:
                self._do(what)
        except StoppingError:
            self.say("ended before everything was sent; the next runner sends the rest")
        except Exception as error:  # no error ends a schedule
            self.say(f"ALERT: {what} failed ({type(error).__name__}); tried again")
        finally:
            self._working.release()

    def _do(self, what: str) -> None:
        work = Work(self.workspace, self.read_clock, self.say, self.is_stopping)
        if what == DELIVER and self.read_steady() < self._again_at:
            if not work.deliver():
                self._again_at = self.read_steady() + self.pace.retry_s
            return
        self._again_at = self.read_steady() + self.pace.retry_s
        settings, went_through = work.evaluate()
        self._evaluated_at = self.read_steady()
        if went_through:
            self._again_at = FOR_EVER
        if self._plan not in (None, Plan.of(settings, self.pace)):
            self._why_anew = "the protocol has another pace: the schedule is made anew"

    def _keep_schedule(self) -> bool:
        home = str(self.workspace.home)
        _servers[home] = self
        watcher = threading.Thread(target=self._watch, name="response-watch", daemon=True)
        watcher.start()
        missed, warning = read_next_runs(self.workspace.home)
        self._tell_missed(missed, warning)
        try:
            while not self._stopping:
                self._run_schedule()
        finally:
            self._ended = True
            watcher.join(timeout=self.pace.stop_s)
            _servers.pop(home, None)
        finished = self._working.acquire(timeout=self.pace.stop_s)
        if finished:
            self._working.release()
        self.say("ended" if finished else "ended in the middle of work; the next runner does it")
        return finished

    def _tell_missed(self, missed: Mapping[str, dt.datetime], warning: str) -> None:
        if warning:
            self.say(f"ALERT: {warning}")
        due = missed.get(EVALUATE)
        if due is not None and due < self.read_clock():
            self.say(f"evaluations were missed since {due:%Y-%m-%d %H:%M} UTC: made up for now")

    def _run_schedule(self) -> None:
        """Keep one schedule until told to end, or until it must be made anew."""
        settings = read_protocol_or_last(self.workspace)[0].alerts
        self._plan = plan = Plan.of(settings, self.pace)
        self._evaluated_at = self.read_steady()
        self._why_anew = ""
        store, warning = make_store(self.workspace.home)
        if warning:
            self.say(f"ALERT: {warning}")
        self._scheduler = scheduler = BlockingScheduler(
            jobstores={"default": store},
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=dt.UTC,
        )
        self._add_jobs(scheduler, plan)
        if not list_operators(settings):
            self.say(f"note: {NO_OPERATOR}")
        self.say(f"alerts are evaluated every {plan.evaluate_s / 60:g} minutes, {plan.zone}")
        try:
            scheduler.start()
        except Exception as error:  # the store fails under it: it is made anew
            self._why_anew = f"the schedule failed ({type(error).__name__}): made anew"
            _shut_down(scheduler)
        if self._why_anew and not self._stopping:
            self.say(f"ALERT: {self._why_anew}")
            time.sleep(self.pace.watch_s)

    def _add_jobs(self, scheduler: BlockingScheduler, plan: Plan) -> None:
        every = IntervalTrigger(seconds=plan.evaluate_s, timezone=dt.UTC)
        daily = CronTrigger(
            hour=plan.digest_at.hour, minute=plan.digest_at.minute, timezone=plan.zone
        )
        between = IntervalTrigger(seconds=self.pace.deliver_s, timezone=dt.UTC)
        home = str(self.workspace.home)
        at_once = {"next_run_time": dt.datetime.now(dt.UTC)}
        for name, trigger, when in (
            (EVALUATE, every, at_once),
            (DIGEST, daily, {}),
            (DELIVER, between, {}),
        ):
            scheduler.add_job(run_scheduled, trigger, id=name, args=[home, name], **when)

    def _watch(self) -> None:
        """End or renew the schedule where that is needed, as long as it is kept."""
        ahead = self._find_offset()
        while not self._ended:
            time.sleep(self.pace.watch_s)
            offset = self._find_offset()
            if abs(offset - ahead) > self.pace.jump_s:
                self._why_anew = f"the clock moved by {offset - ahead:+.0f} s: evaluated at once"
            elif not self._why_anew and self._is_halted():
                set_aside(self.workspace.home)
                self._why_anew = "the schedule has come to a halt: made anew"
            ahead = offset
            if self._stopping or self._why_anew:
                _shut_down(self._scheduler)

    def _find_offset(self) -> float:
        return self.read_clock().timestamp() - self.read_steady()

    def _is_halted(self) -> bool:
        if self._plan is None or self._working.locked():
            return False
        late = self.read_steady() - self._evaluated_at - self._plan.evaluate_s
        return late > self.pace.halt_s


def _shut_down(scheduler: BlockingScheduler | None) -> None:
    if scheduler is not None:
        try:
            scheduler.shutdown(wait=False)
        except SchedulerNotRunningError:
            return
