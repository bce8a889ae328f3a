"""What a PET series' voxels become: SUV by body weight, or their own unit with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from response.errors import UptakeError
from response.ingest.series import Stack
from response.measure.suv import compute_suv_factors, describe_pet

SUVBW = "SUVBW"

_FACTS = (
    "weight_kg",
    "height_cm",
    "sex",
    "radiotracer",
    "injected_mbq",
    "scanner",
    "reconstruction",
)


@dataclass(frozen=True, slots=True)
class PetValues:
    """What stored values are multiplied with (1: they stay as they are), and the scan's facts."""

    factor: float
    facts: dict[str, str]


def describe_values(stack: Stack) -> PetValues:
    """Compute the factor of a PET from the headers of its slices, and say what they hold.

    Where SUV cannot be had, ``suv_refused`` says why.
    """
    headers = [image.pet for image in stack.slices if image.pet is not None]
    said = describe_pet(headers)
    facts = {name: said[name] for name in _FACTS if name in said}
    try:
        factors = compute_suv_factors(headers)
    except UptakeError as error:
        refused = {"units": said.get("units", ""), "suv_refused": str(error)}
        return PetValues(1.0, facts | refused)
    factor = factors.suv_bw_factor
    facts |= {"units": SUVBW, "suv_bw_factor": f"{factor:.9g}"}
    if "uptake_minutes" in factors.values:
        facts["uptake_minutes"] = factors.values["uptake_minutes"]
    return PetValues(factor, facts)
