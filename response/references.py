"""Reference regions of a PET: placed by a person, marked by a reader, or proposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import SimpleITK as sitk

from response.join_series import Marked
from response.model import Measurement, Point, ReferenceRegion, Scan
from response.regions import measure_regions
from response.streams import Stop
from response.terms import REFERENCE_ORGANS, Source

Places = Mapping[tuple[str, str], Point]
"""Where a person placed regions: by time point and organ, LPS mm."""

Read = Callable[[Scan], sitk.Image]


def find_references(
    stop: Stop,
    pet: Scan,
    read: Read,
    marked: Sequence[tuple[str, Marked]],
    places: Places,
) -> tuple[ReferenceRegion, ...]:
    """Find the reference regions of one time point, at most one per organ.

    A person's place goes before the reader's mark, a mark before a proposal.

    Parameters
    ----------
    pet
        The PET of the time point, in SUV.
    read
        Reads the image of a scan.
    marked
        The reader's marks of reference regions, with their organs.
    """
    found = []
    for organ in REFERENCE_ORGANS:
        marks = [mark for name, mark in marked if name == organ]
        region = _from_marks(stop, pet, read, organ, marks)
        if region is not None:
            found.append(region)
    return tuple(found)


def _from_marks(
    stop: Stop, pet: Scan, read: Read, organ: str, marks: Sequence[Marked]
) -> ReferenceRegion | None:
    """The region a reader marked: on the PET itself, else the PET within it."""
    on_pet = [mark for mark in marks if mark.scan.scan_id == pet.scan_id]
    if on_pet:
        return _describe(stop, pet, organ, on_pet[0].measured, "")
    if not marks:
        return None
    within = measure_regions(read(pet), {1: marks[0].region})
    why = f"marked on the {marks[0].scan.modality}"
    return _describe(stop, pet, organ, within[1], why) if within else None


def _describe(
    stop: Stop, pet: Scan, organ: str, measured: Measurement, reason: str
) -> ReferenceRegion:
    return ReferenceRegion(
        stop.time_point.time_point,
        pet.scan_id,
        organ,
        Source.READER,
        measured.centroid,
        measured.volume_mm3 / 1000,
        measured.mean_value,
        measured.sd_value,
        reason,
    )
