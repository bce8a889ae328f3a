"""From tracked findings to the rows a criterion reads: one lesion, one time point, one word.

Silence is never 0 mm: what was not imaged or not marked is ``NOT_EVALUABLE`` with its reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from response.chosen_rows import choose_rows, group_rows
from response.corrections import confirmed_until
from response.lesion_uptake import combine_uptake
from response.model import (
    AssessedTimePoint,
    Decision,
    Finding,
    Lesion,
    LesionReading,
    RecordedMeasurement,
    Tracking,
)
from response.pet import PET
from response.protocol import Protocol
from response.sizes import round_mm
from response.terms import Event, LesionState, Role, Source

TENTH = Decimal("0.1")
"""Volumes and densities are recorded to a tenth."""

NOT_SEEN = (Event.NOT_IMAGED, Event.NOT_MARKED)

_THERE = (
    LesionState.EQUIVOCAL,
    LesionState.UNEQUIVOCAL,
    LesionState.UNEQUIVOCAL_PROGRESSION,
)

Rows = Mapping[str, Mapping[str, Finding]]
"""time point → tracking_uid → finding."""


@dataclass(frozen=True, slots=True)
class _Story:
    """A tracking, indexed for looking up."""

    lesions: Mapping[str, Lesion]
    rows: Rows
    time_points: tuple[tuple[dt.date, str], ...]
    automatic: frozenset[str]
    all_rows: Mapping[tuple[str, str], tuple[Finding, ...]]

    def uptake(self, *findings: Finding) -> dict[str, Decimal]:
        """Return the uptake of lesions that count as one, over all series of a time point."""
        rows = [row for f in findings for row in self.all_rows[f.time_point, f.tracking_uid]]
        return combine_uptake(rows)

    def off_series(self, finding: Finding) -> str:
        """Say that a finding's diameter is not of the series that the lesion is measured on."""
        first = next(iter(self.rows_of(finding.tracking_uid)), finding)
        if (first.modality == PET) == (finding.modality == PET):
            return ""
        return (
            f"marked on the {finding.modality} alone; it is measured on the {first.modality} "
            "since it was first marked"
        )

    def rows_of(self, uid: str) -> Iterable[Finding]:
        """Return the marked findings of a lesion from the baseline on, by date."""
        for _day, name in self.time_points:
            found = self.rows.get(name, {}).get(uid)
            if found is not None and found.label is not None:
                yield found

    def root(self, uid: str) -> str:
        """Return the lesion that a part counts into, or the lesion itself."""
        lesion = self.lesions[uid]
        return self.root(lesion.part_of) if lesion.part_of else uid

    def keeper(self, uid: str, time_point: tuple[dt.date, str]) -> str:
        """Return the lesion that goes on for this one at a time point (itself, unless merged)."""
        lesion = self.lesions[uid]
        if not lesion.merged_into:
            return uid
        merged = [
            (f.date, f.time_point)
            for rows in self.rows.values()
            for f in rows.values()
            if f.tracking_uid == uid and f.event is Event.MERGED
        ]
        if merged and time_point >= max(merged):
            return self.keeper(lesion.merged_into, time_point)
        return uid


def read_tracking(
    tracking: Tracking,
    time_points: Sequence[tuple[str, dt.date]],
    decisions: Sequence[Decision],
    protocol: Protocol,
    vouched: frozenset[str] = frozenset(),
    unread: frozenset[str] = frozenset(),
    roles: Mapping[str, Role] | None = None,
) -> tuple[tuple[LesionReading, ...], tuple[AssessedTimePoint, ...]]:
    """Return the readings and time points that :func:`response.assess.assess_subject` takes.

    Parameters
    ----------
    tracking
        One reader's lesions through time.
    time_points
        All time points of the subject as (name, date); those before the baseline are left out.
    decisions
        The reader's active decisions.
    protocol
        ``targets.new_lesion_calls`` says who calls a new lesion.
    vouched
        The time points whose marks are complete, as are those before, with a trusted
        registration between: where an *automatic* new lesion may count.
    unread
        The time points that this reader did not read: nothing there is evaluable.
    roles
        Roles of lesions, by ``tracking_uid``, that take the place of their own.
    """
    dates = dict(time_points)
    start = (dates[tracking.baseline_time_point], tracking.baseline_time_point)
    ordered = tuple(sorted((day, name) for name, day in dates.items() if (day, name) >= start))
    all_rows = group_rows(tracking.findings)
    rows = choose_rows(all_rows, ordered)
    lesions = {
        x.tracking_uid: replace(x, role=(roles or {}).get(x.tracking_uid, x.role))
        for x in tracking.lesions
    }
    story = _Story(
        lesions,
        rows,
        ordered,
        vouched if protocol.targets.new_lesion_calls == "automatic" else frozenset(),
        all_rows,
    )
    readings = [r for lesion in lesions.values() for r in _lesion_readings(story, lesion)]
    readings += [
        LesionReading(name, day, "", None, state=LesionState.NOT_EVALUABLE, reason="not read")
        for day, name in ordered
        if name in unread
    ]
    until = confirmed_until(tracking, decisions)
    assessed = [
        AssessedTimePoint(name, day, () if (day, name) <= until else _doubts(story, name, start[1]))
        for day, name in ordered
    ]
    if until > (dt.date.min, ""):
        held = {name for day, name in ordered if (day, name) <= until}
        readings = [replace(r, provisional="") if r.time_point in held else r for r in readings]
    return tuple(readings), tuple(assessed)


