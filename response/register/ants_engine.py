"""ANTs behind the port: the only door to antspyx.

Only the compiled part is loaded: the Python package around it costs three seconds and brings
plotting and statistics along, none of which a registration needs.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import cast

from response.errors import RegistrationError
from response.register.itk import Image, sitk

NAME = "ants"
METRIC = "CC[{fixed},{moving},1,1]"
"""Local cross-correlation of radius 1: against radius 2 or 4 this was the main gain."""
ARGUMENTS = (
    "--dimensionality 3 --float 1 --random-seed 1 --use-histogram-matching 0 "
    "--winsorize-image-intensities [0,1] --collapse-output-transforms 1 "
    "--transform SyN[0.5,3,0] --convergence [10x10x2,1e-7,8] "
    "--smoothing-sigmas 2x1x0vox --shrink-factors 4x2x1"
)


def describe() -> str:
    """Name, version and parameters: what decides a result besides the images."""
    return f"{NAME} antspyx {version('antspyx')} {METRIC} {ARGUMENTS}"


def align(fixed: Image, moving: Image, folder: Path) -> Image:
    """Symmetric diffeomorphic registration (SyN) of two images on one grid.

    Parameters
    ----------
    fixed, moving
        Float images on the same grid, identity direction.
    folder
        A private folder; everything ANTs writes goes there.

    Returns
    -------
    sitk.Image
        Displacement in mm on the fixed grid: fixed point + displacement = moving point.

    Raises
    ------
    RegistrationError
        ANTs reported a failure, or reported success without writing its field.
    """
    names = {"fixed": folder / "fixed.mha", "moving": folder / "moving.mha"}
    sitk.WriteImage(fixed, names["fixed"])
    sitk.WriteImage(moving, names["moving"])
    prefix = folder / "syn"
    metric = METRIC.format(**names)
    arguments = [*ARGUMENTS.split(), "--metric", metric, "--output", str(prefix)]
    status = _load_library().antsRegistration(arguments)
    field = Path(f"{prefix}0Warp.nii.gz")
    if status != 0 or not field.is_file() or field.stat().st_size == 0:
        raise RegistrationError(f"ANTs ended with status {status} and left no displacement field")
    return sitk.ReadImage(field, sitk.sitkVectorFloat32)


def _load_library() -> ModuleType:
    """The compiled part of antspyx, under a package whose own ``__init__`` is not run."""
    package = importlib.util.find_spec("ants")
    if package is None:
        raise RegistrationError("antspyx is not installed: install it, or use another engine")
    sys.modules.setdefault("ants", importlib.util.module_from_spec(package))
    from ants import lib

    return cast(ModuleType, lib)
