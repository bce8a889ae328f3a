"""Contours: the voxels whose centres they enclose, on the slices they were drawn on."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.ingest.drawings import read_drawing, read_drawings
from response.ingest.images import read_image
from response.layers import split_layers
from response.pipeline import assess_all, track_all

AXIAL = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
GRID = Grid((-50.0, -40.0, 10.0), (1.0, 1.0, 2.5), AXIAL, (100, 80, 9))
TURNED = Grid(
    (12.0, -7.0, 3.0), (0.7, 0.9, 3.0), (0, 0.6, -0.8, 1, 0, 0, 0, -0.8, -0.6), (60, 50, 7)
)


def circle(centre, radius, count=720):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.array(centre) + radius * np.column_stack([np.cos(angles), np.sin(angles)])


def square(low, high):
    return np.array([(low, low), (high, low), (high, high), (low, high)], float)


def write_contours(path, grid, rois, *, types=None, kind="CLOSED_PLANAR", images=None, **tags):
    """`rois` is number → list of (slice, corners in voxels); points are written in LPS mm."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    dataset.PatientID, dataset.StudyDate, dataset.Modality = "P1", "20250110", "RTSTRUCT"
    dataset.SeriesInstanceUID, dataset.SeriesNumber = generate_uid(), 7
    dataset.StructureSetROISequence = pydicom.Sequence()
    dataset.ROIContourSequence = pydicom.Sequence()
    dataset.RTROIObservationsSequence = pydicom.Sequence()
    for number, contours in rois.items():
        named, drawn, seen = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        named.ROINumber, named.ROIName = number, "Secret^Name"
        drawn.ReferencedROINumber = seen.ReferencedROINumber = number
        seen.RTROIInterpretedType = (types or {}).get(number, "GTV")
        drawn.ContourSequence = pydicom.Sequence()
        for place, corners in contours:
            points = grid.to_points(np.column_stack([corners, np.full(len(corners), place)]))
            item = pydicom.Dataset()
            item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
            item.ContourData = [f"{value:.6f}" for value in points.ravel()]
            if images:
                reference = pydicom.Dataset()
                reference.ReferencedSOPInstanceUID = images[round(place)]
                item.ContourImageSequence = [reference]
            drawn.ContourSequence.append(item)
        dataset.StructureSetROISequence.append(named)
        dataset.ROIContourSequence.append(drawn)
        dataset.RTROIObservationsSequence.append(seen)
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def draw(tmp_path):
    def make(rois, grid=GRID, slice_of=None, wanted=frozenset(), **options):
        path = write_contours(tmp_path / "contours.dcm", grid, rois, **options)
        return read_drawings([read_drawing(path)], grid, slice_of, wanted=wanted)

    return make


def marked(labels, label):
    """Which voxels bear a label, axes k, j, i."""
    layers = [sitk.GetArrayFromImage(layer) for layer in split_layers(labels.image)]
    return np.any([layer == label for layer in layers], axis=0)


@pytest.mark.parametrize("grid", [GRID, TURNED])
def test_a_disk_holds_the_centres_within_its_radius(draw, grid):
    labels = draw({1: [(k, circle((30.2, 24.7), 15.3)) for k in (2, 3, 4)]}, grid)
    j, i = np.mgrid[: grid.size[1], : grid.size[0]]
    inside = np.hypot(i - 30.2, j - 24.7) < 15.3
    found = marked(labels, 1)
    assert found.any(axis=(1, 2)).tolist() == [k in (2, 3, 4) for k in range(grid.size[2])]
    # A polygon of 720 corners is nowhere more than 0.0002 voxels inside its circle.
    assert np.array_equal(found[3], inside)
    assert found[3].sum() == pytest.approx(np.pi * 15.3**2, rel=0.02)


def test_a_contour_within_a_contour_is_a_hole(draw):
    labels = draw({1: [(4, circle((50, 40), 20.2)), (4, circle((50, 40), 8.1))]})
    j, i = np.mgrid[:80, :100]
    distance = np.hypot(i - 50, j - 40)
    assert np.array_equal(marked(labels, 1)[4], (distance < 20.2) & (distance > 8.1))


