"""Standardised uptake values: what a PET series' values are multiplied with, or why nothing is.

Follows QIBA's vendor-neutral pseudo-code for SUV, DICOM PS3.3 C.8.9 and, where they are silent,
the image biomarker standardisation initiative (IBSI). What a header does not carry is refused, not
guessed: a value outside what its attribute's unit allows (a dose in MBq, a weight in grams) too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from response.errors import UptakeError
from response.measure.body import (
    compute_ideal_weight_kg,
    compute_lean_body_mass_kg,
    compute_surface_area_m2,
)
from response.measure.decay import (
    Reference,
    find_average_time,
    find_half_life,
    find_injection,
    find_scan_start,
)
from response.measure.pet import DOSE_BQ, HEIGHT_M, WEIGHT_KG, PetHeader, describe_pet

__all__ = [
    "PetHeader",
    "SuvFactors",
    "compute_lean_body_mass_kg",
    "compute_suv_factors",
    "describe_pet",
]

SUV_TYPES = {"LBM": "morgan", "LBMJAMES128": "james", "LBMJANMA": "janmahasatian"}
"""SUV Type (0054,1006) of values that are normalised by lean body mass, and its formula."""

ACTIVITY_UNITS = "BQML", "CNTS"
SUV_UNITS = "GML", "CM2ML"

_SAME = (
    ("units", "Units (0054,1001)"),
    ("suv_type", "SUV Type (0054,1006)"),
    ("decay_correction", "Decay Correction (0054,1102)"),
    ("corrected_image", "Corrected Image (0028,0051)"),
    ("series_time", "Series Date and Time (0008,0021), (0008,0031)"),
    ("injection_time", "Radiopharmaceutical Start DateTime (0018,1078)"),
    ("injection_clock", "Radiopharmaceutical Start Time (0018,1072)"),
    ("dose_bq", "Radionuclide Total Dose (0018,1074)"),
    ("half_life_s", "Radionuclide Half Life (0018,1075)"),
    ("nuclide", "Radionuclide Code Sequence (0054,0300)"),
    ("radiopharmaceuticals", "Radiopharmaceutical Information Sequence (0054,0016)"),
    ("weight_kg", "Patient's Weight (0010,1030)"),
    ("height_m", "Patient's Size (0010,1020)"),
    ("sex", "Patient's Sex (0010,0040)"),
    ("philips_suv_factor", "Philips' SUV Scale Factor (7053,xx00)"),
    ("philips_activity_factor", "Philips' Activity Concentration Scale Factor (7053,xx09)"),
)


@dataclass(frozen=True, slots=True)
class SuvFactors:
    """What rescaled pixel values are multiplied with.

    Attributes
    ----------
    suv_bw_factor
        To SUV by body weight, g/ml.
    sul_factor
        To SUV by lean body mass, g/ml; None where height or sex does not carry it.
    suv_bsa_factor
        To SUV by body surface area in m² times 1000 (m²/l; ten of cm²/ml are one of these), as
        scanners' real world value maps have it; None without a height.
    values
        Every value they came from, as text, and ``notes``.
    """

    suv_bw_factor: float
    sul_factor: float | None
    suv_bsa_factor: float | None
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Body:
    """A person's size; what is not plausible is None, with a note."""

    weight_kg: float | None
    height_cm: float | None
    sex: str
    notes: tuple[str, ...] = ()


def compute_suv_factors(
    headers: Sequence[PetHeader], lean_body_mass: str = "janmahasatian"
) -> SuvFactors:
    """Compute the factors of one PET series from the headers of all its images.

    Parameters
    ----------
    headers
        One per image, in any order; at least one.
    lean_body_mass
        ``janmahasatian`` or ``james``.

    Raises
    ------
    UptakeError
        The headers do not carry an SUV; the message says why.

    Examples
    --------
    >>> from datetime import datetime
    >>> header = PetHeader(
    ...     units="BQML", decay_correction="ADMIN", corrected_image=("ATTN", "DECY"),
    ...     dose_bq=350e6, half_life_s=6586.2, weight_kg=70, radiopharmaceuticals=1)
    >>> compute_suv_factors([header]).suv_bw_factor
    0.0002
    """
    if not headers:
        raise UptakeError("no PET image")
    if lean_body_mass not in ("janmahasatian", "james"):
        raise UptakeError(f"lean body mass by {lean_body_mass!r}: janmahasatian or james")
    _check_same(headers)
    first = headers[0]
    _check_corrections(first)
    values = describe_pet(headers)
    body = _read_body(first)
    if first.units in SUV_UNITS:
        factor = _from_suv(first, body, values)
    else:
        factor = _from_activity(headers, body, values)
    return _normalise(factor, body, lean_body_mass, values)


def _check_same(headers: Sequence[PetHeader]) -> None:
    for name, tag in _SAME:
        found = {_comparable(getattr(header, name)) for header in headers}
        if len(found) > 1:
            raise UptakeError(f"{tag} differs between images of one series")


