"""Manifests: what is taken, what is refused by name, what a second reading does."""

from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError, ManifestError
from response.model import Reader
from response.terms import Role

HEADER = "subject,time_point,date,modality,image,mask\n"


def refusals(report):
    return {(refusal.subject, refusal.time_point): refusal.reason for refusal in report.refused}


def test_a_scan_and_its_mask_are_taken_whole(clinic):
    row = clinic.add(weight_kg="71.5", slice_thickness_mm="3", series="venous")
    assert clinic.ingest().taken == (("P1", "T0"),)
    (time_point,) = clinic.store.read_time_points("P1")
    (scan,), (marks,) = time_point.scans, time_point.mark_sets
    assert (scan.modality, scan.series, scan.slice_thickness_mm) == ("CT", "venous", 3.0)
    assert scan.facts == {"weight_kg": "71.5"}
    assert scan.date == dt.date(2025, 1, 10)
    stored = clinic.workspace.read_image(scan.image_path)
    given = sitk.ReadImage(str(clinic.folder / row["image"]))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(stored), sitk.GetArrayFromImage(given))
    assert stored.GetOrigin() == pytest.approx(given.GetOrigin())
    assert (marks.labels, marks.complete, marks.reader) == ((1,), False, Reader())


def test_a_second_reading_of_the_same_files_changes_nothing(clinic, monkeypatch):
    clinic.add()
    clinic.add(time_point="T1", date="2025-03-10", mask="none-seen")
    clinic.ingest()
    decoded = []
    monkeypatch.setattr("response.ingest.manifest.read_volume", decoded.append)
    report = clinic.ingest()
    assert report.unchanged == (("P1", "T0"), ("P1", "T1"))
    assert not report.taken
    assert not decoded


def test_a_moved_copy_of_the_files_is_the_same(clinic):
    clinic.add()
    clinic.ingest()
    elsewhere = shutil.copytree(clinic.folder, clinic.folder.parent / "copy")
    assert clinic.ingest(elsewhere / "manifest.csv").unchanged == (("P1", "T0"),)


def test_a_corrected_mask_takes_the_place_of_the_old_one(clinic):
    row = clinic.add()
    clinic.ingest()
    clinic.save(clinic.make_mask((1, 2, 2, 2), (1, 8, 8, 5)), row["mask"])
    assert clinic.ingest().taken == (("P1", "T0"),)
    (time_point,) = clinic.store.read_time_points("P1")
    assert [marks.labels for marks in time_point.mark_sets] == [(1, 2)]


def test_a_mask_of_zeros_and_ones_is_split_into_components(clinic):
    clinic.add(
        mask=clinic.save(clinic.make_mask((1, 8, 1, 1), (1, 1, 8, 1), (1, 3, 3, 5)), "m.nrrd")
    )
    clinic.ingest()
    (time_point,) = clinic.store.read_time_points("P1")
    labels = clinic.read_labels(time_point.mark_sets[0])
    assert (labels[1, 1, 8], labels[1, 8, 1], labels[5, 3, 3]) == (1, 2, 3)


def test_a_mask_with_numbers_keeps_them(clinic):
    clinic.add(
        mask=clinic.save(clinic.make_mask((4, 1, 1, 1), (4, 8, 8, 5), (9, 5, 5, 3)), "m.nii.gz")
    )
    clinic.ingest()
    assert clinic.store.read_time_points("P1")[0].mark_sets[0].labels == (4, 9)


def test_an_empty_mask_cell_is_a_scan_nobody_read(clinic):
    clinic.add(mask="")
    clinic.ingest()
    (time_point,) = clinic.store.read_time_points("P1")
    assert (len(time_point.scans), time_point.mark_sets) == (1, ())


def test_none_seen_is_a_complete_reading_without_lesions(clinic):
    clinic.add(mask="none-seen")
    clinic.ingest()
    (marks,) = clinic.store.read_time_points("P1")[0].mark_sets
    assert (marks.labels, marks.complete, marks.mask_path) == ((), True, "")


