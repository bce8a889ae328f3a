"""What a criterion reads and what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from response.model.people import Reader
from response.terms import Intervention, LesionState, NewLesion, Role, Status


@dataclass(frozen=True, slots=True)
class LesionReading:
    """One row of a measurement table: one lesion (or one ``part`` of it) at one time point.

    ``diameter_mm`` is the short axis where ``node`` is true. ``reason`` says why a state is
    ``NOT_EVALUABLE``; ``provisional`` why no person stands behind this row (empty: one does).
    An empty ``lesion`` with ``NOT_EVALUABLE`` is a time point with nothing evaluable, with
    ``ABSENT`` one that was read and shows no disease. ``intervention`` is what was done to the
    lesion on study, by this time point.
    """

    time_point: str
    date: dt.date
    lesion: str
    role: Role | None
    organ: str = ""
    node: bool = False
    method: str = ""
    diameter_mm: Decimal | None = None
    state: LesionState | None = None
    part: str = ""
    merged_into: str = ""
    reason: str = ""
    provisional: str = ""
    extra: Mapping[str, Decimal] = field(default_factory=dict)
    intervention: Intervention | None = None


@dataclass(frozen=True, slots=True)
class AssessedTimePoint:
    """A time point to be assessed, whether or not anything was read there."""

    time_point: str
    date: dt.date
    provisional: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the id of the rule's row (``RECIST11.T1.4``) and one plain sentence."""

    row_id: str
    text: str

    def __str__(self) -> str:
        return f"[{self.row_id}] {self.text}"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The category of one time point; a later one with its own ``as_of`` supersedes it.

    ``as_of`` is the date of the last evidence used: the time point's own date, or for a back-dated
    or recoded category the date of the scan that changed it. At baseline the responses are empty.
    """

    subject: str
    criterion: str
    reader: Reader
    time_point: str
    date: dt.date
    sum_of_diameters_mm: Decimal | None
    nadir_mm: Decimal | None
    change_from_baseline_pct: Decimal | None
    change_from_nadir_pct: Decimal | None
    target_response: str
    non_target_response: str
    new_lesion: NewLesion | None
    overall_response: str
    status: Status
    as_of: dt.date
    reasons: tuple[Reason, ...]
    line: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """Best overall response and endpoints of one subject; ``None`` or empty where unknown."""

    subject: str
    criterion: str
    reader: Reader
    best_overall_response: str
    confirmed_best_overall_response: str
    response_date: dt.date | None
    progression_date: dt.date | None
    pfs_days: int | None
    pfs_event: bool | None
    pfs_reason: str
    duration_of_response_days: int | None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """Everything a criterion says of one subject and reader."""

    assessments: tuple[Assessment, ...]
    summary: SubjectSummary