def _lesion_readings(story: _Story, lesion: Lesion) -> Iterable[LesionReading]:
    if lesion.part_of or lesion.role is None:
        return
    for when in story.time_points:
        if lesion.role is Role.TARGET:
            yield from _target(story, lesion, when)
        elif lesion.role is Role.NON_TARGET:
            yield from _non_target(story, lesion, when)
        else:
            yield from _new(story, lesion, when)


def _target(story: _Story, lesion: Lesion, when: tuple[dt.date, str]) -> Iterable[LesionReading]:
    keeper = story.keeper(lesion.tracking_uid, when)
    carrier = _carrier(story, keeper, when)
    pieces = _pieces(story, lesion.tracking_uid, when)
    if carrier != lesion.tracking_uid and not pieces:
        yield replace(
            _row(story, lesion, when),
            state=LesionState.MERGED,
            merged_into=story.lesions[carrier].tracking_id,
        )
        return
    pieces = pieces or _pieces(story, keeper, when)
    for number, finding in enumerate(pieces, 1):
        part = str(number) if len(pieces) > 1 else ""
        yield _sized(story, replace(_row(story, lesion, when), part=part), lesion, finding)
    if not pieces:
        yield replace(
            _row(story, lesion, when),
            state=LesionState.NOT_EVALUABLE,
            reason="nothing was recorded of it",
        )


def _carrier(story: _Story, keeper: str, when: tuple[dt.date, str]) -> str:
    """Return the target that carries a merged mass: the keeper, else the first target in it.

    A target that grew into a larger non-target keeps its place in the sum of diameters
    (R1-24; which lesion carries the value is ours).
    """
    if story.lesions[keeper].role is Role.TARGET:
        return keeper
    inside = [
        x.tracking_uid
        for x in story.lesions.values()
        if x.role is Role.TARGET and story.keeper(x.tracking_uid, when) == keeper
    ]
    return min(inside, key=lambda uid: story.lesions[uid].tracking_id, default=keeper)


def _pieces(story: _Story, uid: str, when: tuple[dt.date, str]) -> list[Finding]:
    """Return the findings that count for a lesion: its own, and those of what split off it.

    A piece that became one with another piece, or is gone while others remain, adds nothing.
    """
    rows = story.rows.get(when[1], {})
    members = [
        x.tracking_uid
        for x in story.lesions.values()
        if story.root(x.tracking_uid) == story.root(uid)
        and story.keeper(x.tracking_uid, when) == x.tracking_uid
    ]
    found = [
        rows[m] for m in sorted(members, key=lambda m: story.lesions[m].tracking_id) if m in rows
    ]
    there = [f for f in found if f.event is not Event.RESOLVED]
    return there or found[:1]


def _sized(story: _Story, row: LesionReading, lesion: Lesion, finding: Finding) -> LesionReading:
    """Return the row of a target with its diameter, or the state that stands in for one."""
    row = replace(row, extra=story.uptake(finding))
    gone = finding.state is LesionState.ABSENT and finding.event is not Event.NOT_IMAGED
    if gone or finding.state in (LesionState.TOO_SMALL, LesionState.NOT_EVALUABLE):
        return replace(row, state=finding.state, reason=finding.reason)
    if finding.event in NOT_SEEN:
        return replace(row, state=LesionState.NOT_EVALUABLE, reason=_why(finding))
    if finding.measurement is None:
        return replace(row, state=LesionState.ABSENT, reason=finding.reason)
    elsewhere = story.off_series(finding)
    if elsewhere:
        return replace(row, state=LesionState.NOT_EVALUABLE, reason=elsewhere)
    return replace(
        row,
        diameter_mm=_diameter(finding.measurement, lesion.node),
        extra={**_measured(finding.measurement, finding.modality), **row.extra},
    )


def _measured(measured: RecordedMeasurement, modality: str) -> dict[str, Decimal]:
    """Return what criteria other than RECIST read of a lesion: both axes, volume, mean HU."""
    extra = {
        "longest_diameter_mm": measured.longest_diameter_mm,
        "short_diameter_mm": measured.short_axis_mm,
        "volume_mm3": round_mm(measured.volume_mm3, TENTH),
    }
    if modality == "CT" and measured.mean_value is not None:
        extra["density_hu"] = round_mm(measured.mean_value, TENTH)
    return extra


