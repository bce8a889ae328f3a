"""Names of lesions that outlive re-runs.

A lesion takes the uid that one of its marks held before (the earliest mark's first), else the
Tracking UID that came with its first mark; else it gets one computed from its first mark, so that
the same inputs give the same name.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from response.match.course import Course
from response.match.followed import Followed
from response.match.model import Mark

NAMESPACE = uuid.UUID("5f0c1a52-8f0f-5d0b-9a51-6a1d3f8f3c07")
"""Of the uids made here; any constant will do, but it never changes."""


def make_uid(subject: str, mark_set_id: str, label: int, attempt: int = 0) -> str:
    """Return the DICOM UID (form ``2.25.<integer>``) of the lesion that a mark is the first of.

    >>> make_uid("A", "m1", 1) == make_uid("A", "m1", 1) != make_uid("A", "m1", 2)
    True
    """
    name = "\\x1f".join([subject, mark_set_id, str(label), *([str(attempt)] if attempt else [])])
    return f"2.25.{uuid.uuid5(NAMESPACE, name).int}"


def held_before(course: Course, position: int, label: int, used: Collection[str]) -> str | None:
    """Return the uid a mark's lesion held in an earlier run, if it is still free for this mark."""
    uid = course.known.get((course.time_points[position].mark_set_id, label))
    if uid is None or uid in used or uid in _unlinked(course, position, label):
        return None
    return uid


def find_given(course: Course, position: int, mark: Mark, used: Collection[str]) -> str:
    """Return the Tracking UID that came with a mark, if no other lesion has it; empty otherwise."""
    taken = {*used, *course.known.values(), *_unlinked(course, position, mark.label)}
    return "" if mark.given in taken else mark.given


def first_uid(course: Course, position: int, mark: Mark, used: Collection[str]) -> tuple[str, bool]:
    """Return the uid of a lesion whose first mark this is, and whether it was held before."""
    label = mark.label
    held = held_before(course, position, label, used)
    if held is not None:
        return held, True
    given = find_given(course, position, mark, used)
    if given:
        return given, False
    mark_set_id = course.time_points[position].mark_set_id
    taken = {*used, *_unlinked(course, position, label)}
    attempts = (make_uid(course.subject, mark_set_id, label, number) for number in count())
    return next(uid for uid in attempts if uid not in taken), False


def _unlinked(course: Course, position: int, label: int) -> set[str]:
    return {
        link.tracking_uid
        for link in course.links_at(position)
        if link.label == label and not link.forced
    }


def number_lesions(lesions: Sequence[Followed], known_ids: Mapping[str, str]) -> dict[int, str]:
    """Return number → short id (``L01`` …), by first appearance: time point, then label.

    Ids given before (``known_ids``, uid → id) stay; new ones go on after the highest.
    """
    ids: dict[int, str] = {}
    for lesion in lesions:
        before = known_ids.get(lesion.uid)
        if before is not None and before not in ids.values():
            ids[lesion.number] = before
    highest = max((int(x[1:]) for x in known_ids.values() if x[1:].isdecimal()), default=0)
    fresh = (f"L{number:02d}" for number in count(highest + 1))
    for lesion in sorted(lesions, key=lambda x: (x.born, x.label, x.number)):
        if lesion.number not in ids:
            ids[lesion.number] = next(fresh)
    return ids
