"""Where two scans lie to each other, found without luck."""

from __future__ import annotations

from typing import Any

import numpy as np

from response.register.prepare import rescale_values
from response.register.rigid import correlate_shifts, find_start, register_rigid


def test_correlation_over_shifts_is_that_of_the_common_voxels() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(size=(6, 5, 4)), rng.uniform(size=(5, 6, 6))
    a[0] = np.nan
    found = correlate_shifts(a, b)
    # shift (k, j, i) = (-1, 1, 2): a[x] meets b[x + s]
    left, right = a[1:6, 0:5, 0:4], b[0:5, 1:6, 2:6]
    assert np.isclose(found[-1 + 5, 1 + 4, 2 + 3], np.corrcoef(left.ravel(), right.ravel())[0, 1])


def test_shifts_with_little_in_common_do_not_count() -> None:
    rng = np.random.default_rng(0)
    found = correlate_shifts(rng.uniform(size=(6, 6, 6)), rng.uniform(size=(6, 6, 6)))
    assert found[0, 0, 0] == -1.0


def test_a_start_is_found_whatever_the_length_and_the_origin(body: Any, make_motion: Any) -> None:
    moved = make_motion(amplitude_mm=0.0, shift=(30.0, -40.0, 700.0))
    fixed = rescale_values(body.scan(), "CT")
    moving = rescale_values(
        body.scan(moved.to_body, size=(50, 40, 26), centre=(25.0, -35.0, 725.0)), "CT"
    )
    start, similarity = find_start(fixed, moving, 16.0)
    assert np.abs(np.subtract(start, moved.shift)).max() <= 9.0
    assert similarity > 0.8


def test_a_turn_and_a_shift_are_recovered(body: Any, make_motion: Any) -> None:
    moved = make_motion(amplitude_mm=0.0, turn_deg=5.0, shift=(18.0, -12.0, 21.0))
    fixed = rescale_values(body.scan(), "CT")
    moving = rescale_values(body.scan(moved.to_body, size=(50, 40, 44), noise_seed=1), "CT")
    transform = register_rigid(fixed, moving, 8.0).transform
    found = np.array([transform.TransformPoint(p) for p in body.places().tolist()])
    assert np.linalg.norm(found - moved.to_scan(body.places()), axis=1).max() < 1.5
