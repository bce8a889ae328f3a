"""De-identifying one DICOM dataset, in place."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from response.deidentify.private import put_private, take_private
from response.deidentify.profile import Action, choose_action
from response.deidentify.pseudonyms import Pseudonyms, is_pseudonym
from response.deidentify.words import clean_words, holds_name, is_clean, list_words
from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, text_of

MAX_DEPTH = 32
STANDARD_UIDS = "1.2.840.10008."
AFTER_ALL_DATES = "99991231"
"""Stands for a study date that is not over yet: who plans studies refuses it."""

METHOD = "PS3.15 basic profile, options in the code sequence; keyed"

OPTIONS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113103", "Clean Graphics Option"),
    ("113104", "Clean Structured Content Option"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)
"""Code values of CID 7050 for what was done."""

_IDENTIFYING = frozenset(
    [
        "PatientID",
        "OtherPatientIDs",
        "AccessionNumber",
        "PatientAddress",
        "PatientMotherBirthName",
        "AdmissionID",
        "MedicalRecordLocator",
        "PatientTelephoneNumbers",
    ]
)

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_CODE = re.compile(r"[A-Z0-9 _]{0,16}")
_CODE_VALUE = re.compile(r"[A-Za-z]{0,6}[-._:]?[0-9][0-9A-Za-z\-._:]*|[A-Za-z0-9%/\[\]{}.*^]{1,16}")
_ZONE = re.compile(r"[-+]\d{4}")


def deidentify(dataset: Dataset, names: Pseudonyms, *, today: dt.date, dates_of: str = "") -> None:
    """De-identify a dataset as read from a file, with all that is nested in it.

    Parameters
    ----------
    dataset
        Is changed; its file meta information is made anew.
    names
        Give pseudonyms, UIDs and the shift of dates.
    today
        A study dated later keeps an impossible date: it must be refused, not moved into the past.
    dates_of
        The patient whose dates these are, where that is not the PatientID: a report may carry
        another number than the images it speaks of.

    Raises
    ------
    InputError
        It is nested too deeply.
    """
    banned = list_words(_find_identifying(dataset, 0))
    late = text_of(dataset, "StudyDate").replace(".", "") > f"{today:%Y%m%d}"
    cleaner = _Cleaner(names, dates_of or text_of(dataset, "PatientID"), banned)
    cleaner.clean(dataset, 0)
    if late:
        dataset.StudyDate = AFTER_ALL_DATES
    _say_what_was_done(dataset)
    _renew_meta(dataset)


class _Cleaner:
    """Cleans the datasets of one file, whose patient and whose identifying words are known."""

    def __init__(self, names: Pseudonyms, patient_id: str, banned: frozenset[str]) -> None:
        self._names = names
        self._patient = patient_id
        self._banned = banned
        self._ways: dict[Action, Callable[[str], str | None]] = {
            Action.REMAP: self._remap,
            Action.CLEAN: lambda text: clean_words(text, banned),
            Action.LABEL: self._label,
            Action.TEXT: lambda text: None if holds_name(text, banned) else to_ascii(text),
            Action.CODE: self._keep_code,
            Action.READER: lambda text: names.reader(text) if text.strip("^ ") else "",
            Action.BIRTH: lambda text: names.birth_date(text, patient_id) if text.strip() else "",
            Action.SUBJECT: lambda text: names.subject(text) if text.strip() else "",
            Action.AGE: _keep_age,
            Action.SEX: lambda text: text if text in ("F", "M", "O") else "",
            Action.ZONE: lambda text: text if _ZONE.fullmatch(text) else None,
        }

    def clean(self, dataset: Dataset, depth: int) -> None:
        """Clean every element, then everything nested."""
        if depth > MAX_DEPTH:
            raise InputError("sequences are nested too deeply")
        private = take_private(dataset)
        for tag in list(dataset.keys()):
            element = _read_element(dataset, tag)
            if element is None or tag.is_private or not self._clean_element(element, depth):
                del dataset[tag]
        for _creator, element in private:
            if element.VR == "DT":
                element.value = self._shift_text(str(element.value), "DT")
        put_private(dataset, [(creator, one) for creator, one in private if one.value != ""])
        _check_code(dataset, self._banned)
        _number_labels(dataset)

    def _clean_element(self, element: DataElement, depth: int) -> bool:
        """Clean one element; whether it stays."""
        vr = element.VR.split(" or ")[0]
        action = choose_action(element.tag, vr)
        if action is Action.KEEP:
            return True
        if action is Action.REMOVE:
            return False
        if action is Action.RECURSE:
            for item in element.value:
                self.clean(item, depth + 1)
            return True
        if action is Action.EMPTY:
            element.value = ""
            return True
        if action is Action.SHIFT:
            return _change(element, lambda text: self._shift_text(text, vr))
        return _change(element, self._ways[action])

    def _remap(self, uid: str) -> str:
        stays = not uid or uid.startswith(STANDARD_UIDS) or is_pseudonym(self._patient)
        return uid if stays else self._names.uid(uid)

    def _label(self, text: str) -> str:
        if not text.strip() or is_clean(text, self._banned):
            return to_ascii(text)
        return self._names.text(text)

    def _keep_code(self, text: str) -> str | None:
        if not _CODE.fullmatch(text):
            return None
        words = list_words([text])
        return None if words & self._banned and not is_clean(text) else text

    def _shift_text(self, text: str, vr: str) -> str:
        """Move a DA or DT back by the patient's days; one without its day cannot be moved."""
        found = _DATE.match(text.strip())
        if found is None or (vr == "DA" and found.end() != len(text.strip())):
            return ""
        rest = text.strip()[found.end() :]
        if not re.fullmatch(r"[0-9.+\-]{0,18}", rest):
            return ""
        try:
            year, month, day = (int(part) for part in found.groups())
            moved = self._names.shift(dt.date(year, month, day), self._patient)
        except (ValueError, OverflowError):
            return ""
        return f"{moved:%Y%m%d}{rest}" if moved.year > 999 else ""