def _comparable(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _check_corrections(header: PetHeader) -> None:
    if header.units not in ACTIVITY_UNITS + SUV_UNITS:
        said = f"is {header.units}" if header.units else "is missing"
        raise UptakeError(
            f"Units (0054,1001) {said}: SUV is computed from BQML, GML, CM2ML, or from CNTS with "
            "Philips' factors; use the attenuation-corrected series in BQML"
        )
    said = "\\".join(header.corrected_image) or "nothing"
    if "ATTN" not in header.corrected_image:
        raise UptakeError(
            f"Corrected Image (0028,0051) says {said}, not ATTN: the series is not corrected for "
            "attenuation"
        )
    if header.decay_correction not in ("START", "ADMIN", "NONE"):
        if header.units in SUV_UNITS and not header.decay_correction:
            return
        raise UptakeError(
            f"Decay Correction (0054,1102) is {header.decay_correction or 'missing'}; "
            "START, ADMIN or NONE is needed"
        )
    if ("DECY" in header.corrected_image) == (header.decay_correction == "NONE"):
        raise UptakeError(
            f"Decay Correction (0054,1102) is {header.decay_correction}, but Corrected Image "
            f"(0028,0051) says {said}: whether decay was corrected is not clear"
        )


def _read_body(header: PetHeader) -> _Body:
    weight, height, notes = header.weight_kg, header.height_m, []
    if weight is not None and not WEIGHT_KG[0] <= weight <= WEIGHT_KG[1]:
        notes.append(f"Patient's Weight (0010,1030) of {weight:g} kg is not used")
        weight = None
    if height is not None and not HEIGHT_M[0] <= height <= HEIGHT_M[1]:
        notes.append(f"Patient's Size (0010,1020) of {height:g} m is not used")
        height = None
    sex = header.sex if header.sex in ("M", "F", "O") else ""
    return _Body(weight, None if height is None else height * 100, sex, tuple(notes))


def _need_weight(header: PetHeader, body: _Body) -> float:
    if body.weight_kg is not None:
        return body.weight_kg
    if not header.weight_kg:
        said = "missing" if header.weight_kg is None else "0"
        raise UptakeError(f"Patient's Weight (0010,1030) is {said}")
    raise UptakeError(
        f"Patient's Weight (0010,1030) is {header.weight_kg:g} kg: not a person's weight"
    )


def _from_activity(
    headers: Sequence[PetHeader], body: _Body, values: dict[str, str]
) -> tuple[str, float]:
    """Return the factor to SUV by weight, from Bq/ml or counts."""
    header = headers[0]
    to_activity = 1.0
    if header.units == "CNTS":
        if header.philips_suv_factor and header.philips_suv_factor > 0:
            _note_times(headers, values)
            values["philips_suv_factor"] = f"{header.philips_suv_factor!r}"
            values["suv_bw_from"] = "Philips' SUV Scale Factor (7053,xx00)"
            return "bw", header.philips_suv_factor
        if not header.philips_activity_factor or header.philips_activity_factor <= 0:
            raise UptakeError(
                "Units (0054,1001) are CNTS without Philips' factors (7053,xx00) or (7053,xx09): "
                "counts alone are no activity"
            )
        to_activity = header.philips_activity_factor
        values["philips_activity_factor"] = f"{to_activity!r}"
    dose = _read_dose(header)
    weight = _need_weight(header, body)
    remaining = dose * _find_remaining(headers, values)
    values["decayed_dose_bq"] = f"{remaining:.9g}"
    values["suv_bw_from"] = "weight in g / dose left in Bq"
    return "bw", to_activity * weight * 1000 / remaining


def _read_dose(header: PetHeader) -> float:
    if header.radiopharmaceuticals != 1:
        raise UptakeError(
            "Radiopharmaceutical Information Sequence (0054,0016) has "
            f"{header.radiopharmaceuticals} items: one is needed"
        )
    dose = header.dose_bq
    if dose is None:
        raise UptakeError("Radionuclide Total Dose (0018,1074) is missing")
    if not DOSE_BQ[0] <= dose <= DOSE_BQ[1]:
        raise UptakeError(
            f"Radionuclide Total Dose (0018,1074) is {dose:g} Bq, which is not a dose given to a "
            "person (is it in another unit?)"
        )
    return dose


def _find_remaining(headers: Sequence[PetHeader], values: dict[str, str]) -> float:
    """Return the fraction of the dose that is left at the time the values refer to."""
    header = headers[0]
    half_life, source = find_half_life(header)
    values |= {"half_life_seconds": f"{half_life:.10g}", "half_life_from": source}
    if header.decay_correction == "ADMIN":
        _note_times(headers, values)
        values |= {"decay_seconds": "0", "decay_factor": "1"}
        values["reference_time_from"] = "injection: Decay Correction (0054,1102) is ADMIN"
        return 1.0
    find = find_average_time if header.decay_correction == "NONE" else find_scan_start
    reference = find(headers, half_life)
    injection = find_injection(header, reference.time, half_life)
    _note(values, "reference_time", reference)
    _note(values, "injection_time", injection)
    seconds = (reference.time - injection.time).total_seconds()
    remaining = float(2 ** (-seconds / half_life))
    values |= {"decay_seconds": f"{seconds:.6f}", "decay_factor": f"{remaining:.12g}"}
    values["uptake_minutes"] = f"{seconds / 60:.6g}"
    return remaining


def _note(values: dict[str, str], name: str, found: Reference) -> None:
    values[name] = found.time.isoformat(sep=" ")
    values[f"{name}_from"] = found.source
    for note in found.notes:
        _add_note(values, note)


def _add_note(values: dict[str, str], note: str) -> None:
    values["notes"] = f"{values['notes']}; {note}" if "notes" in values else note


def _note_times(headers: Sequence[PetHeader], values: dict[str, str]) -> None:
    """Say the uptake time where the factor does not need it, if the header carries it."""
    try:
        half_life, _source = find_half_life(headers[0])
        start = find_scan_start([replace(h, decay_reference=None) for h in headers], half_life)
        injection = find_injection(headers[0], start.time, half_life)
    except UptakeError as error:
        _add_note(values, f"uptake time not known: {error}")
        return
    _note(values, "injection_time", injection)
    values["uptake_minutes"] = f"{(start.time - injection.time).total_seconds() / 60:.6g}"


def _from_suv(header: PetHeader, body: _Body, values: dict[str, str]) -> tuple[str, float]:
    """Return what values that are SUV already are normalised by, and the factor to that."""
    kind = header.suv_type
    if header.units == "CM2ML":
        if kind not in ("", "BSA"):
            raise UptakeError(f"Units (0054,1001) are CM2ML, but SUV Type (0054,1006) is {kind}")
        values["suv_bw_from"] = "SUV by body surface area in cm²/ml, undone"
        return "bsa", 0.1
    if kind in ("", "BW"):
        default = "" if kind else " (SUV Type (0054,1006) is missing: by weight, PS3.3 C.8.9.1)"
        values["suv_bw_from"] = f"the values are SUV by weight{default}"
        return "bw", 1.0
    if kind == "IBW":
        values["suv_bw_from"] = "SUV by ideal body weight, undone"
        return "ibw", 1.0
    if kind not in SUV_TYPES:
        raise UptakeError(f"SUV Type (0054,1006) is {kind}, which is not known in g/ml")
    values["suv_bw_from"] = f"SUV by lean body mass ({SUV_TYPES[kind]}), undone"
    return SUV_TYPES[kind], 1.0


def _normalise(
    factor: tuple[str, float], body: _Body, formula: str, values: dict[str, str]
) -> SuvFactors:
    """Turn a factor to one kind of SUV into those to all kinds, as far as the body is known.

    SUV of any kind is activity times a size over dose, so kinds are as their sizes.
    """
    kind, number = factor
    sizes: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for name in {"bw", "bsa", formula, kind}:
        try:
            sizes[name] = _size_kg(name, body)
        except UptakeError as error:
            reasons[name] = str(error)
    for note in body.notes:
        _add_note(values, note)
    if kind != "bw" and (kind in reasons or "bw" in reasons):
        raise UptakeError(f"{values['suv_bw_from']}: {reasons.get(kind) or reasons['bw']}")

    def to(name: str) -> float | None:
        """Return the factor of another kind of SUV, ``None`` where the body's size is not known."""
        if name == kind:
            return number
        return number * sizes[name] / sizes[kind] if name in sizes and kind in sizes else None

    values["lean_body_mass_formula"] = formula
    if formula in sizes:
        values["lean_body_mass_kg"] = f"{sizes[formula]:.6f}"
    if "bsa" in sizes:
        values["body_surface_area_m2"] = f"{sizes['bsa']:.6f}"
    if to(formula) is None:
        _add_note(values, f"no SUL: {reasons.get(formula) or reasons['bw']}")
    by_weight = to("bw")
    assert by_weight is not None, "checked above"
    return SuvFactors(by_weight, to(formula), to("bsa"), MappingProxyType(values))


def _size_kg(name: str, body: _Body) -> float:
    """Return what SUV of a kind is normalised by: kilograms, or square metres."""
    if name == "ibw":
        if body.height_cm is None:
            raise UptakeError("Patient's Size (0010,1020) is not known")
        return compute_ideal_weight_kg(body.height_cm, body.sex)
    if body.weight_kg is None:
        raise UptakeError("Patient's Weight (0010,1030) is not known")
    if name == "bw":
        return body.weight_kg
    if body.height_cm is None:
        raise UptakeError("Patient's Size (0010,1020) is not known")
    if name == "bsa":
        return compute_surface_area_m2(body.weight_kg, body.height_cm)
    if not body.sex:
        raise UptakeError("Patient's Sex (0010,0040) is not known")
    return compute_lean_body_mass_kg(body.weight_kg, body.height_cm, body.sex, name)
