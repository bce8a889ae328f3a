"""PET attributes of a DICOM image, private ones too, as plain values.

Read as an attacker's: a value that is not what its attribute should be is as if it were missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeVar

from pydicom.tag import BaseTag, Tag

from response.ingest.dicom_file import DAMAGE, quiet
from response.measure.pet import PetHeader

_BLOCKS = range(0x10, 0x20)

_YEARS = (1900, 2999)

_LONGEST_MS = 1e10

_GE = (0x0009, "GEMS_PETD_01", 0x0D)
_SIEMENS = (0x0071, "SIEMENS MED PT", 0x22)
_PHILIPS = (0x7053, "Philips PET Private Group")

PET_TAGS: list[str | BaseTag] = [
    "Manufacturer",
    "ManufacturerModelName",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "TimezoneOffsetFromUTC",
    "PatientSex",
    "PatientSize",
    "PatientWeight",
    "ConvolutionKernel",
    "ActualFrameDuration",
    "DecayCorrected",
    "DecayCorrectionDateTime",
    "AttenuationCorrected",
    "CorrectedImage",
    "RadiopharmaceuticalInformationSequence",
    "Units",
    "SUVType",
    "DecayCorrection",
    "ReconstructionMethod",
    "FrameReferenceTime",
    *(Tag(group, block) for group in (0x0009, 0x0071, 0x7053) for block in _BLOCKS),
    *(Tag(0x0009, block << 8 | 0x0D) for block in _BLOCKS),
    *(Tag(0x0071, block << 8 | 0x22) for block in _BLOCKS),
    *(Tag(0x7053, block << 8 | element) for block in _BLOCKS for element in (0x00, 0x09)),
]
"""What `read_pet_header` looks at; private attributes in the first sixteen blocks of a group."""

NUCLIDES = {
    "F-18": ("C-111A1", "77004003"),
    "Ga-68": ("C-131A3", "35337001"),
    "C-11": ("C-105A1", "40565003"),
    "N-13": ("C-107A1", "21576001"),
    "O-15": ("C-B1038", "129504001"),
    "Rb-82": ("C-159A2", "79197006"),
    "Cu-64": ("C-127A2", "3932008"),
    "Zr-89": ("C-168A4", "63360001"),
    "I-124": ("C-114A5", "40937006"),
}
"""Codes of nuclides (DICOM CID 4020): SNOMED RT's and SNOMED CT's."""

UCUM = {"BQ/ML": "BQML", "G/ML": "GML", "{SUVBW}G/ML": "GML", "CM2/ML": "CM2ML"}
"""Codes of units (DICOM CID 84 and 85) in the words of Units (0054,1001)."""

_ELEMENTS = {
    "F": "FLUORINE",
    "Ga": "GALLIUM",
    "C": "CARBON",
    "N": "NITROGEN",
    "O": "OXYGEN",
    "Rb": "RUBIDIUM",
    "Cu": "COPPER",
    "Zr": "ZIRCONIUM",
    "I": "IODINE",
}

Value = TypeVar("Value")


def read_pet_header(dataset: Any) -> PetHeader:
    """Read one image's header.

    Parameters
    ----------
    dataset
        A pydicom dataset that holds at least `PET_TAGS`.

    Notes
    -----
    An enhanced (multi-frame) PET image says ``Decay Corrected`` and ``Attenuation Corrected`` in
    words of its own; they become the classic ones, with the time that it corrects to.
    """
    with quiet():
        drugs = _read(lambda: list(dataset.get("RadiopharmaceuticalInformationSequence") or ()))
        drug = drugs[0] if drugs else None
        zone = _parse_zone(_text(dataset, "TimezoneOffsetFromUTC"))
        reference, reference_tag = _read_reference(dataset, zone)
        return PetHeader(
            units=_read_units(dataset),
            suv_type=_text(dataset, "SUVType").upper(),
            decay_correction=_read_decay_correction(dataset),
            corrected_image=_read_corrections(dataset),
            manufacturer=_text(dataset, "Manufacturer"),
            model=_text(dataset, "ManufacturerModelName"),
            reconstruction=_describe_reconstruction(dataset),
            series_time=_join(_text(dataset, "SeriesDate"), _text(dataset, "SeriesTime")),
            acquisition_time=_read_acquisition(dataset, zone),
            injection_time=parse_date_time(_text(drug, "RadiopharmaceuticalStartDateTime"), zone),
            injection_clock=parse_time(_text(drug, "RadiopharmaceuticalStartTime")),
            decay_reference=reference,
            decay_reference_tag=reference_tag,
            frame_reference_ms=_milliseconds(dataset, "FrameReferenceTime"),
            frame_duration_ms=_milliseconds(dataset, "ActualFrameDuration"),
            dose_bq=_number(drug, "RadionuclideTotalDose"),
            half_life_s=_number(drug, "RadionuclideHalfLife"),
            nuclide=_read_nuclide(drug),
            tracer=_read_tracer(drug),
            radiopharmaceuticals=len(drugs or ()),
            weight_kg=_number(dataset, "PatientWeight"),
            height_m=_number(dataset, "PatientSize"),
            sex=_text(dataset, "PatientSex").upper(),
            philips_suv_factor=_float(_private(dataset, *_PHILIPS, 0x00)),
            philips_activity_factor=_float(_private(dataset, *_PHILIPS, 0x09)),
        )


def _read(get: Callable[[], Value]) -> Value | None:
    """Return what reading gives, or None where the value is damaged."""
    try:
        return get()
    except DAMAGE:
        return None


def _get(dataset: Any, keyword: str) -> Any:
    return None if dataset is None else _read(lambda: dataset.get(keyword))


def _text(dataset: Any, keyword: str) -> str:
    return _as_text(_get(dataset, keyword))


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return "" if value is None else str(value).strip(" \0")


def _number(dataset: Any, keyword: str) -> float | None:
    return _float(_get(dataset, keyword))


def _milliseconds(dataset: Any, keyword: str) -> float | None:
    value = _number(dataset, keyword)
    return value if value is not None and abs(value) <= _LONGEST_MS else None


def _float(value: Any) -> float | None:
    try:
        number = float(_as_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _private(dataset: Any, group: int, creator: str, element: int) -> Any:
    """Return a private attribute's value, wherever its creator put its block."""
    for block in _BLOCKS:
        owner = _read(lambda block=block: dataset.get(Tag(group, block)))  # type: ignore[misc]
        if owner is not None and _as_text(owner.value) == creator:
            found = _read(
                lambda block=block: dataset.get(Tag(group, block << 8 | element))  # type: ignore[misc]
            )
            if found is not None:
                return found.value
    return None


