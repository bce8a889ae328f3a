"""Outlines lie half-way between voxels in and out, and on the diameters measured from them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from dashboard.contours import (
    find_most_common,
    outline_beside,
    outline_region,
    outline_slices,
    outline_sphere,
    trace_outline,
)
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


def test_the_outline_of_a_region_of_another_grid_lies_where_simpleitk_puts_the_region():
    pet = sitk.Image(16, 16, 10, sitk.sitkUInt8)
    pet.SetSpacing((5.0, 5.0, 4.0))
    pet[5:9, 6:11, 3:6] = 1
    ct = sitk.Image(70, 60, 14, sitk.sitkInt16)
    ct.SetOrigin((68.0, 2.0, 1.0))
    ct.SetDirection((-1, 0, 0, 0, 1, 0, 0, 0, 1))
    ct.SetSpacing((1.0, 1.5, 3.0))
    plane = find_plane(Grid.of(ct), 2)
    inside = sitk.GetArrayFromImage(pet) == 1
    found = outline_beside(inside, Grid.of(pet), plane)
    share = sitk.Resample(sitk.Cast(pet, sitk.sitkFloat32), ct, sitk.Transform(), sitk.sitkLinear)
    expected = outline_region(sitk.GetArrayFromImage(share) >= 0.5, plane)
    assert found.keys() == expected.keys()
    for index, lines in expected.items():
        assert sorted(map(tuple, found[index][0])) == sorted(map(tuple, lines[0]))


def test_a_region_outside_the_other_scan_has_no_outline_there():
    inside = np.ones((3, 3, 3), bool)
    near = Grid((0, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (3, 3, 3))
    far = Grid((500, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (9, 9, 9))
    assert outline_beside(inside, near, find_plane(far, 2)) == {}


def test_a_sphere_is_cut_in_circles_of_its_radius():
    grid = Grid((0, 0, 0), (1, 1, 2), (1, 0, 0, 0, 1, 0, 0, 0, 1), (60, 60, 30))
    circles = outline_sphere(find_plane(grid, 2), (30.0, 30.0, 30.0), 4 / 3 * np.pi * 10**3 / 1000)
    assert sorted(circles) == list(range(11, 20))
    x, y = np.array(circles[15][0]).T
    np.testing.assert_allclose(np.hypot(x - 30.5, y - 30.5), 10, atol=0.01)
    x, y = np.array(circles[18][0]).T  # 6 mm above the middle: 3-4-5
    np.testing.assert_allclose(np.hypot(x - 30.5, y - 30.5), 8, atol=0.01)


def test_the_same_lesion_is_found_in_the_marks_of_another_scan():
    grid = Grid((0, 0, 0), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (8, 8, 8))
    coarse = Grid((0.5, 0.5, 0.5), (2, 2, 2), (1, 0, 0, 0, 1, 0, 0, 0, 1), (4, 4, 4))
    inside = np.zeros((8, 8, 8), bool)
    inside[2:6, 2:6, 2:6] = True
    other = np.zeros((4, 4, 4), np.uint8)
    other[1:3, 1:3, 1:3] = 7
    other[0, 0, 0] = 3
    assert find_most_common(inside, grid, other, coarse) == 7
    assert find_most_common(inside, grid, np.zeros_like(other), coarse) is None
