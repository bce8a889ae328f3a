"""What happens on the days of a simulated year, and what goes wrong on which of them.

Times are true moments in UTC; ``offset`` is how far the machine's clock is off. Facts carry true
dates; the program only ever sees the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Zurich")
DAY = dt.timedelta(days=1)

EVALUATE, RECORDS, PERSONS = "evaluate", "records", "persons"

BEFORE, COMMIT, KEPT, SENT = "before", "commit", "kept", "sent"
"""Where a run is killed: before it writes, while it does, after it, after a mail was taken."""
LOST = (BEFORE, COMMIT)
"""Where nothing of a killed run is left."""

REFUSE, LATER, DROP = "refuse", "later", "drop"
"""A mail server that is down; that says 451; that takes mail and hangs up instead of saying so."""

CALM, PROCESS, THREADS, PROCESSES = "calm", "process", "threads", "processes"
"""Who evaluates: this process, another one, two threads at once, two other processes at once."""


@dataclass(frozen=True)
class Step:
    """One thing that is done at a moment."""

    true: dt.datetime
    what: str
    offset: dt.timedelta = dt.timedelta(0)
    how: str = CALM
    kill: str = ""

    @property
    def now(self) -> dt.datetime:
        """What the machine's clock says."""
        return self.true + self.offset

    @property
    def clock_date(self) -> dt.date:
        """The clinic's day, by the machine's clock."""
        return self.now.astimezone(ZONE).date()

    @property
    def counts(self) -> bool:
        """Whether it is an evaluation that leaves something behind."""
        return self.what == EVALUATE and self.kill not in LOST


@dataclass(frozen=True)
class Trouble:
    """What goes wrong; days are counted from the first.

    Attributes
    ----------
    jumps
        By how many days the clock is off on a day.
    outages
        Mail: first and last hour (true, local) of a day, and how it fails.
    kills
        Where the evening run of a day is killed, and whether by a signal to a real process.
    doubles
        Days on which two run at once in the evening.
    idle
        Days on which nothing is evaluated.
    restarts
        Every so many days the store is closed and opened again.
    """

    jumps: Mapping[int, int] = field(default_factory=dict)
    outages: Mapping[int, tuple[int, int, str]] = field(default_factory=dict)
    kills: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    doubles: Mapping[int, str] = field(default_factory=dict)
    idle: frozenset[int] = frozenset()
    restarts: int = 7


@dataclass(frozen=True)
class Calendar:
    """The days of a year; in the evening alerts run on ``busy`` days only (None: on all)."""

    begin: dt.date
    days: int
    trouble: Trouble
    busy: frozenset[int] | None = None

    def steps(self) -> Iterator[Step]:
        """Everything that is done, in order."""
        for day in range(self.days):
            yield from sorted(self._of_day(day), key=lambda step: step.true)
        for hour in (19, 20, 21):
            yield Step(self.at(self.days - 1, hour), EVALUATE)

    def at(self, day: int, hour: float) -> dt.datetime:
        """The moment of a local hour on a day."""
        clock = dt.time(int(hour), round(hour % 1 * 60), tzinfo=ZONE)
        return dt.datetime.combine(self.begin + day * DAY, clock).astimezone(dt.UTC)

    def mail_fails(self, true: dt.datetime) -> str:
        """How the mail server fails at a moment; empty: it works."""
        local = true.astimezone(ZONE)
        first, last, how = self.trouble.outages.get(self.day_of(local.date()), (0, 0, ""))
        return how if first <= local.hour < last else ""

    def day_of(self, date: dt.date) -> int:
        """The number of a date."""
        return (date - self.begin).days

    def _of_day(self, day: int) -> Iterator[Step]:
        offset = self.trouble.jumps.get(day, 0) * DAY
        yield Step(self.at(day, 11), PERSONS, offset)
        yield Step(self.at(day, 14), RECORDS, offset)
        if day in self.trouble.idle:
            return
        yield Step(self.at(day, 6.5), EVALUATE, offset)
        for true in self._more(day):
            yield Step(true, EVALUATE, offset)
        kill, how = self.trouble.kills.get(day, ("", self.trouble.doubles.get(day, CALM)))
        if self.busy is not None and day not in self.busy and not kill and how == CALM:
            return
        yield Step(self.at(day, 18), EVALUATE, offset, how, kill)
        if kill:
            yield Step(self.at(day, 19), EVALUATE, offset)

    def _more(self, day: int) -> Iterator[dt.datetime]:
        """More evaluations: in the night a clock changes, and as long as mail fails."""
        if self.at(day + 1, 0) - self.at(day, 0) != DAY:
            yield from (self.at(day, 0) + dt.timedelta(minutes=15 + 60 * n) for n in range(6))
        if day in self.trouble.outages:
            first, last, _how = self.trouble.outages[day]
            yield from (self.at(day, hour + 0.75) for hour in range(first, min(last + 5, 24), 3))
