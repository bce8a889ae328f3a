"""What is recorded of a mark: its diameters rounded once, and on PET its uptake. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from response.join_series import Marked
from response.model import Measurement, RecordedMeasurement, Scan
from response.pet import PET, find_pet, find_sul_factor, why_no_suv
from response.protocol import Protocol
from response.streams import Stop

WITHIN_CT = "its SUV is that of the PET within the mark on the {}"


@dataclass(frozen=True, slots=True)
class Sized:
    """A row's measurement, what a person should look at, and what else is to be known of it."""

    measurement: RecordedMeasurement | None
    doubt: str = ""
    note: str = ""


def measure_row(
    row: Marked | None, stop: Stop, protocol: Protocol, within: Measurement | None, shared: str
) -> Sized:
    """Return what is recorded of one mark of a lesion.

    Parameters
    ----------
    row
        The mark; ``None`` where the lesion has none.
    within
        What the PET of this time point shows within the mark, where it was not drawn on a PET.
    shared
        That the mark of another lesion on the PET covers this one, too.
    """
    if row is None:
        return Sized(None)
    recorded = record(row.measured, protocol.targets.recorded_precision_mm)
    if row.scan.modality == PET:
        return _on_pet(row, recorded, protocol)
    pet = find_pet(stop.time_point.scans, stop.marked_scans)
    if within is None or pet is None:
        return Sized(recorded, shared)
    with_uptake, note = add_uptake(recorded, within, pet, protocol)
    return Sized(
        with_uptake, shared, "; ".join(filter(None, (WITHIN_CT.format(row.scan.modality), note)))
    )


def _on_pet(row: Marked, recorded: RecordedMeasurement, protocol: Protocol) -> Sized:
    refused = why_no_suv(row.scan)
    if refused:
        return Sized(recorded, row.doubt, f"no SUV: {refused}")
    with_uptake, note = add_uptake(recorded, row.measured, row.scan, protocol)
    return Sized(with_uptake, row.doubt, note)


def add_uptake(
    recorded: RecordedMeasurement, measured: Measurement, pet: Scan, protocol: Protocol
) -> tuple[RecordedMeasurement, str]:
    """Return a measurement with the uptake of a PET in SUV, and why there is no SUL.

    The metabolic volume is that of the voxels marked; TLG is their mean SUV times their volume.
    """
    factor, note = find_sul_factor(pet.facts, protocol.pet.lean_body_mass)
    volume_ml = measured.volume_mm3 / 1000
    with_uptake = replace(
        recorded,
        suv_max=measured.max_value,
        suv_mean=measured.mean_value,
        suv_peak=measured.peak_value,
        sul_peak=None if factor is None else measured.peak_value * factor,
        mtv_ml=volume_ml,
        tlg=volume_ml * measured.mean_value,
    )
    return with_uptake, note


def record(measured: Measurement, precision_mm: Decimal) -> RecordedMeasurement:
    """Return a measurement as recorded: its diameters rounded once, half up.

    Examples
    --------
    >>> round_mm(12.34999, Decimal("0.1"))
    Decimal('12.3')
    """
    return RecordedMeasurement(
        longest_diameter_mm=round_mm(measured.longest_diameter_mm, precision_mm),
        short_axis_mm=round_mm(measured.short_axis_mm, precision_mm),
        volume_mm3=measured.volume_mm3,
        extent_3d_mm=measured.extent_3d_mm,
        longest_segment=measured.longest_segment,
        short_segment=measured.short_segment,
        slice_axis=measured.slice_axis,
        slice_index=measured.slice_index,
        mean_value=measured.mean_value,
    )


def round_mm(value_mm: float, precision_mm: Decimal) -> Decimal:
    """Round a length to the protocol's precision, half up."""
    # 12.35 mm computed as 12.349999999 is 12.35: the ninth decimal is noise, not size.
    exact = Decimal(repr(round(value_mm, 9)))
    steps = (exact / precision_mm).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return steps * precision_mm
