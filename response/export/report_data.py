"""What a report says of one subject and reader: plain values, derived from what is stored. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from response.criteria.course import Course, ReadTimePoint
from response.endpoints import select_effective
from response.explain import PROVISIONAL_ROW, deciding_sentences
from response.insight import Insight
from response.model import Assessment, LesionReading, Registration, SubjectResult, SubjectSummary
from response.outlook import describe_outlook
from response.terms import Category, LesionState, Role, Status, find_kin

NAMES = {
    "recist11": "RECIST 1.1",
    "irecist": "iRECIST",
    "percist10": "PERCIST 1.0",
    "eortc_pet": "EORTC PET",
    "mrecist": "mRECIST",
    "choi": "Choi",
    "lugano": "Lugano",
    "rano2": "RANO 2.0",
    "pcwg3": "PCWG3",
}

MEASURES = {
    "percist10": (("sul_peak", "SULpeak"),),
    "eortc_pet": (("suv_mean", "SUVmean"), ("suv_max", "SUVmax")),
    "mrecist": (("viable_diameter_mm", "viable mm"),),
}
"""What a criterion follows instead of the diameter, the first that is there."""

STATE_WORDS = {
    LesionState.PRESENT: "present",
    LesionState.ABSENT: "absent",
    LesionState.TOO_SMALL: "too small",
    LesionState.NOT_EVALUABLE: "NE",
    LesionState.MERGED: "merged",
    LesionState.UNEQUIVOCAL_PROGRESSION: "progressed",
    LesionState.EQUIVOCAL: "equivocal",
    LesionState.UNEQUIVOCAL: "new",
}
NOT_ASSESSED = "–"

ROLE_WORDS = {Role.TARGET: "target", Role.NON_TARGET: "non-target", Role.NEW: "new"}
_ROLE_ORDER = {Role.TARGET: 0, Role.NEW: 1, Role.NON_TARGET: 2, None: 3}


@dataclass(frozen=True, slots=True)
class Row:
    """A lesion through time: a cell per time point, and the largest value it had."""

    lesion: str
    role: Role | None
    organ: str
    cells: tuple[str, ...]
    largest: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """One page: a subject as one reader read it, by one criterion.

    ``points`` are the assessments that stand, by date, the baseline first; ``levels`` the number
    that the criterion follows at each of them (``None``: not known), in ``unit``.
    """

    subject: str
    criterion: str
    reader: str
    line: str
    treatment_start: dt.date | None
    new_therapy: dt.date | None
    points: tuple[Assessment, ...]
    levels: tuple[Decimal | None, ...]
    unit: str
    level_name: str
    adds_lengths: bool
    rows: tuple[Row, ...]
    cell_unit: str
    summary: SubjectSummary
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    doubts: tuple[str, ...]
    outlook: str
    others: tuple[str, ...]
    differing: tuple[str, ...]
    registrations: str

    @property
    def latest(self) -> Assessment:
        """The last assessment."""
        return self.points[-1]

    @property
    def provisional(self) -> bool:
        """Whether any category on the page waits for a person."""
        return any(point.status is Status.PROVISIONAL for point in self.points)


def derive_report(
    insight: Insight, others: Iterable[SubjectResult], registrations: Sequence[Registration]
) -> Report:
    """Derive what a page says.

    Parameters
    ----------
    insight
        The result that the page is of.
    others
        Results of other readers and criteria, of which a line is said.
    registrations
        Of the subject's scans; none without images.
    """
    summary = insight.result.summary
    points = select_effective(insight.result.assessments)
    course = insight.course
    reads = {read.time_point: read for read in _reads(course)}
    aligned = [reads.get(point.time_point) for point in points]
    levels, unit, level_name = _find_levels(points, aligned, summary.criterion)
    outlook = insight.outlook_of(points[-1].time_point)
    others = list(others)
    differing = [other for other in others if _differs(other, points[-1])]
    return Report(
        subject=summary.subject,
        criterion=NAMES.get(summary.criterion, summary.criterion),
        reader=describe_reader(summary),
        line=summary.line or "",
        treatment_start=insight.facts.treatment_start,
        new_therapy=insight.facts.new_therapy_date,
        points=points,
        levels=levels,
        unit=unit,
        level_name=level_name,
        adds_lengths=level_name == SUM,
        rows=tuple(_list_rows(aligned, summary.criterion)),
        cell_unit=_cell_unit(aligned, summary.criterion),
        summary=summary,
        sentences=tuple(_list_sentences(points)),
        doubts=_list_doubts(points),
        outlook="; ".join(describe_outlook(outlook)) if outlook else "",
        others=tuple(_describe_other(other) for other in others if other not in differing),
        differing=tuple(_describe_other(other) for other in differing),
        registrations=describe_registrations(registrations),
    )


SUM = "Sum of diameters"


def describe_reader(summary: SubjectSummary) -> str:
    """Who read, as written."""
    return " ".join(
        word for word in (summary.reader.evaluator, summary.reader.evaluator_id) if word
    )


def _reads(course: Course | None) -> tuple[ReadTimePoint, ...]:
    return (course.baseline, *course.follow_up) if course else ()


def _find_levels(
    points: Sequence[Assessment], reads: Sequence[ReadTimePoint | None], criterion: str
) -> tuple[tuple[Decimal | None, ...], str, str]:
    """Find the number a criterion follows: the sum, the hottest uptake, or the change."""
    for key, name in MEASURES.get(criterion, ()):
        if key.startswith("su"):
            found = tuple(_hottest(read, key) if read else None for read in reads)
            if any(one is not None for one in found):
                return found, name[:3], f"{name} of the hottest lesion"
    if any(point.sum_of_diameters_mm is not None for point in points):
        return tuple(point.sum_of_diameters_mm for point in points), "mm", SUM
    changes = [point.change_from_baseline_pct for point in points]
    if any(change is not None for change in changes):
        return tuple(changes), "%", "Change from baseline"
    return tuple(None for _ in points), "mm", SUM


def _hottest(read: ReadTimePoint, key: str) -> Decimal | None:
    values = [row.extra[key] for rows in read.lesions.values() for row in rows if key in row.extra]
    return max(values, default=None)


def _list_rows(reads: Sequence[ReadTimePoint | None], criterion: str) -> list[Row]:
    """List the lesions: targets, new ones, non-targets; the largest first."""
    known: dict[str, LesionReading] = {}
    for read in reads:
        for lesion, found in (read.lesions if read else {}).items():
            if lesion:
                known.setdefault(lesion, found[0])
    rows = [_make_row(lesion, first, reads, criterion) for lesion, first in known.items()]
    return sorted(rows, key=lambda row: (_ROLE_ORDER[row.role], -row.largest, row.lesion))


def _make_row(
    lesion: str, first: LesionReading, reads: Sequence[ReadTimePoint | None], criterion: str
) -> Row:
    found = [(read.lesions.get(lesion, ()) if read else ()) for read in reads]
    amounts = [value for rows in found if (value := _amount(rows, criterion)) is not None]
    return Row(
        lesion,
        first.role,
        f"{first.organ}{' (node)' if first.node else ''}",
        tuple(_cell(rows, criterion) for rows in found),
        max(amounts, default=Decimal(0)),
    )


def _amount(rows: Sequence[LesionReading], criterion: str) -> Decimal | None:
    for key, _name in MEASURES.get(criterion, ()):
        values = [row.extra[key] for row in rows if key in row.extra]
        if values:
            return max(values)
    lengths = [row.diameter_mm for row in rows if row.diameter_mm is not None]
    return sum(lengths, Decimal(0)) if lengths else None


def _cell(rows: Sequence[LesionReading], criterion: str) -> str:
    """What the table says: a number, with its state where that is more, or the state."""
    if not rows:
        return NOT_ASSESSED
    amount = _amount(rows, criterion)
    states = list(dict.fromkeys(_word(row) for row in rows if row.state))
    said = [str(amount)] if amount is not None else []
    return " ".join([*said, *states]) or NOT_ASSESSED


def _word(row: LesionReading) -> str:
    if row.state is LesionState.MERGED and row.merged_into:
        return f"in {row.merged_into}"
    return STATE_WORDS[row.state] if row.state else ""


def _cell_unit(reads: Sequence[ReadTimePoint | None], criterion: str) -> str:
    for key, name in MEASURES.get(criterion, ()):
        if any(
            key in row.extra for read in reads if read for r in read.lesions.values() for row in r
        ):
            return name
    return "mm"


def _list_sentences(points: Sequence[Assessment]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """List the reasons, the latest time point first: all of its, of earlier ones the deciding."""
    for number, point in enumerate(reversed(points)):
        said = point.overall_response or "baseline"
        heading = f"{point.time_point}, {point.date}: {said}"
        if point.as_of != point.date:
            heading += f" (as of {point.as_of})"
        texts = (
            [reason.text for reason in point.reasons if reason.row_id != PROVISIONAL_ROW]
            if number == 0
            else deciding_sentences(point)
        )
        yield heading, tuple(dict.fromkeys(text.rstrip(".") + "." for text in texts))


def _list_doubts(points: Sequence[Assessment]) -> tuple[str, ...]:
    found = [
        reason.text
        for point in reversed(points)
        for reason in point.reasons
        if reason.row_id == PROVISIONAL_ROW
    ]
    return tuple(dict.fromkeys(found))


def _describe_other(other: SubjectResult) -> str:
    summary = other.summary
    criterion = NAMES.get(summary.criterion, summary.criterion)
    line = f", line {summary.line}" if summary.line else ""
    standing = select_effective(other.assessments)
    last = next((row.overall_response for row in reversed(standing) if row.overall_response), "")
    best = summary.best_overall_response or "none"
    return f"{criterion}, {describe_reader(summary)}{line}: {last or 'baseline'} (best {best})"


def _differs(other: SubjectResult, latest: Assessment) -> bool:
    """Whether another reader or criterion says something else of the latest time point.

    Codes of several criteria are compared by what they stand beside in RECIST 1.1; what is not
    evaluable says nothing else.
    """
    said = {
        find_kin(row.overall_response)
        for row in select_effective(other.assessments)
        if row.time_point == latest.time_point and row.overall_response
    }
    mine = find_kin(latest.overall_response)
    return bool(said - {mine, Category.NE.value})


def describe_registrations(registrations: Sequence[Registration]) -> str:
    """Say how far lesions could be found again by registration, and where not.

    Examples
    --------
    >>> describe_registrations([])
    ''
    """
    if not registrations:
        return ""
    trusted = sum(registration.trusted for registration in registrations)
    text = f"{trusted} of {len(registrations)} registrations of successive scans are trusted."
    for one in registrations:
        if not one.trusted:
            where = f"{one.modality} {one.from_time_point} to {one.to_time_point}"
            text += f" Not trusted: {where} ({one.reason})."
    return text
