"""What the time points so far leave for the next one, in a criterion that folds a course."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from response.best_response import CR
from response.criteria.course import ReadTimePoint
from response.criteria.recist11 import Nadir
from response.model import Assessment, Reason
from response.terms import Intervention, LesionState


@dataclass(slots=True)
class History:
    """What the time points so far leave for the next one."""

    nadir: Nadir | None = None
    nadir_to_come: Nadir | None = None
    date: dt.date = dt.date.min
    merged: dict[str, str] = field(default_factory=dict)
    treated: dict[str, tuple[Intervention, str]] = field(default_factory=dict)
    effective: dict[str, Assessment] = field(default_factory=dict)
    complete_since: dt.date = dt.date.max
    equivocal: dict[str, list[str]] = field(default_factory=dict)
    called: dict[str, LesionState] = field(default_factory=dict)
    provisional: dict[str, Reason] = field(default_factory=dict)

    def begin(self, time_point: ReadTimePoint) -> None:
        """Begin a time point: sums of earlier dates may now be the nadir."""
        if time_point.date > self.date:
            self.date = time_point.date
            self.nadir = smaller(self.nadir, self.nadir_to_come)
            self.nadir_to_come = None
        for text in find_provisional(time_point):
            self.provisional.setdefault(text, Reason("PROVISIONAL", text))

    def keep_sum(self, seen: Nadir) -> None:
        """Keep a sum that may be the nadir from the next date on."""
        self.nadir_to_come = smaller(self.nadir_to_come, seen)

    def keep(self, row: Assessment) -> None:
        """Keep an assessment as what stands of its time point by now."""
        self.effective[row.time_point] = row
        if row.overall_response == CR and row.date < self.complete_since:
            self.complete_since = row.date

    def before(self, date: dt.date) -> list[Assessment]:
        """The assessments of earlier dates as they stand by now."""
        return [row for row in self.effective.values() if row.date < date]

    def complete_before(self, date: dt.date) -> list[Assessment]:
        """The complete responses of earlier dates, as they stand by now."""
        if date <= self.complete_since:
            return []
        return [row for row in self.before(date) if row.overall_response == CR]


def find_provisional(time_point: ReadTimePoint) -> list[str]:
    """Every reason why no person stands behind a time point, each once."""
    said = {
        (lesion, reading.part, reading.provisional)
        for lesion, readings in time_point.lesions.items()
        for reading in readings
        if reading.provisional
    }
    if not said:
        return list(time_point.provisional)
    return list(dict.fromkeys([*time_point.provisional, *(text for _, _, text in sorted(said))]))


def smaller(first: Nadir | None, second: Nadir | None) -> Nadir | None:
    """The smaller of two sums, the first where they are equal."""
    if first is None or second is None:
        return first or second
    return second if second.total < first.total else first
