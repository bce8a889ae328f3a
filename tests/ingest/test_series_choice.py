"""What is taken of a time point: one scan of each modality, by stated rules; PET in SUV."""

from __future__ import annotations

import json
import math

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid

from response.ingest.origin import read_origin

MR_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
DOSE_BQ, WEIGHT_KG, HALF_LIFE_S = 370e6, 70.0, 6586.2


def add_pet(tree, **tags):
    """A PET decay-corrected to its start, an hour after the injection."""
    drug = pydicom.Dataset()
    drug.RadiopharmaceuticalStartTime = "091500"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = DOSE_BQ, HALF_LIFE_S
    said = {
        "Modality": "PT",
        "SOPClassUID": PositronEmissionTomographyImageStorage,
        "Units": "BQML",
        "CorrectedImage": ["ATTN", "DECY", "SCAT"],
        "DecayCorrection": "START",
        "SeriesDate": "20250110",
        "SeriesTime": "101500",
        "AcquisitionDate": "20250110",
        "AcquisitionTime": "101500",
        "PatientWeight": WEIGHT_KG,
        "RescaleIntercept": 0,
        "RescaleSlope": 0.5,
        "RadiopharmaceuticalInformationSequence": pydicom.Sequence([drug]),
    }
    return tree.add_series(**(said | tags))


def read_scans(clinic, subject="P1"):
    (time_point,) = clinic.store.read_time_points(subject)
    return {scan.modality: scan for scan in time_point.scans}


def make_marks():
    marks = np.zeros((6, 12, 10), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    return marks


def test_a_time_point_gives_one_scan_of_each_modality(clinic, tree):
    tree.add_series(number=2)
    tree.add_series(number=3, seed=1)
    tree.add_series(number=4, Modality="MR", SOPClassUID=MR_STORAGE)
    add_pet(tree, number=5)
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P1", "2025-01-10"),)
    scans = read_scans(clinic)
    assert set(scans) == {"CT", "MR", "PT"}
    assert scans["CT"].facts["series_number"] == "2"
    assert {scan.series for scan in scans.values()} == {""}


def test_a_pet_is_stored_as_suv_with_the_slope_of_each_slice(clinic, tree):
    paths = add_pet(tree)
    for number, path in enumerate(paths):
        tree.edit(path, RescaleSlope=1.0 + number)
    clinic.ingest(tree.folder)
    scan = read_scans(clinic)["PT"]
    factor = WEIGHT_KG * 1000 / (DOSE_BQ * math.exp(-math.log(2) * 3600 / HALF_LIFE_S))
    assert scan.facts["units"] == "SUVBW"
    assert float(scan.facts["suv_bw_factor"]) == pytest.approx(factor, rel=1e-6)
    image = clinic.workspace.read_image(scan.image_path)
    assert image.GetPixelID() == sitk.sitkFloat32
    values = sitk.GetArrayFromImage(image)
    for number, path in enumerate(paths):
        stored = pydicom.dcmread(path).pixel_array
        np.testing.assert_allclose(values[number], stored * (1.0 + number) * factor, rtol=1e-6)


def test_a_pet_without_weight_goes_in_in_its_own_unit_with_the_reason(clinic, tree):
    paths = add_pet(tree, PatientWeight=None)
    report = clinic.ingest(tree.folder)
    scan = read_scans(clinic)["PT"]
    assert scan.facts["units"] == "BQML"
    assert "Weight" in scan.facts["suv_refused"]
    assert any("no SUV" in warning for warning in report.warnings)
    values = sitk.GetArrayFromImage(clinic.workspace.read_image(scan.image_path))
    np.testing.assert_array_equal(values[0], pydicom.dcmread(paths[0]).pixel_array * 0.5)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"CorrectedImage": ["DECY"], "gap": 1.0}, "attenuation-corrected"),
        ({"Units": "PROPCNTS", "gap": 1.0}, "quantitative units"),
        ({"ImageType": ["DERIVED", "SECONDARY"], "gap": 1.0}, "original, not derived"),
    ],
)
def test_of_two_reconstructions_the_quantitative_one_is_taken(clinic, tree, other, why):
    add_pet(tree, **({"number": 2} | other))
    add_pet(tree, number=3)
    clinic.ingest(tree.folder)
    assert read_scans(clinic)["PT"].chosen_because.startswith(
        f"series 3 (PT, 6 slices of 2.5 mm): {why}"
    )


