"""Spheres, cylinders and marked regions against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.measure.region import measure_cylinder, measure_region, measure_sphere

GRID = Grid((-50, -50, -50), (1, 1, 1), (1, 0, 0, 0, 1, 0, 0, 0, 1), (101, 101, 101))


def ramp() -> np.ndarray:
    """Uptake that rises by 1 a millimetre along x."""
    return np.broadcast_to(np.arange(101.0)[:, None, None] - 50, GRID.size)


def test_a_sphere_has_the_mean_of_its_centre_on_an_even_rise():
    made = measure_sphere(ramp(), GRID, (3.0, 0, 0), 15)
    assert made.mean == pytest.approx(3)
    assert made.sd == pytest.approx(15 / 5**0.5, rel=0.01)
    assert made.volume_ml == pytest.approx(4 / 3 * np.pi * 15**3 / 1000, rel=0.01)


def test_a_cylinder_stands_along_the_body():
    made = measure_cylinder(np.moveaxis(ramp(), 0, 2), GRID, (0, 0, 7.0))
    assert made.mean == pytest.approx(7)
    assert made.sd == pytest.approx(20 / 12**0.5, rel=0.06)
    assert made.volume_ml == pytest.approx(np.pi * 5**2 * 20 / 1000, rel=0.1)


def test_the_same_place_is_measured_whatever_the_order_of_voxels():
    values = np.random.default_rng(1).random(GRID.size)
    turned = Grid((50, -50, 50), (1, 1, 1), (-1, 0, 0, 0, 1, 0, 0, 0, -1), GRID.size)
    made = measure_sphere(values, GRID, (5, -7, 9))
    same = measure_sphere(values[::-1, :, ::-1], turned, (5, -7, 9))
    assert same.mean == pytest.approx(made.mean)


def test_all_voxels_of_a_marked_region_are_measured():
    values, inside = np.zeros(GRID.size), np.zeros(GRID.size, np.uint8)
    inside[10, 10, 10:12] = 1
    values[10, 10, 10:12] = (2, 4)
    made = measure_region(values, GRID, inside)
    assert (made.mean, made.sd, made.voxels) == (3, 1, 2)
    assert made.centre == (-40, -40, -39.5)


def test_a_region_that_leaves_the_image_is_refused():
    with pytest.raises(GeometryError, match="out of the image"):
        measure_sphere(ramp(), GRID, (45, 0, 0), 15)


def test_an_empty_region_is_refused():
    with pytest.raises(InputError, match="empty"):
        measure_region(ramp(), GRID, np.zeros(GRID.size))


def test_a_value_that_is_not_finite_is_refused():
    values = ramp().copy()
    values[50, 50, 50] = np.nan
    with pytest.raises(InputError, match="finite"):
        measure_sphere(values, GRID, (0, 0, 0))
