"""Which lesions a reader calls absent without marking them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from response.match.course import Course
from response.match.followed import Followed
from response.match.model import Mark
from response.terms import LesionState


def called_absent(
    course: Course, position: int, lesions: Sequence[Followed], linked: Mapping[int, int]
) -> frozenset[int]:
    """Return the numbers of the lesions without a mark that the reader says are gone.

    The reader's word names the lesion itself (``Course.absent``), or a label that has no voxels.
    Such a label is the lesion that a person linked it to or that held it before; else, only where
    the reader plainly keeps one numbering through time, the lesion that last had this label.

    Parameters
    ----------
    linked
        Number of lesion → label, for the lesions that have a mark at this time point.
    """
    time_point = course.time_points[position]
    open_lesions = [x for x in lesions if x.number not in linked]
    named = {x.number for x in open_lesions if (time_point.time_point, x.uid) in course.absent}
    bare = [m for m in time_point.marks if not len(m.points) and m.state is LesionState.ABSENT]
    same_numbers = _keeps_numbers(lesions, linked, len(bare) == len(open_lesions))
    for mark in bare:
        uids = _uids_of(course, position, mark)
        meant = [
            x
            for x in open_lesions
            if (x.uid in uids if uids else same_numbers and x.last_label == mark.label)
        ]
        if len(meant) == 1:
            named.add(meant[0].number)
    return frozenset(named)


def _uids_of(course: Course, position: int, mark: Mark) -> set[str]:
    forced = {
        link.tracking_uid
        for link in course.links_at(position)
        if link.forced and link.label == mark.label
    }
    held = course.known.get((course.time_points[position].mark_set_id, mark.label))
    return forced or ({held} if held else set())


def _keeps_numbers(
    lesions: Sequence[Followed], linked: Mapping[int, int], all_called: bool
) -> bool:
    """Tell whether every lesion marked here has the label it had before, and any such lesion is."""
    before = {x.number: x.last_label for x in lesions}
    return all(before[n] == label for n, label in linked.items()) and bool(linked or all_called)
