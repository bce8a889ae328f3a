"""Scans that cannot be registered are refused with the reason, not registered in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError, RegistrationError
from response.register.inputs import guess_modality, read_scan

Write = Callable[[sitk.Image, str], Path]


def scan(values: Any = None, spacing: tuple[float, float, float] = (5.0, 5.0, 5.0)) -> sitk.Image:
    if values is None:
        values = np.random.default_rng(0).uniform(-1000, 500, (8, 8, 8))
    image = sitk.GetImageFromArray(np.asarray(values, dtype=np.float32))
    image.SetSpacing(spacing)
    return image


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha"])
def test_a_whole_scan_is_read(write: Write, name: str) -> None:
    image = read_scan(write(scan(), name), "fixed")
    assert image.GetSize() == (8, 8, 8)
    assert image.GetPixelID() == sitk.sitkFloat32


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha"])
def test_half_a_file_is_refused(write: Write, name: str) -> None:
    path = write(scan(), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 200])
    with pytest.raises(RegistrationError, match="fixed scan"):
        read_scan(path, "fixed")


@pytest.mark.parametrize("name", ["scan.nii", "scan.nrrd", "scan.mha"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(write: Write, name: str, value: float) -> None:
    values = np.random.default_rng(0).uniform(size=(8, 8, 8))
    values[3, 3, 3] = value
    with pytest.raises(RegistrationError, match="finite"):
        read_scan(write(scan(values), name), "moving")


def test_a_constant_scan_is_refused(write: Write) -> None:
    with pytest.raises(RegistrationError, match="constant"):
        read_scan(write(scan(np.full((8, 8, 8), -1000)), "scan.nrrd"), "fixed")


def test_a_single_slice_is_refused(write: Write) -> None:
    values = np.random.default_rng(0).uniform(size=(1, 8, 8))
    with pytest.raises(GeometryError, match="voxels"):
        read_scan(write(scan(values), "scan.nrrd"), "fixed")


@pytest.mark.parametrize("spacing", [(5.0, 5.0, 0.005), (5.0, 5.0, 5000.0)])
def test_an_impossible_spacing_is_refused(write: Write, spacing: tuple[float, ...]) -> None:
    path = write(scan(spacing=spacing), "scan.nrrd")  # type: ignore[arg-type]
    with pytest.raises(GeometryError, match="spacing"):
        read_scan(path, "fixed")


def test_several_values_a_voxel_are_refused(write: Write) -> None:
    image = sitk.GetImageFromArray(np.ones((8, 8, 8, 3), dtype=np.float32), isVector=True)
    with pytest.raises(GeometryError, match="scalar"):
        read_scan(write(image, "scan.nrrd"), "fixed")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="moving scan is not there"):
        read_scan(tmp_path / "nothing.nii", "moving")


def test_air_in_hounsfield_units_means_ct() -> None:
    ct = scan(np.where(np.indices((8, 8, 8))[0] < 3, -1000, 40))
    mr = scan(np.abs(np.indices((8, 8, 8))[0]) * 100.0)
    assert guess_modality(ct, ct) == "CT"
    assert guess_modality(ct, mr) == "OT"
