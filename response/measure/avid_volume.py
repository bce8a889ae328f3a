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
import SimpleITK as sitk

from response.errors import InputError
from response.geometry import Grid

FIXED_SUV = (2.5, 4.0)
"""Fixed thresholds in use: 2.5 (solid tumours), 4.0 (lymphoma: Barrington and Meignan, J Nucl Med
2019)."""

SHARE_OF_MAXIMUM = 0.41
"""EANM's share of SUVmax (Boellaard et al., Eur J Nucl Med Mol Imaging 2015)."""

LIVER_FACTOR, LIVER_SDS = 1.5, 2.0
"""PERCIST's threshold: 1.5 times the liver's mean and two of its standard deviations."""


BLOOD_POOL_FACTOR = 2.0
"""PERCIST's threshold where the liver cannot serve: twice the blood pool's mean, and two SD."""


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


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number in the image's unit, or a share of each lesion's maximum.

    Examples
    --------
    >>> Threshold.parse("41%"), Threshold.parse("2.5")
    (Threshold(number=0.41, of_maximum=True), Threshold(number=2.5, of_maximum=False))
    """

    number: float
    of_maximum: bool = False

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read ``2.5`` or ``41%``.

        Raises
        ------
        InputError
            It is neither.
        """
        share = text.strip().endswith("%")
        try:
            number = float(text.strip().rstrip("%")) / (100 if share else 1)
        except ValueError:
            number = 0.0
        if not (np.isfinite(number) and number > 0) or (share and number > 1):
            raise InputError(
                f"threshold {text!r}: a positive number, or a share of the maximum as 41%"
            )
        return cls(number, share)

    def of(self, maximum: float) -> float:
        """Return the threshold for a lesion of a maximum."""
        return threshold_by_share(maximum, self.number) if self.of_maximum else self.number


def measure_avid_labels(
    image: sitk.Image, mask: sitk.Image, threshold: Threshold
) -> dict[int, AvidVolume | None]:
    """Measure the avid part of every label of a mask on the image's own grid.

    A share of a maximum that is not positive is no threshold: None.

    Raises
    ------
    InputError
        A value in a label is not finite.
    """
    values, marks = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(mask)
    voxel_volume_mm3 = Grid.of(image).voxel_volume_mm3
    made: dict[int, AvidVolume | None] = {}
    for label in np.unique(marks[marks != 0]):
        lesion = values[marks == label]
        limit = threshold.of(float(lesion.max()))
        made[int(label)] = (
            None if limit <= 0 else measure_avid_volume(lesion, voxel_volume_mm3, limit)
        )
    return made


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


def threshold_by_blood_pool(mean: float, sd: float) -> float:
    """Return PERCIST's threshold where the liver cannot serve (P-04), in the unit of the mean.

    Examples
    --------
    >>> threshold_by_blood_pool(1.5, 0.25)
    3.5
    """
    return BLOOD_POOL_FACTOR * mean + LIVER_SDS * sd
