"""Patients of a year with the alerts they must raise, written by hand from what a clinic expects.

Nothing here knows the program's rules: each course is so plain that a person can say from it which
alerts are due, from what the criteria and the list of rules ask for. Days are counted from
the first of the simulation. What is done to the records on a day is done at 14:00.

What is taken as given (RECIST 1.1: 20 % and 5 mm over the nadir, confirmation from 4 weeks on;
iRECIST: confirmation 4 to 8 weeks after iUPD; the program's documented choices: a scan every 56
days, counted from the start or from a scan that came later than its day, 7 days of tolerance, two
missed visits are 119 days, a window is urgent in its last week, progression is near from +15 %).
Early growth: 14 % at once in a sum of five lesions, of which each is measured to some 6 %, is three
standard errors and more; 16 % of one lesion is less than two: near, but nothing to write home about
(low), where 17 % of five lesions is both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from response.model import LesionReading, SubjectFacts
from response.terms import LesionState, Role

Said = int | str | tuple[str, int]
"""What is said of a lesion: millimetres, a state, or both."""
Lesions = Mapping[str, Said]

INTERVAL, TOLERANCE, TWO_MISSED = 56, 7, 119
CONFIRM, CLOSING = 28, 49
"""Days after a response or progression: it can be confirmed; the last week of 8 begins."""

ROLES = {"T": Role.TARGET, "P": Role.NON_TARGET, "N": Role.NEW}
USUAL: Lesions = {"T1": 30, "T2": 20, "P1": "PRESENT"}
CLEAR: Lesions = {"": "ABSENT"}
GONE: Lesions = {"T1": "ABSENT", "T2": "ABSENT", "P1": "ABSENT"}
SMALLER: Lesions = {"T1": 18, "T2": 12, "P1": "PRESENT"}
LARGER: Lesions = {"T1": 42, "T2": 28, "P1": "PRESENT"}
LARGEST: Lesions = {"T1": 52, "T2": 38, "P1": "PRESENT"}


@dataclass(frozen=True)
class Spell:
    """A time during which a fact holds.

    ``seen`` and ``gone`` are days on which the records say so; ``due`` and ``gone_due`` days of the
    calendar. ``end`` and ``end_due`` say how an alert ends by the one and by the other.
    """

    seen: int
    due: int | None = None
    gone: int | None = None
    gone_due: int | None = None
    end: str = "resolved"
    end_due: str = "superseded"


@dataclass(frozen=True)
class Planted:
    """An alert that must be raised, and how it ends; by all that tells it apart from others.

    ``low``: it stands in the inbox only; ``passing``: it is a condition, though others of its rule
    are facts that last; ``waits``: the rule of the alert since whose raising it waits for a person.
    """

    subject: str
    rule: str
    time_point: str
    spells: tuple[Spell, ...]
    lesion: str = ""
    criterion: str = ""
    heir: str = ""
    low: bool = False
    passing: bool = False
    waits: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells it apart."""
        return (self.subject, self.rule, self.time_point, self.lesion, self.criterion)


@dataclass(frozen=True)
class Action:
    """What is written of a patient on a day: all readings and dates as they are believed then."""

    day: int
    subject: str
    readings: tuple[LesionReading, ...]
    facts: SubjectFacts
    criteria: tuple[str, ...]
    assess: bool = True


