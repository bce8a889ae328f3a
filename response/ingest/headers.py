"""What an image file says of its pictures: where each lies, and what tells it from its neighbours.

A classic file holds one picture; an enhanced one holds many (see :mod:`response.ingest.enhanced`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.tag import Tag

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, text_of, value_of
from response.ingest.pet_header import PET_TAGS, read_pet_header
from response.measure.pet import PetHeader

SAID = (
    "SeriesDescription",
    "ProtocolName",
    "Manufacturer",
    "ManufacturerModelName",
    "Units",
    "CorrectedImage",
    "AttenuationCorrected",
    "ReconstructionMethod",
)
"""Texts of the first image that hold for its series."""

TELLING = (
    "TemporalPositionIdentifier",
    "StackID",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "EchoNumbers",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "AcquisitionNumber",
    "ContrastBolusAgent",
    "ImageType",
    "ComplexImageComponent",
    "ConvolutionKernel",
    "KVP",
    "FrameReferenceTime",
    "AcquisitionTime",
    "ContentTime",
)
"""What may tell two images of one place apart, in the order in which it is asked."""

_PRIVATE_B_VALUES = ((0x00190010, 0x0019100C), (0x00430010, 0x00431039), (0x20010010, 0x20011003))
"""Creator and b-value of vendors that state it privately: Siemens, GE, Philips."""

_NAMES: list[Any] = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "FrameOfReferenceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
    "LossyImageCompression",
    "RescaleSlope",
    "RescaleIntercept",
    "AcquisitionDateTime",
    *SAID,
    *TELLING,
    *(tag for pair in _PRIVATE_B_VALUES for tag in pair),
    *PET_TAGS,
]
TAGS = [Tag(tag) for tag in dict.fromkeys(_NAMES)]
"""The attributes of a classic image that are read."""

_GE_B_VALUE_OFFSET = 1e6

_LONGEST_TOLD = 200
_LONGEST_NAME = 16
"""Of a number or short text (PS3.5, 6.2)."""

_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{kind}" for kind in (50, 51, 53, 55, 81))
"""Transfer syntaxes that lose something: JPEG, and JPEG-LS near-lossless."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One picture's header; `problem` says why it cannot be part of a volume.

    ``frame`` counts from 1 within a multi-frame file, ``None`` elsewhere. ``slope`` and
    ``intercept`` turn stored numbers into values. ``told`` holds what of `TELLING` is stated.
    """

    path: Path
    sop_uid: str
    instance: str
    sop_class: str = ""
    frame: int | None = None
    position: tuple[float, ...] = ()
    orientation: tuple[float, ...] = ()
    pixel_spacing: tuple[float, ...] = ()
    rows: int = 0
    columns: int = 0
    thickness_mm: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    lossy: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    pet: PetHeader | None = None
    problem: str = ""

    @property
    def image_type(self) -> frozenset[str]:
        """The words of the image type."""
        return frozenset(self.told.get("ImageType", "").split("\\"))


@dataclass(slots=True)
class Series:
    """The images of one series, in no order; ``said`` are texts of its first image."""

    uid: str
    number: str
    modality: str
    subject: str
    study_date: str
    study_uid: str
    frame_of_reference: str
    said: Mapping[str, str] = field(default_factory=dict)
    slices: list[Slice] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the series is called in messages: its number, or the end of its UID."""
        return f"series {make_printable(self.number or '…' + self.uid[-8:])}"


def read_classic_slice(path: Path, header: Any, modality: str) -> Slice:
    """Read the header of a single-frame image; what cannot be read of it is its ``problem``."""
    uid, instance = find_instance_uid(header), make_printable(text_of(header, "InstanceNumber"))
    if "Rows" not in header:
        return Slice(path, uid, instance, problem="has no pixels; copy it again")
    try:
        slope, intercept = read_rescale(header)
        return Slice(
            path,
            uid,
            instance,
            text_of(header, "SOPClassUID"),
            position=read_numbers(header, "ImagePositionPatient", 3),
            orientation=read_numbers(header, "ImageOrientationPatient", 6),
            pixel_spacing=read_numbers(header, "PixelSpacing", 2),
            rows=int(value_of(header, "Rows")),
            columns=int(value_of(header, "Columns")),
            thickness_mm=read_number(header, "SliceThickness"),
            slope=slope,
            intercept=intercept,
            lossy=is_lossy(header),
            told=list_told(header),
            pet=read_pet_header(header) if modality == "PT" else None,
        )
    except (InputError, *DAMAGE) as error:
        return Slice(path, uid, instance, problem=describe_damage(error))


