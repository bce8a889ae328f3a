"""What is recorded of a mark: its diameters rounded once, and on PET its uptake. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from response.join_series import Marked
from response.measure.avid_volume import (
    Threshold,
    measure_avid_volume,
    threshold_by_blood_pool,
    threshold_by_liver,
)
from response.model import Measurement, RecordedMeasurement, ReferenceRegion, Scan
from response.pet import PET, find_pet, find_sul_factor, why_no_suv
from response.protocol import Pet, Protocol
from response.regions import Within
from response.streams import Stop

WITHIN_CT = "its SUV is that of the PET within the mark on the {}"


@dataclass(frozen=True, slots=True)
class Sized:
    """A row's measurement, what a person should look at, and what else is to be known of it."""

    measurement: RecordedMeasurement | None
    doubt: str = ""
    note: str = ""


def measure_row(
    row: Marked | None,
    stop: Stop,
    protocol: Protocol,
    within: Within | None,
    shared: str,
    references: Sequence[ReferenceRegion],
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
    references
        The reference regions of this time point.
    """
    if row is None:
        return Sized(None)
    recorded = record(row.measured, protocol.targets.recorded_precision_mm)
    if row.scan.modality == PET:
        return _on_pet(row, recorded, protocol, references)
    pet = find_pet(stop.time_point.scans, stop.marked_scans)
    if within is None or pet is None:
        return Sized(recorded, shared)
    with_uptake, note = add_uptake(recorded, within, pet, protocol.pet, references)
    return Sized(
        with_uptake, shared, "; ".join(filter(None, (WITHIN_CT.format(row.scan.modality), note)))
    )


def _on_pet(
    row: Marked,
    recorded: RecordedMeasurement,
    protocol: Protocol,
    references: Sequence[ReferenceRegion],
) -> Sized:
    refused = why_no_suv(row.scan)
    if refused:
        return Sized(recorded, row.doubt, f"no SUV: {refused}")
    inside = Within(row.measured, row.values)
    with_uptake, note = add_uptake(recorded, inside, row.scan, protocol.pet, references)
    return Sized(with_uptake, row.doubt, note)


def add_uptake(
    recorded: RecordedMeasurement,
    within: Within,
    pet: Scan,
    options: Pet,
    references: Sequence[ReferenceRegion],
) -> tuple[RecordedMeasurement, str]:
    """Return a measurement with the uptake of a PET in SUV, and why there is no SUL or no MTV.

    SUVmax, SUVmean and peak are those of all voxels marked; the metabolic volume counts those that
    reach the protocol's threshold, and TLG is their mean SUV times their volume.
    """
    measured = within.measured
    factor, no_sul = find_sul_factor(pet.facts, options.lean_body_mass)
    mtv_ml, tlg, no_mtv = measure_metabolic_volume(within, options, references)
    with_uptake = replace(
        recorded,
        suv_max=measured.max_value,
        suv_mean=measured.mean_value,
        suv_peak=measured.peak_value,
        sul_peak=None if factor is None else measured.peak_value * factor,
        mtv_ml=mtv_ml,
        tlg=tlg,
    )
    return with_uptake, "; ".join(filter(None, (no_sul, no_mtv)))


def measure_metabolic_volume(
    within: Within, options: Pet, references: Sequence[ReferenceRegion]
) -> tuple[float | None, float | None, str]:
    """Return MTV (ml) and TLG (SUV x ml) of a mark by the protocol, or why there are none.

    No voxel that reaches the threshold is 0 ml; without a threshold nothing is known.
    """
    measured = within.measured
    if options.mtv_threshold == "marked":
        volume_ml = measured.volume_mm3 / 1000
        return volume_ml, volume_ml * measured.mean_value, ""
    threshold, missing = find_avid_threshold(measured, options, references)
    if threshold is None:
        return None, None, f"no MTV: {missing}"
    found = measure_avid_volume(within.values, measured.volume_mm3 / measured.voxels, threshold)
    return found.mtv_ml, found.tlg, ""


def find_avid_threshold(
    measured: Measurement, options: Pet, references: Sequence[ReferenceRegion]
) -> tuple[float | None, str]:
    """Return the SUV from which a voxel of a mark is avid, or what is missing for it.

    PERCIST states its threshold in SUL. SUL is SUV times one factor in the whole scan, in lesion
    and reference alike, so that the same voxels reach it in SUV.
    """
    if options.mtv_threshold != "percist":
        threshold = Threshold.parse(options.mtv_threshold).of(measured.max_value)
        return (threshold, "") if threshold > 0 else (None, "SUVmax is not above 0")
    regions = {region.organ: region for region in references}
    if "liver" in regions:
        threshold = threshold_by_liver(regions["liver"].mean, regions["liver"].sd)
    elif "blood_pool" in regions:
        sd = regions["blood_pool"].sd if options.blood_pool_plus_2sd else 0.0
        threshold = threshold_by_blood_pool(regions["blood_pool"].mean, sd)
    else:
        return None, "PERCIST's threshold needs a liver or blood pool reference, there is none"
    return (threshold, "") if threshold > 0 else (None, "the reference's mean is not above 0")


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