def test_several_readers_share_an_image(clinic):
    first = clinic.add(evaluator_id="R1", marks_complete="TRUE")
    other = clinic.save(clinic.make_mask((1, 6, 6, 4)), "other.nii.gz")
    clinic.add(evaluator_id="R2", image=first["image"], mask=other)
    clinic.ingest()
    (time_point,) = clinic.store.read_time_points("P1")
    assert len(time_point.scans) == 1
    assert {(m.reader.evaluator_id, m.complete) for m in time_point.mark_sets} == {
        ("R1", True),
        ("R2", False),
    }


def test_two_series_of_one_time_point_are_two_scans(clinic):
    clinic.add(series="venous")
    clinic.add(series="wb", modality="PET")
    clinic.ingest()
    scans = clinic.store.read_time_points("P1")[0].scans
    assert {(scan.modality, scan.series) for scan in scans} == {("CT", "venous"), ("PT", "wb")}


def test_treatment_start_becomes_a_fact_of_the_subject(clinic):
    clinic.add(treatment_start="2025-01-20")
    clinic.ingest()
    assert clinic.store.read_subject("P1").facts.treatment_start == dt.date(2025, 1, 20)


def test_subjects_beside_the_manifest_are_read(clinic):
    clinic.add()
    clinic.add_table("subjects.csv", "subject,death_date\nP1,2025-06-01\n")
    clinic.ingest()
    assert clinic.store.read_subject("P1").facts.death_date == dt.date(2025, 6, 1)


def test_lesions_beside_the_manifest_are_read(clinic):
    clinic.add()
    clinic.add_table(
        "lesions.csv", "subject,time_point,label,organ,node,role\nP1,T0,1,liver,false,target\n"
    )
    clinic.ingest()
    (fact,) = clinic.store.read_time_points("P1")[0].lesion_facts
    assert (fact.label, fact.organ, fact.node, fact.role) == (1, "liver", False, Role.TARGET)


def test_a_changed_word_on_a_lesion_is_taken_without_decoding(clinic, monkeypatch):
    clinic.add()
    clinic.ingest()
    monkeypatch.setattr("response.ingest.manifest.read_volume", None)
    clinic.add_table("lesions.csv", "subject,time_point,label,organ\nP1,T0,1,lung\n")
    assert clinic.ingest().taken == (("P1", "T0"),)
    assert clinic.store.read_time_points("P1")[0].lesion_facts[0].organ == "lung"


BAD_CELLS = [
    ({"date": "2025-02-30"}, "date: '2025-02-30'"),
    ({"date": "10.01.2025"}, "date: '10.01.2025'"),
    ({"date": "2999-01-01"}, "date: 2999-01-01 is in the future"),
    ({"date": "0001-01-01"}, "too long ago"),
    ({"modality": "XR"}, "modality: 'XR'"),
    ({"image": "missing.nii.gz"}, "image: 'missing.nii.gz' is not there"),
    ({"image": ""}, "image: is empty"),
    ({"image": "."}, "image: '.' is not a file"),
    ({"image": "a\x07" + "b" * 5000}, "is not a usable path"),
    ({"image": "../../outside.nii.gz"}, "leaves the manifest's folder"),
    ({"mask": "/etc/hostname"}, "leaves the manifest's folder"),
    ({"marks_complete": "perhaps"}, "marks_complete: 'perhaps'"),
    ({"weight_kg": "-3"}, "weight_kg: '-3'"),
    ({"slice_thickness_mm": "5,0"}, "slice_thickness_mm: '5,0'"),
    ({"sex": "unknown"}, "sex: 'unknown'"),
    ({"treatment_start": "soon"}, "treatment_start: 'soon'"),
    ({"time_point": ""}, "time_point: is empty"),
    ({"subject": ""}, "subject: is empty"),
]


