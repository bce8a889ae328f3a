"""Outlines lie half-way between voxels in and out, and on the diameters measured from them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from dashboard.contours import outline_slices, trace_outline
from dashboard.slices import find_plane
from response.geometry import Grid
from response.measure import measure_labels


def area(line):
    """Return the area a closed line encloses (shoelace)."""
    x, y = line[:, 1], line[:, 0]
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def test_a_rectangle_is_cut_half_way_with_its_corners_off():
    (line,) = trace_outline(np.pad(np.ones((3, 5), bool), 2))
    # Rows 1.5 to 4.5, columns 1.5 to 6.5, less four corner triangles of half by half a pixel.
    assert area(line) == pytest.approx(3 * 5 - 4 * 0.125)
    assert line.min(axis=0).tolist() == [1.5, 1.5]
    assert line.max(axis=0).tolist() == [4.5, 6.5]


def test_outlines_are_closed():
    rng = np.random.default_rng(4)
    for line in trace_outline(rng.random((40, 40)) > 0.6):
        assert line[0].tolist() == line[-1].tolist()


def test_a_hole_has_an_outline_of_its_own():
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    assert len(trace_outline(ring)) == 2


def test_pixels_that_touch_at_a_corner_are_apart():
    assert len(trace_outline(np.eye(2, dtype=bool))) == 2


def test_a_region_at_the_border_is_outlined():
    (line,) = trace_outline(np.ones((2, 2), bool))
    assert line.min() == -0.5


def test_nothing_has_no_outline():
    assert trace_outline(np.zeros((4, 4), bool)) == []


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_the_ends_of_the_longest_diameter_lie_on_the_outline(signs):
    array = np.zeros((6, 40, 30), np.uint8)
    array[3, 10:16, 5:22] = 2
    array[3, 16, 8:12] = 2
    mask = sitk.GetImageFromArray(array)
    mask.SetSpacing((0.8, 1.3, 4.0))
    mask.SetOrigin((-20.0, 30.0, 5.0))
    mask.SetDirection(np.diag(signs).astype(float).ravel().tolist())
    image = sitk.Cast(mask, sitk.sitkInt16)
    (measured,) = measure_labels(image, mask, slice_axis=2)
    plane = find_plane(Grid.of(mask), 2)
    (line,) = outline_slices(array, plane, 2)[measured.slice_index]
    for x, y, _ in plane.to_screen(measured.longest_segment):
        assert distance_to(np.array(line), np.array([x, y])) < 0.02


def distance_to(line, point):
    """Return the distance of a point from a line of segments."""
    a, b = line[:-1], line[1:]
    along = np.clip(np.sum((point - a) * (b - a), 1) / np.sum((b - a) ** 2, 1), 0, 1)
    return np.min(np.linalg.norm(a + along[:, None] * (b - a) - point, axis=1))


def test_every_slice_of_a_label_is_outlined_and_no_other():
    array = np.zeros((6, 8, 8), np.uint8)
    array[2:5, 3:6, 3:6] = 1
    array[0, 1, 1] = 9
    plane = find_plane(Grid((0, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (8, 8, 6)), 2)
    assert sorted(outline_slices(array, plane, 1)) == [2, 3, 4]