def test_a_channel_of_no_width_leads_to_a_hole(draw):
    outer, inner = square(9.5, 29.5), square(14.5, 24.5)[::-1]
    keyhole = np.vstack([outer, outer[:1], inner, inner[:1]])
    labels = draw({1: [(4, keyhole)]})
    assert marked(labels, 1).sum() == 20 * 20 - 10 * 10


def test_two_contours_in_one_slice_are_two_parts(draw):
    labels = draw({1: [(4, square(4.5, 9.5)), (4, square(19.5, 24.5))]})
    assert marked(labels, 1).sum() == 50


def test_regions_that_overlap_are_both_kept_whole(draw):
    labels = draw({3: [(4, square(9.5, 29.5))], 5: [(4, square(19.5, 39.5))]})
    assert labels.labels == (3, 5)
    assert marked(labels, 3).sum() == marked(labels, 5).sum() == 400
    assert any("overlap" in note for note in labels.warnings)


def test_contours_half_way_between_slices_fill_as_many_slices(draw):
    labels = draw({1: [(k + 0.5, square(9.5, 19.5)) for k in range(1, 6)]})
    assert marked(labels, 1).any(axis=(1, 2)).sum() == 5
    assert any("1.25 mm off the slices" in note for note in labels.warnings)


def test_contours_closer_than_slices_do_not_cancel_each_other(draw):
    labels = draw({1: [(k / 3, square(9.5, 19.5)) for k in range(6, 13)]})
    assert marked(labels, 1).sum() == 3 * 100
    assert any("4 contours are not read: in planes between slices" in n for n in labels.warnings)


def test_slices_that_contours_skip_are_named(draw):
    labels = draw({1: [(k, square(9.5, 19.5)) for k in (1, 3, 5)]})
    assert any("2 slices between its contours have none" in note for note in labels.warnings)
    assert any("a person should look" in note for note in labels.warnings)


def test_an_isolated_gap_asks_nobody_to_look(draw):
    labels = draw({1: [(k, square(9.5, 19.5)) for k in (1, 2, 3, 5, 6)]})
    assert not any("a person should look" in note for note in labels.warnings)


def test_a_contour_drawn_twice_counts_once(draw):
    labels = draw({1: [(4, square(9.5, 19.5)), (4, square(9.5, 19.5))]})
    assert marked(labels, 1).sum() == 100
    assert labels.whole


@pytest.mark.parametrize(
    ("lost", "types", "whole"),
    [
        ([(4, square(29.5, 39.5))], {}, True),
        ([(4, square(29.5, 39.5)[:2])], {}, False),
        ([(4, square(29.5, 39.5)), (5, square(29.5, 39.5)[:2])], {}, False),
        ([], {}, False),
        ([], {2: "EXTERNAL"}, True),
        ([(4, square(29.5, 39.5)), (4.3, square(29.5, 39.5))], {}, False),
        ([(k, square(29.5, 39.5)) for k in (1, 3, 5, 7)], {}, False),
        ([(k, square(29.5, 39.5)) for k in (0, 2, 3, 5, 6, 8)], {}, False),
        ([(k, square(29.5, 39.5)) for k in (1, 2, 3, 6, 7)], {}, True),
    ],
)
def test_contours_that_are_lost_leave_the_marks_not_whole(draw, lost, types, whole):
    assert draw({1: [(4, square(9.5, 19.5))], 2: lost}, types=types).whole is whole


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_open_lines_and_points_are_left_out_by_name(draw, kind):
    labels = draw({1: [(4, square(9.5, 19.5))]}, kind=kind)
    assert labels.labels == ()
    assert any(f"1 contours are not read: {kind}" in note for note in labels.warnings)


def test_what_is_drawn_for_treatment_planning_is_no_lesion(draw):
    rois = {n: [(4, square(9.5 + 20 * n, 19.5 + 20 * n))] for n in (1, 2, 3)}
    labels = draw(rois, types={1: "EXTERNAL", 2: "PTV", 3: "GTV"})
    assert labels.labels == (3,)
    said = " ".join(labels.warnings)
    assert "ROI 1 of contours.dcm (label 1) is left aside: of type EXTERNAL" in said
    assert "Secret" not in said


