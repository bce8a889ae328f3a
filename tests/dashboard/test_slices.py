"""A slice lies on the screen as radiologists hold it, whatever way its volume is stored."""

from __future__ import annotations

import io
from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from dashboard.slices import Window, auto_window, draw_png, find_plane, take_slice
from response.geometry import Grid

SIGNED = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]


def tilt(degrees, axis):
    """Return a rotation about x, y or z."""
    a = np.radians(degrees)
    turn = np.eye(3)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    turn[i, i] = turn[j, j] = np.cos(a)
    turn[i, j], turn[j, i] = -np.sin(a), np.sin(a)
    return turn


def volume_with_a_spot(direction, spot, size=(21, 25, 29), spacing=(1.5, 2.0, 3.0)):
    """Return a dark volume around the origin with one bright voxel nearest to a place (LPS mm)."""
    image = sitk.Image(*size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(direction.ravel().tolist())
    middle = direction @ ((np.array(size) - 1) / 2 * np.array(spacing))
    image.SetOrigin((-middle).tolist())
    index = image.TransformPhysicalPointToIndex(spot)
    image[index] = 1000.0
    return image, image.TransformIndexToPhysicalPoint(index)


def find_spot(image, axis, point):
    """Return the bright pixel (row, column) in the PNG, and the plane."""
    plane = find_plane(Grid.of(image), axis)
    index = round(plane.to_screen([point])[0][2])
    flat = take_slice(sitk.GetArrayFromImage(image), plane, index)
    pixels = np.asarray(Image.open(io.BytesIO(draw_png(flat, Window(0, 1000)))))
    ((row, column),) = np.argwhere(pixels == 255)
    return row, column, pixels.shape, plane


@pytest.mark.parametrize("direction", SIGNED)
def test_axial_right_is_left_and_front_is_up(direction):
    image, point = volume_with_a_spot(direction, (-9.0, -8.0, 3.0))
    axis = int(np.argmax(np.abs(direction[2])))
    row, column, (rows, columns), plane = find_spot(image, axis, point)
    assert column < columns // 2
    assert row < rows // 2
    assert plane.letters == ("R", "L", "A", "P")


@pytest.mark.parametrize("direction", SIGNED)
def test_coronal_right_is_left_and_head_is_up(direction):
    image, point = volume_with_a_spot(direction, (-9.0, 2.0, 10.0))
    axis = int(np.argmax(np.abs(direction[1])))
    row, column, (rows, columns), plane = find_spot(image, axis, point)
    assert column < columns // 2
    assert row < rows // 2
    assert plane.letters == ("R", "L", "S", "I")


@pytest.mark.parametrize("direction", SIGNED)
def test_sagittal_front_is_left_and_head_is_up(direction):
    image, point = volume_with_a_spot(direction, (2.0, -9.0, 10.0))
    axis = int(np.argmax(np.abs(direction[0])))
    row, column, (rows, columns), plane = find_spot(image, axis, point)
    assert column < columns // 2
    assert row < rows // 2
    assert plane.letters == ("A", "P", "S", "I")


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    "turn", [tilt(25, 0), tilt(-25, 1), tilt(30, 2), tilt(20, 0) @ tilt(15, 2)]
)
def test_oblique_slices_keep_right_left_and_front_up(turn, axis):
    direction = turn @ np.diag([-1.0, 1.0, -1.0])
    image, point = volume_with_a_spot(direction, (-10.0, -9.0, 9.0))
    row, column, (rows, columns), plane = find_spot(image, axis, point)
    assert plane.letters[0][0] in ("R", "A")
    assert plane.letters[2][0] in ("A", "S")
    x, y, _ = plane.to_screen([point])[0]
    assert (column + 0.5) * plane.grid.spacing[plane.columns] == pytest.approx(x)
    assert (row + 0.5) * plane.grid.spacing[plane.rows] == pytest.approx(y)
    assert rows * plane.grid.spacing[plane.rows] == pytest.approx(plane.size_mm[1])
    assert columns * plane.grid.spacing[plane.columns] == pytest.approx(plane.size_mm[0])


def test_an_oblique_edge_has_two_letters():
    grid = Grid((0, 0, 0), (1, 1, 1), tuple(tilt(40, 2).ravel()), (5, 5, 5))
    assert find_plane(grid, 2).letters == ("RA", "LP", "AL", "PR")


@pytest.mark.parametrize("direction", SIGNED)
def test_distances_on_the_screen_are_those_in_the_body(direction):
    image, _ = volume_with_a_spot(direction, (0, 0, 0))
    plane = find_plane(Grid.of(image), 2)
    ends = (
        image.TransformIndexToPhysicalPoint((2, 3, 4)),
        image.TransformIndexToPhysicalPoint((12, 9, 4)),
    )
    on_screen = plane.to_screen(ends)
    assert np.hypot(*(on_screen[1] - on_screen[0])[:2]) == pytest.approx(np.hypot(10 * 1.5, 6 * 2))


def test_a_window_spans_black_to_white():
    pixels = np.asarray(
        Image.open(io.BytesIO(draw_png(np.array([[-200, -160, 40, 240, 300]]), Window(-160, 240))))
    )
    assert pixels[0].tolist() == [0, 0, 128, 255, 255]


def test_not_a_number_is_black():
    pixels = np.asarray(Image.open(io.BytesIO(draw_png(np.array([[np.nan, 1.0]]), Window(0, 1)))))
    assert pixels[0].tolist() == [0, 255]


def test_pet_is_dark_on_white_from_zero():
    window = auto_window(np.linspace(0, 2, 1000).reshape(10, 10, 10), "PT")
    assert (window.low, window.high, window.inverted) == (0.0, 5.0, True)


def test_a_constant_volume_has_a_window():
    window = auto_window(np.full((4, 4, 4), 7.0), "MR")
    assert window.high > window.low
