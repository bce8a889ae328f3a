"""Demons on locally normalised images: a cheap first bend, and an independent second opinion."""

from __future__ import annotations

from pathlib import Path

from response.register.itk import Image, sitk

NORMALISE_SIGMA = 3.0
"""Width of the local window, in working voxels (12 mm at 4 mm)."""
NOISE_FLOOR = 20.0
"""Added to the local standard deviation: flat tissue must not become amplified noise."""
LIMIT = 3.0
COARSE_FACTOR = 4
COARSE_ITERATIONS = 60
COARSE_SD = 2.0
AGAIN_FACTOR = 2
AGAIN_ITERATIONS = 40
AGAIN_SD = 1.5


def normalise_locally(image: Image) -> Image:
    """(value − local mean) / (local sd + 20), clipped to ±3: contrast phases look alike."""
    sigma = [NORMALISE_SIGMA * s for s in image.GetSpacing()]
    mean = sitk.SmoothingRecursiveGaussian(image, sigma)
    square = sitk.SmoothingRecursiveGaussian(image * image, sigma)
    spread = sitk.Sqrt(sitk.Maximum(square - mean * mean, 0.0))
    return sitk.Clamp((image - mean) / (spread + NOISE_FLOOR), sitk.sitkFloat32, -LIMIT, LIMIT)


def align_coarse(fixed: Image, moving: Image) -> Image:
    """The coarse bend at four times the working spacing; displacement in mm."""
    return _demons(
        shrink_by(normalise_locally(fixed), COARSE_FACTOR),
        shrink_by(normalise_locally(moving), COARSE_FACTOR),
        COARSE_ITERATIONS,
        COARSE_SD,
    )


def align_again(fixed: Image, moving: Image) -> Image:
    """A second opinion at twice the working spacing, by another metric; displacement in mm."""
    return _demons(
        shrink_by(normalise_locally(fixed), AGAIN_FACTOR),
        shrink_by(normalise_locally(moving), AGAIN_FACTOR),
        AGAIN_ITERATIONS,
        AGAIN_SD,
    )


def align_as_engine(fixed: Image, moving: Image, folder: Path) -> Image:
    """Demons in the place of an engine: coarser than ANTs, in a second or two."""
    del folder
    return _demons(normalise_locally(fixed), normalise_locally(moving), AGAIN_ITERATIONS, AGAIN_SD)


def shrink_by(image: Image, factor: int) -> Image:
    """Means over blocks of ``factor`` voxels a side."""
    return sitk.BinShrink(image, [factor] * 3)


def _demons(fixed: Image, moving: Image, iterations: int, sd: float) -> Image:
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfIterations(iterations)
    demons.SetStandardDeviations(sd)
    demons.SetSmoothDisplacementField(True)
    demons.SetMaximumUpdateStepLength(1.0)
    return sitk.Cast(demons.Execute(fixed, moving), sitk.sitkVectorFloat32)
