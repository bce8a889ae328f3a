"""The PET series of a DICOM folder, by their headers alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.pet_header import PET_TAGS, read_pet_header
from response.measure.pet import PetHeader

IMAGES = (
    "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.128.1",
    "1.2.840.10008.5.1.4.1.1.130",
)
"""PET images: classic, legacy converted enhanced, enhanced."""

_TAGS: list[Any] = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    *PET_TAGS,
]


@dataclass(slots=True)
class PetSeries:
    """One series: its number, description and the header of each image."""

    number: str
    description: str
    uid: str
    headers: list[PetHeader] = field(default_factory=list)


def find_pet_series(folder: Path) -> tuple[list[PetSeries], int]:
    """Read the PET series in a folder and all below it, and count the damaged DICOM files.

    Links that lead out of the folder are not followed; a single file is read as a folder of one.

    Raises
    ------
    InputError
        There is no PET image.
    """
    series: dict[tuple[str, str], PetSeries] = {}
    damaged = 0
    for path in _walk(folder):
        try:
            _add(path, series)
        except (InputError, *DAMAGE):
            damaged += 1
    if not series:
        said = f"; {damaged} damaged files" if damaged else ""
        raise InputError(f"{folder.name}: no PET image in this folder{said}")
    return sorted(series.values(), key=_order), damaged


def _order(series: PetSeries) -> tuple[int, str, str]:
    number = series.number
    return int(number) if number.isascii() and number.isdigit() else 0, number, series.uid


def _walk(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    root = folder.resolve()
    for parent, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file() and path.resolve().is_relative_to(root) and _is_dicom(path):
                yield path


def _is_dicom(path: Path) -> bool:
    if path.suffix.lower() in (".dcm", ".ima"):
        return True
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _add(path: Path, series: dict[tuple[str, str], PetSeries]) -> None:
    header = read_dataset(path, tags=_TAGS)
    with quiet():
        kind = text_of(header, "SOPClassUID")
        if not kind and "MediaStorageSOPClassUID" not in getattr(header, "file_meta", {}):
            raise InputError(f"{path.name}: does not say what it is")
        if kind not in IMAGES:
            return
        uid = text_of(header, "SeriesInstanceUID")
        key = text_of(header, "PatientID"), uid
        if key not in series:
            series[key] = PetSeries(
                text_of(header, "SeriesNumber"), text_of(header, "SeriesDescription"), uid
            )
        series[key].headers.append(read_pet_header(header))
