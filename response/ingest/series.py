"""From the images of a series to the volumes it holds, or the reason why it holds none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from response.errors import GeometryError
from response.geometry import Grid
from response.ingest.arranging import arrange
from response.ingest.files import digest_file
from response.ingest.headers import Series, Slice
from response.ingest.split import Part, split, split_interleaved

SCOUTS = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM"})


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices in order along the normal, and the grid they make; image axis 2 is the slices'.

    ``part`` is set where the series holds several volumes.
    """

    series: Series
    slices: tuple[Slice, ...]
    grid: Grid
    part: Part | None = None

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
            raise
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