def make_printable(text: str) -> str:
    """Return a short name as a line may show it: a damaged one may be long, or hold anything.

    Examples
    --------
    >>> make_printable("3"), make_printable("3" + chr(0) + "UI")
    ('3', '3?UI')
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LONGEST_NAME])


def describe_damage(error: BaseException) -> str:
    """Say why an image has no place, without quoting it: a damaged value may hold a person's."""
    why = str(error) if isinstance(error, InputError) else "a value in its header is damaged"
    return f"has no usable geometry ({why})"


def find_instance_uid(header: Any) -> str:
    """Find the image's own UID; where the data set has lost it, the file's meta information."""
    uid, meta = text_of(header, "SOPInstanceUID"), getattr(header, "file_meta", None)
    return uid or ("" if meta is None else text_of(meta, "MediaStorageSOPInstanceUID"))


def read_numbers(header: Any, name: str, count: int) -> tuple[float, ...]:
    """Read an attribute of so many numbers.

    Raises
    ------
    InputError
        There are fewer or more, or one is beyond any scanner.
    """
    try:
        values = tuple(float(value) for value in value_of(header, name) or ())
    except DAMAGE:
        values = ()
    if len(values) != count or not all(abs(value) < 1e6 for value in values):
        raise InputError(f"{name}: {count} numbers are needed")
    return values


def read_number(header: Any, name: str) -> float | None:
    """Read an attribute of one number; ``None`` where it is absent or empty.

    Raises
    ------
    InputError
        It is no number, or several.
    """
    try:
        value = value_of(header, name)
        return None if value is None or value == "" else float(value)
    except DAMAGE:
        raise InputError(f"{name}: one number is needed") from None


def read_rescale(header: Any) -> tuple[float, float]:
    """Read slope and intercept; absent, they are 1 and 0.

    Raises
    ------
    InputError
        The slope is 0 or no number: no value could be told from another.
    """
    stated = read_number(header, "RescaleSlope")
    slope = 1.0 if stated is None else stated
    intercept = read_number(header, "RescaleIntercept") or 0.0
    if slope == 0 or not (abs(slope) < 1e12 and abs(intercept) < 1e12):
        raise InputError(f"RescaleSlope {slope}, RescaleIntercept {intercept}")
    return slope, intercept


def is_lossy(header: Any) -> bool:
    """Whether the image says that it was once compressed with loss, or is."""
    meta = getattr(header, "file_meta", None)
    syntax = "" if meta is None else text_of(meta, "TransferSyntaxUID")
    return text_of(header, "LossyImageCompression") == "01" or syntax in _LOSSY


def list_told(header: Any) -> dict[str, str]:
    """List what of `TELLING` a header states, as comparable texts."""
    told = {}
    for name in TELLING:
        value = value_of(header, name)
        if value is not None and value != "":
            told[name] = normalise(value)[:_LONGEST_TOLD]
    moment = text_of(header, "AcquisitionDateTime")
    if moment:
        told["AcquisitionTime"] = normalise(moment)
    if "DiffusionBValue" not in told:
        told |= _read_private_b_value(header)
    return told


def normalise(value: Any) -> str:
    """Write a value so that equal ones are equal texts.

    Examples
    --------
    >>> normalise("30.0"), normalise(30), normalise(["original", "Primary "])
    ('30', '30', 'ORIGINAL\\\\PRIMARY')
    """
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        return "\\".join(normalise(part) for part in value)
    try:
        return f"{float(value):.15g}"
    except (TypeError, ValueError):
        return str(value).strip().upper()


def _read_private_b_value(header: Any) -> dict[str, str]:
    for creator, tag in _PRIVATE_B_VALUES:
        if creator not in header or tag not in header:
            continue
        value = header[tag].value
        try:
            if isinstance(value, bytes):
                value = value.decode("ascii").split("\\")
            first = value if isinstance(value, (str, int, float)) else value[0]
            number = float(first)
        except (*DAMAGE, UnicodeError):
            continue
        if tag == _PRIVATE_B_VALUES[1][1] and number >= _GE_B_VALUE_OFFSET:
            number %= _GE_B_VALUE_OFFSET  # GE adds 10⁹ to flag the scheme
        return {"DiffusionBValue": normalise(number)}
    return {}
