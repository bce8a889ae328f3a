"""Pairs that must not be believed, through the whole port (demons: all engines share the gate)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from response.register import RegistrationResult, Transform, register

Register = Callable[[sitk.Image, sitk.Image], RegistrationResult]


@pytest.fixture
def pair(tmp_path: Path) -> Register:
    def run(fixed: sitk.Image, moving: sitk.Image, modality: str = "CT") -> RegistrationResult:
        sitk.WriteImage(fixed, tmp_path / "fixed.nrrd")
        sitk.WriteImage(moving, tmp_path / "moving.nrrd")
        return register(
            tmp_path / "fixed.nrrd",
            tmp_path / "moving.nrrd",
            tmp_path / "out",
            modality=modality,
            engine="demons",
        )

    return run


def test_another_body_is_not_trusted(pair: Register, body: Any, stranger: Any) -> None:
    result = pair(body.scan(), stranger.scan(noise_seed=1))
    assert not result.trusted
    assert result.engine in ("rigid", "centre")


@pytest.mark.parametrize(
    "axes",
    [
        (True, False, False),
        pytest.param((False, True, False), marks=pytest.mark.slow),
        pytest.param((True, True, False), marks=pytest.mark.slow),
    ],
)
def test_a_scan_flipped_under_its_header_is_not_trusted(
    pair: Register, body: Any, axes: tuple[bool, bool, bool]
) -> None:
    moving = body.scan(noise_seed=1)
    flipped = sitk.Flip(moving, axes)
    flipped.CopyInformation(moving)
    result = pair(body.scan(), flipped)
    assert not result.trusted
    assert "orientation" in result.reason


@pytest.mark.slow
def test_a_scan_stored_the_other_way_round_is_the_same_scan(
    pair: Register, body: Any, make_motion: Any
) -> None:
    moved = make_motion(shift=(6.0, -4.0, 9.0))
    turned = sitk.Flip(body.scan(moved.to_body, noise_seed=1), (False, True, True))
    result = pair(body.scan(), turned)
    error = Transform.load(result.folder).map_points(body.places()) - moved.to_scan(body.places())
    assert result.trusted
    assert np.median(np.linalg.norm(error, axis=1)) < 2.0


def test_an_origin_five_metres_away_is_followed_but_not_trusted(pair: Register, body: Any) -> None:
    far = body.scan(noise_seed=1)
    far.SetOrigin(np.add(far.GetOrigin(), (0.0, 0.0, 5000.0)).tolist())
    result = pair(body.scan(), far)
    moved = Transform.load(result.folder).map_points(body.places()) - body.places()
    assert not result.trusted
    assert "5000 mm apart" in result.reason
    assert np.abs(moved - (0.0, 0.0, 5000.0)).max() < 3.0


@pytest.mark.slow
def test_a_shorter_field_and_a_large_step_are_trusted(
    pair: Register, body: Any, make_motion: Any
) -> None:
    moved = make_motion(turn_deg=5.0, shift=(20.0, -15.0, 17.0))
    moving = body.scan(moved.to_body, size=(50, 40, 30), centre=(20.0, -15.0, 40.0), noise_seed=1)
    result = pair(body.scan(), moving)
    truth = moved.to_scan(body.places())
    seen = np.abs(truth[:, 2] - 40.0) < 15 * 4.5
    error = Transform.load(result.folder).map_points(body.places()) - truth
    assert result.trusted, result.reason
    assert np.median(np.linalg.norm(error, axis=1)[seen]) < 3.0


@pytest.mark.slow
def test_values_without_a_scale_register_as_well(pair: Any, body: Any, make_motion: Any) -> None:
    moved = make_motion(shift=(6.0, -4.0, 9.0))
    fixed, moving = body.scan(), body.scan(moved.to_body, noise_seed=1)
    result = pair((fixed + 1000) * 0.7, (moving + 1000) * 0.4 + 20, modality="MR")
    error = Transform.load(result.folder).map_points(body.places()) - moved.to_scan(body.places())
    assert result.trusted, result.reason
    assert np.median(np.linalg.norm(error, axis=1)) < 3.0


def test_a_thin_slab_registers_as_well(pair: Register, body: Any, make_motion: Any) -> None:
    moved = make_motion(amplitude_mm=0.0, shift=(5.0, -4.0, 0.0))
    thick = {"size": (44, 34, 5), "spacing": (4.5, 4.5, 5.0)}
    result = pair(body.scan(**thick), body.scan(moved.to_body, noise_seed=1, **thick))
    points = body.places() * (1.0, 1.0, 0.1)
    error = Transform.load(result.folder).map_points(points) - moved.to_scan(points)
    assert np.median(np.linalg.norm(error, axis=1)) < 3.0
