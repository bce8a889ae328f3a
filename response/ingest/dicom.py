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
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of, value_of
from response.ingest.drawings import KINDS, Drawing, read_drawing
from response.ingest.enhanced import FUNCTIONAL_GROUPS, read_frames
from response.ingest.headers import SAID, TAGS, Series, normalise, read_classic_slice
from response.ingest.identity import Identities, Identity, read_birth_date
from response.ingest.structured_report import REPORTS

MODALITIES = ("PT", "CT", "MR")

_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary capture, and its multi-frame kinds below: pictures of a screen."""

_ENHANCED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in ("2.1", "2.2", "4.1", "4.4", "130", "128.1")
)
"""Enhanced CT, MR and PET, and those converted from classic images."""

_CODED = ("Units", "CorrectedImage", "AttenuationCorrected")


@dataclass(slots=True)
class Found:
    """What DICOM folders hold.

    ``other_series`` are UIDs of series that are not read (of another modality); ``damaged`` are
    files that should be DICOM and cannot be read, with why; ``identities`` whose files lie where.
    """

    series: dict[tuple[str, str, str], Series] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)
    annotations: list[Path] = field(default_factory=list)
    other_series: set[str] = field(default_factory=set)
    damaged: dict[Path, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    identities: Identities = field(default_factory=Identities)

    def skip(self, why: str) -> None:
        """Count a file that is not used."""
        self.skipped[why] = self.skipped.get(why, 0) + 1


def find_dicom(folders: Sequence[Path]) -> Found:
    """Look through folders, and all below them, for images and drawings.

    Links that lead out of a folder are not followed, and what is no regular file is not opened.
    """
    found = Found()
    for folder in folders:
        for path in _walk(folder, found):
            _add_file(path, found)
    return found


def _walk(folder: Path, found: Found) -> Iterator[Path]:
    root = folder.resolve()
    seen: set[tuple[int, int]] = set()
    for parent, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                found.skip("links that leave the folder")
            elif not path.is_file():
                found.skip("entries that are no files")
            elif _is_first(path, seen):
                yield path


def _is_first(path: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a file was not met already, by way of a link."""
    status = path.stat()
    key = (status.st_dev, status.st_ino)
    first = key not in seen
    seen.add(key)
    return first


def _add_file(path: Path, found: Found) -> None:
    try:
        with path.open("rb") as file:
            marked = file.read(132)[128:] == b"DICM"
    except OSError:
        found.damaged[path] = "cannot be opened"
        return
    if not marked and path.suffix.lower() == ".xml":
        found.annotations.append(path)
        return
    if not marked and path.suffix.lower() not in (".dcm", ".ima"):
        found.skip("files that are not DICOM")
        return
    try:
        header = read_dataset(path, tags=TAGS)
        with quiet():
            _sort_in(path, header, found)
    except (InputError, *DAMAGE):
        found.damaged[path] = "cannot be read as DICOM; copy it again"


def _sort_in(path: Path, header: Any, found: Found) -> None:
    kind = text_of(header, "SOPClassUID")
    media = str(getattr(header, "file_meta", {}).get("MediaStorageSOPClassUID", ""))
    modality = text_of(header, "Modality")
    if MediaStorageDirectoryStorage in (kind, media):
        found.skip("directories of a disc")
    elif kind in KINDS:
        found.drawings.append(read_drawing(path))
    elif kind in REPORTS:
        found.reports.append(path)
    elif "SeriesInstanceUID" not in header:
        found.damaged[path] = "is DICOM, but says of no series that it is of; take it away"
    elif modality in MODALITIES and not _is_capture(kind):
        found.identities.add(_identify(path, header))
        _add_image(path, header, modality, found)
    else:
        found.other_series.add(text_of(header, "SeriesInstanceUID"))
        found.skip(
            "screenshots (secondary captures)"
            if _is_capture(kind)
            else f"files of modality {modality or 'unknown'}"
        )


def _is_capture(kind: str) -> bool:
    return kind == _CAPTURE or kind.startswith(_CAPTURE + ".")


def _identify(path: Path, header: Any) -> Identity:
    return Identity(
        folder=path.parent,
        patient=text_of(header, "PatientID"),
        issuer=text_of(header, "IssuerOfPatientID"),
        birth_date=read_birth_date(text_of(header, "PatientBirthDate")),
        sex=text_of(header, "PatientSex").upper(),
        study_date=text_of(header, "StudyDate"),
        study_uid=text_of(header, "StudyInstanceUID"),
        series_uid=text_of(header, "SeriesInstanceUID"),
    )


def _add_image(path: Path, header: Any, modality: str, found: Found) -> None:
    uid, subject = text_of(header, "SeriesInstanceUID"), text_of(header, "PatientID")
    date = text_of(header, "StudyDate")
    framed = int(value_of(header, "NumberOfFrames") or 1) > 1
    if framed or text_of(header, "SOPClassUID") in _ENHANCED:
        whole = read_dataset(path, tags=[*TAGS, *FUNCTIONAL_GROUPS])
        slices = read_frames(path, whole, modality)
    else:
        slices = [read_classic_slice(path, header, modality)]
    key = (subject, date, uid)
    if key not in found.series:
        found.series[key] = Series(
            uid=uid,
            number=text_of(header, "SeriesNumber"),
            modality=modality,
            subject=subject,
            study_date=date,
            study_uid=text_of(header, "StudyInstanceUID"),
            frame_of_reference=text_of(header, "FrameOfReferenceUID"),
            said={name: _say(header, name) for name in SAID if value_of(header, name)},
        )
    found.series[key].slices += slices


def _say(header: Any, name: str) -> str:
    value = value_of(header, name)
    return normalise(value) if name in _CODED else text_of(header, name)
