"""The series that results refer to, described from what is kept of its headers.

Pixels are as the workspace keeps them: columns along i, rows along j, slices along k, each in the
scan's own place (LPS millimetres). Patient and study are those of the source; no name is kept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.datadict import keyword_for_tag
from pydicom.valuerep import format_number_as_ds

from response import __version__
from response.errors import InputError, IntegrityError
from response.geometry import Grid
from response.ingest.origin import SourceImage, read_origin
from response.model import Scan
from response.workspace import Workspace

_UID = r"[0-9.]{1,64}"
_SHORT, _LONG = r"[^\\\x00-\x1f]{0,16}", r"[^\\\x00-\x1f]{0,64}"

STUDY = {
    "PatientID": _LONG,
    "PatientSex": "[MFO]",
    "AccessionNumber": _SHORT,
    "StudyInstanceUID": _UID,
    "StudyID": _SHORT,
    "StudyDate": r"[0-9]{8}",
    "StudyTime": r"[0-9]{2}([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?)?)?",
}
"""What an object of the same study repeats, and the form of each; empty where it has another."""

STUDY_WHERE_KNOWN = {"StudyDescription": _LONG, "IssuerOfPatientID": _LONG}
"""What it repeats where the source has it."""

MANUFACTURER = "response"
MODEL = "Longitudinal treatment response tracker"

NAMESPACE = uuid.UUID("6f1c1d9e-6a43-5d0e-9d5a-0c2f0b0b7c11")


def make_uid(*parts: object) -> str:
    """A UID under 2.25 (PS3.5 annex B.2) that is the same whenever the same things are named.

    Examples
    --------
    >>> make_uid("series", 1) == make_uid("series", 1) != make_uid("series", 2)
    True
    """
    return f"2.25.{uuid.uuid5(NAMESPACE, chr(31).join(map(str, parts))).int}"


@dataclass(frozen=True, slots=True)
class SourceSeries:
    """A series in DICOM, with the images its slices came from.

    ``header`` is what its images share, by keyword, ``images`` the source of each slice in the
    order of k; ``grid`` has columns along i, rows along j and slices along k.
    """

    header: Mapping[str, str]
    images: tuple[SourceImage, ...]
    grid: Grid
    thickness_mm: float

    @property
    def uid(self) -> str:
        """Its Series Instance UID."""
        return self.header["SeriesInstanceUID"]

    @property
    def frame_of_reference(self) -> str:
        """The frame of reference that points are given in; one of our own where it has none."""
        return _keep(self.header, "FrameOfReferenceUID", _UID) or make_uid("frame", self.uid)

    def describe_study(self) -> Dataset:
        """Patient and study for an object of the same study; the name stays empty."""
        made = Dataset()
        made.SpecificCharacterSet = "ISO_IR 192"
        made.PatientName = made.PatientBirthDate = made.ReferringPhysicianName = ""
        for keyword, form in STUDY.items():
            setattr(made, keyword, _keep(self.header, keyword, form))
        for keyword, form in STUDY_WHERE_KNOWN.items():
            if _keep(self.header, keyword, form):
                setattr(made, keyword, _keep(self.header, keyword, form))
        return made

    def describe_image(self, slice_index: int) -> Dataset:
        """One slice as a single-frame image: identity and place, no pixels."""
        image = self.images[slice_index]
        made = self.describe_study()
        made.SOPClassUID, made.SOPInstanceUID = image.sop_class_uid, image.sop_instance_uid
        made.SeriesInstanceUID = self.uid
        made.SeriesNumber = _keep(self.header, "SeriesNumber", r"[0-9]{1,9}") or None
        made.Modality = _keep(self.header, "Modality", r"[A-Z]{2,16}") or "OT"
        made.FrameOfReferenceUID = self.frame_of_reference
        made.PositionReferenceIndicator = ""
        made.InstanceNumber = slice_index + 1
        self._place(made, slice_index)
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit, made.PixelRepresentation = 15, 1
        return made

    def _place(self, made: Dataset, slice_index: int) -> None:
        across, down, between = self.grid.spacing
        turned = np.array(self.grid.direction).reshape(3, 3)
        made.ImageOrientationPatient = to_decimals([*turned[:, 0], *turned[:, 1]])
        made.ImagePositionPatient = to_decimals(self.grid.to_points([0, 0, slice_index])[0])
        made.PixelSpacing = to_decimals([down, across])
        made.SpacingBetweenSlices = to_decimals([between])[0]
        made.SliceThickness = to_decimals([self.thickness_mm])[0]
        made.Columns, made.Rows = self.grid.size[:2]


def read_source(workspace: Workspace, scan: Scan, grid: Grid) -> SourceSeries:
    """Read what is kept of the DICOM series a scan came from.

    Raises
    ------
    InputError
        The scan did not come from DICOM, or nothing was kept of its headers.
    IntegrityError
        What was kept does not fit the scan.
    """
    if not scan.origin_path:
        raise InputError(_why_no_origin(scan))
    origin = read_origin(workspace.read_document(scan.origin_path))
    header = _read_header(origin.header)
    if len(origin.images) != grid.size[2]:
        raise IntegrityError("origin: does not fit the scan; ingest the scan again")
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        if not _keep(header, keyword, _UID):
            raise InputError(f"its series has no valid {keyword}, so nothing can refer to it")
    thickness_mm = scan.slice_thickness_mm or grid.spacing[2]
    return SourceSeries(header, origin.images, grid, thickness_mm)


def _read_header(plain: Mapping[str, Any]) -> dict[str, str]:
    """The single values of a header in DICOM JSON as text, by keyword; others are left out."""
    found = {}
    for tag, item in plain.items():
        values: Sequence[Any] = item.get("Value", ()) if isinstance(item, dict) else ()
        keyword = keyword_for_tag(tag)
        if keyword and len(values) == 1 and isinstance(values[0], str | int):
            found[keyword] = str(values[0]).strip()
    return found


def _keep(header: Mapping[str, str], keyword: str, form: str) -> str:
    """A value of a header, if it has the form it should have; else nothing."""
    value = header.get(keyword, "")
    return value if re.fullmatch(form, value) else ""


def _why_no_origin(scan: Scan) -> str:
    if scan.source == "dicom":
        return "was read by a version that kept no headers; ingest its folder again"
    return (
        "was not read from DICOM, so there are no images to refer to; ask for them with "
        "--with-images, or ingest the DICOM series"
    )


def describe_equipment() -> dict[str, Any]:
    """What made an object: this program and its version."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": __version__,
        "device_serial_number": "1",
    }