def test_beside_a_pet_the_ct_in_its_frame_goes_before_a_thinner_one(clinic, tree):
    frame = generate_uid()
    add_pet(tree, FrameOfReferenceUID=frame, number=4)
    tree.add_series(number=2, gap=1.0, slices=20)
    tree.add_series(number=3, FrameOfReferenceUID=frame)
    clinic.ingest(tree.folder)
    because = read_scans(clinic)["CT"].chosen_because
    assert because.startswith("series 3 (CT, 6 slices of 2.5 mm): in the frame of reference of the")


def test_beside_a_pet_a_ct_as_long_goes_before_a_thinner_part_of_the_body(clinic, tree):
    frame = generate_uid()
    add_pet(tree, FrameOfReferenceUID=frame, number=4, slices=20)
    tree.add_series(number=2, FrameOfReferenceUID=frame, gap=1.0, slices=10)
    tree.add_series(number=3, FrameOfReferenceUID=frame, gap=5.0, slices=10)
    clinic.ingest(tree.folder)
    assert "series 3 (CT, 10 slices of 5 mm): as long as the PET" in (
        read_scans(clinic)["CT"].chosen_because
    )


def test_a_modality_that_cannot_be_used_is_a_warning_beside_one_that_can(clinic, tree):
    add_pet(tree)
    tree.add_series(number=2)[3].unlink()
    report = clinic.ingest(tree.folder)
    assert set(read_scans(clinic)) == {"PT"}
    (warning,) = [text for text in report.warnings if "CT: " in text]
    assert "series 2: a slice is missing" in warning


def test_a_marked_series_that_cannot_be_used_refuses_its_time_point(clinic, tree):
    add_pet(tree)
    series = tree.add_series(number=2)
    tree.add_segmentation(series, make_marks())
    series[3].unlink()
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert "series 2, which is marked, cannot be used" in report.refused[0].reason


def test_each_marked_series_of_its_own_name_is_a_scan(clinic, tree):
    for number, name in ((2, "Arterial  Phase"), (3, "portal_venous")):
        series = tree.add_series(number=number, SeriesDescription=name)
        tree.add_segmentation(series, make_marks(), name=f"seg{number}.dcm")
    tree.add_series(number=4, SeriesDescription="late")
    clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert [scan.series for scan in time_point.scans] == ["arterial phase", "portal venous"]
    assert len(time_point.mark_sets) == 2
    assert "not taken: series 4" in time_point.scans[0].chosen_because


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "a projection, not slices"),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE"]}, "a projection, not slices"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a localiser"),
    ],
)
def test_pictures_that_are_no_slices_are_left_aside(clinic, tree, tags, why):
    tree.add_series(number=2, **tags)
    tree.add_series(number=3, gap=5.0)
    clinic.ingest(tree.folder)
    assert f"series 2: {why}" in read_scans(clinic)["CT"].chosen_because


def test_screenshots_are_counted(clinic, tree):
    tree.add_series(number=2, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    tree.add_series(number=3)
    report = clinic.ingest(tree.folder)
    assert "6 screenshots (secondary captures) are not read" in report.warnings


def test_a_scout_filed_with_its_volume_is_left_out(clinic, tree):
    paths = tree.add_series(slices=7)
    tree.edit(
        paths[0],
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
    )
    clinic.ingest(tree.folder)
    assert clinic.workspace.read_image(read_scans(clinic)["CT"].image_path).GetSize()[2] == 6


def test_the_origin_names_the_image_of_each_slice_and_nobody(clinic, tree):
    paths = tree.add_series(gap=-2.5, AccessionNumber="A7")
    clinic.ingest(tree.folder)
    text = clinic.workspace.read_document(read_scans(clinic)["CT"].origin_path)
    origin = read_origin(text)
    uids = [pydicom.dcmread(path).SOPInstanceUID for path in reversed(paths)]
    assert [image.sop_instance_uid for image in origin.images] == uids
    assert {image.frame for image in origin.images} == {None}
    header = pydicom.Dataset.from_json(json.dumps(dict(origin.header)))
    assert (header.PatientID, header.AccessionNumber, header.Modality) == ("P1", "A7", "CT")
    assert "PatientName" not in header
    assert "Secret" not in text


def test_compression_with_loss_is_told(clinic, tree):
    tree.add_series(LossyImageCompression="01")
    report = clinic.ingest(tree.folder)
    assert report.taken
    assert any("compressed with loss" in warning for warning in report.warnings)
