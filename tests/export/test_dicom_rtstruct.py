"""Contours out for planning: valid, and filled again the same voxels."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_home import OBLIQUE, SIZE, SPACING, STRAIGHT, DicomHome, make_labels
from dicom_reading import check_valid, read_all, run
from matplotlib.path import Path as Polygon

from response.model import Reader


def export(home):
    out = home.folder / "out"
    run(home, "export", "rtstruct", "--out", out)
    return out


def rasterise(home, contours):
    """Fill contours slice by slice with SimpleITK's idea of where voxels are; even-odd."""
    scan = home.points[0].scans[0]
    image = home.workspace.read_image(scan.image_path)
    rows, columns = np.indices((SIZE[1], SIZE[0]))
    centres = np.column_stack([columns.ravel(), rows.ravel()])
    filled = np.zeros(SIZE[::-1], bool)
    for contour in contours:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        indices = np.array(
            [image.TransformPhysicalPointToContinuousIndex(p) for p in points.tolist()]
        )
        k = np.rint(indices[:, 2]).astype(int)
        assert np.abs(indices[:, 2] - k).max() < 1e-4
        closed = Polygon(np.vstack([indices[:, :2], indices[:1, :2]]))
        filled[k[0]] ^= closed.contains_points(centres).reshape(filled.shape[1:])
    return filled


@pytest.mark.parametrize("direction", [STRAIGHT, OBLIQUE])
def test_filled_again_the_contours_are_the_marks(tmp_path, direction):
    home = DicomHome(tmp_path, direction=direction)
    scan = home.add_scan()
    home.track()
    (made,) = read_all(export(home), "rtstruct")
    assert [r.ROIName for r in made.StructureSetROISequence] == ["L02", "L04"]
    for region, label in zip(made.ROIContourSequence, (2, 4), strict=True):
        filled = rasterise(home, region.ContourSequence)
        assert (filled == (home.masks[scan.scan_id][0] == label)).all()


def test_the_areas_times_the_gap_are_the_volume(tmp_path):
    home = DicomHome(tmp_path)
    home.add_scan()
    tracking = home.track()
    (made,) = read_all(export(home), "rtstruct")
    for region, finding in zip(made.ROIContourSequence, tracking.findings, strict=True):
        area_mm2 = 0.0
        for contour in region.ContourSequence:
            x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
            area_mm2 += abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
        volume_mm3 = finding.measurement.volume_mm3
        assert area_mm2 * SPACING[2] == pytest.approx(volume_mm3, rel=1e-4)


def test_the_checker_finds_nothing(tmp_path):
    home = DicomHome(tmp_path, reader=Reader("INDEPENDENT ASSESSOR", "anna"))
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [make_labels(shift=3)])
    home.track()
    assert not check_valid(sorted(export(home).glob("*.dcm")))


def test_contours_refer_to_the_images_they_lie_in(tmp_path):
    home = DicomHome(tmp_path)
    home.add_scan()
    home.track()
    (made,) = read_all(export(home), "rtstruct")
    frame = made.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    named = {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence}
    contours = [c for r in made.ROIContourSequence for c in r.ContourSequence]
    assert named == {c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in contours}
    assert (
        frame.FrameOfReferenceUID == home.describe("P1-2025-01-10-CT", "", "").FrameOfReferenceUID
    )


def test_written_twice_it_is_the_same_file(tmp_path):
    home = DicomHome(tmp_path)
    home.add_scan()
    home.track()
    before = {path.name: path.read_bytes() for path in export(home).iterdir()}
    assert {path.name: path.read_bytes() for path in export(home).iterdir()} == before
