"""Scans looked at before they are registered: what ITK reads without a word may still be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from response.errors import GeometryError, InputError, RegistrationError
from response.geometry import Grid
from response.register.itk import Image, sitk

LEAST_SIDE = 4
"""Voxels a side; with fewer there is no third dimension to register."""
LEAST_EXTENT_MM = 10.0
MOST_EXTENT_MM = 3000.0
"""No scan of a person is smaller or larger than this: the spacing is wrong."""
NIFTI_SUFFIXES = (".nii", ".nii.gz")
AIR_BELOW_HU = -500.0
"""Values this low over a twentieth of a scan are air in Hounsfield units: nothing else has them."""


def read_scan(path: Path, role: str) -> Image:
    """Read a scan and refuse what cannot be registered; values as 32-bit floats.

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
    if not path.is_file():
        raise RegistrationError(f"the {role} scan is not there, or is not a file")
    image = _read(path, role)
    _check_geometry(image, role)
    image = sitk.Cast(image, sitk.sitkFloat32)
    values = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(values).all():
        raise RegistrationError(f"the {role} scan holds values that are not finite; repair it")
    if values.min() == values.max():
        raise RegistrationError(f"the {role} scan is constant ({values.min():g}): nothing to see")
    return image


def guess_modality(*images: Image) -> str:
    """``CT`` where all images hold air in Hounsfield units, else ``OT``, which has no scale."""
    lows = [float(np.percentile(sitk.GetArrayViewFromImage(image), 5)) for image in images]
    return "CT" if max(lows) < AIR_BELOW_HU else "OT"


def _read(path: Path, role: str) -> Image:
    try:
        if path.name.lower().endswith(NIFTI_SUFFIXES):
            return _read_nifti(path)
        return sitk.ReadImage(path)
    except GeometryError as problem:
        raise GeometryError(f"the {role} scan: {problem}") from None
    except InputError as problem:
        raise RegistrationError(f"the {role} scan: {problem}") from None
    except RuntimeError:
        raise RegistrationError(
            f"the {role} scan cannot be read, or not to its end: copy it again"
        ) from None


def _read_nifti(path: Path) -> Image:
    # Here and not above: the readers of every format would cost each worker process a second, and
    # the workspace's own scans are not NIfTI.
    from response.ingest.nifti import read_nifti

    return read_nifti(path)


def _check_geometry(image: Image, role: str) -> None:
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise GeometryError(f"the {role} scan has several values a voxel: give a scalar volume")
    try:
        grid = Grid.of(image)
    except GeometryError as problem:
        raise GeometryError(f"the {role} scan: {problem}") from None
    if min(grid.size) < LEAST_SIDE:
        raise GeometryError(
            f"the {role} scan has {grid.size} voxels; at least {LEAST_SIDE} a side are needed"
        )
    extents = [n * s for n, s in zip(grid.size, grid.spacing, strict=True)]
    if min(extents) < LEAST_EXTENT_MM or max(extents) > MOST_EXTENT_MM:
        sides = " × ".join(f"{extent:.0f}" for extent in extents)
        raise GeometryError(f"the {role} scan measures {sides} mm: its spacing cannot be right")