def test_a_region_that_a_table_speaks_of_is_read_all_the_same(draw):
    rois = {1: [(4, square(9.5, 19.5))], 2: [(4, square(29.5, 39.5))]}
    types = {1: "ORGAN", 2: "GTV"}
    assert draw(rois, types=types, wanted=frozenset({1})).labels == (1, 2)


def test_a_program_that_calls_everything_an_organ_is_not_believed(draw):
    rois = {1: [(4, square(9.5, 19.5))], 2: [(4, square(29.5, 39.5))]}
    labels = draw(rois, types={1: "ORGAN", 2: "ORGAN"})
    assert labels.labels == (1, 2)
    assert any("all are read as lesions" in note for note in labels.warnings)


def test_a_contour_across_the_slices_is_refused(tmp_path):
    path = write_contours(tmp_path / "c.dcm", TURNED, {1: [(3, square(9.5, 19.5))]})
    with pytest.raises(GeometryError, match=r"across the slices|outside the series"):
        read_drawings([read_drawing(path)], GRID)


def test_a_contour_outside_the_series_is_refused(draw):
    with pytest.raises(GeometryError, match="outside the series"):
        draw({1: [(40, square(9.5, 19.5))]})


def test_a_contour_on_an_image_that_is_not_there_is_refused(draw):
    images = [f"1.2.{k}" for k in range(9)]
    slice_of = {uid: k for k, uid in enumerate(images) if k != 4}
    with pytest.raises(InputError, match="refers to an image that is not in the series"):
        draw({1: [(4, square(9.5, 19.5))]}, slice_of=slice_of, images=images)


def test_a_contour_in_another_slice_than_its_image_is_refused(draw):
    images = [f"1.2.{k}" for k in range(9)]
    slice_of = {uid: 8 - k for k, uid in enumerate(images)}
    with pytest.raises(GeometryError, match="in another slice than the image"):
        draw({1: [(1, square(9.5, 19.5))]}, slice_of=slice_of, images=images)


@pytest.mark.parametrize(
    ("data", "count"), [(["1", "2"], 1), (["1", "2", "nan"], 1), (["1", "2", "3"], 5)]
)
def test_damaged_points_are_refused(tmp_path, data, count):
    path = write_contours(tmp_path / "c.dcm", GRID, {1: [(4, square(9.5, 19.5))]})
    dataset = pydicom.dcmread(path)
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    contour.NumberOfContourPoints = count
    contour["ContourData"]._value = data
    dataset.save_as(path)
    with pytest.raises(InputError, match=r"contours c\.dcm"):
        read_drawings([read_drawing(path)], GRID)


def test_points_beyond_what_anybody_draws_are_refused(draw, monkeypatch):
    monkeypatch.setattr("response.ingest.rtstruct.MAX_EFFORT", 500)
    with pytest.raises(InputError, match="more points than anybody draws"):
        draw({1: [(4, circle((50, 40), 20))]})


def test_contours_agree_with_another_rasteriser_on_random_polygons(draw):
    from matplotlib.path import Path

    random = np.random.default_rng(7)
    centres = np.stack(np.meshgrid(np.arange(100), np.arange(80)), axis=-1).reshape(-1, 2)
    for _ in range(20):
        angles = np.sort(random.uniform(0, 2 * np.pi, 9))
        radii = random.uniform(3, 33, 9)
        corners = np.column_stack([50 + radii * np.cos(angles), 40 + radii * np.sin(angles)])
        expected = Path(corners).contains_points(centres).reshape(80, 100)
        found = marked(draw({1: [(4, corners)]}), 1)[4]
        assert (found != expected).sum() <= 1  # points are written to a millionth of a millimetre


def write_on(folder, series, gap, rois):
    """Write contours on a series of the tree; returns the grid of its slices as stored."""
    headers = [pydicom.dcmread(path) for path in series]
    frame = pydicom.Dataset()
    frame.FrameOfReferenceUID = headers[0].FrameOfReferenceUID
    study, inner = pydicom.Dataset(), pydicom.Dataset()
    inner.SeriesInstanceUID = headers[0].SeriesInstanceUID
    study.RTReferencedSeriesSequence = [inner]
    frame.RTReferencedStudySequence = [study]
    turned = np.array(headers[0].ImageOrientationPatient, float)
    normal = np.cross(turned[:3], turned[3:])
    steps = np.column_stack([turned[:3], turned[3:], normal])
    origin = tuple(float(value) for value in headers[0].ImagePositionPatient)
    grid = Grid(origin, (0.7, 0.8, gap), tuple(steps.ravel()), (10, 12, 6))
    write_contours(
        folder / f"contours{headers[0].StudyDate}.dcm",
        grid,
        rois,
        images=[header.SOPInstanceUID for header in headers],
        ReferencedFrameOfReferenceSequence=[frame],
        StudyDate=headers[0].StudyDate,
    )
    return grid


