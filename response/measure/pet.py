"""What the header of a PET image says about how its values were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

DOSE_BQ = (1e6, 1e10)
"""Doses that are given to people; the attribute's unit is Bq, so 370 is not 370 MBq."""

WEIGHT_KG = (0.5, 500.0)

HEIGHT_M = (0.3, 2.6)


@dataclass(frozen=True, slots=True)
class PetHeader:
    """One image's header in plain values; None or empty: not said, or not readable.

    Times are on the clock of the scanner (that of Series Time), without a time zone.

    Attributes
    ----------
    units, suv_type, decay_correction, corrected_image
        (0054,1001), (0054,1006), (0054,1102), (0028,0051).
    series_time, acquisition_time
        Date and time together.
    injection_time
        Radiopharmaceutical Start DateTime (0018,1078).
    injection_clock
        Radiopharmaceutical Start Time (0018,1072), which has no date.
    decay_reference, decay_reference_tag
        The time that values are decay corrected to, where an attribute of its own says it:
        Decay Correction DateTime (0018,9701), or Siemens' or GE's private one; and which it was.
    frame_reference_ms, frame_duration_ms
        (0054,1300), (0018,1242).
    dose_bq, half_life_s
        As written, (0018,1074) and (0018,1075).
    nuclide
        From the Radionuclide Code Sequence, as ``F-18``; or the code as written.
    tracer
        Name of the radiopharmaceutical.
    radiopharmaceuticals
        How many were given.
    weight_kg, height_m, sex
        Of the patient, as written.
    philips_suv_factor, philips_activity_factor
        Philips' private factors from counts to SUV by weight, and to Bq/ml.
    """

    units: str = ""
    suv_type: str = ""
    decay_correction: str = ""
    corrected_image: tuple[str, ...] = ()
    manufacturer: str = ""
    model: str = ""
    reconstruction: str = ""
    series_time: datetime | None = None
    acquisition_time: datetime | None = None
    injection_time: datetime | None = None
    injection_clock: time | None = None
    decay_reference: datetime | None = None
    decay_reference_tag: str = ""
    frame_reference_ms: float | None = None
    frame_duration_ms: float | None = None
    dose_bq: float | None = None
    half_life_s: float | None = None
    nuclide: str = ""
    tracer: str = ""
    radiopharmaceuticals: int = 0
    weight_kg: float | None = None
    height_m: float | None = None
    sex: str = ""
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None


def describe_pet(headers: Sequence[PetHeader]) -> dict[str, str]:
    """Say what headers of a series hold, whether or not an SUV can be had; empty values left out.

    Keys: ``units, suv_type, decay_correction, corrected_image, manufacturer, scanner,
    reconstruction, radiotracer, radionuclide, injected_dose_bq, injected_mbq, weight_kg,
    height_cm, sex``; a number that is no person's is left out. Takes the first image;
    ``compute_suv_factors`` refuses images that differ.
    """
    if not headers:
        return {}
    header = headers[0]
    words = {
        "units": header.units,
        "suv_type": header.suv_type,
        "decay_correction": header.decay_correction,
        "corrected_image": "\\".join(header.corrected_image),
        "manufacturer": header.manufacturer,
        "scanner": " ".join(part for part in (header.manufacturer, header.model) if part),
        "reconstruction": header.reconstruction,
        "radiotracer": header.tracer,
        "radionuclide": header.nuclide,
        "sex": header.sex,
    }
    limits = {
        "injected_dose_bq": (header.dose_bq, DOSE_BQ, 1.0),
        "injected_mbq": (header.dose_bq, DOSE_BQ, 1e-6),
        "weight_kg": (header.weight_kg, WEIGHT_KG, 1.0),
        "height_cm": (header.height_m, HEIGHT_M, 100.0),
    }
    numbers = {
        name: f"{value * scale:.10g}"
        for name, (value, (low, high), scale) in limits.items()
        if value is not None and low <= value <= high
    }
    return {name: text for name, text in words.items() if text} | numbers