def parse_time(text: str) -> time | None:
    """Read a DICOM time (TM); None if it is none.

    Examples
    --------
    >>> parse_time("101511.5"), parse_time("1015"), parse_time("25")
    (datetime.time(10, 15, 11, 500000), datetime.time(10, 15), None)
    """
    match = re.fullmatch(r"(\d\d):?(?:(\d\d):?(?:(\d\d)(?:\.(\d{1,6}))?)?)?", text.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = (part or "" for part in match.groups())
    try:
        return time(
            int(hours), int(minutes or 0), min(int(seconds or 0), 59), int(fraction.ljust(6, "0"))
        )
    except ValueError:
        return None


def _parse_date(text: str) -> date | None:
    match = re.fullmatch(r"(\d{4})[.-]?(\d\d)[.-]?(\d\d)", text.strip())
    try:
        day = None if match is None else date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
    return day if day is not None and _YEARS[0] <= day.year <= _YEARS[1] else None


def _join(day: str, clock: str) -> datetime | None:
    at, on = parse_time(clock), _parse_date(day)
    return None if at is None or on is None else datetime.combine(on, at)


def _parse_zone(text: str) -> timezone | None:
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", text)
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def parse_date_time(text: str, zone: timezone | None) -> datetime | None:
    """Read a DICOM date and time (DT) on the clock of the dataset; None if it has no time of day.

    Parameters
    ----------
    text
        The value, perhaps with an offset from UTC.
    zone
        The dataset's own offset; where it has none, an offset in the value is the scanner's own.

    Examples
    --------
    >>> parse_date_time("20260102235500.00+0100", timezone.utc)
    datetime.datetime(2026, 1, 2, 22, 55)
    """
    match = re.fullmatch(r"(\d{8})([\d.]{2,})([+-]\d{4})?", text.strip())
    if match is None:
        return None
    moment = _join(match[1], match[2])
    own = _parse_zone(match[3] or "")
    if moment is None or own is None or zone is None:
        return moment
    try:
        return moment.replace(tzinfo=own).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return None


def _read_acquisition(dataset: Any, zone: timezone | None) -> datetime | None:
    day = _text(dataset, "AcquisitionDate") or _text(dataset, "SeriesDate")
    return _join(day, _text(dataset, "AcquisitionTime")) or parse_date_time(
        _text(dataset, "AcquisitionDateTime"), zone
    )


def _read_reference(dataset: Any, zone: timezone | None) -> tuple[datetime | None, str]:
    """Return the time that values are decay corrected to, where one attribute says it."""
    public = parse_date_time(_text(dataset, "DecayCorrectionDateTime"), zone)
    if public is not None:
        return public, "Decay Correction DateTime (0018,9701)"
    manufacturers = ((_SIEMENS, "Siemens' (0071,xx22)"), (_GE, "GE's scan time (0009,xx0D)"))
    for place, name in manufacturers:
        found = parse_date_time(_as_text(_private(dataset, *place)), zone)
        if found is not None:
            return found, name
    return None, ""


def _read_units(dataset: Any) -> str:
    """Return the units of rescaled values; an enhanced image has them in its functional groups."""
    said = _text(dataset, "Units").upper().replace("/", "")
    if said:
        return said
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = _first_item(dataset, keyword)
        rescale = _first_item(groups, "PixelValueTransformationSequence")
        mapping = _first_item(groups, "RealWorldValueMappingSequence")
        code = _first_item(mapping, "MeasurementUnitsCodeSequence")
        named = _text(rescale, "RescaleType").upper().replace("/", "")
        if named in UCUM.values():
            return named
        same = _number(mapping, "RealWorldValueSlope") == _number(rescale, "RescaleSlope")
        if same and _text(code, "CodeValue").upper() in UCUM:
            return UCUM[_text(code, "CodeValue").upper()]
    return ""


def _read_decay_correction(dataset: Any) -> str:
    said = _text(dataset, "DecayCorrection").upper()
    enhanced = {"YES": "START", "NO": "NONE"}
    return said or enhanced.get(_text(dataset, "DecayCorrected").upper(), "")


def _read_corrections(dataset: Any) -> tuple[str, ...]:
    value = _get(dataset, "CorrectedImage")
    parts = [value] if isinstance(value, str | bytes) else list(value or ())
    said = [_as_text(part).upper().replace("DECAY", "DECY") for part in parts]
    for keyword, name in (("AttenuationCorrected", "ATTN"), ("DecayCorrected", "DECY")):
        if _text(dataset, keyword).upper() == "YES" and name not in said:
            said.append(name)
    return tuple(said)


def _describe_reconstruction(dataset: Any) -> str:
    parts = (_text(dataset, "ReconstructionMethod"), _text(dataset, "ConvolutionKernel"))
    return ", ".join(part for part in parts if part)


def _first_item(dataset: Any, keyword: str) -> Any:
    return _read(lambda: next(iter(_get(dataset, keyword) or ()), None))


def _read_nuclide(drug: Any) -> str:
    """Name the nuclide by its code, else by the code's meaning; else the code as written."""
    item = _first_item(drug, "RadionuclideCodeSequence")
    code, meaning = _text(item, "CodeValue"), _text(item, "CodeMeaning")
    for name, known in NUCLIDES.items():
        if code in known or _means(meaning, name):
            return name
    return code or meaning


def _means(meaning: str, nuclide: str) -> bool:
    """Whether a text names a nuclide: ``18F``, ``F-18``, ``^18^Fluorine``."""
    symbol, mass = nuclide.split("-")
    plain = re.sub(r"[^A-Z0-9]", "", meaning.upper())
    words = (symbol.upper(), _ELEMENTS[symbol])
    return any(plain in (f"{mass}{word}", f"{word}{mass}") for word in words)


def _read_tracer(drug: Any) -> str:
    item = _first_item(drug, "RadiopharmaceuticalCodeSequence")
    return _text(drug, "Radiopharmaceutical") or _text(item, "CodeMeaning")
