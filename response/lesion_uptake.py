"""The uptake of one lesion at one time point, over all its marks, as criteria read it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from response.model import Finding, RecordedMeasurement
from response.pet import PET

UPTAKE_DECIMALS = 4
"""SUV, SUL and TLG are read by the rules to as many decimals as tables are written with."""


def combine_uptake(findings: Iterable[Finding]) -> dict[str, Decimal]:
    """Return ``suv_max, suv_mean, sul_peak, tlg`` of a lesion, as far as they are known.

    Of several marks on PET the hottest gives maximum and peak; the volumes are added. Where the
    lesion was marked on a PET, what was measured within other marks does not count.
    """
    known = [f for f in findings if f.measurement is not None and f.measurement.suv_max is not None]
    on_pet = [f for f in known if f.modality == PET]
    rows = [f.measurement for f in on_pet or known if f.measurement is not None]
    if not rows:
        return {}
    found = {
        "suv_max": max(_known(row.suv_max for row in rows)),
        "suv_mean": _mean(rows),
    }
    tlg, peaks = _known(row.tlg for row in rows), _known(row.sul_peak for row in rows)
    if len(tlg) == len(rows):
        found["tlg"] = sum(tlg)
    if len(peaks) == len(rows):
        found["sul_peak"] = max(peaks)
    return {name: round_uptake(value) for name, value in found.items()}


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(rows: list[RecordedMeasurement]) -> float:
    """The mean SUV over all marks, whatever part of them the metabolic volume counts."""
    weighed = [(row.suv_mean, row.volume_mm3) for row in rows if row.suv_mean is not None]
    return sum(mean * volume for mean, volume in weighed) / sum(volume for _, volume in weighed)


def round_uptake(value: float) -> Decimal:
    """Round SUV, SUL or TLG as tables show them, so that a reader can follow the rules.

    Examples
    --------
    >>> round_uptake(4.1234999), round_uptake(2)
    (Decimal('4.1235'), Decimal('2.0000'))
    """
    return Decimal(f"{round(float(value), UPTAKE_DECIMALS):.{UPTAKE_DECIMALS}f}")


def is_within(findings: Iterable[Finding]) -> bool:
    """Whether the uptake is that of the PET within a mark that was drawn on another series."""
    known = [f for f in findings if f.measurement is not None and f.measurement.suv_max is not None]
    return bool(known) and all(f.modality != PET for f in known)
