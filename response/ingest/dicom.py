"""DICOM trees: which files are images or drawings, of whom, of when, of which series.

Only headers are read here. The patient's name never is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.uid import MediaStorageDirectoryStorage

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.drawings import KINDS, Drawing, read_drawing

MODALITIES = ("CT", "MR")

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientID",
    "StudyDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "ImageType",
    "FrameOfReferenceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "Rows",
    "Columns",
    "NumberOfFrames",
]


@dataclass(frozen=True, slots=True)
class Slice:
    """One image's header; `problem` says why it cannot be part of a volume."""

    path: Path
    sop_uid: str
    instance: str
    position: tuple[float, ...] = ()
    orientation: tuple[float, ...] = ()
    pixel_spacing: tuple[float, ...] = ()
    rows: int = 0
    columns: int = 0
    thickness_mm: float | None = None
    problem: str = ""


@dataclass(slots=True)
class Series:
    """The images of one series, in no order."""

    uid: str
    number: str
    modality: str
    image_type: tuple[str, ...]
    subject: str
    study_date: str
    study_uid: str
    frame_of_reference: str
    slices: list[Slice] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the series is called in messages: its number, or the end of its UID."""
        return f"series {self.number or '…' + self.uid[-8:]}"


@dataclass(slots=True)
class Found:
    """What DICOM folders hold.

    ``other_series`` are UIDs of series that are not read (of another modality); ``damaged`` are
    files that should be DICOM and cannot be read.
    """

    series: dict[tuple[str, str, str], Series] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    other_series: set[str] = field(default_factory=set)
    damaged: list[Path] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, why: str) -> None:
        """Count a file that is not used."""
        self.skipped[why] = self.skipped.get(why, 0) + 1


def find_dicom(folders: Sequence[Path]) -> Found:
    """Look through folders, and all below them, for images and segmentations.

    Links that lead out of a folder are not followed.
    """
    found = Found()
    for folder in folders:
        for path in _walk(folder, found):
            _add_file(path, found)
    return found


def _walk(folder: Path, found: Found) -> Iterator[Path]:
    root = folder.resolve()
    for parent, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            if not path.resolve().is_relative_to(root):
                found.skip("links that leave the folder")
            elif path.is_file():
                yield path


def _add_file(path: Path, found: Found) -> None:
    try:
        with path.open("rb") as file:
            marked = file.read(132)[128:] == b"DICM"
    except OSError:
        found.damaged.append(path)
        return
    if not marked and path.suffix.lower() not in (".dcm", ".ima"):
        found.skip("files that are not DICOM")
        return
    try:
        header = read_dataset(path, tags=_TAGS)
        with quiet():
            _sort_in(path, header, found)
    except (InputError, *DAMAGE):
        found.damaged.append(path)


def _sort_in(path: Path, header: Any, found: Found) -> None:
    kind = str(header.get("SOPClassUID", ""))
    media = str(getattr(header, "file_meta", {}).get("MediaStorageSOPClassUID", ""))
    modality = text_of(header, "Modality")
    if MediaStorageDirectoryStorage in (kind, media):
        found.skip("directories of a disc")
    elif kind in KINDS:
        found.drawings.append(read_drawing(path))
    elif "SeriesInstanceUID" not in header:
        raise InputError(f"{path.name}: no series")
    elif modality in MODALITIES:
        _add_slice(path, header, modality, found)
    else:
        found.other_series.add(text_of(header, "SeriesInstanceUID"))
        found.skip(f"files of modality {modality or 'unknown'}")


def _add_slice(path: Path, header: Any, modality: str, found: Found) -> None:
    uid, subject = text_of(header, "SeriesInstanceUID"), text_of(header, "PatientID")
    date = text_of(header, "StudyDate")
    key = (subject, date, uid)
    if key not in found.series:
        found.series[key] = Series(
            uid=uid,
            number=text_of(header, "SeriesNumber"),
            modality=modality,
            image_type=tuple(str(part).upper() for part in header.get("ImageType") or ()),
            subject=subject,
            study_date=date,
            study_uid=text_of(header, "StudyInstanceUID"),
            frame_of_reference=text_of(header, "FrameOfReferenceUID"),
        )
    found.series[key].slices.append(_read_slice(path, header))


def _read_slice(path: Path, header: Any) -> Slice:
    uid, instance = text_of(header, "SOPInstanceUID"), text_of(header, "InstanceNumber")
    if int(header.get("NumberOfFrames") or 1) > 1:
        return Slice(path, uid, instance, problem="holds several frames; save single-frame images")
    if "Rows" not in header:
        return Slice(path, uid, instance, problem="has no pixels; copy it again")
    try:
        thickness = header.get("SliceThickness")
        made = Slice(
            path,
            uid,
            instance,
            position=_numbers(header, "ImagePositionPatient", 3),
            orientation=_numbers(header, "ImageOrientationPatient", 6),
            pixel_spacing=_numbers(header, "PixelSpacing", 2),
            rows=int(header.Rows),
            columns=int(header.Columns),
            thickness_mm=float(thickness) if thickness else None,
        )
    except (InputError, *DAMAGE) as error:
        return Slice(path, uid, instance, problem=f"has no usable geometry ({error})")
    return made


def _numbers(header: Any, name: str, count: int) -> tuple[float, ...]:
    values = tuple(float(value) for value in header.get(name) or ())
    if len(values) != count or not all(abs(value) < 1e6 for value in values):
        raise InputError(f"{name}: {count} numbers are needed")
    return values
