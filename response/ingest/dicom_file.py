"""One DICOM file: opened without surprises, its texts read plainly."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import BaseTag, Tag

from response.errors import InputError

DAMAGE = (
    InvalidDicomError,
    BytesLengthException,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    BufferError,
    StopIteration,
    zlib.error,
)
"""What reading a damaged DICOM file may raise: the reader believes what the file says of itself."""

MAX_FILE_BYTES = 2 * 2**30
"""A file is read into memory as a whole for its pixels."""

MAX_INFLATED_BYTES = 2**28
"""A deflated file is inflated as a whole, even for its header."""

_HEAD_BYTES = 65_536
_MOST_BYTES = 65_536
"""A header's text or numbers are shorter."""

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_LONG_LENGTHS = (b"OB", b"OW", b"UN", b"UT", b"SQ", b"OF", b"OD", b"OL", b"UC", b"UR")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the reader's warnings: they quote values, which may identify a patient.

    Values are converted when they are looked at, so this is needed around that as well.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_dataset(path: Path, *, tags: Sequence[Any] | None = None, pixels: bool = False) -> Any:
    """Read a DICOM file; a file without preamble is read if it is DICOM all the same.

    Raises
    ------
    InputError
        It is not DICOM, or damaged.
    """
    options: dict[str, Any] = {
        "stop_before_pixels": not pixels,
        "specific_tags": None if tags is None else list(tags),
    }
    try:
        with quiet(), path.open("rb") as file:
            _check_size(file)
            dataset = pydicom.dcmread(file, force=True, **options)
            if "SOPClassUID" not in dataset and "SOPInstanceUID" not in dataset:
                file.seek(0)
                dataset = pydicom.dcmread(file, **options)
            return dataset
    except DAMAGE:
        raise InputError(f"{path.name}: not a DICOM file, or damaged") from None


def _check_size(file: IO[bytes]) -> None:
    """Refuse what would not fit into memory; leaves the file at its start."""
    if file.seek(0, 2) > MAX_FILE_BYTES:
        raise ValueError("larger than any image")
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    start = _find_end_of_meta(head)
    if _DEFLATED in head[:start]:
        file.seek(start)
        inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not inflater.eof and (part := inflater.unconsumed_tail or file.read(_HEAD_BYTES)):
            total += len(inflater.decompress(part, 2**24))
            if total > MAX_INFLATED_BYTES:
                raise ValueError("inflates to more than any image")
    file.seek(0)


def _find_end_of_meta(head: bytes) -> int:
    """Find where the file's meta information (group 2, explicit little endian) ends."""
    place = 132 if head[128:132] == b"DICM" else 0
    while head[place : place + 2] == b"\x02\x00":
        if head[place + 4 : place + 6] in _LONG_LENGTHS:
            place += 12 + int.from_bytes(head[place + 8 : place + 12], "little")
        else:
            place += 8 + int.from_bytes(head[place + 6 : place + 8], "little")
        if place > len(head) == _HEAD_BYTES:
            raise ValueError("meta information longer than any")
    return place


@cache
def _tag_of(name: str) -> BaseTag:
    return Tag(name)


def value_of(header: Any, name: str) -> Any:
    """Return an attribute's value; ``None`` where it is absent. Faster than by its name.

    Raises
    ------
    ValueError
        It is longer than any; converting it would take long.
    """
    tag = _tag_of(name)
    if tag not in header:
        return None
    raw: Any = header.get_item(tag) if isinstance(header, pydicom.Dataset) else None
    if isinstance(raw, RawDataElement) and raw.VR != "SQ" and raw.length > _MOST_BYTES:
        raise ValueError(f"{name}: {raw.length} bytes")
    return header[tag].value


def text_of(header: Any, name: str) -> str:
    """Return an attribute as text without blanks around it; empty where it is absent."""
    value = value_of(header, name)
    return "" if value is None else str(value).strip()
