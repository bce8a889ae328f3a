"""SUV is what it was: weight, dose and all times of a PET header move together or stay."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from response.deidentify.datasets import deidentify
from response.deidentify.pseudonyms import Pseudonyms
from response.ingest.pet_header import read_pet_header
from response.measure.suv import compute_suv_factors

TODAY = dt.date(2026, 1, 1)
NAMES = Pseudonyms(b"a key of sixteen bytes or more")
SCANNERS = [
    "BQML_AC_DT_lessThan_S_DT_SIEMENS",
    "CPS_AND_BQML_AC_DT_-_S_DT",
    "GE_MEDICAL_AND_BQML",
    "PHILIPS_BQML",
    "PHILIPS_CNTS_AND_BQML_SUV",
    "PHILIPS_CNTS_AND_SUV",
    "RADIOPHARM_DATETIME_UNDEFINED",
    "SIEMENS",
]
PHILIPS = {"SUVScaleFactor": 0x00, "ActivityConcentrationScaleFactor": 0x09}


def build(values: dict[str, object]) -> Dataset:
    image, drug = Dataset(), Dataset()
    factors = values.pop("PhilipsPETPrivateGroup", {})
    if factors:
        block = image.private_block(0x7053, "Philips PET Private Group", create=True)
        for name, value in factors.items():
            block.add_new(PHILIPS[name], "DS", value)
    for name, value in values.items():
        setattr(drug if name.startswith("Radio") else image, name, value)
    image.RadiopharmaceuticalInformationSequence = [drug]
    image.PatientID, image.PatientName = "0815", "Secret^Name"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def compute(images: list[Dataset]) -> float:
    return compute_suv_factors([read_pet_header(image) for image in images]).suv_bw_factor


@pytest.mark.parametrize("scanner", SCANNERS)
def test_the_factor_of_each_vendor_is_the_same_to_the_last_digit(shared_data: Path, scanner):
    folder = shared_data / "pet_headers_suv_truth" / "test" / "metadata"
    rows = json.loads((folder / f"{scanner}-instances.json").read_text())
    images = [build(row) for row in rows]
    before = compute(images)
    for image in images:
        deidentify(image, NAMES, today=TODAY)
    assert compute(images) == before


def test_the_factors_of_a_scanners_own_files_are_the_same(shared_data: Path):
    folder = shared_data / "pet_seg_rwv_suv_truth" / "PT_PET_AC_081015"
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm")]
    before = compute_suv_factors([read_pet_header(image) for image in images])
    for image in images:
        deidentify(image, NAMES, today=TODAY)
    after = compute_suv_factors([read_pet_header(image) for image in images])
    assert after.suv_bw_factor == before.suv_bw_factor
    assert after.sul_factor == before.sul_factor
