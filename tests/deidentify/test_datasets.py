"""One dataset without identity: the profile's table, and names in every place a file has."""

from __future__ import annotations

import copy
import datetime as dt
import io

import pydicom
import pytest
from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from response.deidentify.datasets import deidentify
from response.deidentify.profile import read_table
from response.deidentify.pseudonyms import Pseudonyms
from response.errors import InputError

NAMES = Pseudonyms(b"a key of sixteen bytes or more")
TODAY = dt.date(2026, 1, 1)
UID = "1.2.3.4.5.6"

PLANTED = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "CS", "AE"), "QUORRA"),
    "PN": "Xantippe^Quorra",
    "UR": "http://quorra.example/",
    "UI": UID,
    "DA": "20240229",
    "DT": "20240229101112",
    "TM": "101112",
    "AS": "044Y",
    "DS": "7.25",
    "IS": "7",
    **dict.fromkeys(("OB", "UN", "OW", "OF", "OD", "OL", "OV"), b"quorra"),
    **dict.fromkeys(("US", "SS", "UL", "SL", "FL", "FD", "SV", "UV"), 7),
}

RETAINED = {"PatientAge", "PatientSize", "PatientWeight", "PatientSex", "TimezoneOffsetFromUTC"}
CLEANED_INSIDE = {"ContentSequence", "VerifyingObserverSequence"}


def make(**tags) -> Dataset:
    dataset = Dataset()
    dataset.PatientID, dataset.PatientName = "MRN0815", "Xantippe^Quorra"
    dataset.StudyDate = "20240301"
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, UID
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def hide(dataset: Dataset) -> Dataset:
    deidentify(dataset, NAMES, today=TODAY)
    return dataset


