"""Lesions through time: what was found where, and how large it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from response.model.people import Reader
from response.terms import Event, LesionState, Role, Source

Point = tuple[float, float, float]
"""A place in physical space: x, y, z in LPS millimetres."""

Segment = tuple[Point, Point]
"""Two end points of a measured diameter, LPS millimetres."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One label of one mask, measured in its scan's own space. Millimetres, unrounded.

    ``centroid`` is the mean of voxel centres; the segments are the end points of the longest
    diameter and of the short axis (the largest extent perpendicular to it in the same slice).
    ``mean_value`` … ``peak_value`` are in the image's own unit (HU, counts, SUV).
    """

    label: int
    voxels: int
    volume_mm3: float
    longest_diameter_mm: float
    short_axis_mm: float
    extent_3d_mm: float
    centroid: Point
    longest_segment: Segment
    short_segment: Segment
    slice_axis: int
    slice_index: int
    mean_value: float
    sd_value: float
    max_value: float
    peak_value: float


@dataclass(frozen=True, slots=True)
class RecordedMeasurement:
    """A measurement as recorded: diameters rounded once to the protocol's precision.

    ``mean_value`` is in the image's own unit: HU on CT.
    """

    longest_diameter_mm: Decimal
    short_axis_mm: Decimal
    volume_mm3: float
    extent_3d_mm: float
    longest_segment: Segment
    short_segment: Segment
    slice_axis: int
    slice_index: int
    suv_max: float | None = None
    suv_mean: float | None = None
    suv_peak: float | None = None
    sul_peak: float | None = None
    mtv_ml: float | None = None
    tlg: float | None = None
    mean_value: float | None = None


@dataclass(frozen=True, slots=True)
class Lesion:
    """The same lesion through time, within one reader's stream.

    ``part_of`` names the lesion (its ``tracking_uid``) that this one split off from: its diameter
    counts into that lesion's. ``merged_into`` names the lesion it became one with. ``*_source``
    says who stands behind a role, organ or node flag.
    """

    tracking_uid: str
    tracking_id: str
    subject: str
    reader: Reader
    role: Role | None
    role_source: Source
    organ: str
    organ_source: Source
    side: str
    node: bool
    node_source: Source
    part_of: str = ""
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A lesion at one time point: what became of it there.

    ``label`` is the label in that time point's own mask, ``None`` where the lesion has none.
    ``place`` is the centroid of the marked voxels, or where the lesion was expected (carried there
    by the registration) when ``label`` is ``None``; LPS millimetres of that scan. ``mark_set_id``
    is the mark set that ``label`` was read from.
    """

    subject: str
    time_point: str
    date: dt.date
    scan_id: str
    modality: str
    series: str
    reader: Reader
    tracking_uid: str
    tracking_id: str
    label: int | None
    event: Event
    place: Point | None
    measurement: RecordedMeasurement | None
    state: LesionState | None
    confidence: float | None
    needs_review: bool
    reason: str
    mark_set_id: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceRegion:
    """A region of normal tissue that the uptake of lesions is compared with.

    ``organ`` is ``liver`` or ``blood_pool``; ``source`` says whether a reader marked it, a person
    placed or confirmed it, or the program proposed it. ``centre`` is in LPS millimetres of the PET
    scan, ``mean`` and ``sd`` (of all voxels, divided by n) in SUV by body weight, g/ml.
    """

    time_point: str
    scan_id: str
    organ: str
    source: Source
    centre: Point
    volume_ml: float
    mean: float
    sd: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tracking:
    """All lesions of one subject and reader through time; superseded whole by the next one."""

    subject: str
    reader: Reader
    content_key: str
    baseline_time_point: str
    baseline_assumed: bool
    lesions: tuple[Lesion, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    references: tuple[ReferenceRegion, ...] = ()
