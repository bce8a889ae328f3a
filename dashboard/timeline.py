"""What a timeline shows, derived from stored values: no I/O, no clinical rule.

Every number here was stored by the assessment; this module only lays it along time. The two lines
that a sum is compared with are those of RECIST 1.1, section 4.3.1 (R1-31, R1-33).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dashboard.palette import EVENT_WORDS, lesion_style
from dashboard.uptake import (
    Seen,
    Tissue,
    UptakeCourse,
    Values,
    build_course,
    choose_quantity,
    collect_values,
    drawn_value,
)
from response.model import Assessment, Finding, Lesion, SubjectResult, Tracking
from response.protocol import Protocol
from response.terms import Category, Event, LesionState, NewLesion, Role, find_kin

PARTIAL_FACTOR = 0.7
PROGRESSION_FACTOR = 1.2
PROGRESSION_MM = 5.0
LINES_OF_SUMS = frozenset({"recist11", "irecist", "pcwg3", "mrecist"})
"""The criteria whose sums are compared with these two lines; of the others none are drawn."""
TOO_SMALL_MM = 5.0
"""R1-21: the default of a lesion too small to measure."""

PET_CRITERIA = frozenset({"percist10", "eortc_pet"})
"""Criteria that compare uptake, not size."""

Given = Mapping[tuple[str, str], Values]
"""(lesion, time point) → uptake as a table gives it."""

UNSEEN = (Event.NOT_IMAGED, Event.NOT_MARKED)
ROLE_ORDER: dict[Role | None, int] = {
    Role.TARGET: 0,
    Role.NON_TARGET: 1,
    Role.NEW: 2,
    None: 3,
}


@dataclass(frozen=True, slots=True)
class LesionPoint:
    """A lesion at one time point. ``value_mm`` is None where there is no value: a gap, never 0.

    ``uptake`` is what is recorded of its uptake, ``uptake_drawn`` what a criterion of PET draws.
    """

    time_point: str
    date: dt.date
    value_mm: float | None
    words: str
    finding: Finding | None
    uptake: Values = field(default_factory=dict)
    uptake_drawn: float | None = None

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at this finding."""
        return self.finding is not None and self.finding.needs_review


