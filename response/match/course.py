"""One reader's course through time, checked once, and what persons said about its links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from response.errors import MatchError
from response.match.edges import Pair, Wishes
from response.match.extent import Shape
from response.match.followed import Followed
from response.match.given import add_given, doubt_given
from response.match.model import Link, MarkedTimePoint, Step
from response.terms import Role

MarkKey = tuple[str, int]
"""A mark: its mark set and label."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Everything the match is told. ``baseline`` and ``first`` (read) are positions.

    ``recurring`` are the Tracking UIDs that came with marks of several time points.
    """

    subject: str
    time_points: tuple[MarkedTimePoint, ...]
    steps: tuple[Step, ...]
    baseline: int
    first: int
    links: tuple[Link, ...]
    known: Mapping[MarkKey, str]
    absent: frozenset[tuple[str, str]]
    recurring: frozenset[str] = frozenset()

    def links_at(self, position: int) -> tuple[Link, ...]:
        """Return the links of a time point."""
        name = self.time_points[position].time_point
        return tuple(link for link in self.links if link.time_point == name)

    def starts_here(self, position: int) -> bool:
        """Tell whether findings of a time point are baseline findings."""
        return position in (self.baseline, self.first)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The lesions to be looked for at a time point, and what was said of them and the marks.

    ``named`` holds, by position of the mark, the uid a person gave to a lesion not known so far,
    ``doubts`` why a mark's own Tracking UID cannot be all that is to be said of it.
    """

    active: tuple[Followed, ...]
    wishes: Wishes
    named: Mapping[int, str]
    doubts: Mapping[int, str]
    warnings: tuple[str, ...]


def check_course(
    time_points: Sequence[MarkedTimePoint], steps: Sequence[Step], links: Iterable[Link]
) -> None:
    """Raise `MatchError` where the course or the links contradict themselves."""
    if len(steps) != max(len(time_points) - 1, 0):
        raise MatchError(f"{len(time_points)} time points need one step less, not {len(steps)}")
    dates = [tp.date for tp in time_points]
    if dates != sorted(dates):
        raise MatchError("the time points are not in the order of their dates")
    for tp in time_points:
        labels = [mark.label for mark in tp.marks]
        if len(set(labels)) != len(labels):
            raise MatchError(f"{tp.time_point}: a label stands for two marks")
    said: dict[tuple[str, int, str], bool] = {}
    for link in links:
        key = (link.time_point, link.label, link.tracking_uid)
        if said.setdefault(key, link.forced) is not link.forced:
            raise MatchError(
                f"{link.time_point}, label {link.label}: linked to and unlinked from lesion "
                f"{link.tracking_uid}; undo one of the two"
            )


def hear(
    course: Course, position: int, lesions: Sequence[Followed], shapes: Sequence[Shape]
) -> Said:
    """Turn links (by uid and label), readers' roles and given UIDs into wishes (by position).

    A lesion that became part of another is looked for again only where a person, or the Tracking
    UID of a mark, says it is there. A mark linked to a lesion that is not known yet starts that
    lesion.

    Raises
    ------
    MatchError
        Where one mark is said to start two lesions.
    """
    links = course.links_at(position)
    forced_uids = {link.tracking_uid for link in links if link.forced}
    given = {shape.mark.given for shape in shapes} - {""}
    active = tuple(
        x
        for x in lesions
        if x.merged_into is None or x.uid in forced_uids or not x.given.isdisjoint(given)
    )
    lesion_at = {x.uid: i for i, x in enumerate(active)}
    mark_at = {shape.mark.label: j for j, shape in enumerate(shapes)}
    here = {mark.label for mark in course.time_points[position].marks}
    forced: set[Pair] = set()
    forbidden = _refused_by_role(active, shapes)
    named: dict[int, str] = {}
    for link in links:
        if link.label not in mark_at:
            continue
        mark, lesion = mark_at[link.label], lesion_at.get(link.tracking_uid)
        if lesion is not None:
            (forced if link.forced else forbidden).add((lesion, mark))
        elif link.forced and named.setdefault(mark, link.tracking_uid) != link.tracking_uid:
            raise MatchError(
                f"{link.time_point}, label {link.label}: said to be the first mark of two lesions, "
                f"{named[mark]} and {link.tracking_uid}; undo one of the two"
            )
    settled = {j for _, j in forced}
    own = {(i, j) for j in named for i, x in enumerate(active) if x.fixed}
    said = Wishes(frozenset(forced), frozenset(forbidden - forced), frozenset(own - forced))
    return Said(
        active,
        add_given(said, active, shapes, {*settled, *named}, course.recurring),
        {j: uid for j, uid in named.items() if j not in settled},
        doubt_given(shapes),
        tuple(
            f"{link.time_point}: a link speaks of label {link.label}, which is not there"
            for link in links
            if link.label not in here
        ),
    )


def _refused_by_role(active: Sequence[Followed], shapes: Sequence[Shape]) -> set[Pair]:
    """A mark that the reader calls new continues no lesion that was there at baseline."""
    return {
        (i, j)
        for j, shape in enumerate(shapes)
        if shape.mark.role is Role.NEW
        for i, lesion in enumerate(active)
        if lesion.at_baseline
    }
