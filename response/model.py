"""The values that pass between the steps. Frozen, slotted, validated once at the edges.

Physical points are LPS millimetres (DICOM patient coordinates, as SimpleITK); dates are
:class:`datetime.date`; diameters that a rule sees are :class:`decimal.Decimal`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from response.terms import (
    AccountRole,
    Event,
    LesionState,
    NewLesion,
    Role,
    Source,
    Status,
)

Point = tuple[float, float, float]
"""A place in physical space: x, y, z in LPS millimetres."""

Segment = tuple[Point, Point]
"""Two end points of a measured diameter, LPS millimetres."""


@dataclass(frozen=True, slots=True, order=True)
class Reader:
    """Whose word it is. Readers are separate streams and never mix (RULES G-05)."""

    evaluator: str = "INVESTIGATOR"
    evaluator_id: str = ""


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """Dates of a subject that scans do not say; ``None`` where unknown."""

    subject: str
    treatment_start: dt.date | None = None
    randomisation: dt.date | None = None
    new_therapy_date: dt.date | None = None
    death_date: dt.date | None = None
    last_contact_date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the workspace. ``key`` is opaque: links carry it, never the identifier."""

    subject: str
    key: str
    facts: SubjectFacts


# ------------------------------------------------------------------------------------- ingest


@dataclass(frozen=True, slots=True)
class Scan:
    """One image of one time point, copied into the workspace.

    ``image_path`` is relative to the workspace. ``slice_axis`` is the image axis (0, 1, 2 in
    SimpleITK order i, j, k) that the slices are stacked along. ``field_box`` is the index box
    ``(i0, j0, k0, i1, j1, k1)``, upper ends exclusive, outside which the image is constant padding.
    """

    scan_id: str
    subject: str
    time_point: str
    date: dt.date
    modality: str
    series: str
    image_path: str
    image_digest: str
    slice_axis: int
    field_box: tuple[int, int, int, int, int, int]
    source: str = "nifti"
    slice_thickness_mm: float | None = None
    chosen_because: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarkSet:
    """What one reader marked on one scan. ``mask_path`` is empty for *read, nothing there*.

    The mask is an integer label image on the grid of its scan, labels as in the source; a 0/1 mask
    has already been split into connected components. ``complete`` is the reader's word that every
    visible lesion is marked (always true for *none seen*).
    """

    mark_set_id: str
    scan_id: str
    reader: Reader
    mask_path: str
    mask_digest: str
    labels: tuple[int, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class LesionFact:
    """What ``lesions.csv`` says of one label at one time point; ``None`` or empty where silent."""

    subject: str
    time_point: str
    label: int
    reader: Reader
    organ: str = ""
    side: str = ""
    node: bool | None = None
    role: Role | None = None
    state: LesionState | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One time point of one subject, as read: wholly in or wholly out."""

    subject: str
    time_point: str
    date: dt.date
    scans: tuple[Scan, ...]
    mark_sets: tuple[MarkSet, ...]
    lesion_facts: tuple[LesionFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row, subject or time point that was not taken, and why."""

    subject: str
    time_point: str
    reason: str

    def __str__(self) -> str:
        where = " ".join(word for word in (self.subject, self.time_point) if word)
        return f"{where or '(file)'}: {self.reason}"


# ----------------------------------------------------------------------------------- register


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration between two successive scans of a subject.

    It maps points of the earlier scan's space (``from``, the fixed image) into the later one's
    (``to``, the moving image). ``transform_path`` is a folder relative to the workspace.
    ``expected_error_mm`` is a bound for the place of a lesion, used by the match.
    """

    registration_id: str
    content_key: str
    subject: str
    modality: str
    series: str
    from_scan_id: str
    to_scan_id: str
    from_time_point: str
    to_time_point: str
    transform_path: str
    transform_digest: str
    seconds: float
    similarity: float
    folded_fraction: float
    trusted: bool
    reason: str
    engine: str
    parameters: str
    expected_error_mm: float


# ------------------------------------------------------------------------------ match, measure


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
    """A measurement as recorded: diameters rounded once to the protocol's precision."""

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


# ------------------------------------------------------------------------------------- assess


@dataclass(frozen=True, slots=True)
class LesionReading:
    """One row of a measurement table: one lesion (or one ``part`` of it) at one time point.

    ``diameter_mm`` is the short axis where ``node`` is true. ``reason`` says why a state is
    ``NOT_EVALUABLE``; ``provisional`` why no person stands behind this row (empty: one does).
    An empty ``lesion`` with ``NOT_EVALUABLE`` is a time point with nothing evaluable.
    """

    time_point: str
    date: dt.date
    lesion: str
    role: Role | None
    organ: str = ""
    node: bool = False
    method: str = ""
    diameter_mm: Decimal | None = None
    state: LesionState | None = None
    part: str = ""
    merged_into: str = ""
    reason: str = ""
    provisional: str = ""
    extra: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssessedTimePoint:
    """A time point to be assessed, whether or not anything was read there."""

    time_point: str
    date: dt.date
    provisional: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the id of the rule's row (``RECIST11.T1.4``) and one plain sentence."""

    row_id: str
    text: str

    def __str__(self) -> str:
        return f"[{self.row_id}] {self.text}"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The category of one time point; a later one with its own ``as_of`` supersedes it.

    ``as_of`` is the date of the last evidence used: the time point's own date, or for a back-dated
    or recoded category the date of the scan that changed it. At baseline the responses are empty.
    """

    subject: str
    criterion: str
    reader: Reader
    time_point: str
    date: dt.date
    sum_of_diameters_mm: Decimal | None
    nadir_mm: Decimal | None
    change_from_baseline_pct: Decimal | None
    change_from_nadir_pct: Decimal | None
    target_response: str
    non_target_response: str
    new_lesion: NewLesion | None
    overall_response: str
    status: Status
    as_of: dt.date
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """Best overall response and endpoints of one subject; ``None`` or empty where unknown."""

    subject: str
    criterion: str
    reader: Reader
    best_overall_response: str
    confirmed_best_overall_response: str
    response_date: dt.date | None
    progression_date: dt.date | None
    pfs_days: int | None
    pfs_event: bool | None
    pfs_reason: str
    duration_of_response_days: int | None


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """Everything a criterion says of one subject and reader."""

    assessments: tuple[Assessment, ...]
    summary: SubjectSummary


# ----------------------------------------------------------------------------------- decisions


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided. It outlives re-runs; undone only by a later ``undo`` of its id.

    ``kind`` is one of ``role, organ, node, state, link, unlink, merge, split, confirm, undo``.
    ``tracking_uids`` are the lesions, ``labels`` the marks at ``time_point`` it speaks of;
    ``value`` is the role, organ, flag or state, or the id of the decision undone. A ``confirm``
    holds in ``value`` the ``content_key`` of the tracking that was confirmed.
    """

    decision_id: str
    at: dt.datetime
    actor: str
    kind: str
    subject: str
    reader: Reader
    time_point: str = ""
    tracking_uids: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    value: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain. ``detail`` never holds an identifier, only keys and counts."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    subject_key: str
    detail: Mapping[str, str]
    chain: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in. ``password_hash`` is a salted scrypt hash."""

    name: str
    role: AccountRole
    password_hash: str
    disabled: bool = False
