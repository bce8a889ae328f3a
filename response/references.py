"""Reference regions of a PET: placed by a person, marked by a reader, or proposed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK
from scipy import ndimage

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.join_series import Joined, Marked
from response.measure.reference import find_blood_pool, find_liver_sphere
from response.measure.region import RegionUptake, measure_cylinder, measure_sphere
from response.model import Point, ReferenceRegion, Scan
from response.pet import PET
from response.regions import measure_regions
from response.streams import Stop
from response.terms import REFERENCE_ORGANS, Source

Places = Mapping[tuple[str, str], Point]
"""Where a person placed regions: by time point and organ, LPS mm."""

Read = Callable[[Scan], Any]

CLEAR_MM = 10.0
"""A proposal keeps this far from every mark: uptake spills over."""

_sitk: Any = SimpleITK


def find_references(
    stop: Stop,
    pet: Scan,
    read: Read,
    marked: Sequence[tuple[str, Marked]],
    joined: Joined,
    places: Places,
) -> tuple[ReferenceRegion, ...]:
    """Find the reference regions of one time point, at most one per organ.

    A person's place goes before the reader's mark, a mark before a proposal. The blood pool, which
    stands in for a diseased liver, is proposed only where there is no liver.

    Parameters
    ----------
    pet
        The PET of the time point, in SUV.
    read
        Reads the image of a scan.
    marked
        The reader's marks of reference regions, with their organs.
    joined
        The reader's marks of lesions, which proposals keep clear of.
    """
    image = _PetImage(stop, pet, read, joined)
    found: list[ReferenceRegion] = []
    for organ in REFERENCE_ORGANS:
        place = places.get((stop.time_point.time_point, organ))
        region = _placed(image, organ, place) if place is not None else None
        if region is None:
            region = _from_marks(image, organ, [mark for name, mark in marked if name == organ])
        if region is None and not found:
            region = _propose(image, organ)
        if region is not None:
            found.append(region)
    return tuple(found)


class _PetImage:
    """The PET of a stop, and what proposals are looked for in, made when first asked for."""

    def __init__(self, stop: Stop, pet: Scan, read: Read, joined: Joined) -> None:
        self.stop, self.pet, self.read, self._joined = stop, pet, read, joined
        self.image = read(pet)
        self.grid = Grid.of(self.image)
        self.values: npt.NDArray[Any] = _sitk.GetArrayViewFromImage(self.image).transpose()

    @cached_property
    def without_lesions(self) -> npt.NDArray[Any]:
        """The voxels, axes i, j, k, with nothing at marks and around them."""
        values = np.array(self.values, dtype=np.float32)
        margin = np.ceil(CLEAR_MM / np.array(self.grid.spacing)).astype(np.int64)
        for mark in self._joined.marked.values():
            found = mark.region.indices_on(self.grid)
            if not len(found):
                continue
            low = np.maximum(found.min(axis=0) - margin, 0)
            high = np.minimum(found.max(axis=0) + margin + 1, self.grid.size)
            box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
            outside = np.ones(high - low, dtype=np.bool_)
            outside[tuple((found - low).T)] = False
            away = ndimage.distance_transform_edt(outside, sampling=self.grid.spacing)
            values[box][away < CLEAR_MM] = 0
        return values

    @cached_property
    def ct(self) -> npt.NDArray[Any] | None:
        """The CT of the same time point on the PET's grid, Hounsfield units."""
        scans = [scan for scan in self.stop.time_point.scans if scan.modality == "CT"]
        if not scans:
            return None
        scan = self.stop.scan if self.stop.scan in scans else scans[0]
        laid = _sitk.Resample(
            _sitk.Cast(self.read(scan), _sitk.sitkFloat32),
            self.image,
            _sitk.Transform(),
            _sitk.sitkLinear,
            -1024.0,
        )
        return np.asarray(_sitk.GetArrayFromImage(laid).transpose())


def _placed(image: _PetImage, organ: str, place: Point) -> ReferenceRegion | None:
    """The region a person placed; ``None`` where it does not lie in the image."""
    measure = measure_sphere if organ == "liver" else measure_cylinder
    try:
        return _describe(image, organ, Source.PERSON, measure(image.values, image.grid, place))
    except (GeometryError, InputError):
        return None


def _propose(image: _PetImage, organ: str) -> ReferenceRegion | None:
    find = find_liver_sphere if organ == "liver" else find_blood_pool
    found = find(image.without_lesions, image.grid, image.ct)
    if found is None:
        return None
    return _describe(image, organ, Source.PROPOSED, found, "the most even place found there")


def _from_marks(image: _PetImage, organ: str, marks: Sequence[Marked]) -> ReferenceRegion | None:
    """The region a reader marked: on the PET itself, else the PET within it."""
    mark = min(marks, key=lambda m: (m.scan.scan_id != image.pet.scan_id, m.scan.modality != PET),
               default=None)  # fmt: skip
    if mark is None:
        return None
    within = measure_regions(image.image, {1: mark.region}).get(1)
    if within is None:
        return None
    measured = within.measured
    found = RegionUptake(
        measured.centroid,
        measured.volume_mm3 / 1000,
        measured.voxels,
        measured.mean_value,
        measured.sd_value,
    )
    on_pet = mark.scan.scan_id == image.pet.scan_id
    reason = "" if on_pet else f"marked on the {mark.scan.modality}"
    return _describe(image, organ, Source.READER, found, reason)


def _describe(
    image: _PetImage, organ: str, source: Source, found: RegionUptake, reason: str = ""
) -> ReferenceRegion:
    return ReferenceRegion(
        image.stop.time_point.time_point,
        image.pet.scan_id,
        organ,
        source,
        found.centre,
        found.volume_ml,
        found.mean,
        found.sd,
        reason,
    )
