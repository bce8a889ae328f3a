"""What the match takes and gives. One reader's stream of one subject and one kind of scan.

Physical points are LPS millimetres of the scan they belong to. Nothing here reads or writes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from response.geometry import Box, Grid, Points
from response.model import Point
from response.terms import Event, LesionState, Role


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One label of one mask: what a reader marked.

    ``points`` are the centres of its voxels; none at all (shape ``(0, 3)``) for a label that the
    reader speaks of (``state``) but that has no voxels. ``centroid`` is their mean. ``given`` is
    the Tracking UID that came with the mark; empty where none did. ``marked_on`` are the modalities
    that the lesion is marked on at this time point.
    """

    label: int
    points: Points
    volume_mm3: float
    longest_diameter_mm: float
    centroid: Point
    role: Role | None = None
    state: LesionState | None = None
    given: str = ""
    marked_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class MarkedTimePoint:
    """One time point of the stream: the scan's field and what was marked on it.

    ``read`` is false where nobody read the scan (then there are no marks); ``complete`` is the
    reader's word that every visible lesion is marked. ``field_box`` is the index box
    ``(i0, j0, k0, i1, j1, k1)``, upper ends exclusive, that holds the image proper.
    ``modality`` is that of the scan that stands for it, ``scanned_on`` are those of all its scans,
    ``marked_on`` those that were marked.
    """

    time_point: str
    date: dt.date
    modality: str
    mark_set_id: str
    read: bool
    complete: bool
    grid: Grid
    field_box: Box
    marks: tuple[Mark, ...] = ()
    marked_on: frozenset[str] = frozenset()
    scanned_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The way from one time point to the next one.

    ``forward`` maps points ``(n, 3)`` of the earlier scan into the later, ``backward`` the other
    way. ``reason`` says why a step is not trusted (or how it fell back). ``expected_error_mm``
    bounds how far off a lesion's place may be.
    """

    forward: Callable[[Points], Points]
    backward: Callable[[Points], Points]
    trusted: bool
    reason: str
    expected_error_mm: float


@dataclass(frozen=True, slots=True)
class Link:
    """A person's word on one mark and one lesion: it is this one (``forced``), or it is not.

    Two marks of one time point forced to one lesion are the parts of a split; one mark forced to
    two lesions is their merge. ``modality`` says whose mask the label is in, where a time point has
    several (empty: it has one numbering).
    """

    time_point: str
    label: int
    tracking_uid: str
    forced: bool
    modality: str = ""


@dataclass(frozen=True, slots=True)
class TrackedLesion:
    """One lesion through time.

    ``part_of`` is the lesion it split off from (never itself a part), ``merged_into`` the one it
    became one with; empty where neither.
    """

    tracking_uid: str
    tracking_id: str
    part_of: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class TrackedEvent:
    """What became of a lesion at a time point.

    ``place`` is the centroid of the mark, or where the lesion was expected if there is none.
    ``confidence`` is in [0, 1]; ``needs_review`` asks a person, and ``reason`` says why.
    """

    time_point: str
    tracking_uid: str
    label: int | None
    event: Event
    place: Point | None
    confidence: float
    needs_review: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Tracks:
    """All lesions of a stream, by ``tracking_id``, and their events, by time point then lesion."""

    lesions: tuple[TrackedLesion, ...]
    events: tuple[TrackedEvent, ...]
    warnings: tuple[str, ...] = ()
