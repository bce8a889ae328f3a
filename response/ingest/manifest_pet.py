"""PET named in a manifest: what unit its voxels are in, and SUV by body weight made of them.

A NIfTI file has no header that says what its values are: SUV by body weight (g/ml) is assumed
unless the column ``units`` says otherwise, and doubted where the values cannot be that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from response.errors import InputError
from response.ingest.itk import Image, sitk
from response.measure.decay import HALF_LIVES_S

SUVBW, BQML = "SUVBW", "BQML"
UNITS = (SUVBW, BQML)

NEEDED = ("weight_kg", "injected_mbq", "uptake_minutes", "radiotracer")
"""What SUV is made of where the voxels are in Bq/ml."""

MOST_SUV = 1000.0
"""No tissue holds a thousand times the mean of the body: urine with tracer reaches a few hundred,
while activity in Bq/ml and scanner counts begin in the thousands."""

MOST_OF_DOSE = 10.0
"""SUV times volume, added over the field, is at most the patient's weight: all of the dose. Ten
times that leaves room for phantoms; values in Bq/ml exceed it a hundredfold."""

ASSUMED_WEIGHT_KG = 100.0
"""For the sum above where the weight is not known."""

WAY_OUT = "say what it is in the column units (SUVBW or BQML)"


@dataclass(frozen=True, slots=True)
class PetUnits:
    """What the manifest says of a PET: the factor to SUV by weight, and the facts of the scan."""

    factor: float
    facts: Mapping[str, str]

    @property
    def converted(self) -> bool:
        """Whether the stored voxels are other than those of the file."""
        return self.factor != 1.0


def parse_units(text: str) -> str:
    """Read the column ``units``.

    Examples
    --------
    >>> parse_units("bqml"), parse_units("Bq/ml"), parse_units("")
    ('BQML', 'BQML', '')
    """
    plain = re.sub(r"[^A-Z]", "", text.upper())
    plain = {"SUV": SUVBW, "GML": SUVBW}.get(plain, plain)
    if text and plain not in UNITS:
        raise InputError(f"units: {text!r} is not one of {', '.join(UNITS)}")
    return plain


def describe_units(said: Mapping[str, str]) -> PetUnits:
    """Say what the voxels of a PET are to be multiplied with, from the columns of its row.

    Bq/ml are taken as decay corrected to the start of the scan, ``uptake_minutes`` after the
    injection: SUV = value x weight / (injected dose x 2 ^ (-uptake / half-life)).

    Examples
    --------
    >>> row = {"units": "BQML", "weight_kg": "70", "injected_mbq": "350", "radiotracer": "FDG"}
    >>> told = describe_units({**row, "uptake_minutes": "60"})
    >>> told.facts["units"], told.facts["suv_bw_factor"]
    ('SUVBW', '0.000292127')
    >>> describe_units(row).facts["suv_refused"]
    'values in Bq/ml without uptake_minutes'
    """
    facts = dict(said)
    if said.get("units", SUVBW) == SUVBW:
        return PetUnits(1.0, facts | {"units": SUVBW, "suv_bw_factor": "1"})
    missing = [name for name in NEEDED if name not in said]
    if missing:
        return PetUnits(
            1.0, facts | {"suv_refused": f"values in Bq/ml without {', '.join(missing)}"}
        )
    nuclide = find_nuclide(said["radiotracer"])
    if nuclide is None:
        reason = f"values in Bq/ml, and no half-life is known of {said['radiotracer']}"
        return PetUnits(1.0, facts | {"suv_refused": reason})
    weight_kg, dose_mbq, minutes = (float(said[name]) for name in NEEDED[:3])
    left = math.exp(-math.log(2) * minutes * 60 / HALF_LIVES_S[nuclide])
    factor = weight_kg * 1e3 / (dose_mbq * 1e6 * left)
    return PetUnits(factor, facts | {"units": SUVBW, "suv_bw_factor": f"{factor:.6g}"})


def find_nuclide(radiotracer: str) -> str | None:
    """Find the radionuclide in the name of a tracer; ``None`` where it names none.

    Examples
    --------
    >>> [find_nuclide(t) for t in ("FDG", "[18F]PSMA-1007", "Ga-68 DOTATATE", "68Ga-PSMA-11")]
    ['F-18', 'F-18', 'Ga-68', 'Ga-68']
    >>> find_nuclide("PSMA") is None
    True
    """
    text = radiotracer.upper()
    for nuclide in HALF_LIVES_S:
        element, mass = nuclide.upper().split("-")
        named = rf"(?<![A-Z0-9]){element}[\s^-]*{mass}(?!\d)"
        numbered = rf"(?<!\d){mass}[\s\]^-]*{element}"
        if re.search(f"{named}|{numbered}", text):
            return nuclide
    return "F-18" if re.search(r"FDG|FLUORODEOXYGLUCOSE", text) else None


def convert(image: Image, factor: float) -> Image:
    """Return the PET in 32-bit floating point, multiplied with a factor."""
    image = sitk.Cast(image, sitk.sitkFloat32)
    return image if factor == 1.0 else image * factor


def doubt_suv(image: Image, facts: Mapping[str, str]) -> dict[str, str]:
    """Say why the voxels of a PET that is said to be in SUV cannot be that; empty where they can.

    Returns
    -------
    dict
        The fact ``suv_refused``, and ``units`` emptied.
    """
    if facts.get("units") != SUVBW:
        return {}
    values = sitk.GetArrayViewFromImage(image)
    most = float(values.max())
    weight_kg = float(facts.get("weight_kg", ASSUMED_WEIGHT_KG))
    voxel_ml = float(np.prod(image.GetSpacing())) / 1000
    share = float(values.sum(dtype=np.float64)) * voxel_ml / (weight_kg * 1000)
    if most <= 0:
        reason = "no value is above 0"
    elif most > MOST_SUV:
        reason = f"the highest value is {most:.6g}, and no SUV exceeds {MOST_SUV:g}"
    elif share > MOST_OF_DOSE:
        reason = f"as SUV the values add up to {share:.3g} times the injected dose"
    else:
        return {}
    return {"units": "", "suv_refused": f"{reason}; {WAY_OUT}"}