def write(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def planted(tag) -> DataElement:
    vr = dictionary_VR(tag).split(" or ")[0]
    if vr == "SQ":
        item = Dataset()
        item.PatientName = "Xantippe^Quorra"
        return DataElement(tag, "SQ", [item])
    return DataElement(tag, vr, PLANTED[vr])


@pytest.mark.parametrize(
    ("tag", "letters"),
    [
        pytest.param(tag, letters, id=keyword_for_tag(tag))
        for tag, letters in read_table().items()
        if keyword_for_tag(tag) and tag[0] != 2
    ],
)
def test_every_attribute_of_table_e1_1_is_treated_as_it_says(tag, letters):
    keyword = keyword_for_tag(tag)
    dataset = make()
    dataset.add(planted(tag))
    before = copy.deepcopy(dataset[tag].value)
    hide(dataset)
    after = dataset[tag].value if tag in dataset else None
    vr = dataset[tag].VR if tag in dataset else dictionary_VR(tag)
    if keyword in RETAINED:
        assert after in (before, None, "")
    elif vr in ("DA", "DT") and after and keyword != "PatientBirthDate":
        moved = NAMES.shift(dt.date(2024, 2, 29), "MRN0815")
        assert str(after).startswith(f"{moved:%Y%m%d}")
    elif vr == "TM":
        assert after in (before, None)
    elif "U" in letters and vr == "UI":
        assert after == NAMES.uid(UID)
    elif keyword in CLEANED_INSIDE or "U*" in letters:
        assert b"quorra" not in write(dataset).lower()
    elif keyword == "PatientBirthDate":
        assert after != before
    elif keyword in ("PatientID", "PatientName"):
        assert after == NAMES.subject("Xantippe^Quorra" if keyword == "PatientName" else "QUORRA")
    else:
        assert after in (None, "") or (letters != "X" and after != before)


def test_a_name_is_left_in_no_attribute_there_is():
    dataset = make()
    groups = (0, 2, 4, 0x7FE0)
    for tag, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items():
        if keyword and vr in PLANTED and tag >> 16 not in groups and "LookupTable" not in keyword:
            dataset.add(planted(tag))
    dataset.PatientID = "MRN0815"
    content = write(hide(dataset)).lower()
    assert b"quorra" not in content
    assert b"xantippe" not in content
    assert b"mrn0815" not in content


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_name_is_left_in_no_private_overlay_or_nested_element(syntax):
    dataset = make(ImageComments="Quorra")
    block = dataset.private_block(0x0029, "QUORRA CORP", create=True)
    block.add_new(0x10, "LO", "Quorra")
    safe = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
    safe.add_new(0x39, "DT", "20240301101500")
    safe.add_new(0x36, "LO", "Quorra")
    safe.add_new(0x3B, "LO", "Quorra")
    dataset.add_new(0x60003000, "OW", b"quorra")
    dataset.add_new(0x60000022, "LO", "Quorra")
    inner, outer = Dataset(), Dataset()
    inner.CodeMeaning = inner.ManufacturerModelName = "Quorra's"
    inner.private_block(0x0031, "X", create=True).add_new(1, "LO", "Quorra")
    outer.ProcedureCodeSequence = [inner]
    dataset.RadiopharmaceuticalInformationSequence = [outer]
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.SourceApplicationEntityTitle = "QUORRA"
    dataset.preamble = b"quorra".ljust(128, b"\0")
    read = pydicom.dcmread(io.BytesIO(write(dataset)))
    content = write(hide(read))
    assert b"quorra" not in content.lower()
    kept = pydicom.dcmread(io.BytesIO(content))
    moved = NAMES.shift(dt.date(2024, 3, 1), "MRN0815")
    assert kept[0x0009, 0x1039].value == f"{moved:%Y%m%d}101500"


def test_values_that_say_how_an_image_was_made_stay():
    kept = {
        "Manufacturer": "GE MEDICAL SYSTEMS",
        "ConvolutionKernel": "STANDARD",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SliceThickness": 2.5,
        "PatientWeight": 71.5,
        "PatientSize": 1.62,
        "PatientSex": "F",
        "PatientAge": "061Y",
        "StudyTime": "101500",
        "Units": "BQML",
    }
    dataset = hide(make(**kept))
    assert {name: dataset.get(name) for name in kept} == kept


def test_of_descriptors_only_known_words_stay():
    dataset = hide(make(SeriesDescription="PET WB uncorrected Quorra, seen by Dr Smith"))
    assert dataset.SeriesDescription == "PET WB uncorrected"


def test_a_name_is_told_apart_from_others_without_being_told():
    first, second = hide(make()), hide(make(PatientName="Other^Name"))
    assert first.PatientName == hide(make()).PatientName != second.PatientName


def test_the_age_of_the_very_old_is_not_told():
    assert hide(make(PatientAge="097Y")).PatientAge == "090Y"


def test_uids_of_the_standard_stay_and_all_others_change_alike():
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, UID
    dataset = hide(make(SourceImageSequence=[item]))
    assert dataset.SOPClassUID == dataset.SourceImageSequence[0].ReferencedSOPClassUID
    assert dataset.SOPInstanceUID == dataset.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID != UID


def test_the_file_says_that_and_how_it_was_deidentified():
    dataset = hide(make())
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.DeidentificationMethod
    codes = {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}
    assert {"113100", "113105", "113107", "113108"} <= codes


def test_a_study_of_the_future_does_not_become_one_of_the_past():
    assert hide(make(StudyDate="20300101")).StudyDate == "99991231"


@pytest.mark.parametrize("text", ["2024", "202402", "20240230", "Quorra", "20240229Quorra"])
def test_a_date_that_cannot_be_moved_is_not_kept(text):
    dataset = make()
    dataset.add(DataElement(0x00189701, "LO", text))
    dataset[0x00189701].VR = "DT"
    assert not hide(dataset)[0x00189701].value


def test_sequences_without_end_are_refused():
    dataset = make()
    for _ in range(60):
        outer = Dataset()
        outer.ContentSequence = [dataset]
        dataset = outer
    with pytest.raises(InputError, match="too deeply"):
        deidentify(dataset, NAMES, today=TODAY)


def test_persons_of_a_report_get_pseudonyms_and_free_text_goes():
    person, text, date, uid = (Dataset() for _ in range(4))
    person.ValueType, person.PersonName = "PNAME", "Reader^Rhea"
    text.ValueType, text.TextValue = "TEXT", "Quorra, 61, seen on 2024-03-01"
    date.ValueType, date.Date = "DATE", "20240302"
    uid.ValueType, uid.UID = "UIDREF", UID
    items = hide(make(ContentSequence=[person, text, date, uid])).ContentSequence
    moved = NAMES.shift(dt.date(2024, 3, 2), "MRN0815")
    assert str(items[0].PersonName) == NAMES.reader("Reader^Rhea")
    assert items[1].TextValue.startswith("T-")
    assert items[2].Date == f"{moved:%Y%m%d}"
    assert NAMES.uid(UID) == items[3].UID


def test_regions_with_names_are_called_by_their_number():
    region, organ = Dataset(), Dataset()
    region.ROINumber, region.ROIName = 3, "Quorra left"
    organ.ROINumber, organ.ROIName = 4, "Liver"
    regions = hide(make(StructureSetROISequence=[region, organ])).StructureSetROISequence
    assert [item.ROIName for item in regions] == ["ROI 3", "Liver"]


def test_what_was_written_with_a_pseudonym_stays_as_it_is():
    subject = NAMES.subject("MRN0815")
    dataset = hide(make(PatientID=subject))
    assert (dataset.PatientID, dataset.StudyDate) == (subject, "20240301")
    assert dataset.SOPInstanceUID == UID
