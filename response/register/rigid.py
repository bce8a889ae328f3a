"""The rigid step: where the two scans lie to each other, without any random draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from response.register.itk import Image, RigidTransform, sitk
from response.register.prepare import AIR, BODY_ABOVE, DENSE, resample_isotropic

Array = NDArray[np.float64]

HISTOGRAM_BINS = 32
RIGID_ROUNDS = ((4.0, 60), (1.0, 60))
"""Learning rate and iterations of the two descents."""
LEAST_OVERLAP = 0.25
"""A start needs this share of the smaller field in common, or noise at the rim wins."""
MOST_LOST = 0.05
"""A descent may cost this much correlation where contrast changed; one that costs more ran away,
as it does in slabs of few slices."""
FLAT_VARIANCE = 1e-4
LEAST_SIDE = 5
"""ITK smooths no side of fewer than four voxels; one more allows for rounding."""


@dataclass(frozen=True, slots=True)
class RigidResult:
    """``transform`` maps fixed points to moving points; ``start_mm`` is the translation found
    before any descent, ``start_similarity`` its correlation over the common field."""

    transform: sitk.Euler3DTransform
    start_mm: tuple[float, float, float]
    start_similarity: float


def register_rigid(fixed: Image, moving: Image, spacing_mm: float) -> RigidResult:
    """Rotation and translation between two images on the common scale (see ``prepare``).

    A correlation over all translations at ``2 × spacing_mm`` finds the start, so that fields of
    different extent and origins far apart need no luck; Mattes mutual information over every voxel
    refines it at ``spacing_mm``.
    """
    thinnest = min(measure_thinnest(fixed), measure_thinnest(moving))
    spacing_mm = min(spacing_mm, thinnest / LEAST_SIDE)
    start, similarity = find_start(fixed, moving, 2 * spacing_mm)
    fixed_small = resample_isotropic(fixed, spacing_mm)
    moving_small = resample_isotropic(moving, spacing_mm)
    begun = sitk.Euler3DTransform()
    begun.SetCenter(body_centroid(fixed_small))
    begun.SetTranslation(start)
    transform = begun
    for rate, iterations in RIGID_ROUNDS:
        try:
            descended = _descend(fixed_small, moving_small, transform, rate, iterations)
        except RuntimeError:  # the metric finds no common voxels: the start is all there is
            break
        lost = _likeness(fixed_small, moving_small, begun) - MOST_LOST
        if _likeness(fixed_small, moving_small, descended) >= lost:
            transform = descended
    return RigidResult(transform, start, similarity)


def _likeness(fixed: Image, moving: Image, transform: RigidTransform) -> float:
    """Correlation over all of the fixed field; where the moving one does not reach is air."""
    moved = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, AIR)
    a = sitk.GetArrayFromImage(fixed).ravel()
    b = sitk.GetArrayFromImage(moved).ravel()
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else -1.0


def measure_thinnest(image: Image) -> float:
    """The shortest side of an image's field, mm."""
    return float(min(n * s for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)))


def _descend(
    fixed: Image,
    moving: Image,
    initial: RigidTransform,
    rate: float,
    iterations: int,
) -> RigidTransform:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(HISTOGRAM_BINS)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=rate, minStep=0.02, numberOfIterations=iterations, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(sitk.Euler3DTransform(initial), inPlace=False)
    found = method.Execute(fixed, moving)
    return sitk.Euler3DTransform(found.GetNthTransform(0) if _is_composite(found) else found)


def _is_composite(transform: RigidTransform) -> bool:
    return bool(transform.GetTransformEnum() == sitk.sitkComposite)


def body_centroid(image: Image) -> tuple[float, float, float]:
    """The mean place of everything denser than lung, LPS mm; the centre where there is nothing."""
    array = sitk.GetArrayViewFromImage(image)
    indices = np.argwhere(array > BODY_ABOVE)
    index = indices.mean(axis=0) if len(indices) else (np.asarray(array.shape) - 1) / 2
    x, y, z = image.TransformContinuousIndexToPhysicalPoint([float(v) for v in index[::-1]])
    return (x, y, z)


