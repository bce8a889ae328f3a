"""A reader's marks as read from the workspace: measured, with the places of their voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from response.geometry import Box, Grid, choose_slice_axis, inside_field, slice_normal
from response.join_series import Joined, Marked, join_series
from response.layers import split_layers
from response.measure import measure_labels
from response.model import (
    MarkSet,
    Point,
    ReferenceRegion,
    Scan,
)
from response.pet import PET, find_pet, why_no_suv
from response.references import Places, find_references
from response.regions import Region, Within, measure_regions
from response.streams import Stop, Stream
from response.terms import Role
from response.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SeenStop:
    """A stop with its marks; ``uptakes`` holds, by number, what the PET shows in SUV within marks
    that were not drawn on it.
    """

    stop: Stop
    grid: Grid
    joined: Joined
    uptakes: Mapping[int, Within] = field(default_factory=dict)
    references: tuple[ReferenceRegion, ...] = ()
    pet_field: tuple[Grid, Box] | None = None

    def is_outside_pet(self, place: Point | None) -> bool:
        """Tell whether there is a PET in SUV whose field does not hold a place."""
        if self.pet_field is None or place is None:
            return False
        return not bool(inside_field(*self.pet_field, [place])[0])

    @property
    def marked(self) -> Mapping[int, Marked]:
        """Its marks by number."""
        return self.joined.marked

    def rows(self, number: int) -> tuple[Marked, ...]:
        """Return a mark, and those of the same lesion on further series."""
        return (self.joined.marked[number], *self.joined.doubles.get(number, ()))


def read_marks(workspace: Workspace, stream: Stream, places: Places) -> list[SeenStop]:
    """Read and measure every mark of a stream, in the order of its stops.

    The slices are those of the acquisition, or lie as they do at the first stop.

    Parameters
    ----------
    places
        Where a person placed reference regions, by time point and organ.
    """
    normal: Point | None = None
    seen = []
    for stop in stream.stops:
        images = _Images(workspace)
        grid = Grid.of(images.read(stop.scan))
        axis = _slice_axis(stop.scan, grid, normal)
        normal = slice_normal(grid, axis) if normal is None else normal
        seen.append(_see(images, stop, grid, axis, normal, places))
    return seen


class _Images:
    """The images of one stop, each read once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._read: dict[str, sitk.Image] = {}

    def read(self, scan: Scan) -> sitk.Image:
        """Return a scan's image, read from the workspace when first asked for."""
        if scan.scan_id not in self._read:
            self._read[scan.scan_id] = self.workspace.read_image(scan.image_path)
        return self._read[scan.scan_id]


def _see(
    images: _Images, stop: Stop, grid: Grid, axis: int, normal: Point, places: Places
) -> SeenStop:
    own = _marked(images, stop.scan, stop.marks, axis) if stop.marks else {}
    references = _take_references(stop, own)
    further: list[dict[int, Marked]] = []
    for scan, marks in stop.others:
        other_axis = _slice_axis(scan, Grid.of(images.read(scan)), normal)
        found = _marked(images, scan, marks, other_axis)
        references += _take_references(stop, found)
        further.append(found)
    joined = join_series(stop.scan, own, further)
    plain = SeenStop(stop, grid, joined)
    pet = find_pet(stop.time_point.scans, stop.marked_scans)
    if pet is None or why_no_suv(pet):
        return plain
    return replace(
        plain,
        pet_field=(Grid.of(images.read(pet)), pet.field_box),
        uptakes=_measure_unmarked(images, pet, joined),
        references=find_references(stop, pet, images.read, references, joined, places),
    )


def _measure_unmarked(images: _Images, pet: Scan, joined: Joined) -> dict[int, Within]:
    """Measure the PET within the marks of lesions that were not marked on a PET."""
    regions = {
        number: Region(mark.grid, mark.points)
        for number, mark in joined.marked.items()
        if all(one.scan.modality != PET for one in (mark, *joined.doubles.get(number, ())))
    }
    return measure_regions(images.read(pet), regions) if regions else {}


def _take_references(stop: Stop, marked: dict[int, Marked]) -> list[tuple[str, Marked]]:
    """Take the marks that are reference regions out of those of lesions; return them by organ."""
    taken = []
    for label, mark in list(marked.items()):
        organ = _find_reference(stop, mark)
        if organ:
            taken.append((organ, marked.pop(label)))
    return taken


def _find_reference(stop: Stop, mark: Marked) -> str:
    """The organ that a label is a reference region of; empty where it is none.

    A row that does not say whose mask it means speaks of the PET's, where that has the label.
    """
    label = mark.measured.label
    for fact in stop.time_point.lesion_facts:
        if fact.role is not Role.REFERENCE or fact.label != label:
            continue
        if fact.reader != mark.marks.reader:
            continue
        if fact.series not in (None, mark.scan.series):
            continue
        if fact.modality == mark.scan.modality:
            return fact.organ
        on_pet = mark.scan.modality == PET or not _pet_has(stop, mark, label)
        if fact.modality is None and on_pet:
            return fact.organ
    return ""


def _pet_has(stop: Stop, mark: Marked, label: int) -> bool:
    pets = {scan.scan_id for scan in stop.time_point.scans if scan.modality == PET}
    return any(
        one.scan_id in pets and label in one.labels and one.reader == mark.marks.reader
        for one in stop.time_point.mark_sets
    )


def _slice_axis(scan: Scan, grid: Grid, normal: Point | None) -> int:
    if scan.source == "dicom":
        return scan.slice_axis
    return choose_slice_axis(grid, reference_normal=normal)


def _marked(images: _Images, scan: Scan, marks: MarkSet, axis: int) -> dict[int, Marked]:
    if not marks.mask_path:
        return {}
    mask = images.workspace.read_image(marks.mask_path)
    grid = Grid.of(mask)
    values = sitk.GetArrayViewFromImage(images.read(scan))
    found = {}
    for layer in split_layers(mask):
        array = sitk.GetArrayViewFromImage(layer)
        boxes = ndimage.find_objects(array.astype(np.int32))
        for measured in measure_labels(images.read(scan), layer, slice_axis=axis):
            box = boxes[measured.label - 1]
            low = [edge.start for edge in box]
            kji = np.argwhere(array[box] == measured.label) + low
            points = grid.to_points(kji[:, ::-1].astype(float))
            within = values[tuple(kji.T)]
            found[measured.label] = Marked(scan, marks, measured, points, grid, within)
    return found
