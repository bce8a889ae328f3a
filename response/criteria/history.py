"""What the time points so far leave for the next one, in a criterion that folds a course."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from response.best_response import CR, PR
from response.criteria.course import ReadTimePoint
from response.criteria.lesions import find_merged, find_notable
from response.criteria.recist11 import Nadir, OverallRow
from response.model import Assessment, LesionReading, Reason
from response.terms import Intervention, LesionState

SaidNonTarget = tuple[str, list[str], list[Reason]]
"""The non-target response, the lesions whose presence is disease come back, and why."""

TREATED = {
    Intervention.IRRADIATED: "irradiated on study",
    Intervention.RESECTED: "resected on study",
}
"""What makes a target say nothing of the drug any more, in words; a biopsy does not."""

_RESPONSES = (CR, PR)


@dataclass(slots=True)
class History:
    """What the time points so far leave for the next one.

    ``notable`` are the rows of the present time point that say more than what a lesion measures.
    ``complete_since`` and ``responding_since`` are the first dates of an overall CR and of a
    target response of CR or PR. ``said_…`` is
    what was said last, and of what: it is said again of the same.
    """

    nadir: Nadir | None = None
    nadir_to_come: Nadir | None = None
    date: dt.date = dt.date.min
    notable: list[LesionReading] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    treated: dict[str, str] = field(default_factory=dict)
    effective: dict[str, Assessment] = field(default_factory=dict)
    complete_since: dt.date = dt.date.max
    responding_since: dt.date = dt.date.max
    equivocal: dict[str, list[str]] = field(default_factory=dict)
    called: dict[str, LesionState] = field(default_factory=dict)
    provisional: dict[str, Reason] = field(default_factory=dict)
    said_non_target: tuple[object, object, SaidNonTarget] | None = None
    said_overall: tuple[object, OverallRow, Reason] | None = None

    def begin(self, read: ReadTimePoint) -> None:
        """Begin a time point: sums of earlier dates may now be the nadir."""
        if read.date > self.date:
            self.date = read.date
            if self.nadir_to_come is not None:
                self.nadir = smaller(self.nadir, self.nadir_to_come)
                self.nadir_to_come = None
        self.notable = find_notable(read.lesions)
        if self.notable or self.merged:
            self.merged = find_merged(read.lesions, self.merged)
        if self.notable or read.provisional:
            for text in _texts(read, self.notable):
                self.provisional.setdefault(text, Reason("PROVISIONAL", text))

    def keep_sum(self, total: Decimal, read: ReadTimePoint) -> None:
        """Keep a sum that may be the nadir from the next date on."""
        if self.nadir is not None and total >= self.nadir.total:
            return
        seen = Nadir(total, read.date, read.time_point)
        self.nadir_to_come = smaller(self.nadir_to_come, seen)

    def keep(self, row: Assessment) -> None:
        """Keep an assessment as what stands of its time point by now."""
        self.effective[row.time_point] = row
        if row.overall_response == CR and row.date < self.complete_since:
            self.complete_since = row.date
        if row.target_response in _RESPONSES and row.date < self.responding_since:
            self.responding_since = row.date

    def before(self, date: dt.date) -> list[Assessment]:
        """The assessments of earlier dates as they stand by now."""
        return [row for row in self.effective.values() if row.date < date]


def find_provisional(read: ReadTimePoint) -> list[str]:
    """Every reason why no person stands behind a time point, each once."""
    return _texts(read, find_notable(read.lesions))


def _texts(read: ReadTimePoint, readings: Iterable[LesionReading]) -> list[str]:
    said = {(one.lesion, one.part, one.provisional) for one in readings if one.provisional}
    return list(dict.fromkeys([*read.provisional, *(text for _, _, text in sorted(said))]))


def smaller(first: Nadir | None, second: Nadir | None) -> Nadir | None:
    """The smaller of two sums, the first where they are equal."""
    if first is None or second is None:
        return first or second
    return second if second.total < first.total else first