def find_start(
    fixed: Image, moving: Image, spacing_mm: float
) -> tuple[tuple[float, float, float], float]:
    """The translation (fixed → moving, LPS mm) with the highest correlation over the common field.

    Normalised cross-correlation of two fields of different extent for every whole-voxel shift at
    once, by Fourier transforms (D. Padfield, IEEE Trans Image Process 2012;21:2706).
    """
    f = resample_isotropic(fixed, spacing_mm)
    frame_origin = np.asarray(f.GetOrigin())
    direction = np.asarray(f.GetDirection()).reshape(3, 3)
    m = _along(moving, f, spacing_mm)
    a, b = _unit(f), _unit(m)
    correlation = correlate_shifts(a, b)
    k, j, i = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    peak = float(correlation[k, j, i])
    # shift s: a[x] is compared with b[x + s]
    shift = np.array([i, j, k]) - (np.array(a.shape[::-1]) - 1)
    frame = shift * np.asarray(f.GetSpacing())
    x, y, z = direction @ frame + np.asarray(m.GetOrigin()) - frame_origin
    return (float(x), float(y), float(z)), peak


def _along(moving: Image, fixed: Image, spacing_mm: float) -> Image:
    """The moving image on a grid of the fixed one's spacing and axes that covers its own field."""
    direction = np.asarray(fixed.GetDirection()).reshape(3, 3)
    small = resample_isotropic(moving, spacing_mm)
    size = small.GetSize()
    corners = np.array(
        [
            small.TransformContinuousIndexToPhysicalPoint(
                [float(c * (n - 1)) for c, n in zip(corner, size, strict=True)]
            )
            for corner in np.ndindex(2, 2, 2)
        ]
    )
    frame = corners @ direction
    low, high = frame.min(axis=0), frame.max(axis=0)
    spacing = np.asarray(fixed.GetSpacing())
    counts = [int(n) for n in np.floor((high - low) / spacing + 1e-3) + 1]
    return sitk.Resample(
        small,
        counts,
        sitk.Transform(),
        sitk.sitkLinear,
        [float(v) for v in direction @ low],
        [float(v) for v in spacing],
        fixed.GetDirection(),
        2 * AIR,
        sitk.sitkFloat32,
    )


def _unit(image: Image) -> Array:
    """Values 0 … 1, NaN outside the field (which ``_along`` fills with twice air)."""
    array = sitk.GetArrayFromImage(image).astype(float)
    array[array < AIR - 1] = np.nan
    return np.asarray((array - AIR) / (DENSE - AIR))


def correlate_shifts(a: Array, b: Array) -> Array:
    """Correlation of ``a[x]`` with ``b[x + s]`` over the voxels both have, for every shift ``s``.

    Index ``n`` of an axis of the answer is the shift ``n - (len(a) - 1)``. NaN marks voxels outside
    the field; shifts with too little in common, or nothing but flat values, are −1.
    """
    shape = [m + n - 1 for m, n in zip(a.shape, b.shape, strict=True)]
    inside_a, inside_b = np.isfinite(a).astype(float), np.isfinite(b).astype(float)
    a, b = np.nan_to_num(a), np.nan_to_num(b)

    def transform(values: Array) -> NDArray[np.complex128]:
        """Return the Fourier transform over the padded shape."""
        return np.fft.rfftn(values, shape, axes=(0, 1, 2))

    def cross(left: NDArray[np.complex128], right: NDArray[np.complex128]) -> Array:
        """Return the correlation of two transforms."""
        return np.asarray(np.fft.irfftn(left * right, shape, axes=(0, 1, 2)))

    flip = (slice(None, None, -1),) * 3
    fa, fa2, fma = (transform(v[flip]) for v in (a, a * a, inside_a))
    fb, fb2, fmb = (transform(v) for v in (b, b * b, inside_b))
    count = np.rint(cross(fma, fmb))
    usable = count >= LEAST_OVERLAP * min(inside_a.sum(), inside_b.sum())
    n = np.maximum(count, 1)
    sum_a, sum_b = cross(fa, fmb), cross(fma, fb)
    covariance = cross(fa, fb) - sum_a * sum_b / n
    variance_a = cross(fa2, fmb) - sum_a**2 / n
    variance_b = cross(fma, fb2) - sum_b**2 / n
    flat = np.minimum(variance_a, variance_b) < FLAT_VARIANCE * n
    spread = np.sqrt(np.maximum(variance_a, 0) * np.maximum(variance_b, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance / spread
    return np.where(usable & ~flat, np.nan_to_num(correlation, nan=-1.0), -1.0)