@dataclass
class Plan:
    """One patient as it will go; ``start`` is the day on which treatment starts."""

    subject: str
    begin: dt.date
    start: int
    jitter: tuple[int, ...]
    criterion: str = "recist11"
    answered: bool = True
    kind: str = ""
    baseline: Lesions = field(default_factory=lambda: USUAL)
    actions: list[Action] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    more_criteria: tuple[str, ...] = ()
    _read: dict[str, tuple[int, Lesions]] = field(default_factory=dict)
    _facts: dict[str, dt.date] = field(default_factory=dict)

    def open(self) -> None:
        """Write the baseline, of five days before, on the day treatment starts."""
        self._facts["treatment_start"] = self.date(self.start)
        self._read["BL"] = (self.start - 5, self.baseline)
        self._act(self.start)

    def date(self, day: int) -> dt.date:
        """The date of a day."""
        return self.begin + dt.timedelta(day)

    def due(self, number: int) -> int:
        """The day on which a scan is scheduled."""
        return self.start + INTERVAL * number

    def falls_due(self, number: int) -> int:
        """The day on which a scan falls due: scheduled, and an interval after the last one."""
        last = self.start if number == 1 else self.day(number - 1)
        return max(self.due(number), last + INTERVAL)

    def asked(self, number: int) -> int:
        """The day from which a scan is asked for, after the one before came on its day."""
        last = self.start if number == 1 else self.day(number - 1)
        return max(self.due(number), last + INTERVAL)

    def day(self, number: int) -> int:
        """The day on which a scan comes that is neither late nor missing."""
        return self.due(number) + self.jitter[number % len(self.jitter)]

    def scan(
        self,
        number: int,
        lesions: Lesions | None = None,
        *,
        day: int | None = None,
        dated: int | None = None,
        assess: bool = True,
    ) -> int:
        """Write what a scan shows on the day it is made; ``dated`` is the day that is typed."""
        made = self.day(number) if day is None else day
        shown = self.baseline if lesions is None else lesions
        self._read[f"W{number}"] = (made if dated is None else dated, shown)
        self._act(made, assess=assess)
        return made

    def go_on(self, numbers: range, lesions: Lesions | None = None) -> None:
        """Write scans that show the same, each on its day."""
        for number in numbers:
            self.scan(number, lesions)

    def correct(
        self, day: int, number: int, lesions: Lesions | None = None, dated: int | None = None
    ) -> int:
        """Write on a day what a scan truly shows, or the day it was made."""
        typed, shown = self._read[f"W{number}"]
        self._read[f"W{number}"] = (
            typed if dated is None else dated,
            shown if lesions is None else lesions,
        )
        self._act(day)
        return day

    def assess(self, day: int) -> int:
        """Assess what was written before."""
        self._act(day)
        return day

    def note(self, day: int, **facts: dt.date) -> int:
        """Write dates of the patient on a day."""
        self._facts |= facts
        self._act(day)
        return day

    def plant(
        self,
        rule: str,
        number: int,
        *spells: Spell,
        lesion: str = "",
        criterion: str | None = "",
        heir: str = "",
        low: bool = False,
        passing: bool = False,
    ) -> None:
        """Say that an alert is due of a scan; ``criterion`` None: it is of no criterion."""
        name = f"W{number}" if number else "BL"
        said = "" if criterion is None else criterion or self.criterion
        made = Planted(self.subject, rule, name, spells, lesion, said, heir, low, passing)
        self.planted.append(made)

    def plant_unconfirmed(
        self, number: int, seen: int, until: int, *, sure: bool, rule: str = "progression"
    ) -> None:
        """An iUPD stands until it is confirmed, which takes its place, or a scan refutes it."""
        spell = Spell(seen, gone=until, end="superseded" if sure else "resolved")
        heir = rule if sure else ""
        self.plant(rule, number, spell, criterion="irecist", heir=heir, passing=True)

    def plant_lesion(self, rule: str, number: int, lesion: str, spell: Spell) -> None:
        """Say that an alert is due of a lesion."""
        self.plant(rule, number, spell, lesion=lesion, criterion=None)

    def plant_waiting(self, seen: int, until: int) -> None:
        """A doubtful new lesion waits for a call; after a week somebody is reminded, once."""
        spell = Spell(seen, gone=until)
        made = Planted(self.subject, "review_waiting", "", (spell,), waits="new_lesion")
        self.planted.append(made)

    def plant_confirm_response(self, number: int, made: int, until: int | None) -> None:
        """A response can be confirmed from four weeks on, until the next scan is there."""
        self.plant("confirm_response", number, Spell(made, made + CONFIRM, until))

    def plant_window(self, number: int, made: int, until: int) -> None:
        """An iUPD can be confirmed from four weeks on; from the seventh it is urgent."""
        opened = Spell(made, made + CONFIRM, until, made + CLOSING)
        heir = "confirm_progression_closing"
        self.plant("confirm_progression", number, opened, criterion="irecist", heir=heir)
        self.plant(heir, number, Spell(made, made + CLOSING, until), criterion="irecist")

    def _act(self, day: int, *, assess: bool = True) -> None:
        readings = tuple(
            row
            for name, (dated, lesions) in self._read.items()
            for row in self._write(name, dated, lesions)
        )
        facts = SubjectFacts(self.subject, **self._facts)
        criteria = (self.criterion, *self.more_criteria)
        self.actions.append(Action(day, self.subject, readings, facts, criteria, assess))

    def _write(self, name: str, dated: int, lesions: Lesions) -> list[LesionReading]:
        return [_read(name, self.date(dated), lesion, said) for lesion, said in lesions.items()]


def _read(name: str, date: dt.date, lesion: str, said: Said) -> LesionReading:
    state, length = said if isinstance(said, tuple) else (said, said)
    return LesionReading(
        name,
        date,
        lesion,
        ROLES.get(lesion[:1]),
        organ="liver" if lesion else "",
        diameter_mm=Decimal(length) if isinstance(length, int) else None,
        state=LesionState(state) if isinstance(state, str) else None,
    )