@pytest.mark.parametrize(("cells", "reason"), BAD_CELLS)
def test_a_bad_cell_refuses_its_time_point_and_the_rest_goes_on(clinic, cells, reason):
    clinic.add(subject="P2")
    clinic.add(**cells)
    report = clinic.ingest()
    assert report.taken == (("P2", "T0"),)
    (refusal,) = report.refused
    assert reason in refusal.reason
    assert "line 3" in refusal.reason


def make_bad_image(clinic, kind: str) -> sitk.Image:
    image = clinic.make_scan(5)
    if kind == "2-D":
        return image[:, :, 0]
    if kind == "one slice":
        return image[:, :, :1]
    if kind == "constant":
        return image * 0
    if kind == "4-D":
        return sitk.JoinSeries(image, image)
    return sitk.Compose(image, image)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("2-D", "2-D"),
        ("one slice", "single slice"),
        ("constant", "every voxel is 0"),
        ("4-D", "4-D"),
        ("vector", "5-D"),
    ],
)
def test_an_image_that_is_no_volume_is_refused(clinic, kind, reason):
    clinic.add(image=clinic.save(make_bad_image(clinic, kind), "bad.nii.gz"))
    clinic.add(time_point="T1", date="2025-03-01")
    report = clinic.ingest()
    assert report.taken == (("P1", "T1"),)
    assert reason in refusals(report)["P1", "T0"]


@pytest.mark.parametrize("name", ["junk.nii.gz", "junk.nii", "junk.nrrd", "junk.mha", "junk.png"])
def test_a_file_that_is_no_image_is_refused(clinic, name):
    (clinic.folder / name).write_bytes(b"this is no image" * 100)
    clinic.add(image=name)
    assert name in refusals(clinic.ingest())["P1", "T0"]


def test_an_empty_file_is_refused(clinic):
    (clinic.folder / "empty.nii.gz").touch()
    clinic.add(image="empty.nii.gz")
    assert "the file is empty" in refusals(clinic.ingest())["P1", "T0"]


def test_a_mask_of_another_shape_is_refused(clinic):
    clinic.add(mask=clinic.save(clinic.make_mask((1, 2, 2, 2), size=(12, 11, 9)), "m.nii.gz"))
    assert "size" in refusals(clinic.ingest())["P1", "T0"]


def test_a_mask_of_another_place_is_refused(clinic):
    mask = clinic.make_mask((1, 2, 2, 2))
    mask.SetOrigin((0.0, 31.5, 400.25))
    clinic.add(mask=clinic.save(mask, "m.nii.gz"))
    assert "origin" in refusals(clinic.ingest())["P1", "T0"]


def test_a_mask_of_fractions_is_refused(clinic):
    mask = clinic.make_mask((1, 2, 2, 2), kind=np.float32) * 0.7
    clinic.add(mask=clinic.save(mask, "m.nii.gz"))
    assert "whole numbers" in refusals(clinic.ingest())["P1", "T0"]


def test_a_refused_mask_leaves_nothing_of_its_time_point(clinic):
    clinic.add(series="a")
    clinic.add(series="b", mask=clinic.save(clinic.make_mask(size=(3, 3, 3)), "m.nii.gz"))
    assert not clinic.ingest().taken
    assert clinic.store.read_subject("P1") is None
    assert not [path for path in clinic.workspace.images.rglob("*") if path.is_file()]


def test_a_link_that_leaves_the_folder_is_refused(clinic):
    outside = clinic.folder.parent / "outside.nii.gz"
    sitk.WriteImage(clinic.make_scan(3), str(outside))
    (clinic.folder / "link.nii.gz").symlink_to(outside)
    clinic.add(image="link.nii.gz")
    assert "leaves the manifest's folder" in refusals(clinic.ingest())["P1", "T0"]
    assert clinic.ingest(root=clinic.folder.parent).taken == (("P1", "T0"),)


def test_one_time_point_of_two_dates_is_refused(clinic):
    clinic.add(series="a")
    clinic.add(series="b", date="2025-01-11")
    assert "2025-01-10 and 2025-01-11" in refusals(clinic.ingest())["P1", "T0"]


