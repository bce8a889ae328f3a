"""Real scans, and real files that are wrong."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import SimpleITK as sitk

from response.geometry import Grid

DATES = {"05": ("1993-05-26", "1993-07-20"), "09": ("1997-08-21", "1997-09-17")}


def folder(shared_data, name):
    if not (shared_data / name).is_dir():
        pytest.skip(f"{name} is not among the real data")
    return shared_data / name


@pytest.mark.slow
def test_two_brain_tumours_at_two_time_points_are_taken(clinic, shared_data):
    scans = folder(shared_data, "serial_brain_mr_tumour")
    for subject, days in DATES.items():
        for name, day, when in zip(("T0", "T1"), days, ("Pre", "Post"), strict=True):
            place = scans / subject
            clinic.add(
                subject=subject,
                time_point=name,
                date=day,
                modality="MR",
                image=str(place / f"{when}_Scan_T1.nii.gz"),
                mask=str(place / f"{when}_Mask.nii.gz"),
            )
    report = clinic.ingest(root=scans)
    assert len(report.taken) == 4
    assert not report.refused
    for subject in DATES:
        for time_point in clinic.store.read_time_points(subject):
            (marks,) = time_point.mark_sets
            when = "Pre" if time_point.time_point == "T0" else "Post"
            given = sitk.ReadImage(str(scans / subject / f"{when}_Mask.nii.gz"))
            stored = clinic.read_labels(marks)
            np.testing.assert_array_equal(stored > 0, sitk.GetArrayFromImage(given) > 0)
            assert marks.labels == tuple(range(1, stored.max() + 1))


@pytest.mark.slow
def test_a_whole_body_scan_in_jpeg_ls_is_taken(clinic, shared_data):
    scans = folder(shared_data, "serial_wholebody_ct") / "T2_20141212_CT_WB_5.0_B35f"
    report = clinic.ingest(scans)
    assert report.taken == (("0000003", "2014-12-12"),)
    (scan,) = clinic.store.read_time_points("0000003")[0].scans
    image = clinic.workspace.read_image(scan.image_path)
    assert image.GetSize() == (512, 512, 174)
    assert image.GetSpacing() == pytest.approx((0.9765625, 0.9765625, 5.0), abs=1e-6)
    assert sitk.GetArrayViewFromImage(image).min() == -1024


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gantrytilting", "tilted gantry"),
        ("notavolume", "at one place"),
        ("slicecount", "only 2 slices"),
        ("sliceincrement", "a slice is missing"),
        ("sliceorientation", "different"),
    ],
)
def test_a_malformed_series_is_refused(clinic, shared_data, name, why):
    report = clinic.ingest(folder(shared_data, "malformed_series") / "failing" / name)
    assert not report.taken
    assert report.refused
    assert all(why in refusal.reason for refusal in report.refused)


def test_a_series_with_a_missing_slice_is_refused(clinic, shared_data):
    report = clinic.ingest(folder(shared_data, "malformed_missing_slice"))
    assert "a slice is missing" in report.refused[0].reason


@pytest.mark.parametrize("name", ["malformed_files", "transfer_syntaxes", "rtstruct"])
def test_odd_files_are_refused_or_counted_but_never_stop_the_reading(clinic, shared_data, name):
    report = clinic.ingest(folder(shared_data, name))
    assert report.refused
    assert all(refusal.reason for refusal in report.refused)


@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_segmentations_of_another_program_agree_with_its_own_label_images(
    clinic, shared_data, name
):
    place = folder(shared_data, "seg_sr_dcmqi") / "segmentations" / name
    clinic.ingest(place)
    (marks,) = clinic.store.read_time_points("123456")[0].mark_sets
    image = clinic.workspace.read_image(marks.mask_path)
    given = sitk.ReadImage(str(place / "nrrd" / "label.nrrd"))
    assert places(image) == places(given)


def places(image):
    """Where each label lies, to a hundredth of a millimetre."""
    marks = sitk.GetArrayFromImage(image)
    indices = np.argwhere(marks)[:, ::-1]
    points = np.round(Grid.of(image).to_points(indices), 2) + 0.0
    return {(*point, marks[k, j, i]) for point, (i, j, k) in zip(points, indices, strict=True)}


def test_the_dates_used_here_are_those_of_the_data(shared_data):
    table = folder(shared_data, "serial_brain_mr_tumour") / "supplementary.csv"
    with table.open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file, skipinitialspace=True)}
    for subject, (first, second) in DATES.items():
        assert (rows[subject]["initialDate"], rows[subject]["endDate"]) == (first, second)
