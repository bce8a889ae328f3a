"""One DICOM file: opened without surprises, its texts read plainly."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

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
)
"""What reading a damaged DICOM file may raise: the reader believes what the file says of itself."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the reader's warnings: they quote values, which may identify a patient.

    Values are converted when they are looked at, so this is needed around that as well.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_dataset(path: Path, *, tags: list[str] | None = None, pixels: bool = False) -> Any:
    """Read a DICOM file; a file without preamble is read if it is DICOM all the same.

    Raises
    ------
    InputError
        It is not DICOM, or damaged.
    """
    options: dict[str, Any] = {"stop_before_pixels": not pixels, "specific_tags": tags}
    try:
        with quiet():
            dataset = pydicom.dcmread(path, force=True, **options)
            if "SOPClassUID" not in dataset and "SOPInstanceUID" not in dataset:
                dataset = pydicom.dcmread(path, **options)
            return dataset
    except DAMAGE:
        raise InputError(f"{path.name}: not a DICOM file, or damaged") from None


def text_of(header: Any, name: str) -> str:
    """Return an attribute as text without blanks around it; empty where it is absent."""
    value = header.get(name)
    return "" if value is None else str(value).strip()
