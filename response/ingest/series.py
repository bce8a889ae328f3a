"""From the images of a series to the volumes it holds, or the reason why it holds none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from response.errors import GeometryError
from response.geometry import Grid
from response.ingest.arranging import arrange
from response.ingest.dicom_file import quiet, read_dataset
from response.ingest.files import digest_file
from response.ingest.headers import Series, Slice
from response.ingest.split import Part, split, split_interleaved

SCOUTS = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM"})


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices in order along the normal, and the grid they make; image axis 2 is the slices'.

    ``part`` is set where the series holds several volumes. ``copies`` are images that were left
    out because another one has their place and their pixels: the instance UIDs of both.
    """

    series: Series
    slices: tuple[Slice, ...]
    grid: Grid
    part: Part | None = None
    copies: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the volume is called in messages."""
        return f"{self.series.name}, {self.part.name}" if self.part else self.series.name

    @property
    def thickness_mm(self) -> float:
        """The slices' thickness as stated, else the distance between them."""
        stated = [s.thickness_mm for s in self.slices if s.thickness_mm]
        return median(stated) if stated else self.grid.spacing[2]

    @property
    def image_type(self) -> frozenset[str]:
        """The words of its first slice's image type."""
        return self.slices[0].image_type

    @property
    def length_mm(self) -> float:
        """From the centre of the first slice to that of the last."""
        return self.grid.spacing[2] * (self.grid.size[2] - 1)


def build_stacks(series: Series) -> tuple[Stack, ...]:
    """Order a series' slices and prove that they are a regular volume, or several.

    Raises
    ------
    GeometryError
        Slices missing, doubled, uneven, tilted, or of different orientation or size, and no tag
        tells several volumes apart.
    """
    slices = _leave_scouts(_drop_copies(series.slices))
    for image in slices:
        if image.problem:
            raise GeometryError(f"image {image.instance} {image.problem}")
    try:
        whole = arrange(slices)
    except GeometryError:
        parts = split(slices) if len(slices) > 1 else ()
        if not parts:
            kept, copies = _drop_equal(slices)
            if not copies:
                raise
            alone = arrange(kept)
            return (Stack(series, alone.slices, alone.grid, copies=copies),)
    else:
        parts = split_interleaved(slices)
        if not parts:
            return (Stack(series, whole.slices, whole.grid),)
    return tuple(Stack(series, p.arranged.slices, p.arranged.grid, p) for p in parts)


def _leave_scouts(slices: Sequence[Slice]) -> list[Slice]:
    """Leave out localisers filed among the slices of a volume."""
    others = [image for image in slices if not SCOUTS & image.image_type]
    return others or list(slices)


def _drop_copies(slices: Sequence[Slice]) -> list[Slice]:
    """Keep one of each image; two different files under one UID are not a volume."""
    digests: dict[Path, str] = {}
    kept: dict[tuple[str, int | None], Slice] = {}
    for image in slices:
        other = kept.setdefault((image.sop_uid or str(image.path), image.frame), image)
        if other is image:
            continue
        for path in (other.path, image.path):
            if path not in digests:
                digests[path] = digest_file(path)
        if digests[other.path] != digests[image.path]:
            raise GeometryError(f"image {image.instance} is there twice, with different content")
    return list(kept.values())


def _drop_equal(slices: Sequence[Slice]) -> tuple[list[Slice], dict[str, str]]:
    """Keep one of several images that show the same at one place, under UIDs of their own."""
    places: dict[tuple[float, ...], list[Slice]] = {}
    for image in slices:
        places.setdefault(tuple(round(part, 3) for part in image.position), []).append(image)
    kept, copies = [], {}
    for here in places.values():
        ordered = sorted(here, key=lambda image: image.sop_uid)
        kept.append(ordered[0])
        for image in ordered[1:]:
            if _show_the_same(ordered[0], image):
                copies[image.sop_uid] = ordered[0].sop_uid
            else:
                kept.append(image)
    return kept, copies


def _show_the_same(one: Slice, other: Slice) -> bool:
    if one.frame is not None or other.frame is not None or _list_terms(one) != _list_terms(other):
        return False
    first, second = (_read_stored(image.path) for image in (one, other))
    return first is not None and first == second


def _read_stored(path: Path) -> tuple[object, ...] | None:
    dataset = read_dataset(path, pixels=True)
    with quiet():
        pixels = dataset.get("PixelData")
        coded = (dataset.file_meta.get("TransferSyntaxUID"), dataset.get("PixelRepresentation"))
    return (*coded, pixels) if pixels else None


def _list_terms(image: Slice) -> tuple[object, ...]:
    """List what the stored numbers of an image mean."""
    size = (image.rows, image.columns, image.pixel_spacing, image.orientation)
    return (*size, image.slope, image.intercept, image.pet)
