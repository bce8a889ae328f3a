"""What was taken in: scans, marks, what tables say of them; and registrations between scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from response.model.people import Reader
from response.terms import LesionState, Role


@dataclass(frozen=True, slots=True)
class Scan:
    """One image of one time point, copied into the workspace.

    ``image_path`` is relative to the workspace. ``slice_axis`` is the image axis (0, 1, 2 in
    SimpleITK order i, j, k) that the slices are stacked along. ``field_box`` is the index box
    ``(i0, j0, k0, i1, j1, k1)``, upper ends exclusive, outside which the image is constant padding.
    ``origin_path`` names what is kept of the DICOM headers the image came from (see
    :mod:`response.ingest.origin`), relative to the workspace; `None` for other files.
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
    origin_path: str | None = None


@dataclass(frozen=True, slots=True)
class LabelFact:
    """What a drawing itself says of one of its labels.

    ``reference`` names the organ that the label is a reference region of (``liver``,
    ``blood_pool``), empty for lesions. ``tracking_uid`` is the drawing's own name for the lesion,
    the same at all time points. ``drawing_uid`` and ``number`` say where it comes from: the
    instance UID of its file, and the number of the segment or region there.
    """

    label: int
    reference: str = ""
    tracking_uid: str = ""
    drawing_uid: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class MarkSet:
    """What one reader marked on one scan. ``mask_path`` is empty for *read, nothing there*.

    The mask is an integer label image on the grid of its scan, labels as in the source; a 0/1 mask
    has already been split into connected components. ``complete`` is the reader's word that every
    visible lesion is marked (always true for *none seen*). ``said`` is what the drawing itself says
    of its labels.
    """

    mark_set_id: str
    scan_id: str
    reader: Reader
    mask_path: str
    mask_digest: str
    labels: tuple[int, ...]
    complete: bool
    said: tuple[LabelFact, ...] = ()


@dataclass(frozen=True, slots=True)
class LesionFact:
    """What ``lesions.csv`` says of one label at one time point; ``None`` or empty where silent.

    ``modality`` and ``series`` say whose mask the label is in, where the masks of one time point
    (PET and CT) number their labels apart; ``None``: the label means one thing in all of them.
    ``given_tracking_uid`` is the drawing's own name for the lesion.
    """

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
    modality: str | None = None
    series: str | None = None
    given_tracking_uid: str = ""


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
    """One row, subject or time point that was not taken, and why.

    As text it is one line: what a file is called, or says, cannot break or hide it.

    Examples
    --------
    >>> print(Refusal("", "", "a" + chr(10) + "b.dcm: cannot be read"))
    (file): a?b.dcm: cannot be read
    """

    subject: str
    time_point: str
    reason: str

    def __str__(self) -> str:
        where = " ".join(word for word in (self.subject, self.time_point) if word)
        line = f"{where or '(file)'}: {self.reason}"
        return "".join(letter if letter.isprintable() else "?" for letter in line)


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