@dataclass(frozen=True, slots=True)
class LesionTrack:
    """A lesion through time, with the colour and symbol it keeps on every page."""

    lesion: Lesion
    colour: str
    symbol: str
    points: tuple[LesionPoint, ...]

    def at(self, time_point: str) -> LesionPoint | None:
        """Return the lesion's point at a time point."""
        return next((p for p in self.points if p.time_point == time_point), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One subject as one reader saw it, by date. ``baseline`` is empty where none is known."""

    time_points: tuple[tuple[str, dt.date], ...]
    baseline: str
    baseline_assumed: bool
    assessments: tuple[Assessment, ...]
    tracks: tuple[LesionTrack, ...]
    warnings: tuple[str, ...] = ()
    criterion: str = ""
    uptake: UptakeCourse | None = None
    """What a criterion of PET compares; None for every other, which compares size."""
    least_growth_mm: float | None = PROGRESSION_MM
    """The least growth that is progression; None where the criterion does not add diameters so."""

    @property
    def baseline_sum_mm(self) -> float | None:
        """Sum of diameters at baseline."""
        rows = [a for a in self.assessments if a.time_point == self.baseline]
        first = (rows or list(self.assessments))[:1]
        return to_float(first[0].sum_of_diameters_mm) if first else None

    @property
    def adds_lengths(self) -> bool:
        """Whether there is a sum in mm to draw; other criteria only know the change from baseline.

        True also where nothing is known: a sum that is not evaluable is a gap, not another scale.
        """
        sums = any(a.sum_of_diameters_mm is not None for a in self.assessments)
        changes = any(a.change_from_baseline_pct is not None for a in self.assessments)
        return sums or not changes

    @property
    def current(self) -> Assessment | None:
        """The last assessment."""
        return self.assessments[-1] if self.assessments else None

    def assessment(self, time_point: str) -> Assessment | None:
        """Return the assessment of a time point, if there is one."""
        return next((a for a in self.assessments if a.time_point == time_point), None)

    def drawn(self, point: LesionPoint) -> float | None:
        """Return what the chart of lesions shows of a point: uptake, or the diameter in mm."""
        return point.value_mm if self.uptake is None else point.uptake_drawn

    def nadir_time_point(self, time_point: str) -> str:
        """Return where the nadir that a time point is compared with was measured; else empty."""
        now = self.assessment(time_point)
        if now is None or now.nadir_mm is None:
            return ""
        earlier = self.assessments[: self.assessments.index(now)]
        return next((a.time_point for a in earlier if a.sum_of_diameters_mm == now.nadir_mm), "")


def to_float(value: object) -> float | None:
    """Return a Decimal as float for drawing; None stays None."""
    return None if value is None else float(str(value))


def progression_line_mm(nadir_mm: float, least_growth_mm: float = PROGRESSION_MM) -> float:
    """Return the sum at which progression of the targets begins (RULES R1-31).

    Examples
    --------
    >>> progression_line_mm(100.0), progression_line_mm(10.0), progression_line_mm(10.0, 0.0)
    (120.0, 15.0, 12.0)
    """
    return max(PROGRESSION_FACTOR * nadir_mm, nadir_mm + least_growth_mm)


def find_least_growth_mm(criterion: str, protocol: Protocol) -> float | None:
    """Return the least growth that is progression by a criterion; None where no line is drawn.

    Examples
    --------
    >>> find_least_growth_mm("recist11", Protocol()), find_least_growth_mm("choi", Protocol())
    (5.0, None)
    """
    if criterion not in LINES_OF_SUMS:
        return None
    return float(protocol.mrecist.absolute_minimum_mm) if criterion == "mrecist" else PROGRESSION_MM


def build_timeline(
    time_points: Sequence[tuple[str, dt.date]],
    result: SubjectResult | None,
    tracking: Tracking | None,
    protocol: Protocol | None = None,
    given: Given | None = None,
    tissues: Sequence[Tissue] = (),
) -> Timeline:
    """Lay what is known of a subject and reader along time; any of it may be missing.

    Parameters
    ----------
    given
        (lesion, time point) → uptake as a reader's table gives it.
    tissues
        What is known of reference tissue, for the criteria of PET.
    """
    criterion = result.summary.criterion if result else "recist11"
    assessments = tuple(sorted(result.assessments, key=_when)) if result else ()
    named = {(name, day) for name, day in time_points}
    named |= {(a.time_point, a.date) for a in assessments}
    ordered = tuple(sorted(named, key=lambda pair: (pair[1], pair[0])))
    baseline = tracking.baseline_time_point if tracking else ""
    first = baseline or (assessments[0].time_point if assessments else "")
    protocol = protocol or Protocol()
    tracks = _build_tracks(tracking, ordered, given or {}) if tracking else ()
    course = None
    if result and criterion in PET_CRITERIA:
        tracks, course = _draw_uptake(criterion, ordered, first, tracks, tissues, protocol)
    return Timeline(
        time_points=ordered,
        baseline=first,
        baseline_assumed=bool(tracking and tracking.baseline_assumed),
        assessments=assessments,
        tracks=tracks,
        warnings=tracking.warnings if tracking else (),
        criterion=criterion if result else "",
        uptake=course,
        least_growth_mm=find_least_growth_mm(criterion, protocol),
    )


def _draw_uptake(
    criterion: str,
    time_points: Sequence[tuple[str, dt.date]],
    baseline: str,
    tracks: Sequence[LesionTrack],
    tissues: Sequence[Tissue],
    protocol: Protocol,
) -> tuple[tuple[LesionTrack, ...], UptakeCourse]:
    """Return the tracks with the uptake that a criterion compares, and its course."""
    at_baseline = [(t.lesion.role, p.uptake) for t in tracks if (p := t.at(baseline)) is not None]
    quantity = choose_quantity(criterion, at_baseline)
    drawn = tuple(
        replace(track, points=tuple(_with_uptake(quantity, p) for p in track.points))
        for track in tracks
    )
    roles = {track.lesion.tracking_uid: track.lesion.role for track in drawn}
    seen = [
        (
            name,
            day,
            [
                Seen(
                    track.lesion.tracking_id,
                    roles.get(track.lesion.part_of, track.lesion.role),
                    bool(track.lesion.merged_into or track.lesion.part_of),
                    point.uptake_drawn,
                )
                for track in drawn
                if (point := track.at(name)) is not None
            ],
        )
        for name, day in time_points
    ]
    return drawn, build_course(criterion, quantity, seen, baseline, tissues, protocol)


def _with_uptake(quantity: str, point: LesionPoint) -> LesionPoint:
    if point.finding is None:
        return point
    return replace(point, uptake_drawn=drawn_value(quantity, point.finding, point.uptake))


def _when(row: Assessment) -> tuple[dt.date, str]:
    return row.date, row.time_point


def _build_tracks(
    tracking: Tracking, time_points: Sequence[tuple[str, dt.date]], given: Given
) -> tuple[LesionTrack, ...]:
    found: dict[tuple[str, str], Finding] = {}
    seen: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in sorted(tracking.findings, key=lambda f: f.label is None):
        found.setdefault((finding.tracking_uid, finding.time_point), finding)
        seen[finding.tracking_uid, finding.time_point].append(finding)
    lesions = sorted(tracking.lesions, key=lambda x: (ROLE_ORDER[x.role], x.tracking_id))
    tracks = []
    for number, lesion in enumerate(lesions):
        points = tuple(
            replace(
                _point(lesion, name, day, found.get((lesion.tracking_uid, name))),
                uptake={
                    **given.get((lesion.tracking_id, name), {}),
                    **collect_values(seen[lesion.tracking_uid, name]),
                },
            )
            for name, day in time_points
        )
        tracks.append(LesionTrack(lesion, *lesion_style(number), points))
    return tuple(tracks)


def _point(lesion: Lesion, name: str, day: dt.date, finding: Finding | None) -> LesionPoint:
    if finding is None:
        return LesionPoint(name, day, None, "", None)
    return LesionPoint(name, day, _value(lesion, finding), describe(finding), finding)


def _value(lesion: Lesion, finding: Finding) -> float | None:
    """Return the diameter that is drawn: measured, 0 only where the lesion is said to be gone."""
    if finding.state is LesionState.ABSENT:
        return 0.0
    if finding.state is LesionState.TOO_SMALL:
        return TOO_SMALL_MM
    if finding.state in (LesionState.NOT_EVALUABLE, LesionState.MERGED) or finding.event in UNSEEN:
        return None
    if finding.event is Event.MERGED and lesion.merged_into:
        return None
    if finding.measurement is not None:
        return counted_diameter_mm(lesion, finding)
    return 0.0 if finding.event is Event.RESOLVED else None


def counted_diameter_mm(lesion: Lesion, finding: Finding) -> float | None:
    """Return the measured diameter that counts: the short axis of a node, else the longest."""
    measured = finding.measurement
    if measured is None:
        return None
    return float(measured.short_axis_mm if lesion.node else measured.longest_diameter_mm)


def describe(finding: Finding) -> str:
    """Return what became of a lesion, in words: the event, a reader's state, the reason."""
    words = EVENT_WORDS[finding.event]
    if finding.state is not None:
        words += f", {finding.state.value.replace('_', ' ').lower()}"
    return f"{words}: {finding.reason}" if finding.reason else words


def best_change_pct(result: SubjectResult) -> float | None:
    """Return the largest shrinkage (or least growth) of the sum from baseline, in percent."""
    changes = [
        float(a.change_from_baseline_pct)
        for a in result.assessments
        if a.change_from_baseline_pct is not None and a.overall_response
    ]
    return min(changes) if changes else None


def asks_new_lesion(result: SubjectResult | None) -> bool:
    """Tell whether a new finding waits for a reader's call at the last time point."""
    last = result.assessments[-1] if result and result.assessments else None
    return last is not None and last.new_lesion is NewLesion.EQUIVOCAL


def count_review(tracking: Tracking | None) -> int:
    """Count the findings that need a person's look."""
    return sum(f.needs_review for f in tracking.findings) if tracking else 0


def is_progression(category: str) -> bool:
    """Tell whether a category says progression, confirmed or not."""
    return find_kin(category) == Category.PD
