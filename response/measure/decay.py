"""How much of the injected dose is left at the time that the values of a PET series refer to.

Sources: DICOM PS3.3 C.8.9 (PET series and image modules); QIBA's vendor-neutral pseudo-code for
SUV; the image biomarker standardisation initiative (IBSI), where it goes on: an attribute that
names the time of decay correction comes before Series Time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from response.errors import UptakeError
from response.measure.pet import PetHeader

HALF_LIVES_S = {
    "F-18": 6586.2,
    "Ga-68": 4062.6,
    "C-11": 1221.84,
    "N-13": 597.9,
    "O-15": 122.24,
    "Rb-82": 76.38,
    "Cu-64": 45723.6,
    "Zr-89": 282276.0,
    "I-124": 360806.4,
}
"""Half-lives of the nuclides used in PET, seconds."""

FDG = ("FDG", "FLUORODEOXYGLUCOSE")

HALF_LIFE_S = (30.0, 1e7)
"""No nuclide used in PET is gone faster or lasts longer."""

HALF_LIFE_TOLERANCE = 0.02
"""A half-life written in the header may differ from its nuclide's by this fraction."""

LONGEST_UPTAKE_HALF_LIVES = 6
"""An uptake time of more half-lives (1.6 % is left) is a wrong date or time, not a scan."""

CLOCK_ALONE_HALF_LIFE_S = 41400.0
"""A time of injection without a date says the day only of nuclides that are gone in days (IBSI)."""

_AGREE_S = 2.0
_CLOCK_DIFFERENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Reference:
    """A time and where it is from."""

    time: datetime
    source: str
    notes: tuple[str, ...] = ()


def find_half_life(header: PetHeader) -> tuple[float, str]:
    """Return the half-life in seconds and where it is from.

    Raises
    ------
    UptakeError
        There is none, or it is not the half-life of the nuclide that is named.
    """
    known = HALF_LIVES_S.get(_name_nuclide(header))
    said = header.half_life_s
    if said is None or said <= 0:
        if known is None:
            raise UptakeError(
                "Radionuclide Half Life (0018,1075) is missing and the radionuclide is not named"
            )
        return known, f"of {_name_nuclide(header)}; (0018,1075) is missing"
    if not HALF_LIFE_S[0] <= said <= HALF_LIFE_S[1]:
        raise UptakeError(
            f"Radionuclide Half Life (0018,1075) is {said:g} s, which is no half-life used in PET"
        )
    if known is not None and abs(said - known) > HALF_LIFE_TOLERANCE * known:
        raise UptakeError(
            f"Radionuclide Half Life (0018,1075) is {said:g} s, but that of "
            f"{_name_nuclide(header)} is {known:g} s"
        )
    return said, "Radionuclide Half Life (0018,1075)"


def _name_nuclide(header: PetHeader) -> str:
    if header.nuclide:
        return header.nuclide
    return "F-18" if any(name in header.tracer.upper() for name in FDG) else ""


def average_time_s(duration_s: float, half_life_s: float) -> float:
    """Return when, after its start, a decaying source is as active as in the mean of a frame.

    DICOM PS3.3 C.8.9.4.1.5, example 2.

    Examples
    --------
    >>> round(average_time_s(180, 6586.2), 3)
    89.858
    """
    rate = math.log(2) / half_life_s
    during = rate * duration_s
    return math.log(during / -math.expm1(-during)) / rate


def find_scan_start(headers: Sequence[PetHeader], half_life_s: float) -> Reference:
    """Find the time that a series with Decay Correction START is corrected to.

    In this order: an attribute that names it, if all images have the same; Series Time, unless
    an image was acquired before it (then the series is a processed one, and its time that of the
    processing); the start that all images' Frame Reference Times lead back to; the earliest
    acquisition.

    Raises
    ------
    UptakeError
        Neither time is there.
    """
    references = {header.decay_reference for header in headers}
    first = headers[0]
    notes: tuple[str, ...] = ()
    if len(references) == 1 and first.decay_reference is not None:
        return Reference(first.decay_reference, first.decay_reference_tag)
    if len(references) > 1:
        tag = next(header.decay_reference_tag for header in headers if header.decay_reference)
        notes = (f"{tag} differs between images and is not used",)
    acquired = [header.acquisition_time for header in headers if header.acquisition_time]
    series = first.series_time
    if series is not None and (not acquired or series <= min(acquired)):
        return Reference(series, "Series Date and Time (0008,0021), (0008,0031)", notes)
    if not acquired:
        raise UptakeError(
            "neither Series Time (0008,0031) nor Acquisition Time (0008,0032) with its date is "
            "readable: the time of the scan is not known"
        )
    if series is not None:
        notes += ("Series Time is after the first acquisition: of a processed series",)
    led_back = _lead_back(headers, half_life_s, min(acquired))
    if led_back is not None:
        source = "Acquisition Time (0008,0032) less Frame Reference Time (0054,1300)"
        return Reference(led_back, source, notes)
    return Reference(min(acquired), "earliest Acquisition Time (0008,0032)", notes)