def test_a_lesion_whose_contours_cannot_be_read_is_not_gone(clinic, tree):
    """RECIST 1.1, 4.4.5: what was not assessed cannot be evaluated; it is not 0 mm."""
    one, two = [(k, square(0.5, 4.5)) for k in (1, 2)], [(k, square(5.5, 8.5)) for k in (3, 4)]
    write_on(tree.folder, tree.add_series(seed=1), 2.5, {1: one, 2: two})
    later = tree.add_series(date="20250310", seed=1)
    write_on(tree.folder, later, 2.5, {1: one, 2: [(k, corners[:2]) for k, corners in two]})
    report = clinic.ingest(tree.folder, marks_complete=True)
    first, second = clinic.store.read_time_points("P1")
    assert first.mark_sets[0].complete
    assert not second.mark_sets[0].complete
    assert any("2025-03-10: not all that is drawn could be read" in w for w in report.warnings)
    again = clinic.ingest(tree.folder, marks_complete=True)
    assert len(again.unchanged) == 2
    assert any("2025-03-10: not all that is drawn could be read" in w for w in again.warnings)


def test_a_scan_whose_only_contours_cannot_be_read_was_read_by_nobody(clinic, tree):
    """It is not a baseline without disease, and no follow-up of one."""
    for date in ("20250110", "20250310"):
        series = tree.add_series(date=date, seed=1)
        write_on(tree.folder, series, 2.5, {1: [(1, square(0.5, 4.5)[:2])]})
    report = clinic.ingest(tree.folder, marks_complete=True)
    assert [point.mark_sets for point in clinic.store.read_time_points("P1")] == [(), ()]
    assert any("nothing that is drawn could be read" in warning for warning in report.warnings)
    subjects = clinic.store.read_subjects()
    track_all(clinic.workspace, clinic.store, subjects, actor="t", workers=1)
    assess_all(clinic.workspace, clinic.store, subjects, actor="t")
    assert not clinic.store.read_assessment_history("P1")


@pytest.mark.parametrize("gap", [2.5, -2.5])
@pytest.mark.parametrize("orientation", [(1.0, 0, 0, 0, 1.0, 0), (0, 1.0, 0, 0, 0, -1.0)])
def test_contours_land_on_their_images_whatever_the_order_of_slices(clinic, tree, gap, orientation):
    series = tree.add_series(orientation=orientation, gap=gap)
    drawn = {4: [(1, square(1.5, 4.5)), (2, square(1.5, 4.5))]}
    grid = write_on(tree.folder, series, gap, drawn)
    report = clinic.ingest(tree.folder)
    assert not report.refused
    (time_point,) = clinic.store.read_time_points("P1")
    image = clinic.workspace.read_image(time_point.mark_sets[0].mask_path)
    places = Grid.of(image).to_points(np.argwhere(sitk.GetArrayFromImage(image) == 4)[:, ::-1])
    drawn = [(i, j, k) for k in (1, 2) for j in (2, 3, 4) for i in (2, 3, 4)]
    expected = grid.to_points(np.array(drawn, float))
    assert sorted(map(tuple, np.round(places, 3) + 0.0)) == sorted(
        map(tuple, np.round(expected, 3) + 0.0)
    )


def test_a_mask_for_measuring_may_be_a_set_of_contours(tmp_path):
    path = write_contours(tmp_path / "c.dcm", GRID, {2: [(4, square(9.5, 19.5))]}, types={2: "PTV"})
    image, _ = read_image(path, mask=True, grid=GRID)
    assert np.unique(sitk.GetArrayFromImage(image)).tolist() == [0, 2]


def test_a_set_without_any_region_is_warned_of(draw):
    labels = draw({})
    assert "drawing contours.dcm holds no region" in labels.warnings
    assert not labels.whole
