"""Diameters against closed forms and against a slow reading of the definition."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.geometry import Grid
from response.measure import measure_labels


def oblique_direction(seed: int = 0) -> tuple[float, ...]:
    """A random right-handed rotation, row-major."""
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turned[:, 2] *= np.linalg.det(turned)
    return tuple(float(value) for value in turned.ravel())


def to_image(array_ijk, spacing=(1.0, 1.0, 1.0), direction=None, origin=(0.0, 0.0, 0.0)):
    """A SimpleITK image from an array with axes i, j, k."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.transpose(array_ijk)))
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection(direction)
    return image


def draw_ellipse(semi_axes, angle, spacing, centre=(0.0, 0.0)):
    """One slice (i, j, 1): pixels whose centre lies in the ellipse, turned by ``angle``."""
    reach = max(semi_axes) + 2 * max(spacing)
    half = [int(np.ceil(reach / step)) for step in spacing[:2]]
    x = (np.arange(-half[0], half[0] + 1) * spacing[0] - centre[0])[:, None]
    y = (np.arange(-half[1], half[1] + 1) * spacing[1] - centre[1])[None, :]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = (along / semi_axes[0]) ** 2 + (across / semi_axes[1]) ** 2 <= 1
    return inside[:, :, None].astype(np.uint8)


def draw_ellipsoid(semi_axes, rotation, spacing, centre=(0.0, 0.0, 0.0)):
    """A box (i, j, k): voxels whose centre lies in the ellipsoid, turned by ``rotation``."""
    reach = max(semi_axes) + 2 * max(spacing)
    half = [int(np.ceil(reach / step)) for step in spacing]
    places = np.meshgrid(
        *(
            np.arange(-n, n + 1) * step - c
            for n, step, c in zip(half, spacing, centre, strict=True)
        ),
        indexing="ij",
    )
    turned = np.tensordot(np.asarray(rotation).T, np.stack(places), axes=1)
    squares = (turned / np.reshape(semi_axes, (3, 1, 1, 1))) ** 2
    return (squares.sum(axis=0) <= 1).astype(np.uint8)


def farthest_by_hand(inside_ijk, grid: Grid, slice_axis: int | None = None) -> float:
    """Every boundary point against every other, with loops: slow and plain."""
    voxels = {tuple(int(n) for n in index) for index in np.argwhere(inside_ijk)}
    axes = [axis for axis in range(3) if axis != slice_axis]
    points = []
    for voxel in voxels:
        for axis in axes:
            for step in (-1, 1):
                beside = tuple(n + step * (a == axis) for a, n in enumerate(voxel))
                if beside not in voxels:
                    points.append([(a + b) / 2 for a, b in zip(voxel, beside, strict=True)])
    places = grid.to_points(points)
    pairs = np.linalg.norm(places[:, None] - places[None], axis=2)
    if slice_axis is not None:
        level = np.array(points)[:, slice_axis]
        pairs[level[:, None] != level[None]] = 0
    return float(pairs.max())


def measure(array_ijk, spacing=(1.0, 1.0, 1.0), direction=None, slice_axis=2):
    mask = to_image(np.asarray(array_ijk, np.uint8), spacing, direction, (9.0, -30.0, 400.0))
    image = to_image(np.ones(mask.GetSize(), np.float32), spacing, direction)
    image.CopyInformation(mask)
    (lesion,) = measure_labels(image, mask, slice_axis=slice_axis)
    return lesion


def length(segment):
    return float(np.linalg.norm(np.subtract(*segment)))


def box(*size, pad=2):
    return np.pad(np.ones(size), pad)


def test_a_single_voxel_is_as_long_as_its_longer_side_in_the_slice():
    lesion = measure(box(1, 1, 1), spacing=(0.7, 0.9, 5.0))
    assert lesion.longest_diameter_mm == pytest.approx(0.9)
    assert lesion.short_axis_mm == pytest.approx(0.7)
    assert lesion.extent_3d_mm == pytest.approx(5.0)


def test_a_row_of_voxels_is_as_long_as_the_row():
    lesion = measure(box(7, 1, 1), spacing=(0.8, 0.8, 3.0))
    assert lesion.longest_diameter_mm == pytest.approx(5.6)
    assert lesion.short_axis_mm == pytest.approx(0.8)


def test_a_rectangle_is_measured_between_the_middles_of_its_corner_edges():
    # From the lower edge of one corner pixel to the upper edge of the opposite one, (3, 3).
    lesion = measure(box(4, 3, 1), spacing=(1.0, 1.0, 4.0))
    candidates = [np.hypot(4, 2), np.hypot(3, 3)]
    assert lesion.longest_diameter_mm == pytest.approx(max(candidates))