def _lead_back(
    headers: Sequence[PetHeader], half_life_s: float, earliest: datetime
) -> datetime | None:
    """Compute the start of the scan from each frame's times, if they all lead to the same one.

    Frame Reference Time is the offset to the moment of average activity within the frame; GE
    writes the offset to the frame's start. A start after the first acquisition is none.
    """
    starts = []
    for header in headers:
        offset, duration = header.frame_reference_ms, header.frame_duration_ms
        if header.acquisition_time is None or not offset or offset < 0:
            return None
        within = 0.0
        if not header.manufacturer.upper().startswith("GE"):
            if duration is None or duration <= 0:
                return None
            within = average_time_s(duration / 1000, half_life_s)
        starts.append(header.acquisition_time + timedelta(seconds=within - offset / 1000))
    if (max(starts) - min(starts)).total_seconds() > _AGREE_S:
        return None
    return min(starts) if (min(starts) - earliest).total_seconds() <= _AGREE_S else None


def find_average_time(headers: Sequence[PetHeader], half_life_s: float) -> Reference:
    """Find the time that values without decay correction refer to: the same for all images.

    Raises
    ------
    UptakeError
        A time is missing, or the images were taken one after another: each would need a factor
        of its own.
    """
    times = []
    for header in headers:
        if header.acquisition_time is None or not header.frame_duration_ms:
            raise UptakeError(
                "Decay Correction (0054,1102) is NONE, and Acquisition Time (0008,0032) or Actual "
                "Frame Duration (0018,1242) is missing"
            )
        within = average_time_s(header.frame_duration_ms / 1000, half_life_s)
        times.append(header.acquisition_time + timedelta(seconds=within))
    if (max(times) - min(times)).total_seconds() > _AGREE_S:
        raise UptakeError(
            "Decay Correction (0054,1102) is NONE and the images were acquired at different "
            "times: reconstruct the series with decay correction"
        )
    return Reference(min(times), "average of the frame: (0008,0032), (0018,1242)")


def find_injection(header: PetHeader, scan: datetime, half_life_s: float) -> Reference:
    """Find when the tracer was given; a time without a date is the last one before the scan.

    Raises
    ------
    UptakeError
        It is missing, after the scan, or too long before it.
    """
    found = _read_injection(header, scan, half_life_s)
    uptake = (scan - found.time).total_seconds()
    if uptake < 0:
        raise UptakeError(
            f"the injection ({found.time:%Y-%m-%d %H:%M:%S}, {found.source}) is after the scan "
            f"({scan:%Y-%m-%d %H:%M:%S}): a date was changed or a clock is wrong"
        )
    if uptake > LONGEST_UPTAKE_HALF_LIVES * half_life_s:
        raise UptakeError(
            f"the injection ({found.time:%Y-%m-%d %H:%M:%S}, {found.source}) is "
            f"{uptake / 3600:.1f} hours before the scan ({scan:%Y-%m-%d %H:%M:%S}), more than "
            f"{LONGEST_UPTAKE_HALF_LIVES} half-lives: a date was changed or a clock is wrong"
        )
    return found


def _read_injection(header: PetHeader, scan: datetime, half_life_s: float) -> Reference:
    clock = header.injection_clock
    if header.injection_time is not None:
        notes: tuple[str, ...] = ()
        if clock is not None:
            other = datetime.combine(header.injection_time.date(), clock)
            if abs((other - header.injection_time).total_seconds()) > _CLOCK_DIFFERENCE_S:
                notes = (
                    f"Radiopharmaceutical Start Time (0018,1072) says {clock:%H:%M:%S}; "
                    "(0018,1078) comes before it",
                )
        source = "Radiopharmaceutical Start DateTime (0018,1078)"
        return Reference(header.injection_time, source, notes)
    if clock is None:
        raise UptakeError(
            "neither Radiopharmaceutical Start DateTime (0018,1078) nor Start Time (0018,1072) is "
            "readable: the time of injection is not known"
        )
    if half_life_s > CLOCK_ALONE_HALF_LIFE_S:
        raise UptakeError(
            "Radiopharmaceutical Start Time (0018,1072) has no date, and with a half-life of "
            f"{half_life_s / 3600:.1f} hours the day is not clear: (0018,1078) is needed"
        )
    given = datetime.combine(scan.date(), clock)
    source = "Radiopharmaceutical Start Time (0018,1072)"
    if given > scan:
        return Reference(
            given - timedelta(days=1), source, ("injected on the day before the scan",)
        )
    return Reference(given, source)
