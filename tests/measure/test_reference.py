"""Where the liver and the blood pool are proposed, on a trunk drawn from ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from response.geometry import Grid
from response.measure.reference import find_blood_pool, find_liver_sphere

SPACING = 4.0
LIVER = (-60.0, 0.0, -90.0)
FOCUS = (-75.0, 10.0, -90.0)
AORTA = (25.0, 30.0)


@dataclass(frozen=True, slots=True)
class Trunk:
    """PET and CT of neck to pelvis on one grid; z grows upwards, x to the person's left."""

    pet: np.ndarray
    ct: np.ndarray
    grid: Grid


def draw_trunk(liver: float = 2.2, foci: int = 1, seed: int = 0) -> Trunk:
    size = (110, 80, 150)
    origin = np.array([-220.0, -160.0, -320.0])
    x, y, z = (
        np.arange(n).reshape([-1 if a == axis else 1 for a in range(3)]) * SPACING + origin[axis]
        for axis, n in enumerate(size)
    )
    pet, ct = np.zeros(size), np.full(size, -1000.0)

    def fill(centre, radii, uptake: float, hu: float) -> None:
        parts = zip((x, y, z), centre, radii, strict=True)
        where = sum(((a - c) / r) ** 2 for a, c, r in parts) <= 1
        pet[where], ct[where] = uptake, hu

    trunk = ((x / 170) ** 2 + (y / 110) ** 2 <= 1) & (z > -310) & (z < 240)
    pet[trunk], ct[trunk] = 0.7, 0
    for side in (-1, 1):
        fill((side * 80, 5, 70), (60, 75, 110), 0.4, -800)
    fill(LIVER, (85, 80, 70), liver, 60)
    fill((90, 40, -80), (35, 35, 50), 1.8, 50)
    fill((25, -30, 20), (45, 40, 45), 6.0, 40)
    fill((0, 0, -280), (40, 40, 30), 30.0, 10)
    spine = (x**2 + (y - 60) ** 2 <= 20**2) & trunk
    pet[spine], ct[spine] = 1.1, 250
    aorta = ((x - AORTA[0]) ** 2 + (y - AORTA[1]) ** 2 <= 14**2) & (z > -250) & (z < 130)
    pet[aorta], ct[aorta] = 1.5, 45
    rng = np.random.default_rng(seed)
    for number in range(foci):
        at = FOCUS if not number else np.array(LIVER) + rng.uniform(-70, 70, 3)
        fill(at, (14, 14, 14), 9.0, 50)
    pet *= rng.normal(1, 0.08, size)
    ct += rng.normal(0, 12, size)
    grid = Grid(tuple(origin), (SPACING,) * 3, (1, 0, 0, 0, 1, 0, 0, 0, 1), size)
    return Trunk(pet, ct, grid)


@pytest.fixture(scope="module")
def trunk() -> Trunk:
    return draw_trunk()


@pytest.mark.parametrize("with_ct", [False, True])
def test_the_sphere_lies_in_the_liver_clear_of_a_focus(trunk: Trunk, with_ct: bool):
    found = find_liver_sphere(trunk.pet, trunk.grid, trunk.ct if with_ct else None)
    offset = (np.array(found.centre) - LIVER) / (85, 80, 70)
    assert np.linalg.norm(offset) < 0.9
    assert np.linalg.norm(np.array(found.centre) - FOCUS) > 14 + 15 - SPACING
    assert found.mean == pytest.approx(2.2, rel=0.03)
    assert found.sd == pytest.approx(0.08 * 2.2, rel=0.2)
    assert found.volume_ml == pytest.approx(14.1, rel=0.1)


def test_the_unit_does_not_matter(trunk: Trunk):
    found = find_liver_sphere(trunk.pet, trunk.grid)
    scaled = find_liver_sphere(trunk.pet * 5000, trunk.grid)
    assert scaled.centre == found.centre
    assert scaled.mean == pytest.approx(5000 * found.mean)


def test_the_order_of_voxels_does_not_matter(trunk: Trunk):
    grid = trunk.grid
    corner = tuple(grid.to_points([[n - 1 for n in grid.size]])[0])
    turned = Grid(corner, grid.spacing, (-1, 0, 0, 0, -1, 0, 0, 0, -1), grid.size)
    found = find_liver_sphere(trunk.pet[::-1, ::-1, ::-1], turned)
    same = find_liver_sphere(trunk.pet, grid)
    assert found.centre == pytest.approx(same.centre, abs=0.01)


def test_a_liver_on_the_left_is_not_proposed(trunk: Trunk):
    assert find_liver_sphere(trunk.pet[::-1], trunk.grid) is None


def test_a_scan_without_liver_has_no_proposal(trunk: Trunk):
    level = round((LIVER[2] + 90 - trunk.grid.origin[2]) / SPACING)
    x, y, z = trunk.grid.origin
    size = (*trunk.grid.size[:2], trunk.grid.size[2] - level)
    above = Grid((x, y, z + level * SPACING), trunk.grid.spacing, trunk.grid.direction, size)
    assert find_liver_sphere(trunk.pet[:, :, level:], above) is None


def test_a_liver_full_of_foci_has_no_proposal():
    ill = draw_trunk(foci=160)
    assert find_liver_sphere(ill.pet, ill.grid) is None


def test_a_liver_no_brighter_than_muscle_has_no_proposal():
    pale = draw_trunk(liver=0.9)
    assert find_liver_sphere(pale.pet, pale.grid) is None


@pytest.mark.parametrize("values", [np.zeros((40, 40, 40)), np.ones((4, 4, 4))])
def test_what_is_no_body_has_no_proposal(values: np.ndarray):
    grid = Grid((0, 0, 0), (4, 4, 4), (1, 0, 0, 0, 1, 0, 0, 0, 1), values.shape)
    assert find_liver_sphere(values, grid) is None
    assert find_blood_pool(values, grid, values) is None


def test_the_cylinder_lies_in_the_descending_aorta(trunk: Trunk):
    found = find_blood_pool(trunk.pet, trunk.grid, trunk.ct)
    assert np.hypot(found.centre[0] - AORTA[0], found.centre[1] - AORTA[1]) < 10
    assert found.mean == pytest.approx(1.5, rel=0.05)
    assert found.volume_ml == pytest.approx(1.57, rel=0.25)


def test_the_pet_alone_does_not_tell_the_aorta(trunk: Trunk):
    assert find_blood_pool(trunk.pet, trunk.grid) is None