def turn_grid(grid: Grid, slice_axis: int) -> Grid:
    """The same voxels with the slices along the last axis.

    Examples
    --------
    >>> grid = Grid((0, 0, 0), (5.0, 1.0, 2.0), (1, 0, 0, 0, 1, 0, 0, 0, 1), (3, 4, 5))
    >>> turn_grid(grid, 0).spacing, turn_grid(grid, 0).size
    ((1.0, 2.0, 5.0), (4, 5, 3))
    """
    order = _order(slice_axis)
    turned = np.array(grid.direction).reshape(3, 3)[:, order].ravel()
    a, b, c = order
    return replace(
        grid,
        spacing=(grid.spacing[a], grid.spacing[b], grid.spacing[c]),
        direction=tuple(turned.tolist()),
        size=(grid.size[a], grid.size[b], grid.size[c]),
    )


def turn_array(array_kji: npt.NDArray[Any], slice_axis: int) -> npt.NDArray[Any]:
    """Voxels (k, j, i) as slices, rows, columns of the turned grid."""
    return array_kji.transpose([2 - axis for axis in reversed(_order(slice_axis))])


def _order(slice_axis: int) -> list[int]:
    return [*(axis for axis in range(3) if axis != slice_axis), slice_axis]


def to_decimals(values: Sequence[float] | npt.NDArray[np.float64]) -> list[str]:
    """Numbers as decimal strings of at most 16 characters (PS3.5, DS).

    Examples
    --------
    >>> to_decimals([0.1 + 0.2, -1 / 3])
    ['0.3', '-0.333333333333']
    """
    return [format_number_as_ds(round(float(value), 12) + 0.0) for value in values]


def seal(dataset: Any) -> None:
    """Give a finished object the SOP Instance UID that its content has: twice the same, one UID."""
    _name_instance(dataset, make_uid("unsealed"))
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    digest = hashlib.sha256(written.getbuffer()).hexdigest()
    _name_instance(dataset, make_uid(dataset.SeriesInstanceUID, digest))


def _name_instance(dataset: Any, uid: str) -> None:
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
