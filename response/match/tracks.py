"""From one reader's marks through time to lesions and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from response.errors import MatchError
from response.match.course import Course, MarkKey, check_course, hear
from response.match.extent import Shape
from response.match.followed import Followed, carry_all
from response.match.given import find_recurring
from response.match.graph import build_graph
from response.match.identity import number_lesions
from response.match.model import (
    Link,
    MarkedTimePoint,
    Step,
    TrackedEvent,
    TrackedLesion,
    Tracks,
)
from response.match.outcome import Ledger, Row, write_time_point
from response.terms import LesionState

NOTHING_KNOWN: Mapping[MarkKey, str] = MappingProxyType({})
NO_IDS: Mapping[str, str] = MappingProxyType({})


def track(
    time_points: Sequence[MarkedTimePoint],
    steps: Sequence[Step],
    *,
    subject: str,
    baseline: str,
    links: Sequence[Link] = (),
    known: Mapping[MarkKey, str] = NOTHING_KNOWN,
    known_ids: Mapping[str, str] = NO_IDS,
    absent: Collection[tuple[str, str]] = (),
) -> Tracks:
    """Join one reader's marks of successive time points into lesions through time.

    Every known lesion, marked or not, is carried from scan to scan and looked for. The order of
    marks, points and links never matters.

    Parameters
    ----------
    time_points
        By date.
    steps
        One per pair of successive time points.
    subject
        Part of the name that new uids are computed from.
    baseline
        Name of the baseline time point; empty where nothing was read.
    links
        What persons said of single links; it goes before everything else.
    known
        (mark_set_id, label) → uid that the mark's lesion held in earlier runs.
    known_ids
        uid → short id given in earlier runs.
    absent
        (time point, uid) of lesions a reader says are gone there, without a mark.

    Returns
    -------
    Tracks
        One event per lesion and time point from its first mark on; none after it became part of
        another lesion.

    Raises
    ------
    MatchError
        Links contradict each other, or the time points, steps and baseline do not fit together.
    """
    check_course(time_points, steps, links)
    course = _course(time_points, steps, subject, baseline, links, known, absent)
    lesions: tuple[Followed, ...] = ()
    rows: list[Row] = []
    warnings: list[str] = _unknown_links(course)
    for position in range(len(course.time_points)):
        if position:
            lesions = carry_all(lesions, course.steps[position - 1])
        lesions, written, heard = _join(course, position, lesions)
        rows += written
        warnings += heard
    return _present(course, lesions, rows, known_ids, warnings)


def _course(
    time_points: Sequence[MarkedTimePoint],
    steps: Sequence[Step],
    subject: str,
    baseline: str,
    links: Sequence[Link],
    known: Mapping[MarkKey, str],
    absent: Collection[tuple[str, str]],
) -> Course:
    names = [tp.time_point for tp in time_points]
    if baseline and baseline not in names:
        raise MatchError(f"baseline {baseline} is not among the time points {', '.join(names)}")
    first = next((i for i, tp in enumerate(time_points) if tp.read), 0)
    return Course(
        subject,
        tuple(time_points),
        tuple(steps),
        names.index(baseline) if baseline else first,
        first,
        tuple(sorted(links, key=lambda x: (x.time_point, x.label, x.tracking_uid))),
        known,
        frozenset(absent),
        find_recurring(time_points),
    )


def _unknown_links(course: Course) -> list[str]:
    names = {tp.time_point for tp in course.time_points}
    return [
        f"a link speaks of {link.time_point}, label {link.label}: there is no such time point"
        for link in course.links
        if link.time_point not in names
    ]


def _join(
    course: Course, position: int, lesions: tuple[Followed, ...]
) -> tuple[tuple[Followed, ...], list[Row], list[str]]:
    """Join the marks of one time point to the lesions carried there."""
    time_point = course.time_points[position]
    shapes = [
        Shape.of(mark, time_point.grid)
        for mark in sorted(time_point.marks, key=lambda m: (m.centroid, m.label))
        if len(mark.points)
    ]
    said = hear(course, position, lesions, shapes)
    graph = build_graph([x.expected for x in said.active], shapes, said.wishes)
    ledger = Ledger(course, position, lesions, shapes, said.doubts)
    write_time_point(ledger, said, graph)
    unheard = [
        f"{time_point.time_point}: label {mark.label} has no voxels and is left out"
        for mark in time_point.marks
        if not len(mark.points) and mark.state is not LesionState.ABSENT
    ]
    return tuple(ledger.lesions.values()), ledger.rows, [*said.warnings, *unheard]


def _present(
    course: Course,
    lesions: Sequence[Followed],
    rows: Sequence[Row],
    known_ids: Mapping[str, str],
    warnings: Sequence[str],
) -> Tracks:
    uid = {lesion.number: lesion.uid for lesion in lesions}
    ids = number_lesions(lesions, known_ids)
    ordered = sorted(lesions, key=lambda x: _rank(ids[x.number]))
    ranks = {lesion.number: rank for rank, lesion in enumerate(ordered)}
    return Tracks(
        tuple(
            TrackedLesion(
                x.uid,
                ids[x.number],
                "" if x.part_of is None else uid[x.part_of],
                "" if x.merged_into is None else uid[x.merged_into],
            )
            for x in ordered
        ),
        tuple(
            TrackedEvent(
                course.time_points[row.position].time_point,
                uid[row.number],
                row.label,
                row.verdict.event,
                row.place,
                round(row.verdict.confidence, 4),
                row.verdict.needs_review,
                row.verdict.reason,
            )
            for row in sorted(rows, key=lambda r: (r.position, ranks[r.number]))
        ),
        tuple(warnings),
    )


def _rank(tracking_id: str) -> tuple[int, str]:
    return len(tracking_id), tracking_id
