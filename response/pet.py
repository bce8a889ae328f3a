"""PET in the main job: which scan of a time point counts, and from SUV to SUL by its facts. Pure.

SUL is computed where it is read, so that another formula of lean body mass in the protocol changes
it without reading scans again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from response.errors import UptakeError
from response.measure.body import compute_lean_body_mass_kg
from response.model import Scan

PET = "PT"

SUV_UNITS = "SUVBW"
"""The fact ``units`` of a PET whose stored voxels are SUV by body weight, g/ml."""

OUTSIDE_PET = "its place lies outside the field of the PET"
"""Noted of a lesion without a mark: the PET says nothing of it."""

BODY = ("weight_kg", "height_cm", "sex")
"""What lean body mass is computed from."""


def why_no_suv(scan: Scan) -> str:
    """Say why a PET's voxels are not SUV; empty where they are."""
    if scan.facts.get("suv_refused"):
        return scan.facts["suv_refused"]
    units = scan.facts.get("units", "")
    return "" if units == SUV_UNITS else f"values in {units or 'an unknown unit'}, not in SUV"


def find_pet(scans: Iterable[Scan], marked: Collection[str] = ()) -> Scan | None:
    """Find the PET of a time point: one in SUV before others, then one a reader marked.

    Parameters
    ----------
    scans
        Those of one time point.
    marked
        Identifiers of the scans that the reader marked.
    """
    return min(
        (scan for scan in scans if scan.modality == PET),
        key=lambda scan: (bool(why_no_suv(scan)), scan.scan_id not in marked, scan.series),
        default=None,
    )


def find_sul_factor(facts: Mapping[str, str], formula: str) -> tuple[float | None, str]:
    """Return what SUV by weight is multiplied with for SUL, or ``None`` and why.

    Lean body mass over weight (Wahl et al., J Nucl Med 2009;50 Suppl 1:122S-150S).

    Examples
    --------
    >>> body = {"weight_kg": "91", "height_cm": "188", "sex": "M"}
    >>> factor, _ = find_sul_factor(body, "janmahasatian")
    >>> round(factor, 4)
    0.7573
    >>> find_sul_factor({"weight_kg": "91"}, "janmahasatian")
    (None, 'no SUL: height_cm, sex not given')
    """
    missing = [name for name in BODY if not facts.get(name)]
    if missing:
        return None, f"no SUL: {', '.join(missing)} not given"
    try:
        weight_kg, height_cm = float(facts["weight_kg"]), float(facts["height_cm"])
        lean_kg = compute_lean_body_mass_kg(weight_kg, height_cm, facts["sex"], formula)
    except (UptakeError, ValueError) as error:
        return None, f"no SUL: {error}"
    return lean_kg / weight_kg, ""
