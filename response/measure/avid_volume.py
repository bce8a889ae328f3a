"""How much of a marked lesion is avid: metabolic tumour volume and total lesion glycolysis.

A threshold counts the voxels of the *marked* lesion that reach it: what a reader left out of the
mark is never taken in, so that neighbouring uptake (bladder, heart) does not leak into a lesion.
All avid voxels of the mark count, in one piece or several: a necrotic lesion may be avid around a
cold centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import InputError

FIXED_SUV = (2.5, 4.0)
"""Fixed thresholds in use: 2.5 (solid tumours), 4.0 (lymphoma: Barrington and Meignan, J Nucl Med
2019)."""

SHARE_OF_MAXIMUM = 0.41
"""EANM's share of SUVmax (Boellaard et al., Eur J Nucl Med Mol Imaging 2015)."""

LIVER_FACTOR, LIVER_SDS = 1.5, 2.0
"""PERCIST's threshold: 1.5 times the liver's mean and two of its standard deviations."""


@dataclass(frozen=True, slots=True)
class AvidVolume:
    """The avid part of a lesion.

    Attributes
    ----------
    threshold
        In the image's unit.
    mtv_ml
        Metabolic tumour volume: whole voxels at or above the threshold.
    mean
        Of those voxels; None where there are none.
    tlg
        Total lesion glycolysis: ``mtv_ml`` times ``mean``; 0 where nothing is avid.
    """

    threshold: float
    mtv_ml: float
    mean: float | None
    tlg: float


def measure_avid_volume(
    lesion: npt.NDArray[Any], voxel_volume_mm3: float, threshold: float
) -> AvidVolume:
    """Measure the part of a lesion at or above a threshold.

    Parameters
    ----------
    lesion
        The values of the lesion's voxels, in any order; SUV or SUL.
    voxel_volume_mm3
        Of one voxel.
    threshold
        In the values' unit; positive.

    Raises
    ------
    InputError
        The threshold or a value is not a finite number.

    Examples
    --------
    >>> import numpy as np
    >>> measure_avid_volume(np.array([1.0, 3.0, 5.0]), 500.0, 2.5)
    AvidVolume(threshold=2.5, mtv_ml=1.0, mean=4.0, tlg=4.0)
    """
    values = np.asarray(lesion, dtype=np.float64).ravel()
    if not (np.isfinite(threshold) and threshold > 0 and np.isfinite(values).all()):
        raise InputError(
            f"avid volume at a threshold of {threshold}: finite values and a positive threshold "
            "are needed"
        )
    avid = values[values >= threshold]
    mtv_ml = len(avid) * voxel_volume_mm3 / 1000
    mean = float(avid.mean()) if len(avid) else None
    return AvidVolume(float(threshold), mtv_ml, mean, mtv_ml * mean if mean is not None else 0.0)


def threshold_by_share(maximum: float, share: float = SHARE_OF_MAXIMUM) -> float:
    """Return the threshold at a share of the lesion's maximum.

    Examples
    --------
    >>> threshold_by_share(10)
    4.1
    """
    return share * maximum


def threshold_by_liver(liver_mean: float, liver_sd: float) -> float:
    """Return PERCIST's threshold (P-04); in the unit of the liver's mean: SUL for PERCIST.

    Examples
    --------
    >>> threshold_by_liver(2.0, 0.25)
    3.5
    """
    return LIVER_FACTOR * liver_mean + LIVER_SDS * liver_sd