def _diameter(measured: RecordedMeasurement, node: bool) -> Decimal:
    return measured.short_axis_mm if node else measured.longest_diameter_mm


def _non_target(
    story: _Story, lesion: Lesion, when: tuple[dt.date, str]
) -> Iterable[LesionReading]:
    row = _row(story, lesion, when)
    pieces = _pieces(story, story.keeper(lesion.tracking_uid, when), when)
    row = replace(row, extra=story.uptake(*pieces))
    own = story.rows.get(when[1], {}).get(lesion.tracking_uid)
    if own is not None and own.state is not None:
        yield replace(row, state=own.state, reason=own.reason)
        return
    seen = [f for f in pieces if f.measurement is not None]
    if seen:
        largest = max(_diameter(f.measurement, True) for f in seen if f.measurement)
        yield replace(row, state=LesionState.PRESENT, diameter_mm=largest if lesion.node else None)
    elif any(f.event is Event.RESOLVED for f in pieces):
        yield replace(row, state=LesionState.ABSENT, reason=pieces[0].reason)
    else:
        why = _why(pieces[0]) if pieces else "nothing was recorded of it"
        yield replace(row, state=LesionState.NOT_EVALUABLE, reason=why)


def _new(story: _Story, lesion: Lesion, when: tuple[dt.date, str]) -> Iterable[LesionReading]:
    own = story.rows.get(when[1], {}).get(lesion.tracking_uid)
    if own is None:
        return
    row = _row(story, lesion, when)
    state, provisional = _call(story, lesion, own, when)
    row = replace(row, state=state, reason=_why(own), provisional=provisional)
    if own.measurement is None or state not in _THERE:
        yield row
    else:
        yield replace(
            row,
            diameter_mm=_diameter(own.measurement, lesion.node),
            extra={**_measured(own.measurement, own.modality), **story.uptake(own)},
        )


def _call(
    story: _Story, lesion: Lesion, own: Finding, when: tuple[dt.date, str]
) -> tuple[LesionState, str]:
    """Return what is said of a new lesion: the last word of a reader, else a question."""
    if own.event is Event.RESOLVED:
        return LesionState.ABSENT, ""
    history = [
        story.rows[name][lesion.tracking_uid]
        for day, name in story.time_points
        if (day, name) <= when and lesion.tracking_uid in story.rows.get(name, {})
    ]
    said = [f.state for f in history if f.state is not None]
    if own.state is None and said[-1:] == [LesionState.UNEQUIVOCAL_PROGRESSION]:
        said.append(LesionState.UNEQUIVOCAL)
    if own.event in NOT_SEEN and said[-1:] == [LesionState.UNEQUIVOCAL]:
        return LesionState.NOT_EVALUABLE, ""
    if said:
        return said[-1], ""
    first = history[0]
    if first.event is Event.NEW and first.time_point in story.automatic:
        why = "new lesion called by the program, not by a reader"
        return LesionState.UNEQUIVOCAL, f"{lesion.tracking_id}: {why}"
    return LesionState.EQUIVOCAL, f"{lesion.tracking_id}: a new finding waits for a reader's call"


def _row(story: _Story, lesion: Lesion, when: tuple[dt.date, str]) -> LesionReading:
    rows = story.rows.get(when[1], {})
    own = rows.get(lesion.tracking_uid)
    return LesionReading(
        time_point=when[1],
        date=when[0],
        lesion=lesion.tracking_id,
        role=lesion.role,
        organ=lesion.organ,
        node=lesion.node,
        method=own.modality if own else "",
    )


def _why(finding: Finding) -> str:
    what = finding.event.value.replace("_", " ")
    return f"{what}: {finding.reason}" if finding.reason else what


def _doubts(story: _Story, name: str, baseline: str) -> tuple[str, ...]:
    """Return why no person stands behind a time point yet."""
    doubts: list[str] = []
    counted = [x for x in story.lesions.values() if x.role in (Role.TARGET, Role.NON_TARGET)]
    if any(x.role_source is Source.PROPOSED for x in counted):
        doubts.append("targets were proposed by the program and no person has confirmed them")
    unknown = sorted(
        x.tracking_id
        for x in counted
        if not x.part_of and Source.PROPOSED in (x.organ_source, x.node_source)
    )
    if unknown:
        doubts.append(f"organ or node not known of {', '.join(unknown)}")
    if name != baseline:
        doubts.append("lesions were matched by the program and no person has confirmed the matches")
    review = sorted(f.tracking_id for f in story.rows.get(name, {}).values() if f.needs_review)
    if review:
        doubts.append(f"needs review at {name}: {', '.join(review)}")
    return tuple(doubts)
