"""Points, images and masks carried by transforms whose answer is known in closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import InputError
from response.register.prepare import WorkingGrid
from response.register.transform import Field, Transform

TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
OBLIQUE = tuple(np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]).ravel().tolist())
IDENTITY = tuple(np.eye(3).ravel().tolist())
GRID = WorkingGrid((-20.0, -20.0, -20.0), IDENTITY, 4.0, (11, 11, 11))


def linear_field(slope: float) -> Field:
    """Displacement ``slope × x`` along x, where x is the frame's first coordinate."""
    values = np.zeros((3, 11, 11, 11), dtype=np.float32)
    values[0] = slope * 4.0 * np.arange(11)
    return Field(values, (0.0, 0.0, 0.0), (4.0, 4.0, 4.0))


def test_a_rigid_step_maps_as_written() -> None:
    transform = Transform(GRID, TURN, np.array([5.0, 6.0, 7.0]))
    assert transform.map_points([[1.0, 2.0, 3.0]]).tolist() == [[3.0, 7.0, 10.0]]


def test_fields_come_before_the_rigid_step() -> None:
    transform = Transform(GRID, TURN, np.zeros(3), (linear_field(0.5),))
    # x = 0 is 20 mm into the frame: moved to x = 10, then turned onto y
    assert np.allclose(transform.map_points([[0.0, 0.0, 0.0]]), [[0.0, 10.0, 0.0]])


def test_the_first_field_is_applied_first() -> None:
    shift = np.zeros((3, 11, 11, 11), dtype=np.float32)
    shift[0] = 4.0
    moved = Field(shift, (0.0, 0.0, 0.0), (4.0, 4.0, 4.0))
    transform = Transform(GRID, np.eye(3), np.zeros(3), (moved, linear_field(0.5)))
    # frame x: 20 → 24 → 36, that is x = 16
    assert np.allclose(transform.map_points([[0.0, 0.0, 0.0]]), [[16.0, 0.0, 0.0]])


def test_a_field_turns_with_the_grid() -> None:
    grid = WorkingGrid((0.0, 0.0, 0.0), OBLIQUE, 4.0, (11, 11, 11))
    shift = np.zeros((3, 11, 11, 11), dtype=np.float32)
    shift[0] = 10.0
    field = Field(shift, (0.0, 0.0, 0.0), (4.0, 4.0, 4.0))
    transform = Transform(grid, np.eye(3), np.zeros(3), (field,))
    assert np.allclose(transform.map_points([[1.0, 1.0, 1.0]]), [[9.0, 7.0, 1.0]], atol=1e-5)


def test_beyond_the_grid_the_edge_goes_on() -> None:
    transform = Transform(GRID, np.eye(3), np.zeros(3), (linear_field(0.5),))
    mapped = transform.map_points([[100.0, 0.0, 0.0], [-100.0, 0.0, 0.0]])
    assert np.allclose(mapped, [[120.0, 0.0, 0.0], [-100.0, 0.0, 0.0]])


def test_back_undoes_there() -> None:
    transform = Transform(
        GRID, TURN, np.array([5.0, 6.0, 7.0]), (linear_field(0.6), linear_field(-0.3))
    )
    points = np.random.default_rng(0).uniform(-15, 15, (200, 3))
    back = transform.map_points_back(transform.map_points(points))
    assert np.abs(back - points).max() < 0.02


def test_no_points_give_no_points() -> None:
    transform = Transform(GRID, TURN, np.zeros(3), (linear_field(0.5),))
    assert transform.map_points(np.zeros((0, 3))).shape == (0, 3)
    assert transform.map_points_back(np.zeros((0, 3))).shape == (0, 3)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    grid = WorkingGrid((1 / 3, 0.0, 0.0), OBLIQUE, 4.0, (11, 11, 11))
    transform = Transform(
        grid, TURN, np.array([1 / 7, 2.0, 3.0]), (linear_field(0.1), linear_field(-0.2))
    )
    transform.save(tmp_path)
    points = np.random.default_rng(0).uniform(-30, 30, (50, 3))
    again = Transform.load(tmp_path)
    assert np.array_equal(again.map_points(points), transform.map_points(points))


def test_an_empty_folder_is_no_transform(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no readable transform"):
        Transform.load(tmp_path)


def test_a_damaged_field_is_refused(tmp_path: Path) -> None:
    Transform(GRID, TURN, np.zeros(3), (linear_field(0.1),)).save(tmp_path)
    field = tmp_path / "fine.mha"
    field.write_bytes(field.read_bytes()[:300])
    with pytest.raises(InputError, match="no readable transform"):
        Transform.load(tmp_path)


def test_a_mask_lands_where_its_points_come_from() -> None:
    transform = Transform(GRID, TURN, np.array([0.0, 0.0, 4.0]))
    mask = sitk.Image([11, 11, 11], sitk.sitkUInt8)
    mask.SetOrigin((-20.0, -20.0, -20.0))
    mask.SetSpacing((4.0, 4.0, 4.0))
    mask[7, 4, 6] = 3
    place = np.array(mask.TransformIndexToPhysicalPoint((7, 4, 6)))
    warped = transform.map_mask(mask, GRID.blank())
    (k, j, i) = np.argwhere(sitk.GetArrayFromImage(warped) == 3)[0]
    found = GRID.blank().TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
    assert np.allclose(transform.map_points([found]), [place])
    assert warped.GetPixelID() == sitk.sitkUInt8


def test_an_image_is_warped_as_points_are_mapped() -> None:
    # a ramp along x, shown through a stretch: the value at x is the place it came from
    ramp = np.broadcast_to(np.arange(60, dtype=np.float32) * 2 - 60, (20, 20, 60)).copy()
    moving = sitk.GetImageFromArray(ramp)
    moving.SetOrigin((-60.0, -20.0, -20.0))
    moving.SetSpacing((2.0, 2.0, 2.0))
    transform = Transform(GRID, np.eye(3), np.zeros(3), (linear_field(0.2),))
    reference = sitk.Image([5, 5, 5], sitk.sitkFloat32)
    reference.SetOrigin((-5.0, -5.0, -5.0))
    reference.SetDirection(OBLIQUE)
    warped = sitk.GetArrayFromImage(transform.warp_image(moving, reference))
    place = reference.TransformIndexToPhysicalPoint((3, 1, 2))
    assert warped[2, 1, 3] == pytest.approx(transform.map_points([place])[0, 0], abs=1e-3)
