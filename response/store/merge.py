"""How a time point read again joins what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from response.errors import InputError
from response.model import LesionFact, MarkSet, Reader, Scan, TimePoint

T = TypeVar("T")


def merge_time_points(known: TimePoint | None, given: TimePoint) -> TimePoint:
    """Join a time point as given now with what is stored of it.

    A scan replaces the one of the same modality and series, a mark set the one of the same scan and
    reader, a fact the one of the same reader and label. Marks do not outlive the image they were
    drawn on; facts do not outlive the marks whose labels they speak of, unless they are given anew:
    the same number in another mask may be another lesion.

    Raises
    ------
    InputError
        If a scan or fact is of another time point, or marks are of a scan that is not there.
    """
    _check_whole(given)
    before = known or TimePoint(given.subject, given.time_point, given.date, (), ())
    scans = _replace(before.scans, given.scans, lambda scan: (scan.modality, scan.series))
    kept = tuple(mark for mark in before.mark_sets if _has_image(mark, before.scans, scans))
    marks = _replace(kept, given.mark_sets, lambda mark: (mark.scan_id, mark.reader))
    _check_marks(given, marks, scans)
    gone = _labels_gone(before.mark_sets, marks)
    facts = tuple(fact for fact in before.lesion_facts if (fact.reader, fact.label) not in gone)
    facts = _replace(facts, given.lesion_facts, _fact_key)
    return TimePoint(given.subject, given.time_point, given.date, scans, marks, facts)


def _replace(old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable]) -> tuple[T, ...]:
    """Put each new item in the place of the old one of its key, else at the end."""
    merged = {key(item): item for item in old}
    merged |= {key(item): item for item in new}
    return tuple(merged.values())


def _fact_key(fact: LesionFact) -> Hashable:
    return fact.reader, fact.modality, fact.series, fact.label


def _has_image(mark: MarkSet, old: Sequence[Scan], new: Sequence[Scan]) -> bool:
    drawn_on = {scan.image_digest for scan in old if scan.scan_id == mark.scan_id}
    return any(scan.scan_id == mark.scan_id and scan.image_digest in drawn_on for scan in new)


def _labels_gone(old: Sequence[MarkSet], new: Sequence[MarkSet]) -> set[tuple[Reader, int]]:
    masks = {(mark.scan_id, mark.reader, mark.mask_digest) for mark in new}
    replaced = [m for m in old if (m.scan_id, m.reader, m.mask_digest) not in masks]
    return {(mark.reader, label) for mark in replaced for label in mark.labels}


def _check_whole(given: TimePoint) -> None:
    where = (given.subject, given.time_point)
    parts: tuple[Scan | LesionFact, ...] = (*given.scans, *given.lesion_facts)
    for part in parts:
        if (part.subject, part.time_point) != where:
            raise InputError(
                f"{given.subject} {given.time_point}: holds a {type(part).__name__} "
                f"of {part.subject} {part.time_point}"
            )


def _check_marks(given: TimePoint, marks: Sequence[MarkSet], scans: Sequence[Scan]) -> None:
    known = {scan.scan_id for scan in scans}
    for mark in marks:
        if mark.scan_id not in known:
            raise InputError(
                f"{given.subject} {given.time_point}: marks {mark.mark_set_id} are of a scan "
                "that is not of this time point; give the scan with them"
            )