def test_ellipses_at_any_angle_are_within_a_pixel():
    rng = np.random.default_rng(4)
    errors = []
    for number in range(200):
        semi = rng.uniform(4, 20)
        semi_axes = (semi, semi * rng.uniform(0.4, 1))
        first = rng.uniform(0.6, 1.2)
        spacing = (first, first * rng.uniform(0.5, 2), 5.0)
        drawn = draw_ellipse(semi_axes, rng.uniform(0, np.pi), spacing, rng.uniform(-0.3, 0.3, 2))
        lesion = measure(drawn, spacing, oblique_direction(number))
        pixel = max(spacing[:2])
        errors.append(
            (
                (lesion.longest_diameter_mm - 2 * semi_axes[0]) / pixel,
                (lesion.short_axis_mm - 2 * semi_axes[1]) / pixel,
            )
        )
    longest, short = np.array(errors).T
    assert np.abs(longest).max() < 1.0
    assert np.abs(short).max() < 1.3
    assert abs(longest.mean()) < 0.5
    assert abs(short.mean()) < 0.7


def test_the_extent_of_ellipsoids_is_within_a_voxel():
    rng = np.random.default_rng(5)
    for number in range(25):
        semi_axes = np.sort(rng.uniform(4, 12, 3))[::-1]
        spacing = (0.9, 0.9, float(rng.uniform(1, 4)))
        rotation = np.array(oblique_direction(100 + number)).reshape(3, 3)
        lesion = measure(draw_ellipsoid(semi_axes, rotation, spacing), spacing)
        assert abs(lesion.extent_3d_mm - 2 * semi_axes[0]) < max(spacing)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_the_longest_diameter_is_the_farthest_pair_of_boundary_points(slice_axis):
    blob = np.pad(np.random.default_rng(slice_axis).random((4, 5, 4)) < 0.9, 1)
    lesion = measure(blob, (0.7, 1.1, 1.9), oblique_direction(3), slice_axis)
    grid = Grid((0, 0, 0), (0.7, 1.1, 1.9), (1, 0, 0, 0, 1, 0, 0, 0, 1), blob.shape)
    by_hand = farthest_by_hand(blob, grid, slice_axis)
    assert lesion.longest_diameter_mm == pytest.approx(by_hand)
    assert lesion.extent_3d_mm == pytest.approx(farthest_by_hand(blob, grid))


def test_the_diameter_of_an_l_crosses_the_concavity():
    shape = np.zeros((12, 12, 1))
    shape[1:11, 1] = shape[1, 1:11] = 1
    # From the tip of one arm, (10.5, 1), to the outer side of the other's end, (0.5, 10).
    assert measure(shape).longest_diameter_mm == pytest.approx(np.hypot(10, 9))


def test_two_pieces_in_a_slice_are_not_measured_as_one():
    shape = np.zeros((30, 8, 1))
    shape[1:7, 3] = shape[20:24, 3] = 1
    lesion = measure(shape)
    assert lesion.longest_diameter_mm == pytest.approx(6)
    assert lesion.extent_3d_mm == pytest.approx(6)


def test_pieces_joined_in_another_slice_are_measured_apart_in_theirs():
    shape = np.zeros((20, 5, 2))
    shape[1:5, 2, 0] = shape[12:18, 2, 0] = 1
    shape[4:13, 2, 1] = 1
    lesion = measure(shape)
    assert lesion.longest_diameter_mm == pytest.approx(9)
    assert lesion.slice_index == 1


def test_pixels_that_touch_at_a_corner_are_one():
    shape = np.zeros((6, 6, 1))
    shape[1, 1] = shape[2, 2] = shape[3, 3] = shape[4, 4] = 1
    assert measure(shape).longest_diameter_mm == pytest.approx(np.hypot(4, 3))


def test_a_lesion_at_the_border_of_the_image_ends_half_a_voxel_beyond():
    assert measure(np.ones((6, 1, 1)), (1.5, 1.5, 2.0)).longest_diameter_mm == pytest.approx(9)


def test_the_segments_are_as_long_as_the_diameters_and_perpendicular():
    drawn = draw_ellipse((11, 6), 0.4, (0.8, 1.1, 4.0))
    lesion = measure(drawn, (0.8, 1.1, 4.0), oblique_direction(8))
    assert length(lesion.longest_segment) == pytest.approx(lesion.longest_diameter_mm)
    assert length(lesion.short_segment) == pytest.approx(lesion.short_axis_mm)
    along, across = np.subtract(*lesion.longest_segment), np.subtract(*lesion.short_segment)
    assert along @ across == pytest.approx(0, abs=1e-9)


def test_the_segments_lie_in_the_slice_they_name():
    shape = np.zeros((9, 8, 7))
    shape[2:4, 3, 2] = shape[2:7, 3, 4] = 1
    lesion = measure(shape, (1.0, 1.0, 2.5))
    assert lesion.slice_index == 4
    assert {end[2] for end in lesion.longest_segment} == {400.0 + 4 * 2.5}
    assert sorted(end[0] for end in lesion.longest_segment) == [9.0 + 1.5, 9.0 + 6.5]


def test_of_equal_slices_the_middle_one_is_chosen():
    assert measure(box(4, 4, 5, pad=3)).slice_index == 5


@pytest.mark.parametrize("flips", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_mirrored_lesion_measures_the_same(flips):
    blob = np.pad(np.random.default_rng(11).random((9, 9, 5)) < 0.6, 1)
    straight, mirrored = measure(blob), measure(np.flip(blob, flips))
    assert mirrored.longest_diameter_mm == pytest.approx(straight.longest_diameter_mm)
    assert mirrored.short_axis_mm == pytest.approx(straight.short_axis_mm)
