"""What is written of one scan: the lesions one reader marked on it, and the series it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import InputError
from response.export.dicom_source import SourceSeries, turn_array
from response.ingest.itk import sitk
from response.layers import split_layers
from response.model import (
    Decision,
    Finding,
    Lesion,
    MarkSet,
    Scan,
    Subject,
    SubjectResult,
    TimePoint,
    Tracking,
)
from response.workspace import Workspace

Voxels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """One mark: its number in what is written (from 1), its label in the mask, its lesion."""

    number: int
    label: int
    finding: Finding
    lesion: Lesion


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a subject beside the lesions themselves.

    ``tracked_at`` is when the lesions were last tracked, ``said_at`` when anything was last said of
    them (UTC).
    """

    subject: Subject
    results: tuple[SubjectResult, ...]
    decisions: tuple[Decision, ...]
    tracked_at: dt.datetime
    said_at: dt.datetime


@dataclass(frozen=True, slots=True)
class MarkedScan:
    """One scan as one reader marked it.

    ``findings`` are the reader's lesions on this scan, with and without a mark. ``read_layers``
    gives the masks as (slices, rows, columns) on the source's grid; labels of one layer do not
    overlap. ``make_images`` makes the images of the source where there were none in DICOM.
    """

    known: Known
    tracking: Tracking
    scan: Scan
    findings: tuple[Finding, ...]
    marks: MarkSet | None
    source: SourceSeries
    read_layers: Callable[[], Sequence[Voxels]]
    make_images: Callable[[], Iterable[Any]] = tuple

    def __str__(self) -> str:
        return f"{self.scan.subject} {self.scan.time_point} {self.scan.modality}"

    @property
    def lesions(self) -> Mapping[str, Lesion]:
        """The lesions by tracking UID."""
        return {lesion.tracking_uid: lesion for lesion in self.tracking.lesions}

    @property
    def reader(self) -> str:
        """Whose word it is, as said in descriptions."""
        reader = self.tracking.reader
        return clean(" ".join(filter(None, (reader.evaluator, reader.evaluator_id))))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The marks by tracking id; where lesions became one, the mark is of the one that lasts."""
        owners: dict[int, Finding] = {}
        for finding in sorted(self.findings, key=self._rank):
            if finding.label is not None:
                owners.setdefault(finding.label, finding)
        ordered = sorted(owners.items(), key=lambda pair: (pair[1].tracking_id, pair[0]))
        lesions = self.lesions
        return tuple(
            Segment(number, label, finding, lesions[finding.tracking_uid])
            for number, (label, finding) in enumerate(ordered, 1)
        )

    def _rank(self, finding: Finding) -> tuple[bool, str]:
        return bool(self.lesions[finding.tracking_uid].merged_into), finding.tracking_id


def clean(text: str, limit: int = 64) -> str:
    """Text as a DICOM string takes it: no backslash, no control characters, not too long.

    Examples
    --------
    >>> clean("a\\\\b\\n", 3)
    'a/b'
    """
    kept = "".join(char if char.isprintable() else " " for char in text.replace("\\", "/"))
    return kept.strip()[:limit].strip()


def name_person(text: str) -> str:
    """An evaluator as a person's name (PS3.5, PN): all of it the family name; empty for none.

    Examples
    --------
    >>> name_person("anna"), name_person("")
    ('anna^', '')
    """
    name = clean(text.replace("^", " ").replace("=", " "), 60)
    return f"{name}^" if name else ""


def find_marks(findings: Iterable[Finding], point: TimePoint) -> MarkSet | None:
    """The mark set that a scan's findings were read from; ``None`` where nothing is marked there.

    Raises
    ------
    InputError
        The marks were replaced since they were tracked.
    """
    named = {finding.mark_set_id for finding in findings if finding.label is not None}
    known = {marks.mark_set_id: marks for marks in point.mark_sets}
    if named - known.keys() or len(named) > 1:
        raise InputError("the marks were replaced since they were tracked; run 'response track'")
    return known[named.pop()] if named else None


def read_layers(workspace: Workspace, mask_path: str, slice_axis: int) -> list[Voxels]:
    """Read a mask as (slices, rows, columns), layer by layer; one where nothing overlaps."""
    mask: Any = workspace.read_image(mask_path)
    arrays = [sitk.GetArrayFromImage(layer) for layer in split_layers(mask)]
    return [np.ascontiguousarray(turn_array(array, slice_axis)) for array in arrays]


def find_label(layers: Sequence[Voxels], label: int) -> npt.NDArray[np.bool_]:
    """The voxels of a label, in whichever layer it lies."""
    return np.asarray(np.any([layer == label for layer in layers], axis=0))
