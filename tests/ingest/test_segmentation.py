"""DICOM segmentations: the right voxels of the right series, and none lost."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEGLSLossless, RLELossless, generate_uid

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.ingest.drawings import read_drawing_file
from response.ingest.images import read_image
from response.layers import find_layer

OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def make_marks(rows=12, columns=10):
    marks = np.zeros((6, rows, columns), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    marks[3:5, 6:9, 5:9] = 2
    return marks


def places_of(series, marks, label):
    """Where each marked pixel lies, from the headers of its own slice."""
    points = set()
    for path, plane in zip(series, marks, strict=True):
        dataset = pydicom.dcmread(path)
        turned = np.array(dataset.ImageOrientationPatient, float)
        for row, column in np.argwhere(plane == label):
            point = np.array(dataset.ImagePositionPatient, float)
            point = point + column * 0.7 * turned[:3] + row * 0.8 * turned[3:]
            points.add(tuple(np.round(point, 3) + 0.0))
    return points


def places_in(clinic, time_point, label):
    (marks,) = time_point.mark_sets
    image = clinic.workspace.read_image(marks.mask_path)
    voxels = find_layer(sitk.GetArrayFromImage(image), label)
    indices = np.argwhere(voxels == label)[:, ::-1]
    points = Grid.of(image).to_points(indices)
    return {tuple(np.round(point, 3) + 0.0) for point in points}


def reason(report):
    (refusal,) = report.refused
    return refusal.reason


@pytest.mark.parametrize("orientation", [(1.0, 0, 0, 0, 1.0, 0), OBLIQUE])
@pytest.mark.parametrize("gap", [2.5, -2.5])
@pytest.mark.parametrize("shape", [(12, 10), (7, 9)])
def test_every_segment_lies_on_the_voxels_it_was_drawn_on(clinic, tree, orientation, gap, shape):
    series = tree.add_series(orientation=orientation, gap=gap, rows=shape[0], columns=shape[1])
    first = (12 - shape[0]) // 5
    marks = make_marks()[:, first : first + shape[0], : shape[1]]
    tree.add_segmentation(series, marks)
    clinic.ingest(tree.folder, marks_complete=True)
    (time_point,) = clinic.store.read_time_points("P1")
    assert (time_point.mark_sets[0].labels, time_point.mark_sets[0].complete) == ((1, 2), True)
    for label in (1, 2):
        assert places_in(clinic, time_point, label) == places_of(series, marks, label)


def test_nobody_vouches_for_marks_unasked(clinic, tree):
    tree.add_segmentation(tree.add_series(), make_marks())
    clinic.ingest(tree.folder)
    assert not clinic.store.read_time_points("P1")[0].mark_sets[0].complete


def test_a_second_reading_of_a_segmentation_changes_nothing(clinic, tree, monkeypatch):
    tree.add_segmentation(tree.add_series(), make_marks())
    clinic.ingest(tree.folder)
    monkeypatch.setattr("response.ingest.dicom_plan.read_drawings", None)
    assert clinic.ingest(tree.folder).unchanged == (("P1", "2025-01-10"),)


def test_half_or_more_of_a_voxel_is_in(clinic, tree):
    marks = np.zeros((6, 12, 10, 1), np.float32)
    marks[2, 3, 4:7, 0] = (0.4, 0.6, 1.0)
    tree.add_segmentation(tree.add_series(), marks, kind="FRACTIONAL")
    clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert len(places_in(clinic, time_point, 1)) == 2


def test_a_label_map_is_read(clinic, tree):
    series = tree.add_series()
    tree.add_segmentation(series, make_marks(), kind="LABELMAP")
    clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert places_in(clinic, time_point, 2) == places_of(series, make_marks(), 2)


def test_a_segment_without_voxels_has_no_label(clinic, tree):
    marks = np.stack([make_marks() == 1, make_marks() == 9], axis=-1)
    tree.add_segmentation(tree.add_series(), marks)
    clinic.ingest(tree.folder, marks_complete=True)
    (found,) = clinic.store.read_time_points("P1")[0].mark_sets
    assert (found.labels, found.complete) == ((1,), False)


def test_the_series_that_was_drawn_on_is_taken(clinic, tree):
    tree.add_series(number=2, gap=1.0)
    tree.add_segmentation(tree.add_series(number=3), make_marks())
    clinic.ingest(tree.folder)
    scan = clinic.store.read_time_points("P1")[0].scans[0]
    assert scan.chosen_because.startswith("series 3")
    assert "a segmentation was drawn on it" in scan.chosen_because


def test_overlapping_segments_are_both_kept_whole(clinic, tree):
    series = tree.add_series()
    one, two = make_marks() == 1, np.zeros_like(make_marks())
    two[2:4, 3:7, 2:6] = 1
    tree.add_segmentation(series, np.stack([one, two], axis=-1))
    report = clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert time_point.mark_sets[0].labels == (1, 2)
    assert places_in(clinic, time_point, 1) == places_of(series, one, 1)
    assert places_in(clinic, time_point, 2) == places_of(series, two, 1)
    assert any("regions overlap" in warning for warning in report.warnings)


def test_one_number_in_two_files_gets_the_next_free_label(clinic, tree):
    series = tree.add_series()
    later, first = make_marks() == 1, make_marks() == 2
    path = tree.add_segmentation(series, later.astype(np.uint8), name="a.dcm")
    tree.edit(path, SeriesNumber=102)
    path = tree.add_segmentation(series, first.astype(np.uint8), name="b.dcm")
    tree.edit(path, SeriesNumber=101)
    report = clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert places_in(clinic, time_point, 1) == places_of(series, first, 1)
    assert places_in(clinic, time_point, 2) == places_of(series, later, 1)
    assert any("segment 1 of a.dcm has label 2" in warning for warning in report.warnings)


def test_a_copy_of_a_segmentation_elsewhere_is_read_once(clinic, tree):
    series = tree.add_series()
    path = tree.add_segmentation(series, make_marks())
    (tree.folder / "again").mkdir()
    shutil.copy(path, tree.folder / "again" / "copy.dcm")
    assert not clinic.ingest(tree.folder).refused
    (time_point,) = clinic.store.read_time_points("P1")
    assert time_point.mark_sets[0].labels == (1, 2)
    assert places_in(clinic, time_point, 1) == places_of(series, make_marks(), 1)


def test_two_segmentations_under_one_uid_that_differ_are_refused_by_name(clinic, tree):
    series = tree.add_series()
    first = pydicom.dcmread(tree.add_segmentation(series, make_marks(), name="a.dcm"))
    other = tree.add_segmentation(series, np.flip(make_marks(), axis=2), name="b.dcm")
    tree.edit(other, SOPInstanceUID=first.SOPInstanceUID)
    said = reason(clinic.ingest(tree.folder))
    assert "a.dcm and b.dcm" in said
    assert "one SOPInstanceUID" in said
    assert not clinic.store.read_time_points("P1")


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (("b.dcm", 100, 9), ("a.dcm", 101, 1)),
        (("b.dcm", 100, 1), ("a.dcm", 100, 2)),
        (("lesion_2.dcm", 100, 1), ("lesion_10.dcm", 100, 1)),
    ],
)
def test_several_files_are_numbered_by_series_instance_and_name(clinic, tree, first, later):
    """Their instance UIDs are the other way round: these come last."""
    series = tree.add_series()
    for (name, number, instance), label, uid in ((first, 1, "1.2.9"), (later, 2, "1.2.1")):
        marks = (make_marks() == label).astype(np.uint8)
        path = tree.add_segmentation(series, marks, name=name)
        tree.edit(path, SeriesNumber=number, InstanceNumber=instance, SOPInstanceUID=uid)
    report = clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    for label in (1, 2):
        assert places_in(clinic, time_point, label) == places_of(series, make_marks(), label)
    assert any(f"in this order: {first[0]}, {later[0]}" in note for note in report.warnings)


def test_marks_on_two_series_of_a_day_are_refused(clinic, tree):
    tree.add_segmentation(tree.add_series(number=2), make_marks())
    tree.add_segmentation(tree.add_series(number=3), make_marks(), name="other.dcm")
    assert "several series (series 2, series 3)" in reason(clinic.ingest(tree.folder))


def test_marks_on_a_series_that_is_not_here_are_refused(clinic, tree):
    series = tree.add_series(number=2)
    tree.add_segmentation(series, make_marks())
    for path in series:
        path.unlink()
    tree.add_series(number=3)
    assert "refers to a series that is not here" in reason(clinic.ingest(tree.folder))


def test_marks_on_a_broken_series_are_refused(clinic, tree):
    series = tree.add_series(number=2)
    tree.add_segmentation(series, make_marks())
    series[3].unlink()
    tree.add_series(number=3)
    assert "series 2, which is marked, cannot be used" in reason(clinic.ingest(tree.folder))


def test_marks_of_another_patient_are_refused(clinic, tree):
    path = tree.add_segmentation(tree.add_series(), make_marks())
    tree.edit(path, PatientID="P2")
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert "another PatientID" in reason(report)


def test_a_damaged_segmentation_refuses_its_time_point(clinic, tree):
    path = tree.add_segmentation(tree.add_series(), make_marks())
    path.write_bytes(path.read_bytes()[:-40])
    report = clinic.ingest(tree.folder)
    assert not report.taken
    assert report.refused


def test_labels_are_described_by_segment_number(clinic, tree):
    tree.add_segmentation(tree.add_series(), make_marks())
    table = tree.folder.parent / "said.csv"
    table.write_text("subject,time_point,label,organ\nP1,2025-01-10,2,liver\n")
    clinic.ingest(tree.folder, lesions_csv=table)
    (fact,) = clinic.store.read_time_points("P1")[0].lesion_facts
    assert (fact.label, fact.organ) == (2, "liver")


def test_a_segmentation_is_a_mask_for_measuring(tree):
    series = tree.add_series()
    path = tree.add_segmentation(series, make_marks())
    image, _ = read_image(series[0].parent)
    mask, _ = read_image(path, mask=True, grid=Grid.of(image))
    assert np.unique(sitk.GetArrayFromImage(mask)).tolist() == [0, 1, 2]


def test_frames_off_the_grid_of_the_series_are_refused(tree):
    series = tree.add_series()
    path = tree.add_segmentation(series, make_marks())
    image, _ = read_image(series[0].parent)
    image.SetOrigin((-30.3, -40.0, 100.0))
    with pytest.raises(GeometryError, match="between the voxels"):
        read_drawing_file(path, Grid.of(image))
    image.SetOrigin((-30.0 + 700.0, -40.0, 100.0))
    with pytest.raises(GeometryError, match="outside the series"):
        read_drawing_file(path, Grid.of(image))
    image.SetSpacing((1.4, 1.6, 2.5))
    with pytest.raises(GeometryError, match="other spacing or angle"):
        read_drawing_file(path, Grid.of(image))


def test_a_ct_slice_is_no_segmentation(tree):
    series = tree.add_series()
    image, _ = read_image(series[0].parent)
    with pytest.raises(InputError, match="neither a segmentation nor a set of contours"):
        read_drawing_file(series[0], Grid.of(image))


def test_frames_without_position_are_placed_by_their_source_image(clinic, tree):
    series = tree.add_series()
    path = tree.add_segmentation(series, make_marks())
    dataset = pydicom.dcmread(path)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.PlanePositionSequence
    dataset.SOPInstanceUID = generate_uid()
    dataset.save_as(path)
    clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert places_in(clinic, time_point, 1) == places_of(series, make_marks(), 1)


def test_more_frames_than_are_described_are_refused_before_any_is_read(clinic, tree):
    path = tree.add_segmentation(tree.add_series(), make_marks())
    tree.edit(path, Rows=1, Columns=1, NumberOfFrames=2**31 - 1)
    assert "declares 2147483647 frames, and describes 4" in reason(clinic.ingest(tree.folder))


def test_segments_of_more_voxels_than_fit_into_memory_are_refused(clinic, tree, monkeypatch):
    monkeypatch.setattr("response.ingest.regions.MAX_MARKED", 20)
    tree.add_segmentation(tree.add_series(), make_marks())
    assert "marks over 20 voxels; export fewer" in reason(clinic.ingest(tree.folder))


def test_layers_that_do_not_fit_into_memory_are_refused(clinic, tree, monkeypatch):
    monkeypatch.setattr("response.ingest.regions.MAX_LAYER_BYTES", 2 * 6 * 12 * 10)
    marks = np.zeros((6, 12, 10, 2), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    tree.add_segmentation(tree.add_series(), marks)
    assert "more than 1 regions overlap in one place" in reason(clinic.ingest(tree.folder))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_a_compressed_segmentation_is_read_as_it_was(clinic, tree, syntax):
    series, marks = tree.add_series(), make_marks()
    path = tree.add_segmentation(series, (marks == 1)[..., None] * 0.9, kind="FRACTIONAL")
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path)
    clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert places_in(clinic, time_point, 1) == places_of(series, marks, 1)


def test_frames_smaller_than_their_pixels_are_refused(clinic, tree):
    path = tree.add_segmentation(tree.add_series(), make_marks())
    tree.edit(path, Rows=11)
    assert "more pixels than declared" in reason(clinic.ingest(tree.folder))


def test_frames_larger_than_any_slice_are_refused(clinic, tree):
    path = tree.add_segmentation(tree.add_series(), make_marks())
    tree.edit(path, Rows=2049, Columns=2048)
    assert "over the limit" in reason(clinic.ingest(tree.folder))
