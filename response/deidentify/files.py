"""De-identified copies of what is given, in a folder that lasts as long as they are read.

Everything that reads scans then reads the copies: no name of a file, no cell of a table, no header
of the originals can reach the workspace, a message or a log.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from response.deidentify.annotations import copy_annotation
from response.deidentify.datasets import deidentify
from response.deidentify.pseudonyms import Pseudonyms
from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.model import Refusal

_IMAGES = "1.2.840.10008.5.1.4.1.1."
_READ = (
    "2",  # CT, with its enhanced kinds
    "4",  # MR
    "128",  # PET
    "130",
    "66",  # segmentations, real-world values
    "67",
    "481.3",  # structure sets
    "88",  # structured reports
)
"""SOP classes below the root of the storage classes whose content is read."""

_HEADER_ONLY = (
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientID",
    "StudyDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "ImageType",
)
_DAMAGED = b"\0" * 128 + b"DICM"


@dataclass(slots=True)
class Copies:
    """What became of the files.

    ``patients`` are the original numbers that were met, ``issuers`` who gave each of them,
    ``owners`` the patient of each study.
    """

    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    patients: set[str] = field(default_factory=set)
    issuers: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def refuse(self, subject: str, time_point: str, reason: str) -> None:
        """Note a refusal once."""
        refusal = Refusal(subject, time_point, reason)
        if refusal not in self.refused:
            self.refused.append(refusal)


def copy_dicom_folder(
    folder: Path, into: Path, names: Pseudonyms, *, today: dt.date, copies: Copies
) -> None:
    """Write de-identified copies of a DICOM folder; files are called by their number.

    A file that cannot be read as DICOM becomes one that cannot either, a file of another kind an
    empty one, so that they are counted, and refused, as in the original.
    """
    later: list[tuple[Path, Path]] = []
    for number, (place, path) in enumerate(_walk(folder), start=1):
        target = into / f"folder{place:04}" / f"{number:06}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".xml":
            later.append((path, target.with_suffix(".xml")))
        elif not _copy_file(path, target, names, today, copies):
            later.append((path, target))
    for path, target in later:  # whose they are is known once the images are
        if target.suffix == ".xml":
            _copy_annotation(path, target, names, copies)
        else:
            _copy_file(path, target, names, today, copies, report=True)


def _walk(folder: Path) -> Iterator[tuple[int, Path]]:
    """List regular files in the order of their paths, with the number of their folder."""
    root = folder.resolve()
    for place, (parent, folders, files) in enumerate(os.walk(root)):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            if path.resolve().is_relative_to(root) and path.is_file():
                yield place, path


def _copy_file(
    path: Path,
    target: Path,
    names: Pseudonyms,
    today: dt.date,
    copies: Copies,
    *,
    report: bool = False,
) -> bool:
    """Copy a file; false for a report, which is left for when `report` is said."""
    if not _looks_like_dicom(path):
        target.with_suffix("").touch()
        return True
    try:
        dataset = read_dataset(path, pixels=True)
        with quiet():
            if _is_report(dataset) and not report:
                return False
            _check_patient(dataset, names, copies)
            made = _take(dataset)
            burned = text_of(dataset, "BurnedInAnnotation").upper() == "YES"
            owner = _find_owner(dataset, copies.owners) if report else ""
            deidentify(made, names, today=today, dates_of=owner)
            if burned and made is dataset:
                _refuse_burned_in(made, copies)
            made.save_as(target, enforce_file_format=True)
    except (InputError, *DAMAGE):
        target.write_bytes(_DAMAGED)
    return True


def _is_report(dataset: Any) -> bool:
    return text_of(dataset, "SOPClassUID").startswith(f"{_IMAGES}88.")


def _find_owner(dataset: Any, owners: Mapping[str, str]) -> str:
    """Find whose images a report speaks of, by the studies it names."""
    found: list[str] = []

    def look(_parent: Dataset, element: Any) -> None:
        if element.VR == "UI" and str(element.value) in owners:
            found.append(owners[str(element.value)])

    dataset.walk(look)
    return found[-1] if found else ""


def _copy_annotation(path: Path, target: Path, names: Pseudonyms, copies: Copies) -> None:
    try:
        if not copy_annotation(path, target, names, copies.owners):
            target.with_suffix("").touch()
    except (InputError, OSError):
        target.write_text("<ImageAnnotation>")  # not well formed either


def _looks_like_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            marked = file.read(132)[128:] == b"DICM"
    except OSError:
        return False
    return marked or path.suffix.lower() in (".dcm", ".ima")


def _take(dataset: Any) -> Dataset:
    """Take a dataset whole if its kind is read, else only what it is counted by."""
    kind = text_of(dataset, "SOPClassUID")
    parts = kind.removeprefix(_IMAGES)
    if kind.startswith(_IMAGES) and any(
        parts == one or parts.startswith(f"{one}.") for one in _READ
    ):
        whole: Dataset = dataset
        return whole
    bare = Dataset()
    for keyword in _HEADER_ONLY:
        if keyword in dataset:
            bare[keyword] = dataset[keyword]
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return bare


def _check_patient(dataset: Any, names: Pseudonyms, copies: Copies) -> None:
    """Keep two patients apart who share a number: the issuers of it differ.

    Raises
    ------
    InputError
        The number came from another issuer before.
    """
    patient, issuer = text_of(dataset, "PatientID"), text_of(dataset, "IssuerOfPatientID")
    copies.patients.add(patient)
    if not _is_report(dataset):
        copies.owners[text_of(dataset, "StudyInstanceUID")] = patient
    if patient and issuer and copies.issuers.setdefault(patient, issuer) != issuer:
        reason = "its PatientID has two issuers (IssuerOfPatientID): these may be two patients"
        copies.refuse(names.subject(patient), "", f"{reason}; give them in separate runs")
        raise InputError(reason)


def _refuse_burned_in(dataset: Dataset, copies: Copies) -> None:
    """Take the pixels away that may show who the patient is."""
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData", "Rows"):
        if keyword in dataset:
            del dataset[keyword]
    stated = text_of(dataset, "StudyDate")
    day = f"{stated[:4]}-{stated[4:6]}-{stated[6:]}" if len(stated) == 8 else stated
    copies.refuse(
        text_of(dataset, "PatientID"),
        day,
        "BurnedInAnnotation is YES: the pixels may show the patient's identity; take the series "
        "out, or have it exported without annotation",
    )
