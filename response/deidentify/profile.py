"""What becomes of each DICOM attribute: the Basic Application Level Confidentiality Profile.

The attributes are those of PS3.15 table E.1-1, as the package dicom-anonymizer keeps it up to date.
The options taken are *Retain Longitudinal Temporal Information with Modified Dates*, *Retain
Patient Characteristics* (sex, age, size, weight: SUV and lean body mass need them), *Clean
Descriptors*, *Clean Structured Content*, *Clean Graphics* and *Retain Safe Private*. Beyond the
table, text and bytes in attributes that are not known to be needed are removed too.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import import_module

from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag

TABLE = "dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c"
"""Table E.1-1 of the edition 2026c."""

_CATEGORIES = {
    "X": "X_TAGS",
    "Z": "Z_TAGS",
    "D": "D_TAGS",
    "U": "U_TAGS",
    "Z/D": "Z_D_TAGS",
    "X/Z": "X_Z_TAGS",
    "X/D": "X_D_TAGS",
    "X/Z/D": "X_Z_D_TAGS",
    "X/Z/U*": "X_Z_U_STAR_TAGS",
}


class Action(StrEnum):
    """What is done with an attribute."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    SHIFT = "shift the date"
    REMAP = "replace the UID"
    RECURSE = "clean what is inside"
    SUBJECT = "pseudonym of the patient"
    READER = "pseudonym of a reader"
    CLEAN = "keep known words"
    LABEL = "keep if only known words, else a label"
    TEXT = "keep unless it holds a name"
    CODE = "keep a code string unless it holds a name"
    AGE = "keep an age, at most 90 years"
    SEX = "keep F, M, O"
    ZONE = "keep an offset from UTC"
    BIRTH = "replace by a date that only tells two people apart"


_NAMED = {
    "PatientID": Action.SUBJECT,
    "PatientName": Action.SUBJECT,
    "PatientSex": Action.SEX,
    "PatientAge": Action.AGE,
    "PatientSize": Action.KEEP,
    "PatientWeight": Action.KEEP,
    "TimezoneOffsetFromUTC": Action.ZONE,
    "PatientBirthDate": Action.BIRTH,
    "PatientBirthTime": Action.REMOVE,
    "PatientBirthDateInAlternativeCalendar": Action.REMOVE,
    "PatientDeathDateInAlternativeCalendar": Action.REMOVE,
    "SpecificCharacterSet": Action.REMOVE,
    "SOPClassUID": Action.KEEP,
    "ReferencedSOPClassUID": Action.KEEP,
    "CodingSchemeUID": Action.KEEP,
    "ContextUID": Action.KEEP,
    "MappingResourceUID": Action.KEEP,
    "TransferSyntaxUID": Action.KEEP,
    "PersonName": Action.READER,
    "ContentCreatorName": Action.READER,
    "VerifyingObserverName": Action.READER,
    "ROIInterpreter": Action.READER,
    "SeriesDescription": Action.CLEAN,
    "StudyDescription": Action.CLEAN,
    "ProtocolName": Action.CLEAN,
    "ContrastBolusAgent": Action.LABEL,
    "SegmentLabel": Action.LABEL,
    "ROIName": Action.LABEL,
    "TrackingID": Action.LABEL,
    "TextValue": Action.LABEL,
    "ContentLabel": Action.REMOVE,
    "ContentSequence": Action.RECURSE,
    "ReferencedImageSequence": Action.RECURSE,
    "SourceImageSequence": Action.RECURSE,
    "VerifyingObserverSequence": Action.RECURSE,
}

_NEEDED_TEXT = frozenset(
    [
        "Manufacturer",
        "ManufacturerModelName",
        "ConvolutionKernel",
        "CodeValue",
        "LongCodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "CodeMeaning",
        "Radiopharmaceutical",
        "ReconstructionMethod",
        "AttenuationCorrectionMethod",
        "ScatterCorrectionMethod",
        "RandomsCorrectionMethod",
        "RescaleType",
        "LUTExplanation",
        "LUTLabel",
        "StackID",
        "SequenceName",
        "SoftwareVersions",
    ]
)
"""Text outside the table by which a series is understood: kept unless it holds a name."""

_NEEDED_BYTES = frozenset(
    [
        "PixelData",
        "FloatPixelData",
        "DoubleFloatPixelData",
        "ExtendedOffsetTable",
        "ExtendedOffsetTableLengths",
        "RedPaletteColorLookupTableData",
        "GreenPaletteColorLookupTableData",
        "BluePaletteColorLookupTableData",
        "LUTData",
    ]
)

_TEXTS = {"LO", "SH", "ST", "LT", "UT", "UC", "UR", "AE"}
_BYTES = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}


@cache
def read_table() -> dict[tuple[int, int], str]:
    """Read table E.1-1: the letters of the basic profile by (group, element).

    Overlays and curves, which repeat by group, are not in it; nor are private attributes: the
    profile removes both.
    """
    module = import_module(TABLE)
    return {
        (tag[0], tag[1]): letters
        for letters, name in _CATEGORIES.items()
        for tag in getattr(module, name)
        if len(tag) == 2
    }


@cache
def choose_action(tag: BaseTag, vr: str) -> Action:
    """Choose what is done with a public attribute of a value representation (PS3.5 6.2)."""
    keyword = keyword_for_tag(tag)
    letters = read_table().get((tag.group, tag.element), "")
    if tag.group & 0xFF00 in (0x5000, 0x6000) or not keyword:
        return Action.REMOVE
    if keyword in _NAMED:
        return _NAMED[keyword]
    if vr in ("DA", "DT"):
        return Action.SHIFT
    if vr == "UI":
        return Action.REMOVE if letters == "X" else Action.REMAP
    if vr == "TM":
        return Action.KEEP
    if vr in _TEXTS and keyword in _NEEDED_TEXT and not letters:
        return Action.TEXT
    if letters or vr == "PN" or vr in _TEXTS or vr == "AS":
        return Action.EMPTY if letters.startswith("Z") and vr != "SQ" else Action.REMOVE
    if vr in _BYTES:
        return Action.KEEP if keyword in _NEEDED_BYTES else Action.REMOVE
    return {"SQ": Action.RECURSE, "CS": Action.CODE}.get(vr, Action.KEEP)
