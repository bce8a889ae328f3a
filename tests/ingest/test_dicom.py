"""DICOM trees: who and when, which series, which volume, what is refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataelem import RawDataElement

from response.errors import InputError
from response.ingest.images import read_image

OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def only_scan(clinic, subject="P1"):
    (time_point,) = clinic.store.read_time_points(subject)
    (scan,) = time_point.scans
    return scan


def reason(report):
    (refusal,) = report.refused
    return refusal.reason


def test_the_subject_is_the_patient_id_and_the_time_point_the_study_date(clinic, tree):
    tree.add_series()
    tree.add_series(date="20250310")
    tree.add_series(subject="P2")
    report = clinic.ingest(tree.folder)
    assert set(report.taken) == {("P1", "2025-01-10"), ("P1", "2025-03-10"), ("P2", "2025-01-10")}
    assert [tp.date for tp in clinic.store.read_time_points("P1")] == [
        dt.date(2025, 1, 10),
        dt.date(2025, 3, 10),
    ]


@pytest.mark.parametrize("orientation", [(1.0, 0, 0, 0, 1.0, 0), OBLIQUE, (-1.0, 0, 0, 0, 1.0, 0)])
@pytest.mark.parametrize("gap", [2.5, -2.5])
def test_every_voxel_lies_where_its_slice_says(clinic, tree, orientation, gap):
    paths = tree.add_series(orientation=orientation, gap=gap, seed=4)
    clinic.ingest(tree.folder)
    scan = only_scan(clinic)
    image = clinic.workspace.read_image(scan.image_path)
    assert (scan.source, scan.slice_axis, scan.slice_thickness_mm) == ("dicom", 2, 2.5)
    for path in paths:
        dataset = pydicom.dcmread(path)
        row, column = 7, 4
        point = (
            np.array(dataset.ImagePositionPatient, float)
            + column * 0.7 * np.array(orientation[:3])
            + row * 0.8 * np.array(orientation[3:])
        )
        index = image.TransformPhysicalPointToContinuousIndex(point.tolist())
        assert np.abs(np.array(index) - np.rint(index)).max() < 1e-4
        value = image[tuple(round(part) for part in index)]
        assert value == int(dataset.pixel_array[row, column]) - 1024


def test_a_second_reading_decodes_nothing(clinic, tree, monkeypatch):
    tree.add_series()
    clinic.ingest(tree.folder)
    monkeypatch.setattr("response.ingest.pixels.read_dataset", None)
    assert clinic.ingest(tree.folder).unchanged == (("P1", "2025-01-10"),)


def test_fractions_of_a_unit_are_kept(clinic, tree):
    tree.add_series(RescaleSlope="0.5", RescaleIntercept="0.25")
    clinic.ingest(tree.folder)
    image = clinic.workspace.read_image(only_scan(clinic).image_path)
    assert image.GetPixelID() == sitk.sitkFloat32
    assert set(np.unique(sitk.GetArrayFromImage(image) % 0.5)) == {0.25}


def test_a_patients_name_is_kept_nowhere(clinic, tree):
    tree.add_series()
    clinic.ingest(tree.folder)
    for path in clinic.workspace.home.rglob("*"):
        assert not path.is_file() or b"Secret" not in path.read_bytes()


def test_what_a_scan_is_of_is_kept_for_export(clinic, tree):
    (first, *_) = tree.add_series(number=7)
    clinic.ingest(tree.folder)
    facts = only_scan(clinic).facts
    assert facts["series_number"] == "7"
    assert facts["series_instance_uid"] == pydicom.dcmread(first).SeriesInstanceUID


# ------------------------------------------------------------------------- which series is taken


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"gap": 5.0}, "thinner slices"),
        ({"slices": 5}, "more slices"),
        ({"ImageType": ["DERIVED", "SECONDARY"], "gap": 1.0}, "original, not derived"),
        ({"number": 9}, "lower series number"),
    ],
)
def test_one_series_is_taken_for_a_stated_reason(clinic, tree, other, why):
    tree.add_series(**({"number": 2} | other))
    tree.add_series(number=3, seed=1)
    clinic.ingest(tree.folder)
    because = only_scan(clinic).chosen_because
    assert because.startswith("series 3 (CT, 6 slices of 2.5 mm): " + why)
    assert "not taken: series" in because


def test_the_only_volume_is_taken_and_scouts_are_named(clinic, tree):
    tree.add_series(number=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    tree.add_series(number=2, slices=3)
    tree.add_series(number=4)
    clinic.ingest(tree.folder)
    because = only_scan(clinic).chosen_because
    assert "series 4 (CT, 6 slices of 2.5 mm): the only volume" in because
    assert "series 1: a localiser" in because
    assert "series 2: only 3 slices" in because


def test_the_order_of_files_does_not_choose(clinic, tree):
    tree.add_series(number=3, seed=1)
    tree.add_series(number=2, gap=5.0)
    clinic.ingest(tree.folder)
    assert "series 3 (" in only_scan(clinic).chosen_because


# --------------------------------------------------------------------------- what is no volume


def test_a_missing_slice_is_refused(clinic, tree):
    tree.add_series()[2].unlink()
    assert "a slice is missing" in reason(clinic.ingest(tree.folder))


def test_uneven_slices_are_refused(clinic, tree):
    paths = tree.add_series()
    tree.edit(paths[2], ImagePositionPatient=[-30, -40, 105.6])
    assert "uneven distances" in reason(clinic.ingest(tree.folder))


def test_a_tilted_gantry_is_refused(clinic, tree):
    for index, path in enumerate(tree.add_series()):
        tree.edit(path, ImagePositionPatient=[-30, -40 + 0.5 * index, 100 + 2.5 * index])
    assert "tilted gantry" in reason(clinic.ingest(tree.folder))


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.99, 0.141]}, "different orientation"),
        ({"PixelSpacing": [0.8, 0.8]}, "different pixel spacing"),
        ({"ImagePositionPatient": [-30, -40, 102.5]}, "at one place"),
        ({"ImagePositionPatient": None}, "no usable geometry"),
        ({"NumberOfFrames": 4}, "several frames"),
        ({"Rows": 11}, "different size"),
    ],
)
def test_slices_that_do_not_fit_together_are_refused(clinic, tree, tags, why):
    tree.edit(tree.add_series()[2], **tags)
    assert why in reason(clinic.ingest(tree.folder))


@pytest.mark.parametrize("name", ["ImagePositionPatient", "SliceThickness", "RescaleSlope"])
def test_a_damaged_number_is_named_and_what_it_swallowed_is_not_said(clinic, tree, name):
    path = tree.add_series()[2]
    dataset, tag = pydicom.dcmread(path), pydicom.tag.Tag(name)
    raw = b"-30\\-40\\1.0 \x00Secret^Name lives in Berlin " * 99
    dataset[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, False, True)
    dataset.save_as(path)
    said = reason(clinic.ingest(tree.folder))
    assert f"{name}: " in said
    assert "needed" in said
    assert "Secret" not in said
    assert len(said) < 200


def test_a_damaged_number_of_an_image_is_said_in_part_and_in_one_line(clinic, tree):
    path = tree.add_series()[2]
    dataset, tag = pydicom.dcmread(path), pydicom.tag.Tag("InstanceNumber")
    del dataset.PixelSpacing
    raw = b"3\x00\n\x1b[2J" + b"x" * 5000
    dataset[tag] = RawDataElement(tag, "IS", len(raw), raw, 0, False, True)
    dataset.save_as(path)
    said = reason(clinic.ingest(tree.folder))
    assert said.isprintable()
    assert len(said) < 200


def test_a_broken_series_beside_a_good_one_is_left_with_its_reason(clinic, tree):
    tree.add_series(number=2, gap=1.0)[3].unlink()
    tree.add_series(number=3)
    clinic.ingest(tree.folder)
    assert "series 2: a slice is missing" in only_scan(clinic).chosen_because


def test_a_copy_of_a_slice_is_taken_once(clinic, tree):
    path = tree.add_series()[2]
    (path.parent / "copy.dcm").write_bytes(path.read_bytes())
    clinic.ingest(tree.folder)
    assert clinic.workspace.read_image(only_scan(clinic).image_path).GetSize()[2] == 6


def test_two_images_under_one_uid_are_refused(clinic, tree):
    paths = tree.add_series()
    tree.edit(paths[2], SOPInstanceUID=pydicom.dcmread(paths[3]).SOPInstanceUID)
    assert "twice, with different content" in reason(clinic.ingest(tree.folder))


def test_a_slice_of_truncated_pixels_is_refused(clinic, tree):
    path = tree.add_series()[2]
    path.write_bytes(path.read_bytes()[:-50])
    assert "truncated or cannot be decoded" in reason(clinic.ingest(tree.folder))


@pytest.mark.parametrize("part", [0, 10, 140, 400])
def test_a_file_cut_in_its_header_is_refused_by_name(clinic, tree, part):
    path = tree.add_series()[0]
    path.write_bytes(path.read_bytes()[:part])
    tree.add_series(subject="P2")
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P2", "2025-01-10"),)
    assert any(path.name in str(refusal) for refusal in report.refused)


def test_colours_are_refused(clinic, tree):
    pixels = bytes(range(240)) * 3
    tree.add_series(
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=(pixels * 2)[: 12 * 10 * 3],
    )
    assert "one number per pixel" in reason(clinic.ingest(tree.folder))


# ------------------------------------------------------------------------------ who and when


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"date": ""}, "StudyDate: ''"),
        ({"date": "20250230"}, "StudyDate: '2025-02-30'"),
        ({"date": "29990101"}, "in the future"),
        ({"subject": ""}, "PatientID: is empty"),
    ],
)
def test_a_study_of_nobody_or_of_no_day_is_refused(clinic, tree, tags, why):
    tree.add_series(**tags)
    tree.add_series(subject="P2")
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P2", "2025-01-10"),)
    assert why in reason(report)


def test_several_folders_are_read_as_one(clinic, tree):
    first, second = tree.add_series()[0].parent, tree.add_series(date="20250310")[0].parent
    assert len(clinic.ingest(first, second).taken) == 2


def test_other_files_are_counted_not_refused(clinic, tree):
    tree.add_series()
    (tree.folder / "notes.txt").write_text("hello")
    report = clinic.ingest(tree.folder)
    assert (report.refused, report.warnings) == ((), ("1 files that are not DICOM are not read",))


def test_links_out_of_the_folder_are_not_followed(clinic, tree, tmp_path):
    tree.add_series()
    outside = tmp_path / "outside.dcm"
    outside.write_bytes(tree.add_series(subject="P9")[0].read_bytes())
    for path in list(tree.folder.glob("P9*/*")):
        path.unlink()
        path.symlink_to(outside)
    report = clinic.ingest(tree.folder)
    assert report.taken == (("P1", "2025-01-10"),)
    assert "6 links that leave the folder are not read" in report.warnings


def test_a_folder_of_one_series_is_an_image(tree):
    tree.add_series()
    image, axis = read_image(tree.folder)
    assert (image.GetSize(), axis) == ((10, 12, 6), 2)


def test_a_folder_of_two_days_is_not_one_image(tree):
    tree.add_series()
    tree.add_series(date="20250310")
    with pytest.raises(InputError, match="2 subjects or days"):
        read_image(tree.folder)


def test_flipped_bytes_never_end_in_anything_but_a_refusal(clinic, tree):
    path = tree.add_series()[2]
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(15):
        data = bytearray(whole)
        for place in rng.integers(132, len(data), rng.integers(1, 8)):
            data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        report = clinic.ingest(tree.folder)
        assert report.taken or report.unchanged or report.refused
