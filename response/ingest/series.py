"""From the images of a series to a volume, or the reason why they are none; and which to take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError, InputError
from response.geometry import PLACE_TOLERANCE_VOXELS, Grid
from response.ingest.dicom import Series, Slice
from response.ingest.files import digest_file

FEWEST_SLICES = 4
"""A series with fewer is a scout, unless a segmentation was drawn on it."""

_SAME_ORIENTATION = 1e-4
_SCOUTS = {"LOCALIZER", "SCOUT", "TOPOGRAM"}
_DERIVED = {"DERIVED", "SECONDARY"}


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices in order along the normal, and the grid they make; image axis 2 is the slices'."""

    series: Series
    slices: tuple[Slice, ...]
    grid: Grid

    @property
    def thickness_mm(self) -> float:
        """The slices' thickness as stated, else the distance between them."""
        stated = [s.thickness_mm for s in self.slices if s.thickness_mm]
        return median(stated) if stated else self.grid.spacing[2]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The series taken of a time point, and why."""

    stack: Stack
    reason: str


def build_stack(series: Series) -> Stack:
    """Order a series' slices and prove that they are a regular volume.

    Raises
    ------
    GeometryError
        Slices missing, doubled, uneven, tilted, or of different orientation or size.
    """
    slices = _drop_copies(series.slices)
    for image in slices:
        if image.problem:
            raise GeometryError(f"image {image.instance} {image.problem}")
    if len(slices) < 2:
        raise GeometryError("a single slice is not a volume")
    first = slices[0]
    for image in slices:
        if (image.rows, image.columns) != (first.rows, first.columns):
            raise GeometryError("slices of different size")
        if not np.allclose(image.pixel_spacing, first.pixel_spacing, rtol=1e-3):
            raise GeometryError("slices of different pixel spacing")
        if not np.allclose(image.orientation, first.orientation, atol=_SAME_ORIENTATION):
            raise GeometryError("slices of different orientation")
    row, column = _directions(first)
    normal = np.asarray(np.cross(row, column), dtype=np.float64)
    ordered = sorted(slices, key=lambda image: float(np.dot(image.position, normal)))
    gap = _check_even(ordered, normal, min(first.pixel_spacing))
    return Stack(series, tuple(ordered), _to_grid(ordered, (row, column, normal), gap))


def _drop_copies(slices: Sequence[Slice]) -> list[Slice]:
    """Keep one of each image; two different files under one UID are not a volume."""
    kept: dict[str, Slice] = {}
    for image in slices:
        other = kept.setdefault(image.sop_uid, image)
        if other is not image and digest_file(other.path) != digest_file(image.path):
            raise GeometryError(f"image {image.instance} is there twice, with different content")
    return list(kept.values())


def _directions(image: Slice) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Unit vectors along a row and down a column, at right angles to the last digit."""
    row, column = np.array(image.orientation[:3]), np.array(image.orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) < 0.5 or abs(row @ column) > 1e-3 * lengths[0] * lengths[1]:
        raise GeometryError("rows and columns are not at right angles")
    row = row / lengths[0]
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _check_even(ordered: Sequence[Slice], normal: npt.NDArray[np.float64], pixel: float) -> float:
    """Check that slices follow each other at one distance, straight; returns the distance."""
    if pixel <= 0:
        raise GeometryError("the pixel spacing is not positive")
    places = np.array([image.position for image in ordered])
    along = places @ normal
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    if (gaps < 1e-3).any():
        raise GeometryError(
            f"{int((gaps < 1e-3).sum()) + 1} images at one place: several volumes in one series"
        )
    if (gaps > 1.5 * usual).any():
        at = float(along[int(gaps.argmax())])
        raise GeometryError(f"a slice is missing beyond {at:.1f} mm along the normal")
    gap = float(along[-1] - along[0]) / len(gaps)
    off = np.abs(along - along[0] - gap * np.arange(len(along))).max()
    if off > PLACE_TOLERANCE_VOXELS * gap:
        raise GeometryError(
            f"uneven distances between slices, {gaps.min():.3f} to {gaps.max():.3f} mm"
        )
    aside = places - places[0] - np.outer(along - along[0], normal)
    if np.linalg.norm(aside, axis=1).max() > max(PLACE_TOLERANCE_VOXELS * pixel, 0.01):
        raise GeometryError("slices are shifted sideways (tilted gantry); resample the series")
    return gap


