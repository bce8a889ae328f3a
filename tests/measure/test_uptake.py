"""Mean, spread, maximum and the 1 cm³ peak."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from response.errors import InputError
from response.geometry import Grid
from response.measure import measure_labels
from response.measure.uptake import SPHERE_RADIUS_MM, SphereKernel, measure_uptake

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def measure(values, mask, spacing=(1.0, 1.0, 1.0)):
    images = [sitk.GetImageFromArray(np.ascontiguousarray(np.transpose(a))) for a in (values, mask)]
    for image in images:
        image.SetSpacing(spacing)
    (lesion,) = measure_labels(*images)
    return lesion


def centred_mask(size, half=1):
    mask = np.zeros((size, size, size), np.uint8)
    mask[(slice(size // 2 - half, size // 2 + half + 1),) * 3] = 1
    return mask


def test_mean_spread_and_maximum_are_those_of_the_voxels():
    values = np.zeros((4, 4, 4), np.float32)
    mask = np.zeros((4, 4, 4), np.uint8)
    mask[1, 1, 1:3] = 1
    values[1, 1, 1:3] = (2, 6)
    lesion = measure(values, mask)
    assert (lesion.mean_value, lesion.sd_value, lesion.max_value) == (4, 2, 6)


@pytest.mark.parametrize(
    "spacing", [(0.5, 0.7, 0.9), (1, 1, 5), (2, 2, 2), (4.07, 4.07, 3), (8,) * 3]
)
def test_the_sphere_holds_one_cubic_centimetre(spacing):
    kernel = SphereKernel.of(Grid((0, 0, 0), spacing, IDENTITY, (9, 9, 9)))
    assert kernel.weights.sum() * np.prod(spacing) == pytest.approx(1000, rel=1e-4)


def test_the_sphere_has_the_radius_of_one_cubic_centimetre():
    assert pytest.approx(6.2035, abs=1e-4) == SPHERE_RADIUS_MM


def test_the_peak_of_an_even_lesion_is_its_value():
    values = np.full((31, 31, 31), 3.7, np.float32)
    assert measure(values, centred_mask(31)).peak_value == pytest.approx(3.7, rel=1e-6)


def test_the_peak_of_a_small_hot_spot_is_diluted_by_what_is_around():
    # A single voxel of 8 mm³ at 100 in a cold sphere of 1000 mm³.
    values = np.zeros((21, 21, 21), np.float32)
    values[10, 10, 10] = 100
    assert measure(values, centred_mask(21), (2.0, 2.0, 2.0)).peak_value == pytest.approx(
        0.8, rel=0.02
    )


def test_the_peak_sphere_may_reach_out_of_the_lesion():
    # Hot on the side x > 0: the best centre is the lesion's last voxel towards it, at x = 1 mm;
    # the part of a sphere beyond the plane x = -d is (2 + 3q - q³) / 4 with q = d / radius.
    values = np.zeros((31, 31, 31), np.float32)
    values[16:] = 1
    toward = (1 - 0.5) / SPHERE_RADIUS_MM
    expected = (2 + 3 * toward - toward**3) / 4
    assert measure(values, centred_mask(31)).peak_value == pytest.approx(expected, abs=0.01)


def test_a_ramp_peaks_at_the_lesions_last_voxel():
    values = np.broadcast_to(np.arange(41, dtype=np.float32)[:, None, None], (41, 41, 41))
    assert measure(values, centred_mask(41, half=4)).peak_value == pytest.approx(24, abs=1e-6)


def test_a_sphere_that_leaves_the_image_counts_what_is_within():
    values = np.full((12, 12, 12), 5.0, np.float32)
    mask = np.zeros((12, 12, 12), np.uint8)
    mask[0, 0, 0] = 1
    assert measure(values, mask).peak_value == pytest.approx(5)


def test_an_image_smaller_than_the_sphere_is_measured():
    values = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    assert measure(values, np.ones((3, 3, 3), np.uint8)).peak_value == pytest.approx(13, abs=1e-6)


def test_a_value_that_is_not_finite_is_refused():
    values = np.zeros((9, 9, 9), np.float32)
    values[4, 4, 5] = np.inf
    with pytest.raises(InputError, match="finite"):
        measure(values, centred_mask(9, half=0))


def test_a_voxels_weight_is_what_the_sphere_holds_of_it():
    # Voxels of 4 x 30 x 30 mm: the sphere lies in one row, cut by planes at -6, -2, 2 and 6 mm;
    # beyond a plane at distance d lies a cap of pi h² (3 r - h) / 3, h = r - d.
    kernel = SphereKernel.of(Grid((0, 0, 0), (4, 30, 30), IDENTITY, (9, 9, 9)))
    cap = [np.pi * (SPHERE_RADIUS_MM - d) ** 2 * (2 * SPHERE_RADIUS_MM + d) / 3 for d in (2, 6)]
    expected = [cap[1], cap[0] - cap[1], 1000 - 2 * cap[0], cap[0] - cap[1], cap[1]]
    assert kernel.weights[:, 0, 0] * 3600 == pytest.approx(expected, abs=0.01)


def test_the_sphere_is_the_same_whatever_the_order_of_axes():
    spacing = (1.3, 2.0, 5.0)
    weights = SphereKernel.of(Grid((0, 0, 0), spacing, IDENTITY, (9, 9, 9))).weights
    turned = SphereKernel.of(Grid((0, 0, 0), spacing[::-1], IDENTITY, (9, 9, 9))).weights
    assert weights == pytest.approx(turned.transpose(2, 1, 0), abs=2e-3)


def find_peak_by_brute_force(values, inside, first, weights):
    """Every centre in turn, voxel by voxel; of a sphere out of the image, the part within."""
    reach = [side // 2 for side in weights.shape]
    best = -np.inf
    for centre in np.argwhere(inside) + first:
        total = weight = 0.0
        for offset in np.ndindex(weights.shape):
            at = tuple(c + o - r for c, o, r in zip(centre, offset, reach, strict=True))
            if all(0 <= i < n for i, n in zip(at, values.shape, strict=True)):
                total += weights[offset] * float(values[at])
                weight += weights[offset]
        best = max(best, total / weight)
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(4.07, 4.07, 3.0), (3.0, 4.0, 5.0), (6.0,) * 3]))
def test_the_peak_is_the_best_of_all_centres_tried_in_turn(seed: int, spacing):
    rng = np.random.default_rng(seed)
    values = rng.gamma(1, 3, (12, 10, 8)).astype(np.float32)
    first = rng.integers(0, 4, 3)
    inside = rng.random((4, 3, 4)) < 0.4
    inside[1, 1, 1] = True
    kernel = SphereKernel.of(Grid((0, 0, 0), spacing, IDENTITY, values.shape))
    expected = find_peak_by_brute_force(values, inside, first, kernel.weights)
    assert measure_uptake(values, inside, first, kernel).peak == pytest.approx(expected, rel=1e-9)


def test_the_peak_of_a_wide_lesion_is_found_in_any_of_its_parts():
    values = np.zeros((130, 20, 20), np.float32)
    values[120, 10, 10] = 500
    inside = np.zeros(values.shape, bool)
    inside[3, 3, 3] = inside[120, 10, 10] = True
    kernel = SphereKernel.of(Grid((0, 0, 0), (5, 5, 5), IDENTITY, values.shape))
    expected = find_peak_by_brute_force(values, inside, 0, kernel.weights)
    peak = measure_uptake(values, inside, np.zeros(3, np.int64), kernel).peak
    assert peak == pytest.approx(expected, rel=1e-9)
