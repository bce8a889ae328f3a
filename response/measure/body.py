"""Sizes of a body that uptake is normalised by: lean body mass, surface area, ideal weight."""

from __future__ import annotations

from response.errors import UptakeError

LEAN_BODY_MASS = ("janmahasatian", "james", "morgan")
"""Formulas of lean body mass. ``james`` is the "128" form; ``morgan`` the obsolete "120" one, read
only where a scanner says that it used it (SUV Type ``LBM``)."""


def compute_lean_body_mass_kg(
    weight_kg: float, height_cm: float, sex: str, formula: str = "janmahasatian"
) -> float:
    """Compute lean body mass.

    Parameters
    ----------
    weight_kg, height_cm
        Both positive.
    sex
        ``M``, ``F``, or ``O``: the mean of both (IBSI).
    formula
        One of `LEAN_BODY_MASS`. Janmahasatian: Clin Pharmacokinet 2005;44:1051 (DICOM LBMJANMA);
        James: DICOM LBMJAMES128; Morgan: DICOM LBM.

    Raises
    ------
    UptakeError
        The sex or the formula is none of these, or the formula gives nothing for such a body:
        those of James and Morgan turn over and fall below zero at a very high body mass index.

    Examples
    --------
    >>> round(compute_lean_body_mass_kg(91, 188, "M", "james"), 2)
    70.11
    >>> round(compute_lean_body_mass_kg(91, 188, "M"), 2)
    68.91
    """
    if formula not in LEAN_BODY_MASS:
        raise UptakeError(f"lean body mass by {formula!r}: one of {', '.join(LEAN_BODY_MASS)}")
    if sex not in ("M", "F", "O"):
        raise UptakeError(f"sex {sex!r}: lean body mass is known for M, F and O")
    both = [_lean_mass(weight_kg, height_cm, one, formula) for one in ("MF" if sex == "O" else sex)]
    lean = sum(both) / len(both)
    if lean <= 0:
        raise UptakeError(
            f"lean body mass by {formula} of {weight_kg:g} kg and {height_cm:g} cm is {lean:.1f} "
            "kg, which is no body's; check weight and height, or choose another formula"
        )
    return lean


def _lean_mass(weight_kg: float, height_cm: float, sex: str, formula: str) -> float:
    if formula == "janmahasatian":
        index = weight_kg / (height_cm / 100) ** 2
        return 9270 * weight_kg / (6680 + 216 * index if sex == "M" else 8780 + 244 * index)
    square = (weight_kg / height_cm) ** 2
    if sex == "F":
        return 1.07 * weight_kg - 148 * square
    return 1.10 * weight_kg - (128 if formula == "james" else 120) * square


def compute_surface_area_m2(weight_kg: float, height_cm: float) -> float:
    """Compute body surface area by Du Bois and Du Bois (1916).

    Examples
    --------
    >>> round(compute_surface_area_m2(91, 188), 3)
    2.176
    """
    return float(0.007184 * weight_kg**0.425 * height_cm**0.725)


def compute_ideal_weight_kg(height_cm: float, sex: str) -> float:
    """Compute ideal body weight as SUV Type ``IBW`` means it (DICOM PS3.16, code 126413).

    Examples
    --------
    >>> round(compute_ideal_weight_kg(188, "M"), 2)
    86.16
    """
    if sex not in ("M", "F"):
        raise UptakeError(f"sex {sex!r}: ideal body weight is known for M and F")
    at_152, per_cm = (48.0, 1.06) if sex == "M" else (45.5, 0.91)
    return at_152 + per_cm * (height_cm - 152)