def to_ascii(text: str) -> str:
    """Leave out what is not ASCII: no character set has to be declared."""
    return text.encode("ascii", "ignore").decode()


def _read_element(dataset: Dataset, tag: Any) -> DataElement | None:
    """Convert an element; ``None`` where its bytes are not what it says they are."""
    try:
        element: DataElement = dataset[tag]
        return element
    except DAMAGE:
        return None


def _change(element: DataElement, way: Callable[[str], str | None]) -> bool:
    """Change each value of an element; whether any is left."""
    value = element.value
    if value is None or value == "":
        return True
    many = isinstance(value, MultiValue | list)
    made = [way(str(one)) for one in (value if many else [value])]
    if any(one is None for one in made):
        return False
    element.value = made if many else made[0]
    return True


def _keep_age(text: str) -> str | None:
    """Keep an age; of the very old, only that they are (few are)."""
    if not re.fullmatch(r"\d{3}[DWMY]", text):
        return None
    return min(text, "090Y") if text.endswith("Y") else text


def _check_code(item: Dataset, banned: frozenset[str]) -> None:
    """Take from a coded concept what is no code."""
    for keyword in ("CodeValue", "LongCodeValue"):
        value = text_of(item, keyword)
        if value and (not _CODE_VALUE.fullmatch(value) or list_words([value]) & banned):
            del item[keyword]


def _number_labels(dataset: Dataset) -> None:
    """Call regions and segments by their numbers where their names may not stay."""
    for keyword, number in (("SegmentLabel", "SegmentNumber"), ("ROIName", "ROINumber")):
        if text_of(dataset, keyword).startswith("T-"):
            setattr(dataset, keyword, f"ROI {text_of(dataset, number)}".strip())


def _find_identifying(dataset: Dataset, depth: int) -> Iterator[str]:
    """Find the values that name a person, at any depth."""
    if depth > MAX_DEPTH:
        raise InputError("sequences are nested too deeply")
    for tag in list(dataset.keys()):
        element = _read_element(dataset, tag)
        if element is None:
            continue
        if element.VR == "PN" or element.keyword in _IDENTIFYING:
            values = element.value if isinstance(element.value, MultiValue) else [element.value]
            yield from (str(value) for value in values if value)
        elif element.VR == "SQ":
            for item in element.value:
                yield from _find_identifying(item, depth + 1)


def _say_what_was_done(dataset: Dataset) -> None:
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    codes = []
    for value, meaning in OPTIONS:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        codes.append(item)
    dataset.DeidentificationMethodCodeSequence = codes


def _renew_meta(dataset: Dataset) -> None:
    """Make the file meta information anew: only the transfer syntax is of the old."""
    old = getattr(dataset, "file_meta", None) or FileMetaDataset()
    syntax = old.get("TransferSyntaxUID")
    if not syntax:
        implicit, _little = dataset.original_encoding
        syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    if "SOPClassUID" in dataset:
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    if "SOPInstanceUID" in dataset:
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
