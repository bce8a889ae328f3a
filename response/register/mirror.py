"""Is one of the scans mirrored or turned round? A body deceives: left and right look much alike.

A header with a wrong orientation gives a registration that looks fine and puts lesions on the
wrong side. So the moving scan is also tried flipped along each of its axes and combinations; if a
flipped one fits clearly better than the scan as it is, the scan's orientation is doubtful.
"""

from __future__ import annotations

from itertools import product

from response.register.figures import OUTSIDE, correlate
from response.register.itk import Image, sitk
from response.register.prepare import AIR, Mask, find_body, resample_isotropic
from response.register.rigid import register_rigid

FLIPS = tuple(flip for flip in product((False, True), repeat=3) if any(flip))


def measure_mirror_gain(fixed: Image, moving: Image, spacing_mm: float) -> float:
    """How much better (correlation) the best flip of the moving scan fits than the scan as it is.

    Negative for a pair whose orientations agree. Both images on the common scale; ``spacing_mm`` is
    that of the comparison, the rigid steps work at twice that.
    """
    fixed = resample_isotropic(fixed, spacing_mm)
    moving = resample_isotropic(moving, spacing_mm)
    body = find_body(fixed)
    as_it_is = _similarity_after_rigid(fixed, moving, spacing_mm, body)
    return max(
        _similarity_after_rigid(fixed, _flip(moving, flip), spacing_mm, body) - as_it_is
        for flip in FLIPS
    )


def _flip(image: Image, axes: tuple[bool, ...]) -> Image:
    """The content flipped in place: the grid stays where it is."""
    flipped = sitk.Flip(image, axes)
    flipped.CopyInformation(image)
    return flipped


def _similarity_after_rigid(fixed: Image, moving: Image, spacing_mm: float, body: Mask) -> float:
    """Correlation inside the fixed body: with the air around it, any two bodies look alike."""
    rigid = register_rigid(fixed, moving, 2 * spacing_mm).transform
    warped = sitk.Resample(moving, fixed, rigid, sitk.sitkLinear, OUTSIDE)
    seen = sitk.GetArrayFromImage(warped)
    return correlate(sitk.GetArrayFromImage(fixed), seen, body & (seen >= AIR))
