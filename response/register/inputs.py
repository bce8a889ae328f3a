"""Scans looked at before they are registered: what ITK reads without a word may still be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from response.errors import GeometryError, RegistrationError
from response.geometry import Grid
from response.register.itk import Image, sitk

LEAST_SIDE = 4
"""Voxels a side; with fewer there is no third dimension to register."""
LEAST_EXTENT_MM = 10.0
MOST_EXTENT_MM = 3000.0
"""No scan of a person is smaller or larger than this: the spacing is wrong."""
NIFTI_SUFFIXES = (".nii", ".nii.gz")


def read_scan(path: Path, role: str) -> Image:
    """Read a scan and refuse what cannot be registered.

    Parameters
    ----------
    path
        NIfTI or anything SimpleITK reads.
    role
        ``"fixed"`` or ``"moving"``, named in the error.

    Raises
    ------
    GeometryError
        Not a volume, or its place or extent cannot be a person's.
    RegistrationError
        Not readable to its end, not finite, or constant.
    """
    _check_stored_values(path, role)
    try:
        image = sitk.ReadImage(path)
    except RuntimeError as problem:
        raise RegistrationError(f"the {role} scan cannot be read: {_last_line(problem)}") from None
    _check_geometry(image, role)
    image = sitk.Cast(image, sitk.sitkFloat32)
    values = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(values).all():
        raise RegistrationError(f"the {role} scan holds values that are not numbers; repair it")
    if values.min() == values.max():
        raise RegistrationError(f"the {role} scan is constant ({values.min():g}): nothing to see")
    return image


def _check_stored_values(path: Path, role: str) -> None:
    """ITK reads a truncated NIfTI as zeros and NaN as 0: look at what is stored."""
    if not path.is_file():
        raise RegistrationError(f"the {role} scan is not there or is not a file")
    if not path.name.lower().endswith(NIFTI_SUFFIXES):
        return
    try:
        loaded: Any = nibabel.load(path)
        stored = np.asanyarray(loaded.dataobj)
    except (OSError, EOFError, ValueError, nibabel.filebasedimages.ImageFileError) as problem:
        reason = _last_line(problem)
        raise RegistrationError(f"the {role} scan cannot be read to its end: {reason}") from None
    if stored.dtype.kind == "f" and not np.isfinite(stored).all():
        raise RegistrationError(f"the {role} scan holds values that are not numbers; repair it")


def _check_geometry(image: Image, role: str) -> None:
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise GeometryError(f"the {role} scan has several values a voxel: give a scalar volume")
    try:
        grid = Grid.of(image)
    except GeometryError as problem:
        raise GeometryError(f"the {role} scan: {problem}") from problem
    if min(grid.size) < LEAST_SIDE:
        raise GeometryError(
            f"the {role} scan has {grid.size} voxels; at least {LEAST_SIDE} a side are needed"
        )
    extents = [n * s for n, s in zip(grid.size, grid.spacing, strict=True)]
    if min(extents) < LEAST_EXTENT_MM or max(extents) > MOST_EXTENT_MM:
        sides = " × ".join(f"{extent:.0f}" for extent in extents)
        raise GeometryError(f"the {role} scan measures {sides} mm: its spacing cannot be right")


def _last_line(problem: Exception) -> str:
    """The telling end of an ITK message, without the path of anybody's file."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return " ".join(word for word in (lines or ["unknown"])[-1].split() if "/" not in word)
