"""Physical space: indices to millimetres and back, the choice of slices, the field of a scan."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError
from response.geometry import (
    Grid,
    choose_slice_axis,
    describe_difference,
    find_field_box,
    inside_field,
    same_grid,
    slice_normal,
)

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0)


def oblique_direction(seed: int = 1) -> tuple[float, ...]:
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return tuple(turned.ravel())


def make_image(size=(7, 6, 5), spacing=(0.7, 1.3, 5.0), direction=None) -> sitk.Image:
    image = sitk.Image(size, sitk.sitkInt16)
    image.SetOrigin((-120.5, 33.25, 901.0))
    image.SetSpacing(spacing)
    image.SetDirection(direction or oblique_direction())
    return image


def test_points_agree_with_simpleitk_on_an_oblique_grid():
    image = make_image()
    indices = np.array([[0.0, 0.0, 0.0], [6.0, 5.0, 4.0], [1.5, 2.25, 3.0]])
    expected = [image.TransformContinuousIndexToPhysicalPoint(row) for row in indices.tolist()]
    np.testing.assert_allclose(Grid.of(image).to_points(indices), expected, atol=1e-10)


def test_indices_undo_points():
    grid = Grid.of(make_image())
    indices = np.random.default_rng(0).uniform(-5, 20, size=(50, 3))
    np.testing.assert_allclose(grid.to_indices(grid.to_points(indices)), indices, atol=1e-9)


def test_the_acquisition_axis_wins_over_everything():
    grid = Grid.of(make_image(spacing=(9.0, 1.0, 1.0), direction=IDENTITY))
    assert choose_slice_axis(grid, acquisition_axis=1, reference_normal=(0, 0, 1)) == 1


def test_slices_are_normal_to_the_largest_spacing():
    assert choose_slice_axis(Grid.of(make_image(spacing=(1.0, 3.0, 1.0)))) == 1


def test_slices_of_an_isotropic_image_are_nearest_to_axial():
    grid = Grid.of(make_image(spacing=(1.0, 1.0, 1.0), direction=CORONAL))
    assert choose_slice_axis(grid) == 1
    assert slice_normal(grid, 1) == pytest.approx((0, 0, -1))


def test_two_equal_large_spacings_fall_back_to_axial():
    grid = Grid.of(make_image(spacing=(3.0, 3.0, 1.0), direction=IDENTITY))
    assert choose_slice_axis(grid) == 2


def test_slices_follow_the_reference_of_an_earlier_time_point():
    grid = Grid.of(make_image(spacing=(5.0, 1.0, 1.0), direction=CORONAL))
    assert choose_slice_axis(grid, reference_normal=(0, 0, 1)) == 1


def test_padding_on_every_side_is_outside_the_field():
    rng = np.random.default_rng(3)
    array = np.full((9, 10, 11), -1024.0)
    array[2:7, 3:9, 1:10] = rng.normal(size=(5, 6, 9))
    assert find_field_box(array) == (1, 3, 2, 10, 9, 7)


def test_a_constant_image_is_all_field():
    assert find_field_box(np.zeros((3, 4, 5))) == (0, 0, 0, 5, 4, 3)


def test_points_in_the_half_voxel_at_the_border_are_inside():
    grid = Grid.of(make_image())
    corner = grid.to_points([[-0.4, -0.4, -0.4], [-0.6, 0.0, 0.0], [6.4, 5.4, 4.4]])
    assert inside_field(grid, (0, 0, 0, 7, 6, 5), corner).tolist() == [True, False, True]


def test_a_rounded_header_is_the_same_grid_and_a_moved_one_is_not():
    image, rounded, moved = make_image(), make_image(), make_image()
    rounded.SetOrigin(np.float32(image.GetOrigin()).astype(float).tolist())
    moved.SetOrigin((-120.5, 33.25, 901.2))
    assert same_grid(Grid.of(image), Grid.of(rounded))
    assert not same_grid(Grid.of(image), Grid.of(moved))
    assert "origin" in describe_difference(Grid.of(image), Grid.of(moved))


def test_another_size_is_another_grid():
    first, second = Grid.of(make_image()), Grid.of(make_image(size=(7, 6, 4)))
    assert describe_difference(first, second).startswith("size")


def test_a_sheared_grid_is_refused():
    tilt = np.deg2rad(10)
    sheared = (1.0, 0.0, 0.0, 0.0, 1.0, np.sin(tilt), 0.0, 0.0, np.cos(tilt))
    with pytest.raises(GeometryError, match="right angles"):
        Grid.of(make_image(direction=sheared))


def test_an_image_without_a_third_axis_is_refused():
    with pytest.raises(GeometryError, match="three axes"):
        Grid.of(sitk.Image(4, 4, sitk.sitkUInt8))
