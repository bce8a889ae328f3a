"""What a DICOM file says it is, whether it is whole, and whether two are the same object."""

from __future__ import annotations

import threading
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset

MAX_INFLATED_BYTES = 2**30
"""A deflated file that is larger inside is refused before it is inflated."""

_READING = threading.RLock()
"""Held while a file is read: warnings are silenced for the whole process, not for one thread."""

UNDEFINED_LENGTH = 0xFFFFFFFF

_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "StudyDate",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object a DICOM file holds, and of whom."""

    sop_class_uid: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    study_date: str


def read_identity(path: Path) -> Identity:
    """Read which object a file holds.

    Raises
    ------
    InputError
        Not DICOM, damaged, or without one of the identifiers that every object has.
    """
    try:
        with _READING, quiet():
            _refuse_bomb(path)
            header = read_dataset(path, tags=list(_TAGS))
            said = [str(header.get(tag) or "").strip(" \0") for tag in _TAGS]
    except InputError:
        raise
    except DAMAGE:
        raise InputError("not a DICOM file, or damaged") from None
    found = Identity(*said)
    for name in ("sop_class_uid", "sop_uid", "series_uid", "study_uid"):
        if not getattr(found, name):
            raise InputError(f"the object has no {name}")
    return found


def refuse_cut_file(path: Path) -> None:
    """Refuse a file that ends before what it says it holds; the reader would not say a word.

    Raises
    ------
    InputError
        A value goes on beyond the end of the file, or it cannot be read at all.
    """
    size = path.stat().st_size
    try:
        with _READING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="End of file reached")
            dataset = pydicom.dcmread(path, force=True, defer_size=512)
            elements: list[Any] = [
                dataset.get_item(tag, keep_deferred=True) for tag in list(dataset.keys())
            ]
    except (UserWarning, zlib.error, *DAMAGE):
        raise InputError("the file is damaged, or ends too early") from None
    if dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        return  # offsets are those of the inflated data, and inflating says when it is cut
    for element in elements:
        if isinstance(element, RawDataElement) and element.length != UNDEFINED_LENGTH:
            short = element.value is not None and len(element.value) < element.length
            if short or element.value_tell + element.length > size:
                raise InputError("the file ends too early")


def _refuse_bomb(path: Path) -> None:
    """Refuse a deflated file that would not fit into memory."""
    try:
        meta = read_file_meta_info(path)
        syntax, skip = str(meta.get("TransferSyntaxUID", "")), _find_dataset(path, meta)
    except DAMAGE:
        return  # what reads the file says what is wrong with it
    if syntax != DeflatedExplicitVRLittleEndian:
        return
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        with path.open("rb") as file:
            file.seek(skip)
            while size <= MAX_INFLATED_BYTES and (chunk := file.read(2**16)):
                while chunk and size <= MAX_INFLATED_BYTES:
                    size += len(inflater.decompress(chunk, 2**20))
                    chunk = inflater.unconsumed_tail
    except zlib.error:
        raise InputError("the deflated file is damaged") from None
    if size > MAX_INFLATED_BYTES:
        raise InputError("the deflated file is too large inside")
    if not inflater.eof:
        raise InputError("the deflated file ends too early")


def _find_dataset(path: Path, meta: Any) -> int:
    """Find the offset of the data set: after preamble, group length element and group 2."""
    return 132 + 12 + int(meta.FileMetaInformationGroupLength)


def same_object(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same data set, byte for byte or element for element.

    The file's own header (group 2) may differ, and so may the encoding of an uncompressed data
    set: a PACS that sends again may have agreed on another transfer syntax.
    """
    try:
        with _READING, quiet():
            first = read_dataset(one, pixels=True)
            return bool(first == read_dataset(other, pixels=True))
    except (InputError, *DAMAGE):
        return False