def _to_grid(
    ordered: Sequence[Slice], axes: tuple[npt.NDArray[np.float64], ...], gap: float
) -> Grid:
    first = ordered[0]
    down, across = first.pixel_spacing  # DICOM states the distance between rows first
    x, y, z = first.position
    a, b, c, d, e, f, g, h, i = np.stack(axes, axis=1).ravel().tolist()
    return Grid(
        (x, y, z),
        (across, down, gap),
        (a, b, c, d, e, f, g, h, i),
        (first.columns, first.rows, len(ordered)),
    )


def choose_series(candidates: Sequence[Series], marked: Collection[str]) -> Chosen:
    """Choose the one series of a time point that is taken.

    In this order: drawn on by a segmentation; original rather than derived; thinner slices; more
    slices; the lower series number. Localisers, and what is not a regular volume, are left out.

    Parameters
    ----------
    candidates
        The CT and MR series of one subject and day.
    marked
        UIDs of the series that segmentations were drawn on.

    Raises
    ------
    InputError
        None can be taken, or a marked one cannot; with the reason for each.
    """
    stacks: list[Stack] = []
    left: list[str] = []
    for series in sorted(candidates, key=_order):
        try:
            stacks.append(_build_usable(series, series.uid in marked))
        except InputError as error:
            if series.uid in marked:
                raise InputError(
                    f"{series.name}, which is marked, cannot be used: {error}"
                ) from None
            left.append(f"{series.name}: {error}")
    if not stacks:
        raise InputError(f"no series can be used: {'; '.join(left) or 'there is none'}")
    ranks = [_rank(stack, marked) for stack in stacks]
    best = ranks.index(min(ranks))
    return Chosen(stacks[best], _explain(stacks, ranks, best, left))


def _build_usable(series: Series, is_marked: bool) -> Stack:
    if not is_marked and _SCOUTS & set(series.image_type):
        raise GeometryError("a localiser")
    stack = build_stack(series)
    if len(stack.slices) < FEWEST_SLICES and not is_marked:
        raise GeometryError(f"only {len(stack.slices)} slices")
    return stack


def _order(series: Series) -> tuple[float, str]:
    number = series.number
    return (float(number) if number.lstrip("-").isdigit() else float("inf"), series.uid)


_RULES = (
    "a segmentation was drawn on it",
    "original, not derived",
    "thinner slices",
    "more slices",
    "lower series number",
)


def _rank(stack: Stack, marked: Collection[str]) -> tuple[object, ...]:
    return (
        stack.series.uid not in marked,
        bool(_DERIVED & set(stack.series.image_type)),
        round(stack.thickness_mm, 2),
        -len(stack.slices),
        _order(stack.series),
    )


def _explain(
    stacks: Sequence[Stack], ranks: Sequence[tuple[object, ...]], best: int, left: Sequence[str]
) -> str:
    chosen = stacks[best]
    what = (
        f"{chosen.series.name} ({chosen.series.modality}, {len(chosen.slices)} slices of "
        f"{chosen.thickness_mm:g} mm)"
    )
    if len(stacks) == 1:
        why = _RULES[0] if not ranks[0][0] else "the only volume"
    else:
        second = min(rank for number, rank in enumerate(ranks) if number != best)
        decided = next(
            n for n, (a, b) in enumerate(zip(ranks[best], second, strict=True)) if a != b
        )
        why = _RULES[decided]
    others = [
        f"{stack.series.name}: {len(stack.slices)} slices of {stack.thickness_mm:g} mm"
        for number, stack in enumerate(stacks)
        if number != best
    ]
    aside = f"; not taken: {'; '.join([*others, *left])}" if others or left else ""
    return f"{what}: {why}{aside}"