def test_one_file_under_two_time_points_is_refused_the_second_time(clinic):
    row = clinic.add()
    clinic.add(time_point="T1", date="2025-03-01", image=row["image"])
    report = clinic.ingest()
    assert report.taken == (("P1", "T0"),)
    assert "same scan as that of time point T0" in refusals(report)["P1", "T1"]


def test_a_stored_scan_under_another_time_point_is_refused(clinic):
    row = clinic.add(time_point="T1", date="2025-03-01")
    clinic.ingest()
    clinic.rows.clear()
    clinic.add(image=row["image"])
    assert "same scan as that of time point T1" in refusals(clinic.ingest())["P1", "T0"]


def test_one_scan_of_two_subjects_is_warned_of(clinic):
    row = clinic.add()
    clinic.add(subject="P2", image=row["image"])
    assert any("the same scan as P1 T0" in warning for warning in clinic.ingest().warnings)


def test_two_rows_of_one_reader_and_scan_are_refused(clinic):
    row = clinic.add()
    clinic.add(image=row["image"])
    assert "two rows of one evaluator" in refusals(clinic.ingest())["P1", "T0"]


def test_two_images_without_series_are_refused(clinic):
    clinic.add(evaluator_id="R1")
    clinic.add(evaluator_id="R2")
    assert "column series" in refusals(clinic.ingest())["P1", "T0"]


def test_two_treatment_starts_refuse_the_subject(clinic):
    clinic.add(treatment_start="2025-01-20")
    clinic.add(time_point="T1", date="2025-03-01", treatment_start="2025-01-21")
    clinic.add(subject="P2")
    report = clinic.ingest()
    assert report.taken == (("P2", "T0"),)
    assert set(refusals(report)) == {("P1", "T0"), ("P1", "T1")}


def test_the_mask_may_not_be_the_image(clinic):
    row = clinic.add()
    row["mask"] = row["image"]
    assert "same file as the image" in refusals(clinic.ingest())["P1", "T0"]


def test_a_row_of_too_few_cells_is_refused(clinic):
    clinic.add()
    path = clinic.write()
    path.write_text(path.read_text() + "P1,T1,2025-03-01\n")
    assert "3 cells where the header has 6" in refusals(clinic.ingest(path))["P1", "T1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (HEADER.encode(), "no rows"),
        (
            HEADER.replace(",mask", "").encode() + b"P1,T0,2025-01-01,CT,a\n",
            "missing column 'mask'",
        ),
        (HEADER.replace("mask", "mask,colour").encode() + b"a\n", "unknown column 'colour'"),
        (HEADER.replace("mask", "mask,mask").encode() + b"a\n", "twice"),
        (HEADER.replace(",", ";").encode() + b"a\n", "semicolons"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "not a CSV"),
        (HEADER.encode() + b'P1,"T0,2025-01-01,CT,a,b\n', "not a CSV"),
        (HEADER.encode("utf-16"), "not a CSV"),
    ],
)
def test_what_is_no_manifest_is_refused_whole(clinic, content, reason):
    path = clinic.folder / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=reason):
        clinic.ingest(path)


def test_byte_order_marks_and_windows_line_ends_are_read(clinic):
    clinic.add()
    path = clinic.write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert clinic.ingest(path).taken == (("P1", "T0"),)


def test_a_folder_with_a_manifest_is_read_as_one(clinic):
    clinic.add()
    clinic.write()
    assert clinic.ingest(clinic.folder).taken == (("P1", "T0"),)


def test_a_folder_without_scans_is_refused(clinic):
    with pytest.raises(InputError, match=r"no CT, MR or PET images in DICOM, and no manifest\.csv"):
        clinic.ingest(clinic.folder)


def test_one_bad_manifest_of_two_writes_nothing(clinic):
    clinic.add()
    bad = clinic.add_table("bad.csv", "a,b\n1,2\n")
    with pytest.raises(ManifestError):
        clinic.ingest(clinic.write(), bad)
    assert not clinic.store.read_subjects()
